"""The service for rooms themselves: create, update, the link, what should call one, and who belongs.

Who may do it is decided by the room's own function in the store, at the moment of writing.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET

from chatserver import errors
from chatserver.ids import new_id, now_ms
from chatserver.live.feed import Feed
from chatserver.live.hub import Hub
from chatserver.live.room import MemberRecord
from chatserver.protocol.methods import (
    RoomArchive,
    RoomCreate,
    RoomLink,
    RoomLinkResult,
    RoomMembers,
    RoomMembersResult,
    RoomNotify,
    RoomNotifyResult,
    RoomUpdate,
)
from chatserver.protocol.shapes import Member, RoomState
from chatserver.rules.limits import Buckets
from chatserver.rules.messages import text as text_rules
from chatserver.rules.rooms import access as room_rules
from chatserver.services.caller import Caller
from chatserver.store.rooms.rooms import NewRoom, RoomStore, Words

MEMBERS_PAGE: Final = 100
_RANKS: Final = {"owner": 0, "moderator": 1, "member": 2}

# Where a member stands in the list: rank, joined_at, id. Also the cursor of a page.
SortKey = tuple[int, int, str]


class Rooms:
    """``creates`` limits how many rooms one user makes."""

    def __init__(self, hub: Hub, rooms: RoomStore, *, creates: Buckets) -> None:
        self._hub = hub
        self._rooms = rooms
        self._creates = creates

    async def create(self, caller: Caller, params: RoomCreate) -> RoomState:
        user = caller.require_user()
        new = NewRoom(
            kind=params.kind, title=text_rules.checked_title(params.title),
            about=text_rules.checked_about(params.about), tags=text_rules.checked_tags(params.tags),
        )  # fmt: skip
        now = now_ms()
        wait = self._creates.take(user, now)
        if wait:
            raise errors.rate_limited(wait)
        room = new_id()
        await self._rooms.create(room, new, owner=user, bot=caller.bot, now=now)
        await self._hub.enter_now(user)
        return await self._hub.room_state(room, user)

    async def update(self, caller: Caller, params: RoomUpdate) -> RoomState:
        user = caller.require_user()
        words = await self._rooms.update(
            params.room, actor=user, admin=caller.admin, now=now_ms(),
            title=None if params.title is UNSET else text_rules.checked_title(params.title),
            about=None if params.about is UNSET else text_rules.checked_about(params.about),
            tags=None if params.tags is UNSET else text_rules.checked_tags(params.tags),
            slow_mode=None if params.slow_mode is UNSET else params.slow_mode,
            pokes=None if params.pokes is UNSET else params.pokes,
            question=None if params.question is UNSET else params.question,
            window=None if params.window is UNSET else params.window,
        )  # fmt: skip
        return await self._state(params.room, user, words)

    async def archive(self, caller: Caller, params: RoomArchive) -> RoomState:
        """Members can read on; nothing new is said, and nobody comes in."""
        user = caller.require_user()
        words = await self._rooms.archive(
            params.room, actor=user, admin=caller.admin, archived=params.archived, now=now_ms()
        )
        return await self._state(params.room, user, words)

    async def _state(self, room: str, user: str, words: Words) -> RoomState:
        """The room after a change. The feed hears of it by the room's channel, which may be after this answer.

        An admin may act on a closed room from outside, and is not told what it says of itself.
        """
        state, entry = await self._hub.room_state(room, user), words.entry
        if state.kind == "closed" and state.role == "visitor":
            entry = msgspec.structs.replace(entry, title="", about="", tags=[], titles={}, abouts={})
        return msgspec.structs.replace(
            state, title=entry.title, about=entry.about, tags=entry.tags, titles=entry.titles, abouts=entry.abouts,
            slow_mode=words.slow_mode, window=entry.window, archived=entry.archived, question=words.question,
        )  # fmt: skip

    async def link(self, caller: Caller, params: RoomLink) -> RoomLinkResult:
        """The link as ``room.join`` takes it; "" when it was withdrawn."""
        user = caller.require_user()
        link = await self._rooms.link(params.room, actor=user, admin=caller.admin, withdraw=params.withdraw)
        return RoomLinkResult(link)

    async def notify(self, caller: Caller, params: RoomNotify) -> RoomNotifyResult:
        user = caller.require_user()
        async with self._hub.feeds.open(params.room) as feed:
            _require_member(feed, user)
            await self._rooms.notify(params.room, user, params.level)
        return RoomNotifyResult(params.level)

    async def members(self, caller: Caller, params: RoomMembers) -> RoomMembersResult:
        """Owners, moderators, members, each in the order in which they came."""
        user = caller.require_user()
        after = _cursor(params.after)
        async with self._hub.feeds.open(params.room) as feed:
            _require_member(feed, user)
            members = dict(feed.members)
        places = sorted(place for place in map(_place, members.items()) if place > after)
        page = places[:MEMBERS_PAGE]
        authors = await self._hub.authors.authors(place[2] for place in page)
        listed = [Member(user=authors[id], role=members[id].role, joined_at=at) for _, at, id in page]
        return RoomMembersResult(members=listed, next=_packed(page[-1]) if len(places) > len(page) else "")


def _require_member(feed: Feed, user: str) -> None:
    if user not in feed.members:
        raise room_rules.outside(feed.meta.kind)


def _place(member: tuple[str, MemberRecord]) -> SortKey:
    user, record = member
    return _RANKS.get(record.role, len(_RANKS)), record.joined_at, user


def _packed(place: SortKey) -> str:
    return ".".join(map(str, place))


def _cursor(after: str) -> SortKey:
    """The place that a cursor names. Raises ``Refusal`` for one that no page gave."""
    if not after:
        return (-1, 0, "")
    rank, _, rest = after.partition(".")
    joined_at, _, user = rest.partition(".")
    if not (rank.isdecimal() and joined_at.isdecimal() and user):
        raise errors.invalid("after", "Take it from `next` of the page before")
    return int(rank), int(joined_at), user
