"""Serves the page: index.html on every path of the page, the files of web/ below /web/, with security headers.

Files are read once at start, with a strong ETag each, and compressed once, when they are first asked for; what is in
web/ is what the browser runs.
index.html asks for its files with the version in their address (/web/<version>/main.js), so no page is ever made of two
versions. While two releases run behind one balancer, a server that does not have the version sends the browser back to
the same address, where the other release may answer.

Three answers say more than a file: the page itself, which has the community's name and, for a public room, what its
link leads to; the manifest; and the service worker, which has the page's version and the list of its files.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import html
import mimetypes
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        "base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types worker"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(self), geolocation=()",
}
PAGE_PATHS: Final = (
    "/", "/rooms", "/settings", "/sign-in", "/sign-up", "/recover", "/setup", "/people", "/community",
    "/notifications", "/search",
)  # fmt: skip
PAGE_PATTERNS: Final = ("/user/{handle}", "/join/{room}/{link}", "/settings/{part}")
_TEXTS: Final = ("text/", "application/json", "application/manifest", "image/svg")
_VERSION: Final = b"__VERSION__"
_FILE_NAMES: Final = b"__FILES__"
_NOT_KEPT: Final = ("index.html", "sw.js", "icons/", "robots.txt")
# Loads from any release, so that it can reload a page whose own files are gone.
_ANY_VERSION: Final = "too-old.js"
_LINKS: Final = re.compile(rb'"/web/(?!' + re.escape(_ANY_VERSION.encode()) + rb")")
_TITLE: Final = re.compile(rb"<title>.*</title>")
# Browsers follow 20 redirects. Of two releases picked at random, 16 tries miss the right one once in 65,000.
_TRIES: Final = 16
_PAPER: Final = "#f6f1e7"
_ICONS: Final = (("icon-192", "192x192", "any"), ("icon-512", "512x512", "any"),
                 ("icon-maskable-512", "512x512", "maskable"))  # fmt: skip
_SHORT: Final = 12  # what fits below an icon
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")


@dataclass(frozen=True)
class File:
    body: bytes
    etag: str
    content_type: str

    @property
    def is_text(self) -> bool:
        return self.content_type.startswith(_TEXTS)

    @functools.cached_property
    def packed(self) -> bytes | None:
        """A text, compressed: done when it is first asked for, as all of them take 40 ms."""
        return gzip.compress(self.body, mtime=0) if self.is_text else None


@dataclass(slots=True, frozen=True)
class PageFiles:
    """All files of the page by their paths, in memory: less than 2 MB, so a disk is never read while people wait."""

    by_path: Mapping[str, File]
    version: str


class Pages:
    """``named()`` gives the community's name and language; ``window(room)`` the title and description of a public room
    in that language, and None for any other room.
    """

    def __init__(
        self, files: PageFiles, *, named: Callable[[], tuple[str, str]], window: Callable[[str], tuple[str, str] | None]
    ) -> None:
        self._named_community = named
        self._window = window
        self._files = files.by_path
        self._version = files.version
        self._worker = self._with_version("sw.js")

    def add_routes(self, router: web.UrlDispatcher) -> None:
        for path in (*PAGE_PATHS, *PAGE_PATTERNS):
            router.add_get(path, self._page)
        router.add_get("/room/{room}", self._room)
        for part in (
            "{seq:[1-9][0-9]{0,14}}",
            "topics",
            "all",
            "topic/{topic}",
            "topic/{topic}/{seq:[1-9][0-9]{0,14}}",
        ):
            router.add_get(f"/room/{{room}}/{part}", self._room)
        router.add_get("/web/{version:[0-9a-f]{16}}/{name:.+}", self._file_of_version)
        router.add_get("/web/{name:.+}", self._file)
        router.add_get("/manifest.webmanifest", self._manifest)
        if self._worker is not None:
            router.add_get("/sw.js", self._service_worker)
        for name in ("favicon.ico", "favicon.svg", "robots.txt"):
            if name in self._files:
                router.add_get(f"/{name}", self._root_file)
        router.add_get("/{path:.*}", self._lost)

    async def _page(self, request: web.Request) -> web.Response:
        return self._versioned(request, self._shell())

    async def _lost(self, request: web.Request) -> web.Response:
        """Answer 404: with the page to a person, with one line to a program."""
        if "text/html" not in request.headers.get("Accept", ""):
            raise _nothing()
        response = self._versioned(request, self._shell())
        if response.status == 200:
            response.set_status(404)
        return response

    async def _room(self, request: web.Request) -> web.Response:
        """The page of a public room describes the room; for any other id it looks the same, whether the room exists or
        not."""
        room = self._window(request.match_info["room"])
        if room is None:
            return self._versioned(request, self._shell())
        told = zip(("og:title", "og:description"), room, strict=True)
        return self._versioned(request, self._shell(*((name, text) for name, text in told if text)))

    def _shell(self, *told: tuple[str, str]) -> File:
        """index.html with the community's name, its files of this version, and og: properties for link previews."""
        page, (name, _) = self._files["index.html"], self._named_community()
        title = f"<title>{html.escape(name)}</title>".encode()
        body = _TITLE.sub(lambda _: title, page.body, count=1)
        body = _LINKS.sub(f'"/web/{self._version}/'.encode(), body)
        lines = [
            f'  <meta property="{key}" content="{html.escape(text)}">\n'
            for key, text in (("og:site_name", name), *told)
        ]
        return _file(body.replace(b"</head>", "".join(lines).encode() + b"</head>", 1), page.content_type)

    def _versioned(self, request: web.Request, page: File) -> web.Response:
        """Add the header that the service worker compares with its own version before it caches the page."""
        response = _answer(request, page)
        response.headers["Page-Version"] = self._version
        return response

    async def _manifest(self, request: web.Request) -> web.Response:
        name, language = self._named_community()
        icons = [
            {"src": f"/web/icons/{file}.png", "sizes": sizes, "type": "image/png", "purpose": purpose}
            for file, sizes, purpose in _ICONS
        ]
        manifest = {
            "id": "/", "name": name, "short_name": _short(name), "lang": language, "start_url": "/", "scope": "/",
            "display": "standalone", "background_color": _PAPER, "theme_color": _PAPER, "icons": icons,
        }  # fmt: skip
        return _answer(request, _file(msgspec.json.encode(manifest), "application/manifest+json"))

    async def _service_worker(self, request: web.Request) -> web.Response:
        assert self._worker is not None
        response = _answer(request, self._worker)
        response.headers["Service-Worker-Allowed"] = "/"
        return response

    def _with_version(self, name: str) -> File | None:
        """The service worker with the page's version and the list of its files filled in."""
        file = self._files.get(name)
        if file is None:
            return None
        kept = " ".join(self._address(path) for path in self._files if not path.startswith(_NOT_KEPT))
        body = file.body.replace(_VERSION, self._version.encode()).replace(_FILE_NAMES, kept.encode())
        return _file(body, file.content_type)

    def _address(self, path: str) -> str:
        return f"/web/{path}" if path == _ANY_VERSION else f"/web/{self._version}/{path}"

    async def _file_of_version(self, request: web.Request) -> web.Response:
        """A file of one version, which never changes; or a redirect to the same address, for a release that has it."""
        if request.match_info["version"] == self._version:
            response = self._named(request, request.match_info["name"])
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
            return response
        tries = request.query.get("tries", "")
        tried = int(tries) if tries.isdecimal() and len(tries) < 3 else 0
        if tried >= _TRIES:
            raise _nothing()
        return web.Response(status=307, headers={"Location": f"?tries={tried + 1}", "Cache-Control": "no-store"})

    async def _file(self, request: web.Request) -> web.Response:
        return self._named(request, request.match_info["name"])

    async def _root_file(self, request: web.Request) -> web.Response:
        return self._named(request, request.path.lstrip("/"))

    def _named(self, request: web.Request, name: str) -> web.Response:
        file = self._files.get(name)
        if file is None:
            raise _nothing()
        return _answer(request, file)


