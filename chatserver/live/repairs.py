"""Repairs gaps in what a feed received: it stops, reads what it missed, then handles what it received meanwhile.

A feed is *doubtful* from the moment the link is found lost until its head was compared: it parks what it receives,
because otherwise it could send to somebody who was removed meanwhile. If the head agrees, nothing is read. If it does
not, or after a gap, the log is read up to its end; if their version differs, members and settings are read before any
message of that page is sent. If the log is not the one received so far, all followers are reset.

A repair that fails is retried after a pause that grows from 0.1 to 5 s; one that keeps failing although the store is
there (a record that cannot be decoded) ends as a reset to the end of the log. Without the pause, one bad record was
read 33,580 times a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, Protocol

from chatserver.errors import NOT_FOUND, UNAVAILABLE, Refusal
from chatserver.live.tail import Place
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.heads import Head
from chatserver.store.messages.log import LogReader
from chatserver.store.messages.records import Change, Page, Posted
from chatserver.store.rooms.records import Opened

log = logging.getLogger(__name__)

MESSAGES: Final = 300
CHANGES: Final = 512
SHORTEST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
MOST_FAILURES: Final = 5
AT_ONCE: Final = 32


class RepairPool:
    """Shared by the repairs of all feeds: how many read at once, and counters for metrics."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(AT_ONCE)
        self.repairs = 0
        self.resets = 0


class Provision(Protocol):
    """What repairs need from the process."""

    @property
    def log(self) -> LogReader: ...
    @property
    def authors(self) -> AuthorCache: ...
    @property
    def spawn(self) -> Callable[[Coroutine[Any, Any, Any]], object]: ...
    @property
    def pool(self) -> RepairPool: ...


class Repaired(Protocol):
    """What repairs need from a feed: its place, and how it handles what it missed."""

    room: str
    epoch: str
    place: Place
    last_id: str
    version: int
    topics_version: int

    @property
    def around(self) -> Provision: ...
    def receive(self, payload: bytes) -> None: ...
    def apply_message(self, posted: Posted) -> None: ...
    def apply_change(self, change: Change) -> None: ...
    def reload(self, opened: Opened) -> None: ...
    async def reset(self, opened: Opened) -> None: ...
    async def read_anew(self) -> Opened: ...


