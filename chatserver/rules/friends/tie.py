"""What two users are to each other, and what a step of the ladder returns: values only, without rules.

``rules.friends.ladder`` has the rules, ``store.friends.ties`` keeps the values.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

DAY_MS: Final = 86_400_000
CLINK_MS: Final = 500
Rung = Literal["stranger", "poked", "curtain", "acquainted", "friend"]
Relation = Literal["stranger", "acquainted", "friend"]
Gesture = Literal["hi", "same_here", "talk"]
Wish = Literal["", "yes", "not_yet"]
News = Literal["poke", "curtain", "answered", "redrawn", "opened", "friend", "card", "met", "invited", "gone"]


class Numbers(Struct, frozen=True):
    """The numbers of the rules, all from settings."""

    places: int = 5
    shown_a_day: int = 5
    fade_ms: int = 7 * DAY_MS
    return_ms: int = 30 * DAY_MS
    spoken_ms: int = 30 * DAY_MS
    again_ms: int = 90 * DAY_MS
    friend_days: int = 2
    answer_characters: int = 280
    code_ms: int = 60_000


class Poke(Struct, frozen=True, omit_defaults=True):
    """``hidden``: the receiver does not see it, because of whom they let say hi, or because they blocked the sender.
    ``seq`` is a message of the receiver, or 0; ``last`` the room's last message at that time; ``card`` is the question
    that both will see."""

    id: str
    by: str
    room: str
    gesture: Gesture
    at: int
    seq: int = 0
    card: str = ""
    hidden: bool = False
    dismissed: bool = False
    last: int = 0


class Curtain(Struct, frozen=True, omit_defaults=True):
    """``poker`` sent the poke; both see the question ``card``. A ``rehearsal`` is with the community's host."""

    id: str
    at: int
    room: str
    card: str
    poker: str
    seq: int = 0
    rehearsal: bool = False


class Origin(Struct, frozen=True, omit_defaults=True):
    """How a tie began. ``room`` and ``seq`` name the message, ``card`` the question both answered, if any."""

    how: Literal["poke", "invitation", "met", "bot"]
    at: int
    room: str = ""
    seq: int = 0
    card: str = ""


class Invited(Struct, frozen=True, omit_defaults=True):
    """Who has an account accepted an invitation of ``giver``, who has not said yes yet. ``hidden``: the giver had
    blocked them, or said no, and is not asked."""

    giver: str
    at: int
    room: str = ""
    hidden: bool = False


class Side(Struct, frozen=True, omit_defaults=True):
    """One user's part of a tie. ``answered_at`` orders the first lines; ``draft`` is an answer that was returned when
    another card was drawn; ``wants`` is their answer to "become friends?"; ``confirms`` is the ``meeting`` that they
    confirmed; ``blocked_at`` is when they blocked; ``closed`` hides from this friend what is for friends."""

    poked_at: int = 0
    answer: str = ""
    answered_at: int = 0
    draft: str = ""
    drew: bool = False
    rests: bool = False
    wants: Wish = ""
    blocks: bool = False
    offers_card: bool = False
    shows_seen: bool = False
    note: str = ""
    confirms: int = 0
    blocked_at: int = 0
    closed: bool = False


NO_SIDE: Final = Side()


class Tie(Struct, frozen=True, omit_defaults=True):
    """What two users are to each other; ``a`` is the smaller id. A meeting may be confirmed until ``meeting`` (ms).
    Days of writing count after ``days_after``. Once both want to be friends, ``agreed_after`` is the last day that does
    not make them friends; 0 before."""

    a: str
    b: str
    relation: Relation = "stranger"
    side_a: Side = NO_SIDE
    side_b: Side = NO_SIDE
    poke: Poke | None = None
    curtain: Curtain | None = None
    origin: Origin | None = None
    invited: Invited | None = None
    met_at: int = 0
    meeting: int = 0
    opened_at: int = 0
    friends_at: int = 0
    days_after: int = 0
    agreed_after: int = 0

    def other(self, user: str) -> str:
        return self.b if user == self.a else self.a

    def side(self, user: str) -> Side:
        return self.side_a if user == self.a else self.side_b

    def changed(self, user: str, **changes: object) -> Tie:
        """The tie with changes to this user's side."""
        side = replace(self.side(user), **changes)
        return replace(self, side_a=side) if user == self.a else replace(self, side_b=side)

    @property
    def rests(self) -> bool:
        return self.side_a.rests or self.side_b.rests


class Told(Struct, frozen=True):
    """A notification about the tie for ``user``; ``id`` is that of the poke or curtain. ``hidden``: it reaches nobody.
    ``until`` (ms): how long there is something to confirm; ``ahead`` (ms): how long after the step it happens."""

    user: str
    news: News
    id: str = ""
    hidden: bool = False
    until: int = 0
    ahead: int = 0


class Line(Struct, frozen=True):
    """A first line of a conversation. ``alone``: only its author sees it, because the other had blocked them."""

    user: str
    text: str
    alone: bool = False


class Step(Struct, frozen=True):
    """The result of a step. ``opens``: the conversation opens now, with these first lines. ``frees``: the user whose
    place for a poke is released now."""

    tie: Tie
    told: tuple[Told, ...] = ()
    opens: bool = False
    lines: tuple[Line, ...] = ()
    frees: str = ""


def between(one: str, other: str) -> Tie:
    """The tie of two strangers."""
    return Tie(min(one, other), max(one, other))
