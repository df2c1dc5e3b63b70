"""Files over HTTP, from a bot's side: sent in parts that go on after a lost line, and fetched the same way.

``chatserver.bot.session`` makes one ``Transfers`` for its duration. What the server says to a file is a ``Refusal``
whose message begins with the file's name.
"""

from __future__ import annotations

import asyncio
import io
import mimetypes
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec

from chatserver import errors
from chatserver.bot import wire
from chatserver.bot.backoff import Backoff
from chatserver.errors import Refusal
from chatserver.protocol.shapes import File
from chatserver.protocol.uploads import UploadAnswer

PART_BYTES: Final = 4_000_000
"""Half of the most that the server takes in one part: what a lost line costs."""
ANSWER_S: Final = 90.0
"""How long a part, or a chunk of a download, may take before the line counts as lost."""
GIVE_UP_S: Final = 900.0
"""How long a transfer that does not come on is tried again."""
_CHUNK_BYTES: Final = 65_536
_READ_BY_THE_SERVER: Final = ("image/", "audio/", "video/")
_LOST: Final = (aiohttp.ClientError, TimeoutError, ConnectionError)

Purpose = Literal["message", "avatar"]
Size = Literal["", "small", "large"]
Result = TypeVar("Result")


@dataclass(slots=True, frozen=True, kw_only=True)
class FileToSend:
    """A file with what is said of it. ``content``: a path, the bytes, or a file opened for reading bytes, which is sent
    from where it stands.

    ``name``: "" for that of the path. ``keep``: send the bytes as they are, to be saved; False: let the server read a
    picture, a film or a recording, so that it is shown and says nothing of place and camera; None: False unless the
    name is that of another kind of file. ``seconds`` and ``peaks`` (64 numbers from 0 to 100) describe a recording.
    """

    content: str | os.PathLike[str] | bytes | BinaryIO
    name: str = ""
    keep: bool | None = None
    seconds: float = 0.0
    peaks: tuple[int, ...] = ()


Sendable = str | os.PathLike[str] | bytes | BinaryIO | FileToSend | File
"""What ``files`` of a send may hold; a ``File`` is one that ``Bot.upload`` has brought up."""


def keeps(file: FileToSend, name: str) -> bool:
    """Whether the bytes stay as they are: as its sender said, else if the name says that the server reads no such."""
    if file.keep is not None:
        return file.keep
    kind = mimetypes.guess_type(name)[0] or ""
    return bool(kind) and (kind.startswith("image/svg") or not kind.startswith(_READ_BY_THE_SERVER))


class Content:
    """The bytes of a file that is being sent, from where they begin. Raises ``OSError`` for a path that cannot be read,
    ``TypeError`` for what is no bytes, ``ValueError`` for a stream that cannot be read twice."""

    def __init__(self, file: FileToSend) -> None:
        content = file.content
        self._own = isinstance(content, str | os.PathLike)
        self._file: BinaryIO
        if isinstance(content, str | os.PathLike):
            self._file = Path(content).open("rb")  # noqa: SIM115  closed by ``close``
        else:
            self._file = io.BytesIO(content) if isinstance(content, bytes | bytearray) else content
        if hasattr(self._file, "encoding"):
            raise TypeError("open the file for reading bytes: open(path, 'rb')")
        if not self._file.seekable():
            raise ValueError("this stream cannot be read twice: pass its bytes")
        self.name = file.name or Path(str(getattr(self._file, "name", "") or "file")).name
        self._start = self._file.tell()
        self.size = self._file.seek(0, os.SEEK_END) - self._start

    async def part(self, offset: int) -> bytes:
        """The next bytes. Raises ``ValueError`` if the file has become shorter."""
        length = min(PART_BYTES, self.size - offset)
        part = await asyncio.to_thread(self._read, offset, length)
        if len(part) < length:
            raise ValueError(f"{self.name} became shorter while it was sent")
        return part

    def _read(self, offset: int, length: int) -> bytes:
        self._file.seek(self._start + offset)
        return self._file.read(length)

    def close(self) -> None:
        if self._own:
            self._file.close()


@dataclass(slots=True, frozen=True)
class _Reply:
    status: int
    offset: int
    body: bytes


