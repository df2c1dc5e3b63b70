"""Wherever a process stops while a preview comes or goes, its picture is the message's with its bytes, or there is
nothing left of it once others have finished and a day is over."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest

from chatserver.protocol.shapes import File
from chatserver.store.accounts.newcomers import NewcomerStore
from chatserver.store.blobs.blobs import Blobs
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.store import Store
from chatserver.store.files.erasing import ERASE, Erasing
from chatserver.store.files.files import FileStore, Quota
from chatserver.store.files.records import Held, Upload, unpack_held
from chatserver.store.messages.deletions import Deletions
from chatserver.store.messages.log import NO_CALLS, MessageLog
from chatserver.store.messages.previews import PreviewStore
from chatserver.store.messages.records import StoredPreview, unpack_now
from tests.conftest import blobs_in_memory
from tests.store.rooms.rooms_world import Server
from tests.store.rooms.test_membership_crashes import Stopped, StoppingStore, linked

BOOKS, LINK, PICTURE = "books", "http://a.example/", "a" * 24
ROOM = keys.room(BOOKS)
LATER = 1 << 50


class Services(Server):
    """The small community, with what a preview passes through. ``blobs`` lie outside of all processes."""

    def __init__(self, store: Store, blobs: Blobs) -> None:
        super().__init__(store)
        erasing = Erasing(store, blobs)
        self.blobs = blobs
        self.files = FileStore(store, blobs, erasing, Quota(0, 0))
        self.previews = PreviewStore(store, self.intents, erasing)
        self.deletions = Deletions(store, self.intents, NewcomerStore(store, most=5), erasing)
        self.log = MessageLog(store, asyncio.ensure_future, durability="primary")

    async def comes(self) -> None:
        held = Held("", File(PICTURE, "leaf.webp", 4, "image/webp", 60, 40), sizes={"small": 3})
        upload = Upload(user="", purpose="preview", room=BOOKS, name="leaf.webp", size=4, at=1)
        await self.files.add_fetched(held, upload, {"file": b"leaf", "small": b"lea"})
        preview = StoredPreview(LINK, "Leaves", picture=held.file)
        if PICTURE not in await self.previews.put(BOOKS, 1, "", [LINK], [preview], [held], edited_at=0, now=5):
            await self.files.drop(PICTURE, upload)

    async def edited(self) -> None:
        edit = self.log.edit(BOOKS, 1, "no link", NO_CALLS, user="tom", now=6)
        await self.previews.edited(BOOKS, edit)

    async def shown(self) -> set[str]:
        """The pictures that previews of the message show."""
        packed = await self.store.command(ROOM, "HGET", ROOM + ":now", 1)
        now = unpack_now(packed or b"")
        return {preview.picture.id for preview in now.previews} if now is not None else set()

    async def left(self) -> list[str]:
        """What there is of the picture, anywhere."""
        found = [blob.path async for blob in self.blobs.all()]
        if packed := await self.store.command(ROOM, "HGET", ROOM + ":files", PICTURE):
            assert unpack_held(packed).seq == 1
            found.append("held")
        if await self.store.command(keys.file(PICTURE), "EXISTS", keys.file(PICTURE)):
            found.append("named")
        found += ["gone"] * await self.store.command(ROOM, "HLEN", ROOM + ":files:gone")
        found += ["to erase"] * await self.store.command(keys.FILES, "ZCARD", ERASE)
        return sorted(found)


@pytest.fixture
def blobs() -> Blobs:
    return blobs_in_memory()


@pytest.fixture
async def server(store: Store, blobs: Blobs) -> Services:
    return Services(store, blobs)


@pytest.fixture
async def doomed(address: Address, blobs: Blobs) -> AsyncIterator[Services]:
    async with linked(StoppingStore(address)) as other:
        yield Services(other.store, blobs)


async def _prepare(server: Services) -> None:
    for blob in [blob async for blob in server.blobs.all()]:
        await server.blobs.erase_one(blob.path)
    await server.store.redis.flushall()
    await server.build_friends()
    await server.create(BOOKS, "tom")
    await server.say(BOOKS, "tom", LINK, at=1)


Step = Callable[[Services], Awaitable[object]]
GOES: dict[str, Step] = {
    "hidden": lambda server: server.previews.hide(BOOKS, 1, user="tom", admin=False, now=6),
    "edited": lambda server: server.edited(),
    "deleted": lambda server: server.deletions.delete(BOOKS, 1, actor="tom", admin=False, now=6),
}
WHOLE = sorted([f"aa/{PICTURE}/file", f"aa/{PICTURE}/small", "held", "named"])


async def _stops(doomed: Services, step: Step, steps: int) -> bool:
    """Whether the step came to its end within so many questions to the store."""
    doomed.store.steps = steps
    try:
        await step(doomed)
    except Stopped:
        return False
    return True


async def test_a_picture_that_comes_is_the_messages_or_gone_after_a_day(doomed: Services, server: Services) -> None:
    for steps in itertools.count():
        await _prepare(server)
        finished = await _stops(doomed, Services.comes, steps)
        await server.files.drop_unused(LATER)
        await server.files.erasing.carry_on()
        await server.files.scrub(LATER)
        shown = await server.shown()
        assert await server.left() == (WHOLE if shown else []), f"stopped before question {steps + 1}"
        if finished:
            assert shown == {PICTURE}
            return


@pytest.mark.parametrize("how", GOES)
async def test_a_picture_that_goes_is_gone_when_another_process_took_over(
    doomed: Services, server: Services, how: str
) -> None:
    for steps in itertools.count():
        await _prepare(server)
        await server.comes()
        finished = await _stops(doomed, GOES[how], steps)
        assert await server.intents.take_over(older_than_ms=-1000) <= 1
        await server.files.erasing.carry_on()
        shown = await server.shown()
        assert await server.left() == (WHOLE if shown else []), f"stopped before question {steps + 1}"
        if finished:
            assert not shown
            return


async def test_a_put_that_is_repeated_after_a_lost_answer_keeps_the_picture(server: Services) -> None:
    await _prepare(server)
    await server.comes()
    held = unpack_held(await server.store.command(ROOM, "HGET", ROOM + ":files", PICTURE))
    preview = StoredPreview(LINK, "Leaves", picture=held.file)
    unused = msgspec.structs.replace(held, seq=0)
    assert await server.previews.put(BOOKS, 1, "", [LINK], [preview], [unused], edited_at=0, now=5) == {PICTURE}
    assert await server.left() == WHOLE
