"""How far a user has read in a room.

A room's conversation has *lines*: the main line (``MAIN``) and its topics, named by their ids. One marker,
``read_seq``, holds for the whole room; a line in which the user is further has a marker of its own. A message is read
when its number is at or below ``read_seq``, or at or below the marker of the line it is in now. user_mark.lua follows
the same rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

WHOLE: Final = "*"
MAIN: Final = ""
MOST_MARKERS: Final = 500


class Reading(Struct, frozen=True):
    """``markers`` are those above ``read_seq``, by line."""

    read_seq: int
    markers: Mapping[str, int] = {}

    def marker(self, line: str) -> int:
        """The number up to which this line is read; of ``WHOLE``, the whole room."""
        return max(self.read_seq, self.markers.get(line, 0))

    def moved(self, line: str, seq: int, *, topical: int, own: bool = False) -> Reading:
        """After reading ``line`` up to ``seq``. ``topical``: no later message of the room is in a topic, so that beyond
        it the main line is the whole room. ``own``: the message with this number was sent there, so where it is the
        very next one nothing is left before it; a client may name a number that is in another line."""
        if seq <= self.marker(line):
            return self
        if reads_all(self.read_seq, line, seq, topical=topical, own=own):
            return settled(seq, self.markers)
        return settled(self.read_seq, {**self.markers, line: seq})

    def joined(self, other: Reading) -> Reading:
        """What is read by either of two."""
        lines = {line: max(self.marker(line), other.marker(line)) for line in {*self.markers, *other.markers}}
        return settled(max(self.read_seq, other.read_seq), lines)

    def upto(self, seq: int) -> Reading:
        """What is read of the messages up to this number."""
        return settled(min(self.read_seq, seq), {line: min(marker, seq) for line, marker in self.markers.items()})


def reads_all(read_seq: int, line: str, seq: int, *, topical: int, own: bool) -> bool:
    """Whether somebody who has read the whole room up to ``read_seq`` has read it up to ``seq`` with this line, as for
    ``Reading.moved``."""
    return line == WHOLE or (own and seq == read_seq + 1) or (line == MAIN and topical <= read_seq)


def settled(read_seq: int, markers: Mapping[str, int]) -> Reading:
    """With at most ``MOST_MARKERS``: beyond that ``read_seq`` rises to the lowest."""
    if not markers:
        return Reading(read_seq)
    above = sorted((marker, line) for line, marker in markers.items() if marker > read_seq)
    if len(above) > MOST_MARKERS:
        read_seq = above[-MOST_MARKERS - 1][0]
    return Reading(read_seq, {line: marker for marker, line in above if marker > read_seq})


def written(markers: Mapping[str, int]) -> str:
    """Markers as they are stored: ``":12 5f0c:17"`` for the main line and a topic."""
    return " ".join(f"{line}:{marker}" for line, marker in markers.items())


def read(text: str) -> dict[str, int]:
    """Markers from how they are stored."""
    pairs = (one.split(":") for one in text.split(" ")) if text else ()
    return {line: int(marker) for line, marker in pairs}
