"""The service for finding open rooms by words or tag, the liveliest first.

The ``RoomIndex`` answers from memory. A room's numbers (people online, messages today) are read from the room's own
tag, all in one write, and cached for a few seconds. The last messages are read again for each page, also in one write,
so that a deleted text is out of every response at once, and so is everything for a banned user.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

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
from chatserver.rules.text.searching import fold
from chatserver.rules.text.spellings import is_meant
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.services.spellings import load_spellings
from chatserver.store.messages.records import message_of
from chatserver.store.rooms.reading import Glance, Last
from chatserver.store.rooms.records import HERE_SILENCE_MS
from chatserver.store.rooms.room_index import Listed, RoomIndex
from chatserver.store.rooms.rooms import RoomStore

PAGE: Final = 50
LATEST_CHARACTERS: Final = 140
FRESH_MS: Final = 5_000
# With more matching rooms than this, the numbers of the others are read at the next call.
GLANCES_AT_ONCE: Final = 256
_NOTHING_YET: Final = Glance(0, 0, 0, 0)

# A room's position in the list: negative online, today and members, then created_at and id. Also the cursor.
SortKey = tuple[int, int, int, int, str]


class Discovery:
    """``searches`` limits how often one user, or a visitor's address, searches. ``time_zone()`` is the community's."""

    def __init__(
        self, hub: Hub, rooms: RoomStore, room_index: RoomIndex, *, searches: Buckets, time_zone: Callable[[], str]
    ) -> None:
        self._hub = hub
        self._rooms = rooms
        self._catalogue = room_index
        self._searches = searches
        self._time_zone = time_zone
        self._glances: dict[str, tuple[int, Glance]] = {}

    async def discover(self, caller: Caller, params: RoomDiscover) -> RoomDiscoverResult:
        now = now_ms()
        spend(self._searches, caller.user_id or caller.address)
        after = _cursor(params.after) if params.after else None
        await self._catalogue.refresh_all()
        if params.query:
            await load_spellings()
        found = self._catalogue.find(params.query, text_rules.fold_tag(params.tag))
        await self._look([listed.room for listed in found], now)
        in_order = sorted((self._place(listed), listed) for listed in found)
        rest = [(place, listed) for place, listed in in_order if after is None or place > after]
        joined = await self._joined(caller)
        page = [listed for _, listed in rest[:PAGE]]
        latest = await self._latest(caller, [listed.room for listed in page], now)
        online = await self._online(caller.user_id, [listed.room for listed in page if listed.room in joined])
        rooms = [
            self._listing(listed, self._glance(listed.room), online=online.get(listed.room), latest=said)
            for listed, said in zip(page, latest, strict=True)
        ]
        mine = (await self._closed(joined, params.query) if params.query else []) or UNSET
        return RoomDiscoverResult(rooms=rooms, mine=mine, next=_packed(rest[PAGE - 1][0]) if len(rest) > PAGE else "")

    async def _look(self, rooms: list[str], now: int) -> None:
        """Read the numbers of rooms that were not read lately, oldest first."""
        looked = steady_ms()
        ages = sorted((self._glances.get(room, (-FRESH_MS, _NOTHING_YET))[0], room) for room in rooms)
        stale = [room for at, room in ages if at <= looked - FRESH_MS][:GLANCES_AT_ONCE]
        since, heard = days.midnight(now, self._time_zone()), now - HERE_SILENCE_MS
        asked = (self._rooms.glance(room, said_since=since, heard_since=heard) for room in stale)
        for room, glance in zip(stale, await asyncio.gather(*asked, return_exceptions=True), strict=True):
            if isinstance(glance, Glance):
                self._glances[room] = (looked, glance)
            elif not isinstance(glance, errors.Refusal) or glance.kind is not errors.NOT_FOUND:
                raise glance
        if len(self._glances) > len(self._catalogue) + GLANCES_AT_ONCE:  # some were archived, or are no longer open
            self._glances = {room: held for room, held in self._glances.items() if room in self._catalogue}

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
        glance = self._glances.get(room, (0, _NOTHING_YET))[1]
        feed = self._hub.feeds.get(room)
        if feed is None:
            return glance
        return Glance(feed.members.count, feed.company.count(), glance.today, glance.last_at)

    def _place(self, listed: Listed) -> SortKey:
        """The sort key, the same for everyone and made of what strangers see, so that order and cursor reveal no
        more."""
        glance = self._glance(listed.room)
        return -roughly(glance.online), -glance.today, -glance.members, listed.entry.created_at, listed.room

    async def _joined(self, caller: Caller) -> set[str]:
        if not caller.user_id:
            return set()
        user = self._hub.users.get(caller.user_id)
        return set(user.pointers) if user is not None else set(await self._rooms.rooms_of(caller.user_id))

    async def _closed(self, joined: set[str], query: str) -> list[str]:
        """Those of the caller's closed rooms whose titles have all words of the query."""
        rooms, words = [room for room in joined if room not in self._catalogue], fold(query).split()
        titles = await asyncio.gather(*map(self._title, rooms))
        return [
            room
            for room, title in zip(rooms, titles, strict=True)
            if title and all(word in fold(title) or is_meant(title, word) for word in words)
        ]

    async def _title(self, room: str) -> str:
        feed = self._hub.feeds.get(room)
        return feed.meta.title if feed is not None else await self._rooms.title(room)

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
    def _listing(listed: Listed, glance: Glance, *, online: int | None, latest: Latest | UnsetType) -> RoomListing:
        """``online`` is the number that a member sees; None if the caller is not a member."""
        entry, joined = listed.entry, online is not None
        shown = roughly(glance.online) if online is None else online
        return RoomListing(
            room=listed.room, title=entry.title, about=entry.about, tags=entry.tags, members=glance.members,
            online=shown, today=glance.today, last_at=glance.last_at, joined=joined, window=entry.window,
            bots=entry.bots, titles=entry.titles, abouts=entry.abouts, latest=latest,
        )  # fmt: skip


def _packed(place: SortKey) -> str:
    online, today, members, created_at, room = place
    return f"{-online}.{-today}.{-members}.{created_at}.{room}"


def _cursor(after: str) -> SortKey:
    """Decode a cursor. Raises ``Refusal`` for one that no page returned."""
    parts = after.split(".", 4)
    if len(parts) != 5 or not all(part.isdecimal() for part in parts[:4]):
        raise errors.invalid("after", "Invalid cursor: pass `next` from the previous page")
    online, today, members, created_at = map(int, parts[:4])
    return -online, -today, -members, created_at, parts[4]
