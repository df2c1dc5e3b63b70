"""What a feed sends besides numbered entries, and what is remembered of a follower that did not get it."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any, Final

from chatserver.live.slices import Frames
from chatserver.live.tail import Entry, Place
from chatserver.live.wire import Wire

VISITOR: Final = ""
MOST: Final = "*"
"""Stands for everyone who is not among the few; no user has such an id."""
NOBODY: Final[frozenset[str]] = frozenset()
OWN_STATE_DUE: Final = -1


@dataclass(slots=True, frozen=True)
class Behind:
    """Where a follower is that is not live.

    Another ``numbering`` than the feed's means: reset it first. Another ``told`` means that it missed what is in no
    log: once it is live, it hears what the room says of itself, or with ``OWN_STATE_DUE`` the room as its user has it.
    """

    place: Place
    numbering: int
    told: int


class Unlogged:
    """An event that is in no log: who joined or left, who types, what the room says of itself.

    ``apart`` are users who do not hear it; with ``only``, nobody but that user hears it. ``ephemeral`` is not made
    good to a follower that missed it. ``then`` is called once everyone was told; what comes after waits for it.
    """

    __slots__ = ("_frames", "_only", "ephemeral", "few", "then")

    def __init__(
        self,
        name: str,
        params: Any,
        *,
        ephemeral: bool = False,
        apart: Set[str] = NOBODY,
        only: str = "",
        then: Callable[[], None] | None = None,
    ) -> None:
        self._only = only
        self.few: Set[str] = frozenset([only]) if only else apart
        self.ephemeral = ephemeral
        self.then = then
        self._frames = Frames(name, params)

    def frame_for(self, wire: Wire, viewer: str) -> bytes:
        """The frame as this user hears it: the same for all who are not among the ``few``."""
        if (viewer in self.few) is not bool(self._only):
            return b""
        return self._frames.of(wire)


Outgoing = Entry | Unlogged