def _nothing() -> web.HTTPNotFound:
    return web.HTTPNotFound(text="There is nothing here.\n", headers={"Cache-Control": "no-store"})


def _version(files: Mapping[str, File]) -> str:
    """The page's version: a hash over all files."""
    version = hashlib.sha256()
    for path, held in files.items():
        version.update(f"{path}\0{len(held.body)}\0".encode())
        version.update(held.body)
    return version.hexdigest()[:16]


def read_files(folder: Path) -> PageFiles:
    """The files of web/."""
    files = {
        path.relative_to(folder).as_posix(): _file(
            path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".md" and not path.name.startswith((".", "tsconfig", "jsconfig"))
    }
    return PageFiles(files, _version(files))


def _file(body: bytes, kind: str) -> File:
    return File(body, hashlib.sha256(body).hexdigest()[:16], kind)


def _short(name: str) -> str:
    """As many words of the name as fit below an icon, or the start of the first one."""
    short = ""
    for word in name.split():
        longer = f"{short} {word}".strip()
        if len(longer) > _SHORT:
            break
        short = longer
    return short or name[:_SHORT]


def _takes_gzip(request: web.Request) -> bool:
    for offered in request.headers.get("Accept-Encoding", "").split(","):
        name, _, weight = offered.partition(";")
        if name.strip().lower() == "gzip":
            return weight.replace(" ", "").rstrip("0") not in {"q=", "q=0."}
    return False


def _answer(request: web.Request, file: File) -> web.Response:
    """Serve a file that the browser revalidates each time, so that files of two versions are never mixed."""
    packed = file.packed if _takes_gzip(request) else None
    etag = file.etag if packed is None else f"{file.etag}-gzip"
    headers = {"ETag": f'"{etag}"', "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if any(known.value in {etag, "*"} for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    if packed is not None:
        headers["Content-Encoding"] = "gzip"
    body = file.body if packed is None else packed
    charset = "utf-8" if file.is_text else None
    return web.Response(body=body, content_type=file.content_type, charset=charset, headers=headers)