class Transfers:
    """``url`` is the community's, as people use it. ``patience``: a factor for the waits between attempts."""

    def __init__(self, url: str, token: str, *, patience: float = 1.0) -> None:
        self._url = wire.http_url(url)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._patience = patience
        self._http: aiohttp.ClientSession | None = None

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            local = urlsplit(self._url).hostname in {"127.0.0.1", "::1", "localhost"}
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_S, sock_read=ANSWER_S)
            self._http = aiohttp.ClientSession(headers=self._headers, timeout=timeout, trust_env=not local)
        return self._http

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    # --- sending

    async def upload(self, file: FileToSend, *, room: str, purpose: Purpose) -> File:
        """Bring a file up, over as many attempts as needed. Raises ``Refusal``."""
        content = await asyncio.to_thread(Content, file)
        try:
            return await self._upload(file, content, room, purpose)
        except Refusal as refusal:
            raise _of_file(refusal, content.name) from None
        finally:
            content.close()

    async def _upload(self, file: FileToSend, content: Content, room: str, purpose: Purpose) -> File:
        asked = {
            "for": purpose, "room": room, "name": content.name, "size": content.size,
            "keep": keeps(file, content.name), "seconds": file.seconds, "peaks": file.peaks,
        }  # fmt: skip
        begun = await self._until_answered(lambda: self._ask("POST", "/files", json=asked))
        id, offset = _file(begun).id, 0
        while True:
            reply = await self._until_answered(self._next_part(id, content, offset))
            if reply.status == 200 and reply.body:
                return _file(reply)
            offset = reply.offset

    def _next_part(self, id: str, content: Content, offset: int) -> Callable[[], Awaitable[_Reply]]:
        """Sends the part at ``offset``; after a lost line it asks first how far the server is."""
        known: int | None = offset

        async def send() -> _Reply:
            nonlocal known
            if known is None:
                known = (await self._ask("HEAD", f"/files/{id}")).offset
            at, known = known, None
            headers = {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
            part = await content.part(at)
            return await self._ask("PATCH", f"/files/{id}", data=io.BytesIO(part), headers=headers)

        return send

    async def holds(self, id: str) -> bool:
        """Whether the server still has a file of ours: one that no message used is gone after a day."""
        try:
            await self._until_answered(lambda: self._ask("HEAD", f"/files/{id}"))
        except Refusal as refusal:
            if refusal.kind.status != errors.NOT_FOUND.status:  # the answer to a HEAD says no more
                raise
            return False
        return True

    async def discard(self, id: str) -> None:
        """Give up a file that no message uses; if that fails, the server does so within a day."""
        try:
            await self._ask("DELETE", f"/files/{id}")
        except (Refusal, *_LOST):
            return

    # --- fetching

    async def download(self, file: str, size: Size = "") -> AsyncIterator[bytes]:
        """The bytes of a file in chunks; after a lost line from where it broke off. Raises ``Refusal``."""
        backoff, known, began = Backoff(self._patience), 0, time.monotonic()
        while True:
            try:
                async for chunk in self._from(file, size, known):
                    known += len(chunk)
                    began = time.monotonic()
                    backoff.succeeded()
                    yield chunk
                return
            except (Refusal, *_LOST) as error:
                await self._wait(error, backoff, began)

    async def _from(self, file: str, size: Size, start: int) -> AsyncIterator[bytes]:
        headers = {"Range": f"bytes={start}-"} if start else {}
        query = {"size": size} if size else {}
        async with self._session().get(f"{self._url}/files/{file}", params=query, headers=headers) as answer:
            if answer.status not in {200, 206}:
                raise _refusal(answer.status, await answer.read())
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                yield chunk

    # --- one request

    async def _ask(self, method: str, path: str, **more: Any) -> _Reply:
        async with self._session().request(method, self._url + path, **more) as answer:
            body = await answer.read()
            if answer.status not in {200, 201, 204, 409} or (answer.status == 409 and body):
                raise _refusal(answer.status, body)
            return _Reply(answer.status, int(answer.headers.get("Upload-Offset", 0)), body)

    async def _until_answered(self, ask: Callable[[], Awaitable[Result]]) -> Result:
        """Ask again while the line is lost or the server says to. Raises ``Refusal``."""
        backoff, began = Backoff(self._patience), time.monotonic()
        while True:
            try:
                return await ask()
            except (Refusal, *_LOST) as error:
                await self._wait(error, backoff, began)

    async def _wait(self, error: Exception, backoff: Backoff, began: float) -> None:
        """Wait before another attempt; raises what cannot be tried again, or no longer."""
        refusal = error if isinstance(error, Refusal) else errors.unavailable("Connection lost: try again later")
        wait = wire.wait_for(refusal)
        if wait is None or time.monotonic() - began > GIVE_UP_S:
            raise refusal from None
        await asyncio.sleep(max(wait, backoff.next()))


def _file(reply: _Reply) -> File:
    return msgspec.json.decode(reply.body, type=UploadAnswer).file


def _refusal(status: int, body: bytes) -> Refusal:
    """What the server, or a proxy before it, says. A proxy's 5xx means that the server is away for the moment."""
    try:
        return wire.refusal_of_body(body)
    except msgspec.MsgspecError:
        if status >= 500:
            return errors.unavailable(f"HTTP {status}: try again later")
        kind = next((kind for kind in errors.TABLE if kind.status == status), errors.REQUEST)
        return Refusal(kind, f"HTTP {status}")


def _of_file(refusal: Refusal, name: str) -> Refusal:
    """The refusal with the file's name before its message."""
    named = Refusal(refusal.kind, f"{name}: {refusal.message}", refusal.reason)
    named.data.update(refusal.data)
    return named
