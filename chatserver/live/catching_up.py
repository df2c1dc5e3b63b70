"""Catching up from the log: for followers that are further behind than the feed's tail reaches.

One read per room at a time; its result extends the tail if it fits, so that the next follower finds it there.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.live.connection import Connection
from chatserver.live.feed import Feed
from chatserver.live.outgoing import Behind
from chatserver.live.tail import Entry, Place, change_entry, merged, posted_entry
from chatserver.store.messages.records import Page

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 0.1
MESSAGES: Final = 300
CHANGES: Final = 512


class Readers:
    """The running reads, at most one per feed."""

    def __init__(self) -> None:
        self._reading: dict[Feed, asyncio.Future[None]] = {}

    async def replay_from_log(self, feed: Feed, connection: Connection) -> None:
        """Catch a follower up until it is live, cannot take more, or is gone."""
        while not feed.replay_from_tail(connection):
            await feed.repairs.certain()
            under_way = self._reading.get(feed)
            if under_way is not None:
                await asyncio.wait([under_way])
                continue
            behind = feed.followers.get(connection)
            if behind is None:
                continue
            self._reading[feed] = asyncio.get_running_loop().create_future()
            try:
                entries = await _read(feed, behind)
            except Exception as error:
                if isinstance(error, Refusal) and error.kind is UNAVAILABLE:
                    await asyncio.sleep(PAUSE_SECONDS)
                    continue  # no other task catches this follower up
                log.error(
                    "room: a reader cannot be brought up and starts over from the end",
                    exc_info=error, extra={"room": feed.room},
                )  # fmt: skip
                feed.around.pool.resets += 1
                entries = None
            finally:
                self._reading.pop(feed).set_result(None)
            if feed.followers.get(connection) is behind and not connection.paused:
                _give(feed, connection, behind, entries)


def _give(feed: Feed, connection: Connection, behind: Behind, entries: list[Entry] | None) -> None:
    if entries is None:
        feed.followers[connection] = Behind(behind.place, -1, -1)
        return
    upto = feed.delivered
    due = [entry for entry in entries if entry.place.seq <= upto.seq and entry.place.rev <= upto.rev]
    if due:
        feed.write_entries(connection, behind, due)


async def _read(feed: Feed, behind: Behind) -> list[Entry] | None:
    """The next entries after a place; None if the log no longer has them."""
    place = behind.place
    page = await feed.around.log.read(
        feed.room, first=place.seq + 1, last=place.seq + MESSAGES, after_rev=place.rev, changes=CHANGES
    )
    broken = page.first_seq > place.seq + 1 or not all(posted.explained for posted in page.messages)
    broken = broken or page.skips_changes(place.rev)
    if page.epoch != feed.epoch or broken or page.seq < place.seq or page.rev < place.rev:
        return None
    await feed.around.authors.load(posted.user for posted in page.messages)
    entries = entries_of(feed, page, place)
    _lengthen(feed, page, entries, place)
    return entries


def entries_of(feed: Feed, page: Page, place: Place) -> list[Entry]:
    """A page as ordered entries. Entries that may have unread changes before them are left for the next page."""
    messages = page.messages
    if len(page.changes) == CHANGES:
        messages = [posted for posted in messages if posted.seq <= page.changes[-1].after]
    author = feed.author
    return merged(
        [posted_entry(feed.room, posted, author(posted.user), place) for posted in messages],
        [(change.after, change_entry(feed.room, change, place)) for change in page.changes],
        place,
    )


def _lengthen(feed: Feed, page: Page, entries: list[Entry], place: Place) -> None:
    """Extend the tail backwards with entries that end where it begins, if the feed has all changes of the page."""
    start = feed.tail.start
    older = [entry for entry in entries if entry.place.seq <= start.seq and entry.place.rev <= start.rev]
    if older and older[-1].place == start and page.rev == feed.place.rev:
        feed.tail.put_before(older, place)
