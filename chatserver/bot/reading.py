"""Reads by pages what is no longer replayed: decides which page comes next, which messages are new, which are lost.

Pure. The session makes one ``Reading`` per ``CatchUp`` and passes it the results of message.history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chatserver.protocol.methods.messages import MessageHistoryResult
from chatserver.protocol.shapes import Cursor, Message

PAGE: Final = 100


@dataclass(slots=True, frozen=True)
class Missed:
    """Messages that could not be read. ``first`` and ``last`` are sequence numbers; 0 if unknown, because the room has
    a new epoch. ``why`` is a sentence for the log."""

    first: int
    last: int
    why: str


class Reading:
    """Reads from ``place`` (done) to ``target`` (seen). ``missed`` is set as soon as something cannot be read."""

    def __init__(self, place: Cursor | None, target: Cursor) -> None:
        self.target = target
        self.missed: Missed | None = None
        self._checked = False
        self._ended = False
        self._place = place or target
        if self._place.epoch != target.epoch:
            self._lose(0, 0, "the room has a new epoch")
        elif self._place.seq > target.seq:
            self._lose(0, 0, "the room's log is shorter than it was")

    def after(self) -> int | None:
        """The ``after`` of the next page, or None at the end.

        The first page includes the last message that was done, to compare its id: after a failover its number may
        belong to another message.
        """
        if self._ended or self._place.seq >= self.target.seq:
            return None
        return self._place.seq if self._checked else max(0, self._place.seq - 1)

    def take(self, page: MessageHistoryResult) -> list[Message]:
        """The new messages of a page, oldest first."""
        if page.epoch != self.target.epoch:
            self._lose(0, 0, "the room got a new epoch meanwhile")
            return []
        messages = page.messages
        if not self._checked and not self._is_same(messages):
            self._lose(0, 0, "the last message handled has another id now")
            return []
        self._checked = True
        news = [message for message in messages if self._place.seq < message.seq <= self.target.seq]
        if news and news[0].seq > self._place.seq + 1:
            self._lost_before(news[0].seq)
        if news:
            self._place = Cursor(self.target.epoch, news[-1].seq, news[-1].id, self._place.rev)
        elif self._place.seq < self.target.seq:
            self._lose(self._place.seq + 1, self.target.seq, "the log no longer holds them")
        return news

    def place_after(self, message: Message, started: Cursor) -> Cursor:
        """The place that is done after this message: its seq, with the rev from before the reading."""
        return Cursor(self.target.epoch, message.seq, message.id, min(started.rev, self.target.rev))

    def end(self) -> Cursor:
        """The place that is done after the last page."""
        same = self._place.seq == self.target.seq and not self.target.id
        return Cursor(self.target.epoch, self.target.seq, self._place.id if same else self.target.id, self.target.rev)

    def give_up(self, why: str) -> None:
        """End the reading, because the pages may not be read (any more)."""
        self._lose(self._place.seq + 1, self.target.seq, why)

    def _is_same(self, messages: list[Message]) -> bool:
        first = messages[0] if messages else None
        return first is None or first.seq != self._place.seq or not self._place.id or first.id == self._place.id

    def _lost_before(self, seq: int) -> None:
        self.missed = Missed(self._place.seq + 1, seq - 1, "the log no longer holds them")

    def _lose(self, first: int, last: int, why: str) -> None:
        self.missed = Missed(first, last, why)
        self._ended = True
