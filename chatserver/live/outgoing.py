"""What a feed sends besides numbered entries, and what is remembered of a follower that did not get it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from chatserver.live.tail import Entry, Place
from chatserver.live.wire import Wire


@dataclass(slots=True, frozen=True)
class Behind:
    """Where a follower is that is not live.

    Another ``numbering`` than the feed's means: reset it first. Another ``told`` means that it missed what is in no
    log, and is told the whole room once it is live.
    """

    place: Place
    numbering: int
    told: int


class Unlogged:
    """An event that is in no log: who joined or left, who types. ``leaver`` hears it as the room's last; those who are
    kept ``apart`` from whom it tells of do not hear it."""

    __slots__ = ("_apart", "_frames", "_name", "_params", "differs", "ephemeral", "leaver")

    def __init__(
        self, name: str, params: Any, *, leaver: str = "", ephemeral: bool = False, apart: Set[str] = frozenset()
    ) -> None:
        self._apart = apart
        self.differs = bool(apart)
        self.ephemeral = ephemeral
        self._name = name
        self._params = params
        self._frames: dict[Wire, bytes] = {}
        self.leaver = leaver

    def frame(self, wire: Wire) -> bytes:
        made = self._frames.get(wire)
        if made is None:
            made = self._frames[wire] = wire.event(self._name, self._params)
        return made

    def frame_for(self, wire: Wire, viewer: str) -> bytes:
        return b"" if viewer in self._apart else self.frame(wire)


class StateDue:
    """Each follower is told the whole room as it has it: settings changed, or a gap in what is in no log."""

    __slots__ = ()


Outgoing = Entry | Unlogged | StateDue
