"""Who is a newcomer: an account younger than some days, or with few messages that stand.

Nobody is one who came by a personal invitation, whom the operator made, who is among the community's first accounts, or
who is a bot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

DAY_MS: Final = 86_400_000


@dataclass(slots=True, frozen=True)
class Numbers:
    """Until when somebody is a newcomer, how many others a newcomer's message calls by name, and how many topics a
    newcomer starts in a day."""

    days: int = 1
    messages: int = 5
    mentions: int = 3
    topics: int = 1


class Arrival(Struct, frozen=True, gc=False):
    """When a user came (ms), whether they are trusted from the start, and how many of their messages stand: counted up
    to ``Numbers.messages``, more are not needed."""

    created_at: int
    trusted: bool
    messages: int = 0


TRUSTED: Final = Arrival(0, trusted=True)


def is_newcomer(arrival: Arrival, now: int, numbers: Numbers) -> bool:
    if arrival.trusted:
        return False
    return now < arrival.created_at + numbers.days * DAY_MS or arrival.messages < numbers.messages


def must_count(arrival: Arrival, numbers: Numbers) -> bool:
    """Whether the user's next message still has to be counted: the first always, because it is marked."""
    return not arrival.trusted and arrival.messages < (numbers.messages or 1)


def arrival_of(profile: Mapping[str, bytes]) -> Arrival:
    """What a user's stored fields say of their arrival."""
    return Arrival(
        int(profile.get("created_at") or 0),
        trusted=b"1" in {profile.get("trusted"), profile.get("bot")},
        messages=len((profile.get("wrote") or b"").split()),
    )
