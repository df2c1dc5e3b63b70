"""Pages that messages link to, and their pictures, as previews show them.

What many people link to is fetched once an hour, and once if they ask at the same time. Of a picture only what the
server wrote itself is remembered, as for an upload (services/files/making.py). Whatever goes wrong is no page, or a
page without a picture: nobody is told.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import IO, Final, Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from chatserver.errors import Refusal
from chatserver.ids import new_id, now_ms, steady_ms
from chatserver.live.tasks import Tasks
from chatserver.rules.files import kinds
from chatserver.rules.messages import links as rules
from chatserver.services.files.making import Making
from chatserver.store.blobs.blobs import write
from chatserver.store.files.files import FileStore
from chatserver.store.files.records import Held, Upload
from chatserver.workers.fetching import Fetcher

KEPT: Final = 1_000
KEPT_MS: Final = 3_600_000
FAILED_MS: Final = 300_000
KEPT_BYTES: Final = 8_000_000
"""Of pictures in memory; about a hundred."""
_PAGES: Final = ("text/html", "application/xhtml+xml")
_PICTURES: Final = (*sorted(kinds.PICTURES), "image/jpg", kinds.UNKNOWN)
V = TypeVar("V")


class Picture(NamedTuple):
    """A picture as the server wrote it; ``held`` has no id yet, and ``objects`` are its sizes by name."""

    held: Held
    objects: dict[str, bytes]


class _Lately(Generic[V]):
    """What was fetched in the last hour, by address, and what is being fetched. ``size`` is what one takes of
    ``KEPT_BYTES``. A failure is remembered for five minutes."""

    def __init__(self, fetch: Callable[[str], Awaitable[V | None]], size: Callable[[V], int], tasks: Tasks) -> None:
        self._fetch = fetch
        self._size = size
        self._tasks = tasks
        self._kept: OrderedDict[str, tuple[int, V | None]] = OrderedDict()
        self._bytes = 0
        self._under_way: dict[str, asyncio.Task[V | None]] = {}

    async def get(self, url: str) -> V | None:
        until, value = self._kept.get(url, (0, None))
        if until > steady_ms():
            return value
        task = self._under_way.get(url)
        if task is None:
            task = self._under_way[url] = self._tasks.start(self._fetched(url))
        return await asyncio.shield(task)

    async def _fetched(self, url: str) -> V | None:
        try:
            value = await self._fetch(url)
            self._keep(url, value)
            return value
        finally:
            del self._under_way[url]

    def _keep(self, url: str, value: V | None) -> None:
        if url in self._kept:
            self._drop(url)
        self._kept[url] = (steady_ms() + (FAILED_MS if value is None else KEPT_MS), value)
        self._bytes += 0 if value is None else self._size(value)
        while len(self._kept) > KEPT or self._bytes > KEPT_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, url: str) -> None:
        _, value = self._kept.pop(url)
        self._bytes -= 0 if value is None else self._size(value)


class LinkedPages:
    """Built in composition.py for the previews."""

    def __init__(self, fetcher: Fetcher, making: Making, files: FileStore, tasks: Tasks) -> None:
        self._fetcher = fetcher
        self._making = making
        self._files = files
        self._pages = _Lately(self._read, lambda _: 0, tasks)
        self._pictures = _Lately(self._draw, _bytes_of, tasks)

    async def page(self, url: str) -> rules.PageWords | None:
        """What the page at this address says of itself; None without a title."""
        return await self._pages.get(url)

    async def picture(self, url: str, room: str) -> Held | None:
        """The picture at this address as a new file for a message of this room; ``put`` makes it the message's, or
        ``drop`` removes it. None if there is none that can be shown."""
        picture = await self._pictures.get(url)
        if picture is None:
            return None
        held = replace(picture.held, file=replace(picture.held.file, id=new_id()))
        try:
            await self._files.add_fetched(held, _upload(room, held.file.name, held.file.size), picture.objects)
        except Refusal:  # what was written is gone after a day
            return None
        return held

    async def drop(self, held: Held, room: str) -> None:
        """Remove a picture that no message took."""
        await self._files.drop(held.file.id, _upload(room, held.file.name, held.file.size))

    async def _read(self, url: str) -> rules.PageWords | None:
        fetched = await self._fetcher.get(url, types=_PAGES, most=rules.LONGEST_HEAD)
        if fetched is None:
            return None
        reader = rules.HeadReader()
        for part in rules.slices(rules.decoded(fetched.body, fetched.charset)):
            reader.feed(part)
            await asyncio.sleep(0)  # a head may have half a megabyte
        return reader.words(fetched.url)

    async def _draw(self, url: str) -> Picture | None:
        most = rules.LONGEST_PICTURE
        fetched = await self._fetcher.get(url, types=_PICTURES, most=most + 1)
        if fetched is None or len(fetched.body) > most:
            return None
        try:
            with self._files.blobs.spool() as spool:
                write(spool, fetched.body)
                upload = _upload("", rules.picture_name(fetched.url), len(fetched.body))
                async with self._making.made("", upload, spool) as made:
                    if min(made.held.file.width, made.held.file.height) < rules.LEAST_EDGE:
                        return None
                    return Picture(made.held, {name: _content(file) for name, file in made.written.items()})
        except Refusal:
            return None


def _upload(room: str, name: str, size: int) -> Upload:
    return Upload(user="", purpose="preview", room=room, name=name, size=size, at=now_ms())


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _bytes_of(picture: Picture) -> int:
    return sum(map(len, picture.objects.values()))
