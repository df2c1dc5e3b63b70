"""The service for membership: join, leave, invite, remove, ban, unban, who is banned, and roles.

Each step is decided by one function on the room's tag and followed by the user's pointer; the room's channel then
tells every process, which lets the user's open sockets follow the room or cuts them off.
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods import (
    Nothing,
    RoomBan,
    RoomBans,
    RoomBansResult,
    RoomJoin,
    RoomParams,
    RoomSetRole,
    RoomUser,
)
from chatserver.protocol.shapes import Ban, RoomState
from chatserver.rules.limits import Buckets
from chatserver.rules.rooms import access as room_rules
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.store.friends.ties import TieStore, is_friend
from chatserver.store.rooms.rooms import Belonging, RoomStore

BANS_PAGE: Final = 100


class Membership:
    """``joins`` limits how often one user tries to enter a room, which also keeps links from being guessed."""

    def __init__(self, hub: Hub, rooms: RoomStore, ties: TieStore, *, joins: Buckets) -> None:
        self._hub = hub
        self._rooms = rooms
        self._joins = joins
        self._ties = ties

    async def join(self, caller: Caller, params: RoomJoin) -> RoomState:
        """Idempotent: who is a member already gets the room as it stands."""
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
        """A moderator lets a bot in. A person is asked by name only by a friend."""
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
            raise errors.not_allowed("By name only friends can be invited; others may follow a link", "not_friends")
        await self._rooms.invite(params.room, params.user, actor=user, now=now_ms())
        if not read.tie.side(params.user).blocks:
            await self._ties.tell_invited(params.user, user, params.room, now=now_ms())

    async def remove(self, caller: Caller, params: RoomUser) -> Nothing:
        user = caller.require_user()
        await self._rooms.remove(params.room, params.user, actor=user, admin=caller.admin, now=now_ms())
        return Nothing()

    async def ban(self, caller: Caller, params: RoomBan) -> Nothing:
        """Remove and keep out, until a time or (0) for ever. Who is no member can be kept out, too."""
        user, now = caller.require_user(), now_ms()
        if params.until and params.until <= now:
            raise errors.invalid("until", "A time to come, in ms since 1970, or 0 for ever")
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
        """A page of who is kept out, by id."""
        user = caller.require_user()
        bans = await self._rooms.bans(params.room, actor=user, admin=caller.admin, now=now_ms())
        banned = sorted(banned for banned in bans if banned > params.after)
        page = banned[:BANS_PAGE]
        authors = await self._hub.authors.authors(page)
        listed = [Ban(user=authors[one], until=bans[one]) for one in page]
        return RoomBansResult(bans=listed, next=page[-1] if len(banned) > len(page) else "")

    async def set_role(self, caller: Caller, params: RoomSetRole) -> Nothing:
        user = caller.require_user()
        await self._rooms.set_role(params.room, params.user, params.role, actor=user, admin=caller.admin, now=now_ms())
        return Nothing()


def _as_joined(state: RoomState, joined: Belonging) -> RoomState:
    """The feed may hear of the join after this answer; who joined is a member in it all the same."""
    if state.role != "visitor" or not joined.inside:
        return state
    role = "owner" if joined.role == "owner" else "moderator" if joined.role == "moderator" else "member"
    return msgspec.structs.replace(state, role=role, members=joined.members)
