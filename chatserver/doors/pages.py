"""The page: index.html on every path of the page, the files of web/ below /web/, and headers that keep it safe.

Files are read once at start, with a strong ETag each and compressed once; what is in web/ is what the browser runs.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; object-src 'none'; "
        "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
PAGE_PATHS: Final = ("/", "/rooms", "/settings", "/sign-in", "/sign-up", "/recover")
PAGE_PATTERNS: Final = ("/room/{room}", "/join/{room}/{link}", "/settings/{part}")
_COMPRESSED: Final = {".html", ".js", ".css", ".json", ".svg", ".webmanifest"}
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")


@dataclass(slots=True, frozen=True)
class File:
    body: bytes
    packed: bytes | None
    etag: str
    content_type: str


class Pages:
    """All files of the page, in memory: 1 MB at most, so a disk is never read while people wait."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix != ".md" and not path.name.startswith((".", "tsconfig", "jsconfig"))
        }

    def add_routes(self, router: web.UrlDispatcher) -> None:
        for path in (*PAGE_PATHS, *PAGE_PATTERNS):
            router.add_get(path, self._page)
        router.add_get("/web/{name:.+}", self._file)
        for name in ("favicon.ico", "favicon.svg", "robots.txt", "manifest.webmanifest", "service-worker.js"):
            if name in self._files:
                router.add_get(f"/{name}", self._root_file)

    async def _page(self, request: web.Request) -> web.Response:
        return _answer(request, self._files["index.html"])

    async def _file(self, request: web.Request) -> web.Response:
        return self._named(request, request.match_info["name"])

    async def _root_file(self, request: web.Request) -> web.Response:
        return self._named(request, request.path.lstrip("/"))

    def _named(self, request: web.Request, name: str) -> web.Response:
        file = self._files.get(name)
        if file is None:
            raise web.HTTPNotFound(text="There is nothing here.\n")
        return _answer(request, file)


def _read(path: Path) -> File:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(body, mtime=0) if path.suffix in _COMPRESSED else None
    return File(body, packed, hashlib.sha256(body).hexdigest()[:16], kind)


def _takes_gzip(request: web.Request) -> bool:
    for offered in request.headers.get("Accept-Encoding", "").split(","):
        name, _, weight = offered.partition(";")
        if name.strip().lower() == "gzip":
            return weight.replace(" ", "").rstrip("0") not in {"q=", "q=0."}
    return False


def _answer(request: web.Request, file: File) -> web.Response:
    """The browser asks each time whether its copy still holds, so an update is never mixed with yesterday's files."""
    packed = file.packed if _takes_gzip(request) else None
    etag = file.etag if packed is None else f"{file.etag}-gzip"
    headers = {"ETag": f'"{etag}"', "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if any(known.value in {etag, "*"} for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    if packed is not None:
        headers["Content-Encoding"] = "gzip"
    body = file.body if packed is None else packed
    charset = "utf-8" if file.content_type.startswith(("text/", "application/json", "image/svg")) else None
    return web.Response(body=body, content_type=file.content_type, charset=charset, headers=headers)
