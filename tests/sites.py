"""A web server that others run: pages, redirects, and answers that never end. It binds loopback."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
from collections.abc import AsyncIterator, Callable
from urllib.parse import quote

from aiohttp import web

from tests.doors import pictures

PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>Tea &amp; pages</title>
<meta property="og:site_name" content="Leaves"><meta property="og:description" content="About  oolong
and sencha"><meta property="og:image" content="/leaf.png"></head><body><title>not this</title></body></html>"""


# Answers that say they are a picture; "leaf" is one, with the place and the camera in it.
PICTURES: dict[str, Callable[[], bytes]] = {
    "leaf": functools.cache(lambda: pictures.photo(630, 1200)),
    **{f"plaid{number}": functools.partial(pictures.plaid, number) for number in (1, 2, 3)},
    "square": lambda: pictures.encoded(pictures.colours(300, 300), "PNG"),
    "moving": pictures.moving,
    "tiny": lambda: pictures.encoded(pictures.colours(16, 400), "PNG"),
    "torn": lambda: pictures.photo(300, 200)[:3000],
    "bomb": pictures.bomb,
    "page": PAGE.encode,
    "script": lambda: b"GIF89a/*<script>alert(1)</script>*/=1;",
    "drawing": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "film": pictures.film,
    "nothing": lambda: b"",
}


class Site:
    """``asked`` are the paths that somebody asked for, in order. ``/shows?KIND`` is a page with one of ``PICTURES``."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""
        self.gone = asyncio.Event()
        self.open = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        self.asked.append(path)
        if path == "/to":
            raise web.HTTPFound(request.query["url"])
        if path in {"/endless", "/endless.png"}:
            return await self._endless(request)
        if path in {"/closed", "/closed.png"}:
            await self.open.wait()
        if path == "/shows":
            return web.Response(text=showing(request.query_string), content_type="text/html")
        if path.endswith(".png"):
            kind = path.strip("/").removesuffix(".png")
            return web.Response(body=PICTURES.get(kind, PICTURES["leaf"])(), content_type="image/png")
        body, headers = self._page(path)
        return web.Response(body=body, headers=headers)

    @staticmethod
    def _page(path: str) -> tuple[bytes, dict[str, str]]:
        html = {"Content-Type": "text/html; charset=utf-8"}
        match path:
            case "/gbk":
                body = '<head><meta http-equiv="Content-Type" content="text/html; charset=gbk"><title>重庆的茶</title>'
                return body.encode("gbk"), {"Content-Type": "text/html"}
            case "/bomb":
                return gzip.compress(b"<title>x</title>" + bytes(5_000_000)), html | {"Content-Encoding": "gzip"}
            case "/picture":
                return PAGE.encode(), {"Content-Type": "image/png"}
            case "/plain":
                return b"<head></head>no title", html
            case "/brotli":
                return b"?", html | {"Content-Encoding": "br"}
            case "/rude":
                return f"<title>\u202egnp.exe {'x' * 5000}\x07</title>".encode(), html
        return PAGE.encode(), html

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        is_picture = request.path.endswith(".png")
        response = web.StreamResponse(headers={"Content-Type": "image/png" if is_picture else "text/html"})
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(1_000_000) if is_picture else b"<meta name='a'>" * 100)
                await asyncio.sleep(0.01)
        except (ConnectionError, asyncio.CancelledError):
            self.gone.set()
            raise


def showing(picture: str) -> str:
    """A page with the picture at this address, or one of ``PICTURES``."""
    address = picture if "/" in picture else f"/{quote(picture)}.png"
    return f'<head><title>Shows {picture[:40]}</title><meta property="og:image" content="{address}"></head>'


@contextlib.asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """Serve a site for the time of a test."""
    served = Site()
    application = web.Application()
    application.router.add_get("/{path:.*}", served.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    door = web.TCPSite(runner, "127.0.0.1", 0)
    await door.start()
    host, port = runner.addresses[0][:2]
    served.url = f"http://{host}:{port}"
    try:
        yield served
    finally:
        served.open.set()
        await runner.cleanup()
