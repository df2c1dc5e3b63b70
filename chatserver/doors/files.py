"""Files over HTTP: ``/files`` takes uploads, shaped like tus 1.0 (core and creation), and gives files.

Nothing that a person sent is shown by a browser as if it were ours: only pictures that the server wrote and recordings
are ``inline``, and every answer forbids scripts, frames and guesses at the type.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final
from urllib.parse import quote

import msgspec
from aiohttp import web

from chatserver import errors
from chatserver.doors.api import refused
from chatserver.doors.authentication import Authentication
from chatserver.errors import Refusal
from chatserver.protocol.codecs import JSON
from chatserver.protocol.uploads import UploadAnswer, UploadRequest
from chatserver.rules.files import kinds
from chatserver.rules.limits import Buckets
from chatserver.services.files.downloads import SIZES, Download, Downloads
from chatserver.services.files.making import WHOLE
from chatserver.services.files.uploads import Body, Progress, Uploads, WrongOffset
from chatserver.services.pace import spend

FILE_POLICY: Final = "default-src 'none'; sandbox"
_PART_TYPE: Final = "application/offset+octet-stream"
_NOT_STORED: Final = {"Cache-Control": "no-store"}
_MOST_ASKED: Final = 16_384
_OFFSET: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_UNSAFE_IN_QUOTES: Final = re.compile(r'[^ !#-\[\]-~]|[%"\\]')
_PLAYED: Final = ("audio/", "video/")
_unpack = msgspec.json.Decoder(UploadRequest).decode
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Files:
    """The routes of files. ``rates`` limits the requests of an address that change something."""

    def __init__(self, uploads: Uploads, downloads: Downloads, authentication: Authentication, rates: Buckets) -> None:
        self._uploads = uploads
        self._downloads = downloads
        self._asking = authentication
        self._rates = rates

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/files", _answering(self._begin))
        for method, answer in (
            ("GET", self._get), ("HEAD", self._head), ("PATCH", self._append), ("DELETE", self._abandon),
            ("POST", self._overridden),
        ):  # fmt: skip
            router.add_route(method, "/files/{file:[0-9a-f]{24}}", _answering(answer))

    async def _overridden(self, request: web.Request) -> web.StreamResponse:
        """For clients behind a proxy that lets only GET and POST through."""
        meant = {"PATCH": self._append, "HEAD": self._head, "DELETE": self._abandon}
        answer = meant.get(request.headers.get("X-HTTP-Method-Override", "").upper())
        if answer is None:
            raise Refusal(errors.REQUEST, "Use PATCH, HEAD or DELETE, or name it in X-HTTP-Method-Override")
        return await answer(request)

    # --- uploads -----------------------------------------------------------------------------------------------------

    async def _begin(self, request: web.Request) -> web.Response:
        spend(self._rates, self._asking.address(request))
        caller = await self._asking.who(request, writes=True)
        caller.require_user()
        file = await self._uploads.begin(caller, await _asked(request))
        headers = {"Location": f"/files/{file.id}", "Upload-Offset": "0", **_NOT_STORED}
        return _json(UploadAnswer(file), 201, headers)

    async def _append(self, request: web.Request) -> web.Response:
        spend(self._rates, self._asking.address(request))
        caller = await self._asking.who(request, writes=True)
        offset = request.headers.get("Upload-Offset", "")
        if request.content_type != _PART_TYPE or not _OFFSET.fullmatch(offset):
            raise Refusal(errors.REQUEST, f"A part needs Upload-Offset and Content-Type: {_PART_TYPE}")
        body = Body(_chunks(request))
        try:
            progress = await self._uploads.append(caller, request.match_info["file"], int(offset), body)
        except WrongOffset as wrong:
            return web.Response(status=409, headers={"Upload-Offset": str(wrong.offset), **_NOT_STORED})
        headers = {"Upload-Offset": str(progress.offset), **_NOT_STORED}
        if progress.file is None:
            return web.Response(status=204, headers=headers)
        return _json(UploadAnswer(progress.file), 200, headers)

    async def _abandon(self, request: web.Request) -> web.Response:
        spend(self._rates, self._asking.address(request))
        caller = await self._asking.who(request, writes=True)
        await self._uploads.abandon(caller, request.match_info["file"])
        return web.Response(status=204, headers=_NOT_STORED)

    async def _head(self, request: web.Request) -> web.StreamResponse:
        """How far an upload came, to its uploader; of a file that one may read what GET says of it."""
        caller = await self._asking.who(request, writes=False)
        try:
            progress = await self._uploads.progress(caller, request.match_info["file"])
        except Refusal as refusal:
            if refusal.kind not in {errors.NOT_FOUND, errors.NOT_SIGNED_IN}:
                raise
            return await self._get(request)
        return web.Response(headers={**_progress(progress), **_NOT_STORED})

    # --- downloads ---------------------------------------------------------------------------------------------------

    async def _get(self, request: web.Request) -> web.StreamResponse:
        caller = await self._asking.who(request, writes=False)
        size = request.query.get("size", WHOLE)
        if size not in SIZES:
            raise errors.invalid("size", "Ask for the size small or large, or for none")
        download = await self._downloads.open(caller, request.match_info["file"], size)
        headers = _headers(download)
        if any(known.value in {_etag(download), "*"} for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        start, end = _range(request, download)
        if start >= end:
            return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{download.size}"})
        if (start, end) != (0, download.size):
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{download.size}"
        response = web.StreamResponse(status=206 if "Content-Range" in headers else 200, headers=headers)
        response.content_length = end - start
        return await self._send(request, response, download, start, end)

    async def _send(
        self, request: web.Request, response: web.StreamResponse, download: Download, start: int, end: int
    ) -> web.StreamResponse:
        """Stream the bytes. The first chunk is read before the head is sent, so that a storage that is away is a
        refusal and not an answer that breaks off."""
        if request.method == "HEAD":
            await response.prepare(request)
            return response
        chunks = self._downloads.read(download, start, end)
        first = await anext(chunks)
        await response.prepare(request)
        await response.write(first)
        async for chunk in chunks:
            await response.write(chunk)
        await response.write_eof()
        return response


def _answering(answer: Answer) -> Answer:
    """The handler, with refusals as answers."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(request)
        except Refusal as refusal:
            return refused(refusal)

    return handle


