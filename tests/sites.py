"""A web server that others run: pages, redirects, and answers that never end. It binds loopback."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator

from aiohttp import web

PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>Tea &amp; pages</title>
<meta property="og:site_name" content="Leaves"><meta property="og:description" content="About  oolong
and sencha"><meta property="og:image" content="/leaf.png"></head><body><title>not this</title></body></html>"""


class Site:
    """``asked`` are the paths that somebody asked for, in order."""

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
        if path == "/endless":
            return await self._endless(request)
        if path == "/closed":
            await self.open.wait()
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
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        try:
            while True:
                await response.write(b"<meta name='a'>" * 100)
                await asyncio.sleep(0.01)
        except (ConnectionError, asyncio.CancelledError):
            self.gone.set()
            raise


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
