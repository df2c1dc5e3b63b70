"""The service for personal invitations: a link for one person, who becomes acquainted with the inviter.

The code is shown once; only its digest is stored, which is also the invitation's id. Signing up with it is one step
with creating the account (``AccountStore``), and the tie with the inviter is a part of that step.
"""

from __future__ import annotations

from typing import Final

from chatserver import errors, ids
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.methods.friends import (
    InvitationCreate,
    InvitationCreateResult,
    InvitationListResult,
    InvitationWithdraw,
)
from chatserver.rules.accounts import tokens
from chatserver.rules.friends.ladder import DAY_MS
from chatserver.rules.limits import Buckets
from chatserver.rules.rooms import access as room_rules
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.store.friends.invitations import InvitationStore

DAYS: Final = 30


class Invitations:
    """``gives`` limits how often one user creates or withdraws an invitation."""

    def __init__(self, hub: Hub, invitations: InvitationStore, *, gives: Buckets) -> None:
        self._hub = hub
        self._invitations = invitations
        self._gives = gives

    async def create(self, caller: Caller, params: InvitationCreate) -> InvitationCreateResult:
        user, now = self._admitted(caller)
        if caller.bot:
            raise errors.not_allowed("Bots cannot invite people", "bots_do_not_invite")
        if params.room:
            await self._check_room(user, params.room)
        code = tokens.invite_code(ids.random_bytes(tokens.CODE_BYTES))
        id, ends_at = tokens.digest(code), now + DAYS * DAY_MS
        await self._invitations.make(id, user=user, room=params.room, now=now, ends_at=ends_at)
        return InvitationCreateResult(id, code, ends_at)

    def _admitted(self, caller: Caller) -> tuple[str, int]:
        user, now = caller.require_user(), now_ms()
        spend(self._gives, user)
        return user, now

    async def _check_room(self, user: str, room: str) -> None:
        """Check that the user may invite into this room: as a member of an open one, or a moderator of a closed one."""
        async with self._hub.feeds.open(room) as feed:
            member, kind = await self._hub.feeds.member(feed, user), feed.meta.kind
        if member is None or kind == "direct":
            raise room_rules.outside(kind)
        if kind == "closed" and not room_rules.moderates(member):
            raise errors.not_allowed("Only a moderator of this room may do this", "not_a_moderator")

    async def listed(self, caller: Caller, params: Nothing) -> InvitationListResult:
        return InvitationListResult(await self._invitations.of(caller.require_user()))

    async def withdraw(self, caller: Caller, params: InvitationWithdraw) -> Nothing:
        user, now = self._admitted(caller)
        await self._invitations.withdraw(params.id, user=user, now=now)
        return Nothing()
