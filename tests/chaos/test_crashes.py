"""A process ends between any two parts of a join, an invitation, a sign-up …; another finishes what it had begun.

The requests are real and so are both communities; only the doomed one's store ends before its n-th write. Whatever n
is, in the end rooms and users say the same, and who was told nothing can ask again.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgpack
import pytest
import redis

import chatserver.app
from chatserver.app import Server
from chatserver.store.engine.address import Address
from chatserver.store.engine.store import Store
from tests.people import PASSWORD, Person, Refused, post, sign_up

MOST_STEPS = 40


class Stopped(Exception):
    """The process ended here."""


class DoomedStore(Store):
    """Ends before its ``steps``-th write of a step: everything but reading, and what housekeeping does by itself."""

    steps = 10_000
    _BESIDE = frozenset({"here", "user_mark", "login_attempt", "login_use"})

    def _step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Stopped

    async def call(self, name: str, tag: str, *args: str | bytes | int) -> list[Any]:
        function = self.library.functions[name]
        if name not in self._BESIDE and "no-writes" not in self.library.source.split(function.full_name, 1)[1][:40]:
            self._step()
        return await super().call(name, tag, *args)

    async def command(self, tag: str, *words: str | bytes | int) -> Any:
        if words[0] in {"XADD", "XDEL", "HSET", "SET", "DEL"}:
            self._step()
        return await super().command(tag, *words)


class Scene:
    """Both communities and the people that every step needs; ``number`` makes names new for each try."""

    def __init__(self, doomed: Server, well: Server, store: redis.Redis) -> None:
        self.doomed = doomed
        self.well = well
        self.store = store
        self.number = 0
        self.room = ""
        self.owner: Person
        self.guest: Person
        self.bot = ""

    async def set_up(self, number: int) -> None:
        self.number = number
        self.owner = await sign_up(self.well.url, f"owner{number}")
        self.guest = await sign_up(self.well.url, f"guest{number}")
        made = await post(self.well.url, "room.create", self.owner.token, title=f"Room {number}")
        self.room = made["room"]
        bot = await post(self.well.url, "bot.create", self.guest.token, handle=f"bot{number}", name="Bot")
        self.bot = bot["user"]["id"]

    def _pointers(self) -> set[tuple[str, str]]:
        return {
            (room.decode(), key[3:-7].decode())
            for key in self.store.scan_iter("{u:*}:rooms")
            for room, packed in self.store.hgetall(key).items()
            if msgpack.unpackb(packed)[1] == 1
        }

    def _members(self) -> set[tuple[str, str]]:
        return {
            (key[3:-9].decode(), user.decode())
            for key in self.store.scan_iter("{r:*}:members")
            for user in self.store.hkeys(key)
        }

    def _claims(self) -> dict[str, str]:
        return {key.decode(): self.store.hget(key, "user").decode() for key in self.store.scan_iter("{h:*}")}

    def check(self) -> None:
        """Rooms and users say the same, and every handle stands for a user who has it."""
        assert self._members() == self._pointers()
        users = {
            key[3:-1].decode(): self.store.hget(key, "handle")
            for key in self.store.scan_iter("{u:*}")
            if key.endswith(b"}")
        }
        claims = self._claims()
        assert set(claims.values()) == {user for user, handle in users.items() if handle}
        assert len(set(claims.values())) == len(claims)


@pytest.fixture
async def scene(open_server: Any, address: Address, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    well = await open_server()
    monkeypatch.setattr(chatserver.app, "Store", DoomedStore)
    doomed = await open_server()
    with redis.Redis(unix_socket_path=address.path) as store:
        yield Scene(doomed, well, store)
        doomed.store.steps = 10_000


Step = Callable[[Scene, str], Awaitable[Any]]


async def _signs_up(scene: Scene, url: str) -> Any:
    return await sign_up(url, f"new{scene.number}")


async def _joins(scene: Scene, url: str) -> Any:
    return await post(url, "room.join", scene.guest.token, room=scene.room)


async def _invites_a_bot(scene: Scene, url: str) -> Any:
    return await post(url, "room.invite", scene.owner.token, room=scene.room, user=scene.bot)


async def _creates(scene: Scene, url: str) -> Any:
    return await post(url, "room.create", scene.guest.token, title=f"New {scene.number}")


async def _leaves(scene: Scene, url: str) -> Any:
    return await post(url, "room.leave", scene.owner.token, room=scene.room)


async def _bans(scene: Scene, url: str) -> Any:
    await _joins(scene, scene.well.url)
    return await post(url, "room.ban", scene.owner.token, room=scene.room, user=scene.guest.id)


async def _closes(scene: Scene, url: str) -> Any:
    return await post(url, "account.close", scene.guest.token, password=PASSWORD)


async def _member(scene: Scene, user: str) -> bool:
    page = await post(scene.well.url, "room.members", scene.owner.token, room=scene.room)
    return user in {member["user"]["id"] for member in page["members"]}


async def _has_an_account(scene: Scene) -> None:
    """Finished by the other process, or never begun: then the handle is free."""
    handle = f"new{scene.number}"
    try:
        await post(scene.well.url, "account.sign_in", handle=handle, password=PASSWORD, want="token")
    except Refused:
        await sign_up(scene.well.url, handle)


async def _is_in(scene: Scene) -> None:
    if not await _member(scene, scene.guest.id):
        await _joins(scene, scene.well.url)
    assert await _member(scene, scene.guest.id)


async def _bot_is_in(scene: Scene) -> None:
    if not await _member(scene, scene.bot):
        await _invites_a_bot(scene, scene.well.url)
    assert await _member(scene, scene.bot)


async def _nothing_more(scene: Scene) -> None:
    """That both sides agree is all."""


STEPS: dict[str, tuple[Step, Callable[[Scene], Awaitable[None]]]] = {
    "a sign-up": (_signs_up, _has_an_account),
    "a join": (_joins, _is_in),
    "a bot let in": (_invites_a_bot, _bot_is_in),
    "a room made": (_creates, _nothing_more),
    "an owner's leaving": (_leaves, _nothing_more),
    "a ban": (_bans, _nothing_more),
    "an account's end": (_closes, _nothing_more),
}


async def _finishes(step: Step, scene: Scene) -> bool:
    try:
        await step(scene, scene.doomed.url)
    except Refused as refused:
        if refused.code != -32603:  # the fault that the end of its store is to the doomed community
            raise
        return False
    return True


@pytest.mark.parametrize("name", STEPS)
async def test_wherever_a_process_ends_rooms_and_users_agree_afterwards(scene: Scene, name: str) -> None:
    step, afterwards = STEPS[name]
    for steps in itertools.count():
        await scene.set_up(steps)
        assert isinstance(scene.doomed.store, DoomedStore)
        scene.doomed.store.steps = steps
        finished = await _finishes(step, scene)
        await scene.well.stores.intents.take_over(older_than_ms=-1000)
        scene.check()
        assert await scene.well.stores.intents.take_over(older_than_ms=-1000) == 0
        await afterwards(scene)
        scene.check()
        if finished:
            assert steps > 1, "nothing was stopped"
            return
        assert steps < MOST_STEPS
