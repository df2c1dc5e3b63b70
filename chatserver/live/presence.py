"""Who is here: told once a second, per process and room, only where something changed.

A process writes how many of a room are connected to it, and who while that is below 200, with the time; it says so
again every 20 s, and one that has been silent for a minute no longer counts. Only people who are looking are told, and
who is hidden is neither counted nor named; for someone whom a person here has blocked it is made for them alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatserver.errors import Refusal
from chatserver.live.feed import Feed
from chatserver.live.feeds import Feeds
from chatserver.live.room import HERE_SILENCE_MS, NAMED_HERE
from chatserver.live.wire import Wire
from chatserver.protocol.events import PresenceChanged
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store

AGAIN_MS: Final = 20_000
NAMED_TO_WATCHERS: Final = 100


class Presence:
    """``tick(now)`` is called once a second; ``unseen(feed, user)`` are those here who have blocked the user."""

    def __init__(self, store: Store, feeds: Feeds, unseen: Callable[[Feed, str], frozenset[str]]) -> None:
        self._unseen = unseen
        self._store = store
        self._feeds = feeds
        self._told: dict[Feed, tuple[frozenset[str], int]] = {}

    async def tick(self, now: int) -> None:
        feeds = self._feeds.all()
        for gone in self._told.keys() - set(feeds):
            del self._told[gone]
        for feed in feeds:
            await self._write(feed, now)
            self._drop_silent(feed, now)
            if feed.presence_due and not feed.repairs.doubtful:
                feed.presence_due = False
                self._tell(feed)

    async def say_now(self, feed: Feed, now: int) -> None:
        """Somebody hid or showed themself: that does not wait for the next second."""
        await self._write(feed, now)

    async def _write(self, feed: Feed, now: int) -> None:
        here = feed.shown_here()
        told, at = self._told.get(feed, (frozenset(), now))
        if here == told and (not here or now - at < AGAIN_MS):
            return
        await self._say(feed, here, now)
        self._told[feed] = (here, now)

    async def _say(self, feed: Feed, here: frozenset[str], now: int) -> None:
        named = " ".join(sorted(here)) if len(here) < NAMED_HERE else ""
        await self._store.call(
            "here", keys.room(feed.room), now, self._store.process_id, HERE_SILENCE_MS, len(here), named
        )

    def _drop_silent(self, feed: Feed, now: int) -> None:
        for process, here in list(feed.here.items()):
            if here.at < now - HERE_SILENCE_MS or here.count == 0:
                del feed.here[process]
                feed.here_changed()

    def _tell(self, feed: Feed) -> None:
        """Those who look and whom it changes anything for: who cannot see somebody must not notice them come and go."""
        event = presence_of(feed)
        frames: dict[Wire, bytes] = {}
        for connection, last in list(feed.watchers.items()):
            unseen = self._unseen(feed, connection.user_id)
            theirs = presence_of(feed, unseen) if unseen else event
            if connection.paused or theirs == last:
                continue
            feed.watchers[connection] = theirs
            frame = None if unseen else frames.get(connection.wire)
            if frame is None:
                frame = connection.wire.event("presence.changed", theirs)
            if not unseen:
                frames[connection.wire] = frame
            connection.write(frame)

    async def leave(self, now: int) -> None:
        """This process ends: nobody is here through it any more."""
        for feed, (told, _) in list(self._told.items()):
            if told:
                try:
                    await self._say(feed, frozenset(), now)
                except Refusal:
                    return


def presence_of(feed: Feed, unseen: frozenset[str] = frozenset()) -> PresenceChanged:
    online, users = feed.online()
    online -= len(unseen)
    if users is None or online > NAMED_TO_WATCHERS:
        return PresenceChanged(feed.room, online)
    return PresenceChanged(feed.room, online, [user for user in users if user not in unseen])
