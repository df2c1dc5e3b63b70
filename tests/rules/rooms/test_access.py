"""Who may do what in a room: the small world of Mei (owner), Lin (moderator), Tom (member) and outsiders."""

from dataclasses import dataclass

import pytest

from chatserver.errors import Refusal
from chatserver.rules.rooms import access as rooms

NOW = 1_000_000


@dataclass(frozen=True)
class Member:
    role: str = "member"
    joined_at: int = 0
    muted_until: int = 0


@dataclass(frozen=True)
class Room:
    kind: str = "open"
    window: bool = False
    bots: bool = False
    archived: bool = False


MEI, LIN, TOM = Member("owner", 1), Member("moderator", 2), Member("member", 3)
OPEN, WINDOW, CLOSED, DIRECT = Room(), Room(window=True), Room("closed"), Room("direct")


def reason(call, *arguments, **named):
    """ "" where they may, else the reason of the refusal."""
    try:
        assert call(*arguments, **named) is None
    except Refusal as refusal:
        return refusal.reason
    return ""


@pytest.mark.parametrize(
    ("room", "member", "signed_in", "banned", "expected"),
    [
        (OPEN, None, True, False, ""), (OPEN, None, False, False, "not_signed_in"),
        (OPEN, None, True, True, "banned"),
        (WINDOW, None, False, False, ""), (CLOSED, None, True, False, "not_found"),
        (CLOSED, None, False, False, "not_found"),
        (CLOSED, TOM, True, False, ""), (DIRECT, None, True, False, "not_found"), (DIRECT, TOM, True, False, ""),
        (Room("closed", window=True), None, False, False, "not_found"),
    ],
)  # fmt: skip
def test_who_may_read(room, member, signed_in, banned, expected):
    assert reason(rooms.may_read, room, member, signed_in=signed_in, banned=banned) == expected
