"""The service for finding open rooms by words or tag, the liveliest first.

The index proposes, the rooms dispose: what a page shows is read from the rooms themselves, and a room that is archived
or is called otherwise by now is left out. A room's numbers (people online, messages today) are read from the room's own
tag, all in one write, and cached for a few seconds; of more rooms than are looked at, the index knows the liveliest.
The last messages are read again for each page, also in one write, so that a deleted text is out of every response at
once, and so is everything for a banned user.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from chatserver import errors
from chatserver.ids import now_ms, steady_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.rooms import RoomDiscover, RoomDiscoverResult
from chatserver.protocol.shapes import Latest, RoomListing
from chatserver.rules import days
from chatserver.rules.crowds import roughly
from chatserver.rules.limits import Buckets
from chatserver.rules.messages import text as text_rules
from chatserver.rules.rooms.finding import Liveliness, OpenRoom
from chatserver.rules.text.searching import fold
from chatserver.rules.text.spellings import is_meant
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.services.spellings import load_spellings
from chatserver.store.index.engine import RoomsWanted
from chatserver.store.index.index import Rooms, SearchIndex
from chatserver.store.messages.records import message_of
from chatserver.store.rooms.reading import QUIET, Glance, Last
from chatserver.store.rooms.records import HERE_SILENCE_MS
from chatserver.store.rooms.rooms import RoomStore

PAGE: Final = 50
LATEST_CHARACTERS: Final = 140
FRESH_MS: Final = 5_000
LONGEST_NUMBER: Final = 16
GLANCES_AT_ONCE: Final = 256
"""Of so many matching rooms the numbers are read and decide the order."""
OF_MANY: Final = 2 * PAGE
"""Of more, so many are read for a page; the index says which are the next in liveliness."""


class Discovery:
    """``searches`` limits how often one user, or a visitor's address, searches. ``time_zone()`` is the community's."""

    def __init__(
        self, hub: Hub, rooms: RoomStore, index: SearchIndex, *, searches: Buckets, time_zone: Callable[[], str]
    ) -> None:
        self._hub = hub
        self._rooms = rooms
        self._index = index
        self._searches = searches
        self._time_zone = time_zone
        self._glances: dict[str, tuple[int, Glance]] = {}

    async def discover(self, caller: Caller, params: RoomDiscover) -> RoomDiscoverResult:
        now = now_ms()
        spend(self._searches, caller.user_id or caller.address)
        after = _cursor(params.after) if params.after else None
        if params.query:
            await load_spellings()
        wanted = RoomsWanted(tuple(fold(params.query).split()), fold(text_rules.fold_tag(params.tag)))
        proposed, is_all = await self._propose(wanted, params.room, after)
        places = await self._in_order(proposed, after, now)
        page, end = await self._page(wanted, places)
        joined = await self._joined(caller)
        latest = await self._latest(caller, [room.room for room in page], now)
        online = await self._online(caller.user_id, [room.room for room in page if room.room in joined])
        rooms = [
            self._listing(room, self._glance(room.room), online=online.get(room.room), latest=said)
            for room, said in zip(page, latest, strict=True)
        ]
        mine = (await self._closed(joined, params.query) if params.query else []) or UNSET
        is_last = end == len(places) and is_all
        progress = proposed.progress
        return RoomDiscoverResult(
            rooms=rooms, mine=mine, next="" if is_last or not end else _packed(places[end - 1]),
            indexing=progress if progress < 1 else UNSET,
        )  # fmt: skip

    async def _propose(self, wanted: RoomsWanted, room: str, after: Liveliness | None) -> tuple[Rooms, bool]:
        """All rooms that the index proposes, if they are few; of many, the next after a place. And whether these are
        all. One room that is named needs no index."""
        if room:
            return Rooms([], list((await self._rooms.read_open([room])).values()), 1.0), True
        proposed = await self._index.find_rooms(wanted, GLANCES_AT_ONCE + 1)
        if len(proposed.rooms) <= GLANCES_AT_ONCE:
            return proposed, True
        if after is not None:
            proposed = await self._index.find_rooms(msgspec.structs.replace(wanted, after=after), GLANCES_AT_ONCE + 1)
        return proposed._replace(rooms=proposed.rooms[:OF_MANY]), len(proposed.rooms) <= OF_MANY

    async def _in_order(self, proposed: Rooms, after: Liveliness | None, now: int) -> list[Liveliness]:
        """Those of these rooms that come after a place, by their numbers now."""
        places = {room.room: Liveliness.of(room.room, room.created_at) for room in proposed.late}
        places |= {place.room: place for place in proposed.rooms}
        await self._look(list(places), now)
        in_order = sorted(map(self._place, places.values()))
        return [place for place in in_order if after is None or place > after]

    async def _page(self, wanted: RoomsWanted, places: list[Liveliness]) -> tuple[list[OpenRoom], int]:
        """The first of these rooms that are still meant, as they are now, and how many were looked at for that."""
        page: list[OpenRoom] = []
        end = 0
        while len(page) < PAGE and end < len(places):
            some = [place.room for place in places[end : end + PAGE - len(page)]]
            end += len(some)
            found = await self._rooms.read_open(some)
            page += [found[room] for room in some if room in found and found[room].is_meant(wanted.words, wanted.tag)]
        return page, end

    async def _look(self, rooms: list[str], now: int) -> None:
        """Read the numbers of rooms that were not read lately, oldest first."""
        looked = steady_ms()
        ages = sorted((self._glances.get(room, (-FRESH_MS, QUIET))[0], room) for room in rooms)
        stale = [room for at, room in ages if at <= looked - FRESH_MS][:GLANCES_AT_ONCE]
        since, heard = days.midnight(now, self._time_zone()), now - HERE_SILENCE_MS
        glances = await self._rooms.glances(stale, said_since=since, heard_since=heard)
        self._glances |= {room: (looked, glance) for room, glance in glances.items()}
        if len(self._glances) > GLANCES_AT_ONCE:
            fresh = {room: held for room, held in self._glances.items() if held[0] > looked - FRESH_MS}
            self._glances = fresh

    async def _online(self, viewer: str, joined: list[str]) -> dict[str, int]:
        """The number of people online that the viewer sees in each of their rooms: without those who blocked the
        viewer.

        The same is read for viewers whom nobody blocked, so that the response time reveals nothing.
        """
        blockers = await self._hub.blocked_by(viewer)
        named = await asyncio.gather(*map(self._named, joined))
        return {
            room: max(0, self._glance(room).online - len(blockers & here))
            for room, here in zip(joined, named, strict=True)
        }

    async def _named(self, room: str) -> frozenset[str]:
        feed = self._hub.feeds.get(room)
        if feed is not None:
            return feed.company.named()
        return await self._rooms.named_here(room)

    def _glance(self, room: str) -> Glance:
        """The numbers last read; for a room followed by this process, its feed knows better."""
        glance = self._glances.get(room, (0, QUIET))[1]
        feed = self._hub.feeds.get(room)
        if feed is None:
            return glance
        return Glance(feed.members.count, feed.company.count(), glance.today, glance.last_at)

    def _place(self, place: Liveliness) -> Liveliness:
        """Where a room stands by its numbers now, if they are known; the same for everyone."""
        if place.room not in self._glances and self._hub.feeds.get(place.room) is None:
            return place
        return self._glance(place.room).liveliness(place.room, place.created_at)

    async def _joined(self, caller: Caller) -> set[str]:
        if not caller.user_id:
            return set()
        user = self._hub.users.get(caller.user_id)
        return set(user.pointers) if user is not None else set(await self._rooms.rooms_of(caller.user_id))

    async def _closed(self, joined: set[str], query: str) -> list[str]:
        """Those of the caller's closed rooms whose titles have all words of the query."""
        rooms, words = list(joined), fold(query).split()
        doors = await asyncio.gather(*map(self._door, rooms))
        return [
            room
            for room, (kind, title) in zip(rooms, doors, strict=True)
            if kind == "closed" and all(word in fold(title) or is_meant(title, word) for word in words)
        ]

    async def _door(self, room: str) -> tuple[str, str]:
        """The room's kind and title."""
        feed = self._hub.feeds.get(room)
        return (feed.meta.kind, feed.meta.title) if feed is not None else await self._rooms.kind_and_title(room)

    async def _latest(self, caller: Caller, rooms: list[str], now: int) -> list[Latest | UnsetType]:
        """The last message of each of these rooms, if the caller may read it."""
        asked = (self._rooms.latest(room, caller.user_id, now=now) for room in rooms)
        found = await asyncio.gather(*asked)
        await self._hub.authors.load(last.posted.user for last in found if last is not None)
        return [UNSET if last is None else self._shown(last) for last in found]

    def _shown(self, last: Last) -> Latest:
        author = self._hub.authors.with_role(last.posted.user, last.role)
        message = message_of("", last.posted, author)
        return Latest(author, message.text[:LATEST_CHARACTERS], message.at)

    @staticmethod
    def _listing(room: OpenRoom, glance: Glance, *, online: int | None, latest: Latest | UnsetType) -> RoomListing:
        """``online`` is the number that a member sees; None if the caller is not a member."""
        joined = online is not None
        shown = roughly(glance.online) if online is None else online
        return RoomListing(
            room=room.room, title=room.title, about=room.about, tags=room.tags, members=glance.members, online=shown,
            today=glance.today, last_at=glance.last_at, joined=joined, window=room.window, bots=room.bots,
            forum=room.forum, titles=room.titles, abouts=room.abouts, latest=latest,
        )  # fmt: skip


def _packed(place: Liveliness) -> str:
    online, today, members, created_at, room = place
    return f"{-online}.{-today}.{-members}.{created_at}.{room}"


def _cursor(after: str) -> Liveliness:
    """Decode a cursor. Raises ``Refusal`` for one that no page returned."""
    parts = after.split(".", 4)
    if len(parts) != 5 or not all(part.isdecimal() and len(part) <= LONGEST_NUMBER for part in parts[:4]):
        raise errors.invalid("after", "Invalid cursor: pass `next` from the previous page")
    online, today, members, created_at = map(int, parts[:4])
    return Liveliness(-online, -today, -members, created_at, parts[4])
