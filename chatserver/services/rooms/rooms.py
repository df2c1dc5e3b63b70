"""The rooms service: create, update, archive, link, notification level, members.

The Lua functions of the store decide who may do it, in the step that writes.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec
from msgspec import UNSET

from chatserver import errors
from chatserver.ids import new_id, now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.rooms import (
    RoomArchive,
    RoomCreate,
    RoomCreateResult,
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
from chatserver.services.pace import spend
from chatserver.services.rooms.member_search import MemberSearch
from chatserver.store.rooms.reading import Listed
from chatserver.store.rooms.rooms import NewRoom, RoomStore, Words

MEMBERS_PAGE: Final = 100
LONGEST_PLACE: Final = 15


class Rooms:
    """``creates`` limits how many rooms one user creates."""

    def __init__(self, hub: Hub, rooms: RoomStore, members: MemberSearch, *, creates: Buckets) -> None:
        self._hub = hub
        self._rooms = rooms
        self._members = members
        self._creates = creates

    async def create(self, caller: Caller, params: RoomCreate) -> RoomCreateResult:
        """Create a room; a retry with the same ``client_id`` within an hour returns the room created the first time."""
        user, now = caller.require_user(), now_ms()
        new = NewRoom(
            kind=params.kind, title=text_rules.checked_title(params.title),
            about=text_rules.checked_about(params.about), tags=text_rules.checked_tags(params.tags),
            writers=params.writers, topics=params.topics, never_window=params.never_window,
            forum=params.forum,
        )  # fmt: skip
        room, repeated = await self._claim(user, params, new, now)
        # What was noted and then lost by a crash is made now.
        if not repeated or not await self._rooms.exists(room):
            await self._rooms.create(room, new, owner=user, bot=caller.bot, now=now)
        await self._hub.enter_now(user)
        state = await self._hub.room_state(room, user)
        words = {name: getattr(state, name) for name in state.__struct_fields__}
        return RoomCreateResult(**words, duplicate=repeated)

    async def _claim(self, user: str, params: RoomCreate, new: NewRoom, now: int) -> tuple[str, bool]:
        """The id of the room to be, and whether it was asked for before. Only a new one counts against the limit."""
        if not params.client_id:
            spend(self._creates, user)
            return new_id(), False
        if not await self._rooms.claimed(user, params.client_id):
            spend(self._creates, user)
        digest = hashlib.blake2b(msgspec.msgpack.encode(new), digest_size=8).hexdigest()
        return await self._rooms.claim(user, params.client_id, digest, new_id(), now=now)

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
            writers=None if params.writers is UNSET else params.writers,
            topics=None if params.topics is UNSET else params.topics,
            never_window=None if params.never_window is UNSET else params.never_window,
            forum=None if params.forum is UNSET else params.forum,
        )  # fmt: skip
        return await self._state(params.room, user, words)

    async def archive(self, caller: Caller, params: RoomArchive) -> RoomState:
        """Archive a room, or undo it. Members can still read an archived room; nobody can write or join."""
        user = caller.require_user()
        words = await self._rooms.archive(
            params.room, actor=user, admin=caller.admin, archived=params.archived, now=now_ms()
        )
        return await self._state(params.room, user, words)

    async def _state(self, room: str, user: str, words: Words) -> RoomState:
        """The room after a change, which the feed may receive after this response.

        An admin may act on a closed room from outside, but does not get its title and description.
        """
        state, entry = await self._hub.room_state(room, user), words.entry
        if state.kind == "closed" and state.role == "visitor":
            entry = msgspec.structs.replace(entry, title="", about="", tags=[], titles={}, abouts={})
        return msgspec.structs.replace(
            state, title=entry.title, about=entry.about, tags=entry.tags, titles=entry.titles, abouts=entry.abouts,
            slow_mode=words.slow_mode, window=entry.window, archived=entry.archived, question=words.question,
            writers=words.writers, topics=words.topics, never_window=words.never_window, forum=words.forum,
            pokes=UNSET if words.pokes else False,
        )  # fmt: skip

    async def link(self, caller: Caller, params: RoomLink) -> RoomLinkResult:
        """The link for ``room.join``; "" after it was withdrawn."""
        user = caller.require_user()
        link = await self._rooms.link(params.room, actor=user, admin=caller.admin, withdraw=params.withdraw)
        return RoomLinkResult(link)

    async def notify(self, caller: Caller, params: RoomNotify) -> RoomNotifyResult:
        user, everyone = caller.require_user(), None if params.everyone is UNSET else params.everyone
        if params.until and params.until <= now_ms():
            raise errors.invalid("until", "`until` must be in the future (Unix ms), or 0 for good")
        async with self._hub.feeds.open(params.room) as feed:
            if await self._hub.feeds.member(feed, user) is None:
                raise room_rules.outside(feed.meta.kind)
            calls = await self._rooms.notify(params.room, user, params.level, until=params.until, everyone=everyone)
        await self._hub.refresh_own(user)
        return RoomNotifyResult(params.level, calls, params.until)

    async def members(self, caller: Caller, params: RoomMembers) -> RoomMembersResult:
        """A page of members: owners, moderators, members, bots, each in order of joining; or of those found."""
        user = caller.require_user()
        if params.query:
            return await self._members.find(caller, params)
        after = _cursor(params.after) if params.after else None
        found = await self._rooms.members_page(params.room, asks=user, after=after, limit=MEMBERS_PAGE + 1)
        page = found[:MEMBERS_PAGE]
        await self._hub.authors.load(member.user for member in page)
        listed = [
            Member(user=self._hub.authors.with_role(one.user, one.role), role=one.role, joined_at=one.joined_at)
            for one in page
        ]
        return RoomMembersResult(members=listed, next=_packed(page[-1]) if len(found) > len(page) else "")


def _packed(last: Listed) -> str:
    return f"{last.place}.{last.user}"


def _cursor(after: str) -> tuple[int, str]:
    """Decode a cursor. Raises ``Refusal`` for one that no page returned."""
    place, _, user = after.partition(".")
    if not (len(place) <= LONGEST_PLACE and place.isdecimal() and place.isascii() and user):
        raise errors.invalid("after", "Invalid cursor: pass `next` from the previous page")
    return int(place), user
