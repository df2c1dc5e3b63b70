"""The service for personal invitations: a link for one person, who begins acquainted with whoever gave it to them.

The code is shown once; only its digest is kept, which also names the invitation. Signing up by it is one step with the
account (``AccountStore``), and the tie with the one who invited is a part of that step.
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatserver import errors, ids
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods import (
    InvitationCreate,
    InvitationCreateResult,
    InvitationListResult,
    InvitationWithdraw,
    Nothing,
)
from chatserver.protocol.shapes import Invitation
from chatserver.rules.accounts import tokens
from chatserver.rules.friends.ladder import DAY_MS
from chatserver.rules.rooms import access as room_rules
from chatserver.services.caller import Caller
from chatserver.store.accounts.accounts import invite_key
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents
from chatserver.store.engine.store import flat

DAYS: Final = 30


class Kept(msgspec.Struct, frozen=True):
    """What the giver's tag holds of an invitation."""

    at: int
    ends_at: int
    room: str


class Invitations:
    """``most`` may be open at once. Making one is a step over two tags: the code's, and the giver's."""

    def __init__(self, hub: Hub, intents: Intents, *, most: int) -> None:
        self._hub = hub
        self._intents = intents
        self._most = most
        intents.register("invitation.create", self._make)

    async def create(self, caller: Caller, params: InvitationCreate) -> InvitationCreateResult:
        user, now = caller.require_user(), now_ms()
        if caller.bot:
            raise errors.not_allowed("Only people invite people", "bots_do_not_invite")
        if params.room:
            await self._check_room(user, params.room)
        listed = await self._of(user)
        waiting = [invitation for invitation in listed if _is_open(invitation, now)]
        if self._most and len(waiting) >= self._most:
            raise errors.not_allowed(f"{self._most} invitations wait to be used", "too_many_invitations")
        code = tokens.invite_code(ids.random_bytes(tokens.CODE_BYTES))
        id, ends_at = tokens.digest(code), now + DAYS * DAY_MS
        given = {"id": id, "ends_at": ends_at, "room": params.room}
        await self._intents.carry_out("invitation.create", user=user, now=now, **given)
        return InvitationCreateResult(id, code, ends_at)

    async def _make(self, intent: Intent) -> None:
        """The giver's list first: what can be used can be withdrawn. A repeat changes nothing that happened since."""
        given, command = intent.arguments, self._hub.store.command
        kept = msgspec.json.encode(Kept(given["now"], given["ends_at"], given["room"]))
        await command("HSETNX", keys.user(given["user"]) + ":invitations", given["id"], kept)
        fields = {"ends_at": given["ends_at"], "by": given["user"], "room": given["room"], "made_at": given["now"]}
        for name, value in fields.items():  # only the last makes it one
            await command("HSETNX", invite_key(given["id"]), name, value)

    async def _check_room(self, user: str, room: str) -> None:
        """An open room of theirs, or a closed one that they moderate."""
        async with self._hub.feeds.open(room) as feed:
            member, kind = feed.members.get(user), feed.meta.kind
        if member is None or kind == "direct":
            raise room_rules.outside(kind)
        if kind == "closed" and not room_rules.moderates(member):
            raise errors.not_allowed("Only moderators may do this", "not_a_moderator")

    async def listed(self, caller: Caller, params: Nothing) -> InvitationListResult:
        return InvitationListResult(await self._of(caller.require_user()))

    async def _of(self, user: str) -> list[Invitation]:
        held = flat(await self._hub.store.command("HGETALL", keys.user(user) + ":invitations"))
        found = [await self._one(id, msgspec.json.decode(packed, type=Kept)) for id, packed in held.items()]
        return sorted(found, key=lambda invitation: -invitation.at)

    async def _one(self, id: str, kept: Kept) -> Invitation:
        used_by, ends_at = await self._hub.store.command("HMGET", invite_key(id), "used_by", "ends_at")
        withdrawn = int(ends_at or 0) < kept.ends_at
        user = used_by.decode() if used_by else ""
        return Invitation(id=id, at=kept.at, ends_at=kept.ends_at, room=kept.room, user=user, withdrawn=withdrawn)

    async def withdraw(self, caller: Caller, params: InvitationWithdraw) -> Nothing:
        user = caller.require_user()
        held = await self._hub.store.command("HEXISTS", keys.user(user) + ":invitations", params.id)
        if not held:
            raise errors.not_found("invitation")
        await self._hub.store.command("HSET", invite_key(params.id), "ends_at", 1)
        return Nothing()


def _is_open(invitation: Invitation, now: int) -> bool:
    return not invitation.user and not invitation.withdrawn and invitation.ends_at > now
