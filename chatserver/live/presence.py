"""Presence: published and sent at most once a second per process and room, only after changes.

A process publishes how many members of a room are connected to it, with their ids below 200, and the time; it repeats
that every 20 s, and a process that was silent for a minute no longer counts. Only watchers are notified. Hidden users
are neither counted nor listed; nor are users for someone they blocked. Users who are not members get one rounded
number, the same for everyone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from chatserver.errors import Refusal
from chatserver.live.feed import Feed
from chatserver.live.feeds import Feeds
from chatserver.live.slices import SLICE, Frames
from chatserver.protocol.events import PresenceChanged
from chatserver.rules.crowds import roughly
from chatserver.store.rooms.reading import RoomReader
from chatserver.store.rooms.records import NAMED_HERE

AGAIN_MS: Final = 20_000
NAMED_TO_WATCHERS: Final = 100
AT_ONCE: Final = 256


class Presence:
    """``tick(now)`` is called once a second; ``unseen(feed, user)`` are the connected users who blocked this user."""

    def __init__(self, rooms: RoomReader, feeds: Feeds, unseen: Callable[[Feed, str], frozenset[str]]) -> None:
        self._unseen = unseen
        self._rooms = rooms
        self._feeds = feeds
        self._told: dict[Feed, tuple[frozenset[str], int]] = {}

    async def tick(self, now: int) -> None:
        """Notify watchers, then publish. Raises ``Refusal`` if the store fails; the rest stays due."""
        feeds = self._feeds.all()
        for gone in self._told.keys() - set(feeds):
            del self._told[gone]
        for feed in feeds:
            feed.company.drop_silent(now)
            if feed.company.is_due and not feed.repairs.doubtful:
                feed.company.is_due = False
                await self._tell(feed)
        due = [feed for feed in feeds if self._is_due(feed, now)]
        for start in range(0, len(due), AT_ONCE):
            await asyncio.gather(*(self._write(feed, now) for feed in due[start : start + AT_ONCE]))

    async def say_now(self, feed: Feed, now: int) -> None:
        """Publish at once, because somebody hid or showed their presence."""
        await self._write(feed, now)

    def _is_due(self, feed: Feed, now: int) -> bool:
        here = feed.company.shown()
        told, at = self._told.get(feed, (frozenset(), now))
        # Also if the clock was set back: for other processes this one would seem silent until it has caught up.
        return here != told or (bool(here) and abs(now - at) >= AGAIN_MS)

    async def _write(self, feed: Feed, now: int) -> None:
        if self._is_due(feed, now):
            here = feed.company.shown()
            await self._say(feed, here, now)
            self._told[feed] = (here, now)

    async def _say(self, feed: Feed, here: frozenset[str], now: int) -> None:
        await self._rooms.say_here(feed.room, len(here), here if len(here) < NAMED_HERE else (), now=now)

    async def _tell(self, feed: Feed) -> None:
        """Notify watchers for whom something changed: a user who cannot see somebody must not notice them come and go.
        Watchers who see the same share one frame per wire."""
        frames: dict[tuple[bool, frozenset[str]], Frames] = {}
        written = 0
        for connection, last in list(feed.watchers.items()):
            sight = connection.user_id in feed.members, self._unseen(feed, connection.user_id)
            seen = frames.get(sight)
            if seen is None:
                seen = frames[sight] = Frames("presence.changed", presence_of(feed, connection.user_id, sight[1]))
            if connection.paused or seen.params == last or connection not in feed.watchers:
                continue
            feed.watchers[connection] = seen.params
            connection.write(seen.of(connection.wire))
            written += 1
            if written % SLICE == 0:
                await asyncio.sleep(0)

    async def leave(self, now: int) -> None:
        """This process stops: publish that nobody is connected to it."""
        for feed, (told, _) in list(self._told.items()):
            if told:
                try:
                    await self._say(feed, frozenset(), now)
                except Refusal:
                    return


def presence_of(feed: Feed, viewer: str, unseen: frozenset[str] = frozenset()) -> PresenceChanged:
    """Presence as one user sees it, without the ``unseen`` users; rounded if the viewer is not a member."""
    if viewer not in feed.members:
        return PresenceChanged(feed.room, roughly(feed.company.count()))
    online, users = feed.company.online()
    online -= len(unseen)
    if users is None or online > NAMED_TO_WATCHERS:
        return PresenceChanged(feed.room, online)
    return PresenceChanged(feed.room, online, [user for user in users if user not in unseen])