async def _asked(request: web.Request) -> UploadRequest:
    if request.content_type != "application/json":
        raise Refusal(errors.REQUEST, "The body must be application/json")
    try:
        body = await request.read()
        if len(body) > _MOST_ASKED:
            raise errors.too_large("The body is too large: send less", _MOST_ASKED)
        return _unpack(body)
    except web.HTTPRequestEntityTooLarge:
        raise errors.too_large("The body is too large: send less", _MOST_ASKED) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refusal(errors.PARAMS, f"The body is not what POST /files takes: {error}") from None


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_any():
        yield chunk


def _progress(progress: Progress) -> dict[str, str]:
    return {"Upload-Offset": str(progress.offset), "Upload-Length": str(progress.size)}


def _json(value: object, status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(status=status, body=JSON.encode(value), content_type="application/json", headers=headers)


# --- what an answer says of a file -----------------------------------------------------------------------------------


def _headers(download: Download) -> dict[str, str]:
    file = download.file
    own_type = download.inline or (not download.kept and file.type.startswith(_PLAYED))
    return {
        "ETag": f'"{_etag(download)}"',
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "Content-Type": file.type if own_type else kinds.UNKNOWN,
        "Content-Disposition": disposition(file.name, inline=download.inline),
    }


def disposition(name: str, *, inline: bool) -> str:
    """The header Content-Disposition: the name in plain ASCII for old programs, and as it is (RFC 8187)."""
    plain = _UNSAFE_IN_QUOTES.sub("_", name)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _etag(download: Download) -> str:
    """The bytes of a size never change."""
    return f"{download.file.id}-{download.name}"


def _range(request: web.Request, download: Download) -> tuple[int, int]:
    """The bytes that are asked for, ``start`` to before ``end``; none if there are no such bytes. A range of several
    parts, or of what has another ETag, is the whole."""
    size, fresh = download.size, request.headers.get("If-Range", "")
    if fresh and fresh != f'"{_etag(download)}"':
        return 0, size
    try:
        asked = request.http_range
    except ValueError:
        return 0, size
    start = asked.start or 0
    if start < 0:
        return max(0, size + start), size
    return start, min(size, asked.stop if asked.stop is not None else size)
