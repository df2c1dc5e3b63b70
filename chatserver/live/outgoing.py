"""Events of a feed that are not numbered, and the state of a follower that is behind."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any, Final

from chatserver.live.slices import Frames
from chatserver.live.tail import Entry, Place
from chatserver.live.wire import Wire

MOST: Final = "*"
"""The key for everyone who is not among the ``few``; no user has such an id."""
NOBODY: Final[frozenset[str]] = frozenset()
OWN_STATE_DUE: Final = -1


@dataclass(slots=True, frozen=True)
class Behind:
    """The state of a follower that is not live.

    If its ``numbering`` differs from the feed's, it has to be reset first. If its ``told`` differs, it missed unlogged
    events: once it is live, it gets ``room.changed``, or with ``OWN_STATE_DUE`` the room's state for its user.
    """

    place: Place
    numbering: int
    told: int


class Unlogged:
    """An event that is not in the log: joins and departures, typing, the room's settings.

    Users in ``apart`` do not receive it; with ``only``, only that user does. ``ephemeral``: a follower that missed it
    does not get it later. ``then`` is called once it was sent to everyone; later events wait for that.
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
        """The frame for this user: the same for all who are not among the ``few``."""
        if (viewer in self.few) is not bool(self._only):
            return b""
        return self._frames.of(wire)


Outgoing = Entry | Unlogged
