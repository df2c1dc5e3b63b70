"""The store of the community: its profile and its admins.

A value given in the settings (file, environment or option) is fixed; otherwise what an admin set on the page counts,
then the default. Each process caches all of it and is notified of changes on ``{community}:live``. Built in app.py.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final, Literal

import msgspec

from chatserver import errors, ids
from chatserver.rules.accounts import tokens
from chatserver.settings import Settings
from chatserver.settings.sections import Language
from chatserver.store.community.acts import ActLog, words_of
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents, Step
from chatserver.store.engine.store import Store, flat, status
from chatserver.store.rooms.rooms import RoomStore

NAMES: Final = ("name", "language", "time_zone", "sign_up", "previews")


class CommunityProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The community's name, language, time zone, who may sign up, whether links get previews, and its picture."""

    name: str
    language: Language
    time_zone: str
    sign_up: Literal["open", "invite"]
    previews: bool
    icon: str = ""


class ClaimCommunity(Step, frozen=True):
    """``code`` is the digest of the code; the user becomes the owner of those of ``rooms`` that have none."""

    kind = "community.claim"
    user: str
    code: str
    rooms: list[str]
    now: int


class CommunityStore:
    """``profile`` and ``unclaimed`` (there is no admin) are as of the last ``refresh``; ``fixed`` lists the names that
    the settings fix."""

    def __init__(
        self, store: Store, intents: Intents, rooms: RoomStore, settings: Settings,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:  # fmt: skip
        given = settings.community
        self._store = store
        self.acts = ActLog(store)
        self._intents = intents
        self._rooms = rooms
        self._spawn = spawn
        self._settings = CommunityProfile(
            name=given.name,
            language=given.language,
            time_zone=given.time_zone,
            sign_up=given.sign_up,
            previews=given.previews,
        )
        self.fixed = [name for name in NAMES if settings.origin(f"community.{name}") != "default"]
        self.profile = self._settings
        self.unclaimed = False
        self._changed: Callable[[], None] = lambda: None
        intents.register(ClaimCommunity, self._claim)
        store.listen("community", self._heard)
        store.on_missed(self._missed)

    async def start(self) -> None:
        """Subscribe to changes, and read the current state."""
        await self._store.subscribe(keys.live(keys.COMMUNITY))
        await self.refresh()

    async def refresh(self) -> None:
        _, stored, admins = await self._store.call("community_open", keys.COMMUNITY)
        before = self.profile, self.unclaimed
        held = {name: value.decode() for name, value in flat(stored).items() if name not in self.fixed}
        self.profile = msgspec.convert(msgspec.structs.asdict(self._settings) | held, CommunityProfile, strict=False)
        self.unclaimed = admins == 0
        if (self.profile, self.unclaimed) != before:
            self._changed()

    def on_changed(self, changed: Callable[[], None]) -> None:
        """Call this whenever a refresh found something else. It must not raise."""
        self._changed = changed

    def _heard(self, _id: str, _payload: bytes) -> None:
        self._spawn(self.refresh())

    def _missed(self) -> None:
        self._spawn(self.refresh())

    async def update(self, given: dict[str, str], *, by: str, now: int) -> None:
        """Set these of ``NAMES``. Raises ``Refusal`` fixed."""
        for name in given:
            if name in self.fixed:
                raise errors.not_allowed("The server's settings fix this value: ask the operator", "fixed", path=name)
        if given:
            act = words_of(ids.new_id(), "community.update", by=by, at=now, detail=", ".join(given))
            fields = (word for pair in given.items() for word in pair)
            await self._store.call("community_update", keys.COMMUNITY, *act, *fields)
        await self.refresh()

    async def secret(self) -> bytes:
        """The key for this community's digests: 32 random bytes, made once and stored."""
        while True:
            secret: bytes | None = await self._store.command(keys.COMMUNITY, "HGET", keys.COMMUNITY, "secret")
            if secret is not None:
                return secret
            await self._store.command(keys.COMMUNITY, "HSETNX", keys.COMMUNITY, "secret", ids.random_bytes(32))

    # --- admins ------------------------------------------------------------------------------------------------------

    async def offer(self, code: str) -> None:
        """Make this the only code that makes somebody the first admin. Only its digest is stored."""
        await self._store.command(
            keys.COMMUNITY, "HSET", keys.COMMUNITY, "claim", tokens.digest(tokens.normal_code(code))
        )

    async def claim(self, user: str, code: str, rooms: list[str], *, now: int) -> None:
        """Make the user the first admin, and the owner of those of ``rooms`` that have none.
        Raises ``Refusal`` not_found if the code is wrong or there is an admin."""
        digest = tokens.digest(tokens.normal_code(code))
        await self._intents.carry_out(ClaimCommunity(user=user, code=digest, rooms=rooms, now=now))
        await self.refresh()

    async def _claim(self, intent: Intent[ClaimCommunity]) -> None:
        user, code, rooms, now = intent.step.user, intent.step.code, intent.step.rooms, intent.step.now
        answer = await self._store.call("community_claim", keys.COMMUNITY, intent.id, now, user, code)
        if status(answer) != "ok":
            raise errors.not_found("code")
        await self._store.call("account_status", keys.user(user), "admin", 1)
        for room in rooms:
            await self._rooms.own_parts(intent.id, room=room, user=user, now=now)
        await self.acts.note(intent.id, "community.claim", by=user, at=now)