class Repairs:
    """The repairs of one feed. While it ``holds_back``, what the feed receives is parked here."""

    def __init__(self, feed: Repaired) -> None:
        self._feed = feed
        self._parked: list[bytes] = []
        self._covered = 0
        self._hears_covered = False
        self._unknown: set[str] = set()
        self._behind = False
        self._working = False
        self._failures = 0
        self._certain = asyncio.Event()
        self._certain.set()
        self._settled = asyncio.Event()
        self._settled.set()
        self.doubtful = False
        self.holds_back = False

    async def certain(self) -> None:
        """Wait until the feed's head was compared since the last cut."""
        await self._certain.wait()

    async def settled(self) -> None:
        """Wait until nothing is held back."""
        await self._settled.wait()

    @property
    def waiting(self) -> int:
        """How many records are parked."""
        return len(self._parked)

    def park(self, payload: bytes) -> None:
        self._parked.append(payload)

    # --- reasons for a repair ----------------------------------------------------------------------------------------

    def doubt(self) -> None:
        """The link is lost, and records may be missed: park everything until ``compare``."""
        self.doubtful = True
        self._certain.clear()
        self._hold_back()

    def compare(self, head: Head | None) -> None:
        """Compare with the room's head; called in the turn in which the head was read."""
        was_doubtful, self.doubtful = self.doubtful, False
        self._certain.set()
        if self._working:
            self._behind |= was_doubtful  # a running read may be from before the cut
            return
        if head is not None and not self._agrees_on_members(head):
            self.repair()
            return
        self._receive_parked()
        if head is not None and not self.holds_back and not self._agrees(head):
            self.repair()

    def _agrees_on_members(self, head: Head) -> bool:
        return (head.epoch, head.version) == (self._feed.epoch, self._feed.version)

    def _agrees(self, head: Head) -> bool:
        feed = self._feed
        here = (*feed.place, feed.last_id, feed.version, feed.topics_version)
        return (head.seq, head.rev, head.last_id, head.version, head.topics_version) == here

    def repair(self, payload: bytes | None = None) -> None:
        """Read up to the end of the log, then handle ``payload`` again."""
        if self._hears_covered:
            return  # read up to the end since, and it still does not follow: it never will
        self._behind = True
        self._work(payload)

    def look_up(self, users: Iterable[str], payload: bytes) -> None:
        """Load these users' names, then handle ``payload`` again."""
        self._unknown.update(users)
        self._work(payload)

    # --- repairing ---------------------------------------------------------------------------------------------------

    def _work(self, payload: bytes | None) -> None:
        if payload is not None:
            self._parked.append(payload)
        self._hold_back()
        if not self._working:
            self._working = True
            self._feed.around.pool.repairs += 1
            self._feed.around.spawn(self._mend())

    def _hold_back(self) -> None:
        self.holds_back = True
        self._settled.clear()

    async def _mend(self) -> None:
        """Run until the repair succeeded or was given up."""
        try:
            while self._behind or self._unknown:
                await self._certain.wait()
                try:
                    async with self._feed.around.pool.places:
                        await self._mend_once()
                    self._failures = 0
                except Exception as error:
                    await self._failed(error)
        finally:
            self._working = False
            self._receive_parked()

    async def _mend_once(self) -> None:
        unknown, self._unknown = self._unknown, set()
        try:
            await self._feed.around.authors.load(unknown)
        except BaseException:
            self._unknown |= unknown
            raise
        if self._behind and not self.doubtful:
            self._behind = False
            try:
                await self._read_up()
            except BaseException:
                self._behind = True
                raise

    async def _failed(self, error: Exception) -> None:
        self._failures += 1
        refused = error.kind if isinstance(error, Refusal) else None
        if refused is NOT_FOUND:
            self._covered = len(self._parked)
            self._forget()  # the room no longer exists: nothing more is sent
            return
        if refused is not UNAVAILABLE and self._failures >= MOST_FAILURES and await self._give_up(error):
            return
        await asyncio.sleep(min(SHORTEST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE))

    async def _give_up(self, error: Exception) -> bool:
        """Skip what cannot be read: reset all followers to the end. False if even that fails now."""
        with contextlib.suppress(Exception):
            await self._start_over()
            log.error(
                "room: what was missed cannot be read; its readers start over from the end",
                exc_info=error, extra={"room": self._feed.room},
            )  # fmt: skip
            self._forget()
            return True
        return False

    def _forget(self) -> None:
        self._failures, self._behind = 0, False
        self._unknown.clear()

    async def _start_over(self) -> None:
        self._covered = len(self._parked)
        await self._feed.reset(await self._feed.read_anew())
        self._feed.around.pool.resets += 1

    def _receive_parked(self) -> None:
        """Handle the parked records in order, until something is held back again."""
        if self.doubtful:
            return
        self.holds_back = False
        parked, self._parked = self._parked, []
        covered, self._covered = self._covered, 0
        for index, payload in enumerate(parked):
            self._hears_covered = index < covered
            self._feed.receive(payload)
            if self.holds_back:
                self._parked.extend(parked[index + 1 :])
                break
        self._hears_covered = False
        if not self.holds_back:
            self._settled.set()

    # --- reading the log ---------------------------------------------------------------------------------------------

    async def _read_up(self) -> None:
        feed = self._feed
        while True:
            covered = len(self._parked)
            # Start at the last message received, to check that its number still has the same id.
            page = await feed.around.log.read(
                feed.room, first=max(1, feed.place.seq), last=feed.place.seq + MESSAGES,
                after_rev=feed.place.rev, changes=CHANGES,
            )  # fmt: skip
            if self._is_another_log(page):
                log.warning("room: the log is a different one; its followers are reset", extra={"room": feed.room})
                await self._start_over()
                return
            if (page.version, page.topics_version) != (feed.version, feed.topics_version):
                # Before any message of this page: a removed member must not receive later messages.
                feed.reload(await feed.read_anew())
            if (page.seq, page.rev) == feed.place:
                self._covered = covered
                return
            fresh = [posted for posted in page.messages if posted.seq > feed.place.seq]
            await feed.around.authors.load(posted.user for posted in fresh)
            if self.doubtful:
                self._behind = True  # cut again: this page is sent only after logins were compared
                return
            self._apply(fresh, page.changes)

    def _is_another_log(self, page: Page) -> bool:
        """Whether this page cannot be the continuation of what was received so far."""
        feed, head = self._feed, Place(page.seq, page.rev)
        if page.epoch != feed.epoch or head.seq < feed.place.seq or head.rev < feed.place.rev:
            return True
        if page.skips_changes(feed.place.rev):
            return True
        if head.seq == feed.place.seq and page.last_id != feed.last_id:
            return True
        known = next((posted for posted in page.messages if posted.seq == feed.place.seq), None)
        if page.first_seq > feed.place.seq + 1 or (known is not None and known.id not in {"", feed.last_id}):
            return True
        return not all(posted.explained for posted in page.messages)

    def _apply(self, messages: list[Posted], changes: list[Change]) -> None:
        """Apply messages and changes in order; what may have unread changes before it is left for the next page."""
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
