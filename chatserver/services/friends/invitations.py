"""The service for personal invitations: a link, for one person or for a table, to become acquainted with the inviter.

The code is shown once; only its digest is stored, which is also the invitation's id. Signing up with it is one step
with creating the account (``AccountStore``), and the tie with the inviter is a part of that step. Who has an account
accepts it, and both are acquainted once the inviter has said yes, too.
"""

from __future__ import annotations

from typing import Final

import segno
from msgspec import UNSET

from chatserver import errors, ids
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.methods.friends import (
    InvitationCode,
    InvitationConfirm,
    InvitationCreate,
    InvitationCreateResult,
    InvitationGetResult,
    InvitationListResult,
    InvitationWithdraw,
)
from chatserver.protocol.shapes import TieState
from chatserver.rules.accounts import tokens
from chatserver.rules.friends import ladder
from chatserver.rules.friends.tie import DAY_MS
from chatserver.rules.limits import Buckets
from chatserver.rules.rooms import access as room_rules
from chatserver.services.caller import Caller
from chatserver.services.friends.pairs import Pairs
from chatserver.services.pace import spend
from chatserver.store.friends.invitations import Code, InvitationStore
from chatserver.store.friends.ties import TieStore
from chatserver.store.rooms.rooms import RoomStore

DAYS: Final = 30


class Invitations:
    """``gives`` limits how often one user creates, answers or withdraws an invitation, ``looks`` how often
    one user or address asks for a code: a class behind one address opens the same link."""

    def __init__(
        self, hub: Hub, invitations: InvitationStore, rooms: RoomStore, ties: TieStore, pairs: Pairs, *,
        gives: Buckets, looks: Buckets,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._invitations = invitations
        self._rooms = rooms
        self._ties = ties
        self._pairs = pairs
        self._gives = gives
        self._looks = looks

    async def create(self, caller: Caller, params: InvitationCreate) -> InvitationCreateResult:
        user, now = self._admitted(caller)
        if caller.bot:
            raise errors.not_allowed("Bots cannot invite people", "bots_do_not_invite")
        if params.room:
            await self._check_room(user, params.room)
        code = tokens.invite_code(ids.random_bytes(tokens.CODE_BYTES))
        id, last = tokens.digest(code), now + DAYS * DAY_MS
        ends_at = last if params.expires_at is UNSET else params.expires_at
        if not now < ends_at <= last:
            raise errors.invalid("expires_at", f"Choose a time within the next {DAYS} days")
        await self._invitations.make(id, user=user, room=params.room, now=now, ends_at=ends_at, uses=params.uses)
        return InvitationCreateResult(id, code, ends_at, _drawn(params.link + code) if params.link else "")

    async def get(self, caller: Caller, params: InvitationCode) -> InvitationGetResult:
        """Who invites, for anybody who has the code. What it says does not depend on who asks, apart from those who
        used it."""
        spend(self._looks, caller.user_id or caller.address)
        _, code = await self._code(caller.user_id, params.code, now_ms())
        faces = await self._hub.authors.authors([code.by])
        title = await self._rooms.title(code.room) if code.room else ""
        return InvitationGetResult(faces[code.by], code.ends_at, code.room if title else "", title)

    async def accept(self, caller: Caller, params: InvitationCode) -> Nothing:
        """Accept an invitation, and join its room. That looks the same if the inviter has blocked the caller."""
        user, now = self._admitted(caller)
        if caller.bot:
            raise errors.not_allowed("Bots cannot invite people", "bots_do_not_invite")
        id, code = await self._code(user, params.code, now)
        if code.by == user:
            raise errors.conflict("This invitation is your own: give it to somebody", "own_invitation")
        ladder.accept((await self._ties.read(user, code.by)).tie, user, code.room, now, self._ties.numbers)
        await self._invitations.accept(id, code, user=user, now=now)
        await self._hub.enter_now(user)
        return Nothing()

    async def confirm(self, caller: Caller, params: InvitationConfirm) -> TieState:
        user, now = self._admitted(caller)
        if params.user == user:
            raise errors.not_found("invitation")
        read = await self._ties.step("confirm_invited", user, params.user, now=now, yes=params.yes)
        await self._hub.enter_now(user)
        return await self._pairs.state(user, read, now)

    async def _code(self, user: str, code: str, now: int) -> tuple[str, Code]:
        """The invitation's id and what it says. Raises ``Refusal`` not_found for one that nobody, or not this user, can
        use."""
        id = tokens.digest(tokens.normal_code(code))
        held = await self._invitations.code(id, user, now)
        if held is None or not (await self._hub.authors.authors([held.by]))[held.by].handle:
            raise errors.not_found("invitation")
        return id, held

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


def _drawn(link: str) -> str:
    return segno.make(link, micro=False).svg_inline(scale=8, dark="#000", light="#fff")
