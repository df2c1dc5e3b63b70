"""The membership service: join, leave, invite, remove, ban, unban, list bans, set roles.

One function on the room's tag decides each step, then the user's pointer is set. The room's channel notifies every
process, which lets the user's connections follow the room or stops that.
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.base import Nothing, RoomParams
from chatserver.protocol.methods.rooms import RoomBan, RoomBans, RoomBansResult, RoomJoin, RoomSetRole, RoomUser
from chatserver.protocol.shapes import Ban, RoomState
from chatserver.rules.limits import Buckets
from chatserver.rules.rooms import access as room_rules
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.store.friends.ties import TieStore, is_friend
from chatserver.store.rooms.rooms import Belonging, RoomStore

BANS_PAGE: Final = 100


class Membership:
    """``joins`` limits how often one user tries to join rooms, which also prevents guessing links."""

    def __init__(self, hub: Hub, rooms: RoomStore, ties: TieStore, *, joins: Buckets) -> None:
        self._hub = hub
        self._rooms = rooms
        self._joins = joins
        self._ties = ties

    async def join(self, caller: Caller, params: RoomJoin) -> RoomState:
        """Join a room. Idempotent: a member gets the current state."""
        user = caller.require_user()
        spend(self._joins, user)
        await self._hub.authors.load([user])
        joined = await self._rooms.join(params.room, user, link=params.link, bot=caller.bot, now=now_ms())
        await self._hub.enter_now(user)
        return _as_joined(await self._hub.room_state(params.room, user), joined)

    async def leave(self, caller: Caller, params: RoomParams) -> Nothing:
        await self._rooms.leave(params.room, caller.require_user(), now=now_ms())
        return Nothing()

    async def invite(self, caller: Caller, params: RoomUser) -> Nothing:
        """Add a bot (moderators), or invite a person, who must be a friend."""
        user = caller.require_user()
        if await self._rooms.is_bot(params.user):
            await self._rooms.join(params.room, params.user, bot=True, by=user, admin=caller.admin, now=now_ms())
        else:
            await self._invite_person(user, params)
        return Nothing()

    async def _invite_person(self, user: str, params: RoomUser) -> None:
        async with self._hub.feeds.open(params.room) as feed:
            if await self._hub.feeds.member(feed, user) is None:
                raise room_rules.outside(feed.meta.kind)
            if await self._hub.feeds.member(feed, params.user) is not None:
                return
        if not await self._rooms.is_user(params.user):
            raise errors.not_found("user")
        read = await self._ties.read(user, params.user)
        if not is_friend(read, user):
            raise errors.not_allowed("You can invite only friends by name: send others a link", "not_friends")
        await self._rooms.invite(params.room, params.user, actor=user, now=now_ms())
        if not read.tie.side(params.user).blocks:
            await self._ties.tell_invited(params.user, user, params.room, now=now_ms())

    async def remove(self, caller: Caller, params: RoomUser) -> Nothing:
        user = caller.require_user()
        await self._rooms.remove(params.room, params.user, actor=user, admin=caller.admin, now=now_ms())
        return Nothing()

    async def ban(self, caller: Caller, params: RoomBan) -> Nothing:
        """Remove and ban a user until a time (0: no end). The user need not be a member."""
        user, now = caller.require_user(), now_ms()
        if params.until and params.until <= now:
            raise errors.invalid("until", "Pass a time in the future, in ms since 1970, or 0 for no end")
        if not await self._rooms.is_user(params.user):
            raise errors.not_found("user")
        await self._rooms.remove(
            params.room, params.user, actor=user, admin=caller.admin, now=now, ban_until=params.until
        )
        return Nothing()

    async def unban(self, caller: Caller, params: RoomUser) -> Nothing:
        user = caller.require_user()
        await self._rooms.unban(params.room, params.user, actor=user, admin=caller.admin, now=now_ms())
        return Nothing()

    async def bans(self, caller: Caller, params: RoomBans) -> RoomBansResult:
        """A page of bans, by user id."""
        user = caller.require_user()
        bans = await self._rooms.bans(params.room, actor=user, admin=caller.admin, now=now_ms())
        banned = sorted(banned for banned in bans if banned > params.after)
        page = banned[:BANS_PAGE]
        await self._hub.authors.load(page)
        listed = [Ban(user=self._hub.authors.with_role(one, "visitor"), until=bans[one]) for one in page]
        return RoomBansResult(bans=listed, next=page[-1] if len(banned) > len(page) else "")

    async def set_role(self, caller: Caller, params: RoomSetRole) -> Nothing:
        user = caller.require_user()
        await self._rooms.set_role(params.room, params.user, params.role, actor=user, admin=caller.admin, now=now_ms())
        return Nothing()


def _as_joined(state: RoomState, joined: Belonging) -> RoomState:
    """The state with the membership of the user who joined; the feed may receive the join after this response."""
    if state.role != "visitor" or not joined.inside:
        return state
    role = "owner" if joined.role == "owner" else "moderator" if joined.role == "moderator" else "member"
    return msgspec.structs.replace(state, role=role, members=joined.members)
