"""Holes in what a feed heard: it stalls, reads the log or the room anew, and then takes in what it heard meanwhile.

A hole in (seq, rev) is closed from the log; a gap in what is in no log (members, settings) by reading the room; a log
that is not the one that was heard so far (another epoch, another last id) is a reset for everyone who follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from chatserver.live.tail import Place
from chatserver.store.records import Changed, Page, Posted

if TYPE_CHECKING:
    from chatserver.live.feed import Feed

MESSAGES: Final = 300
CHANGES: Final = 512


class Repairs:
    """One feed's. While ``stalled``, what the feed hears is parked here."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._parked: list[bytes] = []
        self._renew_again = False
        self._settled = asyncio.Event()
        self._settled.set()
        self.stalled = False

    async def settled(self) -> None:
        """Until nothing stalls the feed."""
        await self._settled.wait()

    def park(self, payload: bytes) -> None:
        self._parked.append(payload)

    def repair(self, payload: bytes | None = None) -> None:
        """Read the log up to its end, then hear ``payload`` again."""
        self.stall(self._read_log(), payload)

    def reload(self) -> None:
        """Read the room anew: who belongs to it and what it says of itself."""
        self.stall(self._reload())

    def renew(self) -> None:
        """Something may have been missed: read the log and the room anew, after whatever is under way."""
        if self.stalled:
            self._renew_again = True
        else:
            self.stall(self._read_log_and_reload())

    def stall(self, coroutine: Coroutine[Any, Any, Any], payload: bytes | None = None) -> None:
        """Hear nothing more until this is done. What stalls already is not stalled twice: it looks again in the end."""
        if payload is not None:
            self._parked.append(payload)
        if self.stalled:
            coroutine.close()
            return
        self.stalled = True
        self._settled.clear()
        self._feed.around.spawn(self._stalled_by(coroutine))

    async def _stalled_by(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        try:
            await coroutine
        finally:
            self.stalled = False
            if self._renew_again:
                self._renew_again = False
                self.stall(self._read_log_and_reload())
            parked, self._parked = self._parked, []
            for index, payload in enumerate(parked):
                self._feed.hear(payload)
                if self.stalled:
                    self._parked.extend(parked[index + 1 :])
                    break
            if not self.stalled:
                self._settled.set()

    async def _read_log_and_reload(self) -> None:
        await self._read_log()
        await self._reload()

    async def _read_log(self) -> None:
        feed = self._feed
        while True:
            # From the last message that was heard: under its number there must still be that message.
            page = await feed.around.log.read(
                feed.room, first=max(1, feed.place.seq), last=feed.place.seq + MESSAGES,
                after_rev=feed.place.rev, changes=CHANGES,
            )  # fmt: skip
            if self._is_another_log(page):
                await feed.reset(await feed.around.reopen(feed.room))
                return
            if (page.seq, page.rev) == feed.place:
                return
            fresh = [posted for posted in page.messages if posted.seq > feed.place.seq]
            await feed.around.directory.load(posted.user for posted in fresh)
            self._apply(fresh, page.changes)

    def _is_another_log(self, page: Page) -> bool:
        """Whether this cannot be what we heard so far, gone on."""
        feed, head = self._feed, Place(page.seq, page.rev)
        if page.epoch != feed.epoch or head.seq < feed.place.seq or head.rev < feed.place.rev:
            return True
        if head.seq == feed.place.seq and page.last_id != feed.last_id:
            return True
        known = next((posted for posted in page.messages if posted.seq == feed.place.seq), None)
        if page.first_seq > feed.place.seq + 1 or (known is not None and known.id != feed.last_id):
            return True
        return not all(posted.explained for posted in page.messages)

    def _apply(self, messages: list[Posted], changes: list[Changed]) -> None:
        """Messages and changes in their one order; what may have unread changes before it waits for the next page."""
        feed = self._feed
        if len(changes) == CHANGES:
            messages = [posted for posted in messages if posted.seq <= changes[-1].after]
        waiting = list(reversed(changes))
        for posted in messages:
            while waiting and waiting[-1].after < posted.seq:
                feed.apply_change(waiting.pop())
            feed.apply_message(posted)
        while waiting and waiting[-1].after <= feed.place.seq:
            feed.apply_change(waiting.pop())

    async def _reload(self) -> None:
        self._feed.reload(await self._feed.around.reopen(self._feed.room))
