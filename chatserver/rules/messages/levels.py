"""What notifies a user in single topics of a room, as they chose it.

Stored as ``"ID:n"`` (for good) and ``"ID:a:1700000000000:n"`` (until a time; the first letter is what held before,
``-`` if nothing was chosen), separated by spaces. user_topic.lua writes it.
"""

from __future__ import annotations

from typing import Final, Literal

Level = Literal["all", "mentions", "none"]
_LEVELS: Final[dict[str, Level]] = {"a": "all", "m": "mentions", "n": "none"}


def chosen(stored: str, now: int) -> dict[str, Level]:
    """The level of each topic for which one holds at this time (ms)."""
    found: dict[str, Level] = {}
    for one in stored.split():
        topic, good, *limited = one.split(":")
        letter = limited[1] if limited and now < int(limited[0]) else good
        if letter in _LEVELS:
            found[topic] = _LEVELS[letter]
    return found


def ends(stored: str, now: int) -> dict[str, int]:
    """When the level of a topic ends (ms), for those that were chosen until a time."""
    found = (one.split(":") for one in stored.split())
    return {topic: int(limited[0]) for topic, _, *limited in found if limited and now < int(limited[0])}
