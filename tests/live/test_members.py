"""What a feed knows of its members agrees with the room, in whatever order changes, answers and readings come in."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chatserver.live.members import Members
from chatserver.store.rooms.records import LogHead, MemberRecord, Opened, RoomMeta

USERS = ("ann", "bob")
STEPS = (
    "join", "leave", "moderator", "member", "publish", "expect", "answer", "dismiss", "follow", "unfollow", "read",
    "take",
)  # fmt: skip


class Room:
    """The truth, what it has published, and a process that hears and asks late."""

    def __init__(self) -> None:
        self.version = 1
        self.records: dict[str, MemberRecord] = {}
        self.published: list[tuple[int, str, str, MemberRecord, int]] = []
        self.heard = 1
        self.follows: dict[str, int] = {}
        self.expected: list[str] = []
        self.asking: list[tuple[asyncio.Future[Any], tuple[int, MemberRecord | None]]] = []
        self.tasks: list[asyncio.Future[None]] = []
        self.reading: Opened | None = None
        self.members = Members(self.opened(frozenset()), self.follows.__contains__, self.ask)

    def opened(self, asked: frozenset[str]) -> Opened:
        staff_or_asked = {u: r for u, r in self.records.items() if r.role != "member" or u in asked}
        meta = RoomMeta("open", "Tea", "", [], version=self.version)
        return Opened(meta, LogHead("e", 0, 0, "", 1, 0, 0, 0), len(self.records), asked, staff_or_asked, {})

    def ask(self, user: str) -> asyncio.Future[tuple[int, MemberRecord | None]]:
        """The store answers as of now; the answer arrives when the test says so."""
        arrives: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.asking.append((arrives, (self.version, self.records.get(user))))
        return arrives

    def change(self, kind: str, user: str) -> None:
        inside = user in self.records
        if (kind == "join") == inside or (kind == "leave" and not inside):
            return
        self.version += 1
        if kind == "leave":
            record = self.records.pop(user)
            told = "left"
        else:
            joined = self.version if kind == "join" else self.records[user].joined_at
            role = "member" if kind == "join" else kind
            record = self.records[user] = MemberRecord(role, joined, 0, self.version)  # type: ignore[arg-type]
            told = "joined" if kind == "join" else "changed"
        self.published.append((self.version, told, user, record, len(self.records)))

    def publish(self) -> None:
        if not self.published or self.reading is not None:  # what comes during a reading is parked
            return
        version, kind, user, record, count = self.published.pop(0)
        if version > self.heard:
            self.heard = version
            self.members.receive(version, kind, user, record.role, record.joined_at, count)

    async def step(self, kind: str, user: str) -> None:
        if kind in {"join", "leave", "moderator", "member"}:
            self.change(kind, user)
        elif kind == "publish":
            self.publish()
        elif kind == "expect" and self.reading is None:  # a feed waits until nothing is held back
            self.expected.append(user)
            self.tasks.append(asyncio.ensure_future(self.members.expect(user)))
            await asyncio.sleep(0)
        elif kind == "answer":
            await self.answer()
        elif kind == "dismiss" and user in self.expected and not self.asking:
            self.expected.remove(user)
            self.members.dismiss(user)
        elif kind == "follow" and user in self.expected and not self.asking:
            self.follows[user] = 1
        elif kind == "unfollow" and self.follows.pop(user, None):
            self.members.forget(user)
        elif kind == "read" and self.reading is None:
            self.reading = self.opened(self.members.expected() | self.follows.keys())
        elif kind == "take" and self.reading is not None:
            opened, self.reading = self.reading, None
            self.heard = max(self.heard, opened.meta.version)
            self.members.take(opened)

    async def answer(self) -> None:
        if self.asking:
            arrives, answer = self.asking.pop(0)
            arrives.set_result(answer)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def settle(self) -> None:
        await self.step("take", "")
        while self.asking:
            await self.answer()
        while self.published:
            self.publish()
        await asyncio.gather(*self.tasks)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(USERS)), min_size=20, max_size=60))
def test_what_is_known_of_members_agrees_with_the_room(steps: list[tuple[str, str]]) -> None:
    async def walk() -> None:
        room = Room()
        for kind, user in steps:
            await room.step(kind, user)
        await room.settle()
        needed = {*room.expected, *room.follows}
        assert room.members.count == len(room.records)
        for user in USERS:
            truth = room.records.get(user)
            known = room.members.get(user)
            if user in needed or (truth is not None and truth.role != "member"):
                assert (known and (known.role, known.joined_at)) == (truth and (truth.role, truth.joined_at)), user
            else:
                assert known is None, user

    asyncio.run(walk())


async def test_while_the_store_is_asked_about_a_user_nothing_is_known_of_them() -> None:
    room = Room()
    room.change("join", "ann")
    asked = asyncio.ensure_future(room.members.expect("ann"))
    await asyncio.sleep(0)
    assert not room.members.knows("ann")
    await room.answer()
    await asked
    assert room.members.knows("ann") and room.members.get("ann") is not None


async def test_who_joins_while_the_store_is_asked_about_them_is_a_member() -> None:
    room = Room()
    asked = asyncio.ensure_future(room.members.expect("ann"))  # the store says: no member
    await asyncio.sleep(0)
    room.change("join", "ann")
    room.publish()
    await room.answer()
    await asked
    assert room.members.get("ann") is not None
