"""The desk for finding rooms: open rooms by words or tag, the liveliest first.

The catalogue answers from memory. A room's numbers (who is there, what was said in the last 24 hours) are read from
the room's own tag, all in one write, and kept for a few seconds.
"""

from __future__ import annotations

import asyncio
from typing import Final

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.live.room import HERE_SILENCE_MS
from chatserver.protocol.methods import RoomDiscover, RoomDiscoverResult
from chatserver.protocol.shapes import RoomListing
from chatserver.rules import text as text_rules
from chatserver.rules.limits import Buckets
from chatserver.services.caller import Caller
from chatserver.store.catalogue import Catalogue, Listed
from chatserver.store.rooms import Glance, RoomsShelf

PAGE: Final = 50
DAY_MS: Final = 86_400_000
FRESH_MS: Final = 5_000
# A house with more matching rooms than this reads the numbers of the others at the next asking.
GLANCES_AT_ONCE: Final = 256
_NOTHING_YET: Final = Glance(0, 0, 0, 0)

# Where a room stands in the list: fewer than online, today and last_at, then created_at and id. Also the cursor.
Standing = tuple[int, int, int, int, str]


class Discovery:
    """``searches`` limits how often one user, or a visitor's address, asks."""

    def __init__(self, hub: Hub, shelf: RoomsShelf, catalogue: Catalogue, *, searches: Buckets) -> None:
        self._hub = hub
        self._shelf = shelf
        self._catalogue = catalogue
        self._searches = searches
        self._glances: dict[str, tuple[int, Glance]] = {}

    async def discover(self, caller: Caller, params: RoomDiscover) -> RoomDiscoverResult:
        now = now_ms()
        wait = self._searches.take(caller.user_id or caller.address, now)
        if wait:
            raise errors.rate_limited(wait)
        after = _cursor(params.after) if params.after else None
        await self._catalogue.refresh()
        found = self._catalogue.find(params.query, text_rules.fold_tag(params.tag))
        await self._look([listed.room for listed in found], now)
        in_order = sorted((self._place(listed), listed) for listed in found)
        rest = [(place, listed) for place, listed in in_order if after is None or place > after]
        joined = await self._joined(caller)
        rooms = [self._listing(listed, joined=listed.room in joined) for _, listed in rest[:PAGE]]
        return RoomDiscoverResult(rooms=rooms, next=_packed(rest[PAGE - 1][0]) if len(rest) > PAGE else "")

    async def _look(self, rooms: list[str], now: int) -> None:
        """Read the numbers of rooms that were not looked at lately, those longest ago first."""
        ages = sorted((self._glances.get(room, (0, _NOTHING_YET))[0], room) for room in rooms)
        stale = [room for at, room in ages if at <= now - FRESH_MS][:GLANCES_AT_ONCE]
        since, heard = now - DAY_MS, now - HERE_SILENCE_MS
        asked = (self._shelf.glance(room, said_since=since, heard_since=heard) for room in stale)
        for room, glance in zip(stale, await asyncio.gather(*asked, return_exceptions=True), strict=True):
            if isinstance(glance, Glance):
                self._glances[room] = (now, glance)
            elif not isinstance(glance, errors.Refusal) or glance.kind is not errors.NOT_FOUND:
                raise glance

    def _glance(self, room: str) -> Glance:
        """The numbers last read; a room that is open in this process knows its people better."""
        glance = self._glances.get(room, (0, _NOTHING_YET))[1]
        feed = self._hub.feeds.get(room)
        if feed is None:
            return glance
        return Glance(len(feed.members), feed.online()[0], glance.today, glance.last_at)

    def _place(self, listed: Listed) -> Standing:
        glance = self._glance(listed.room)
        return -glance.online, -glance.today, -glance.last_at, listed.entry.created_at, listed.room

    async def _joined(self, caller: Caller) -> set[str]:
        if not caller.user_id:
            return set()
        user = self._hub.users.get(caller.user_id)
        return set(user.pointers) if user is not None else set(await self._shelf.rooms_of(caller.user_id))

    def _listing(self, listed: Listed, *, joined: bool) -> RoomListing:
        entry, glance = listed.entry, self._glance(listed.room)
        return RoomListing(
            room=listed.room, title=entry.title, about=entry.about, tags=entry.tags, members=glance.members,
            online=glance.online, today=glance.today, last_at=glance.last_at, joined=joined, window=entry.window,
            bots=entry.bots, titles=entry.titles, abouts=entry.abouts,
        )  # fmt: skip


def _packed(place: Standing) -> str:
    online, today, last_at, created_at, room = place
    return f"{-online}.{-today}.{-last_at}.{created_at}.{room}"


def _cursor(after: str) -> Standing:
    """The place that a cursor names. Raises ``Refusal`` for one that no page gave."""
    parts = after.split(".", 4)
    if len(parts) != 5 or not all(part.isdecimal() for part in parts[:4]):
        raise errors.invalid("after", "Take it from `next` of the page before")
    online, today, last_at, created_at = map(int, parts[:4])
    return -online, -today, -last_at, created_at, parts[4]
