"""Who may hear whose words: every text of a walk carries a mark, and ``Law`` knows from the acts so far who may ever
see it. The law knows nothing of the server; it is the rule book over again, in as few words as it goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MARK = re.compile(r"zq[a-w]{6}qz")
LETTERS = "abcdefghijklmnopqrstuvw"


@dataclass
class Said:
    """A text: who said it, as what, and who may hear it. ``where`` is the room it was said in."""

    author: str
    kind: str
    where: str = ""
    audience: set[str] = field(default_factory=set)


def pair(one: str, other: str) -> frozenset[str]:
    return frozenset({one, other})


@dataclass
class Law:
    """What everybody has agreed to so far. ``entered`` are those who came into a room by an act of their own;
    ``answers`` the answers before each pair that stand and have not opened anything."""

    said: dict[str, Said] = field(default_factory=dict)
    bots: set[str] = field(default_factory=set)
    open_rooms: set[str] = field(default_factory=set)
    entered: dict[str, set[str]] = field(default_factory=dict)
    agreed: set[frozenset[str]] = field(default_factory=set)
    answers: dict[frozenset[str], dict[str, str]] = field(default_factory=dict)
    confirmed: set[tuple[str, str]] = field(default_factory=set)
    offers: set[tuple[str, str]] = field(default_factory=set)
    closed: set[tuple[str, str]] = field(default_factory=set)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    rests: set[tuple[str, str]] = field(default_factory=set)

    # --- saying ------------------------------------------------------------------------------------------------------

    def say(self, author: str, kind: str, where: str = "", other: str = "") -> str:
        """Give a mark for a text; with ``other`` for one pair of eyes, if both have agreed by now."""
        number, letters = len(self.said), ""
        for _ in range(6):
            number, letter = divmod(number, len(LETTERS))
            letters = LETTERS[letter] + letters
        mark = f"zq{letters}qz"
        self.said[mark] = Said(author, kind, where, {other} if other and self.may_write(author, other) else set())
        return mark

    def may_write(self, one: str, other: str) -> bool:
        between = {(one, other), (other, one)}
        return pair(one, other) in self.agreed and not between & self.blocks and not between & self.rests

    # --- acts --------------------------------------------------------------------------------------------------------

    def enter(self, room: str, user: str) -> None:
        self.entered.setdefault(room, set()).add(user)

    def agree(self, one: str, other: str) -> None:
        self.agreed.add(pair(one, other))
        self.wake(one, other)

    def wake(self, one: str, other: str) -> None:
        self.rests -= {(one, other), (other, one)}

    def lay_card(self, one: str, other: str) -> None:
        self.answers[pair(one, other)] = {}

    def answer(self, user: str, other: str, mark: str) -> None:
        """The second answer opens both, save to who has blocked its author meanwhile."""
        given = self.answers.setdefault(pair(user, other), {})
        given[user] = mark
        if other not in given:
            return
        del self.answers[pair(user, other)]
        self.agree(user, other)
        for author, reader in ((user, other), (other, user)):
            if author == other or (reader, author) not in self.blocks:
                self.said[given[author]].audience.add(reader)

    def draw(self, user: str, other: str) -> None:
        self.answers.get(pair(user, other), {}).pop(other, None)

    def meet(self, one: str, other: str) -> None:
        self.confirmed -= {(one, other), (other, one)}

    def confirm(self, user: str, other: str) -> None:
        self.confirmed.add((user, other))
        if (other, user) in self.confirmed:
            self.agree(user, other)

    def step_back(self, one: str, other: str) -> None:
        self.offers -= {(one, other), (other, one)}

    def block(self, user: str, other: str) -> None:
        self.blocks.add((user, other))
        self.offers.discard((user, other))

    # --- judging -----------------------------------------------------------------------------------------------------

    def wrongs(self, reader: str, heard: str, *, pushed: bool) -> list[str]:
        """What this reader ("" is a visitor) should not have heard."""
        return [
            f"{reader or 'a visitor'} heard {self.said[mark]} ({mark}) in {heard[:400]}"
            for mark in set(MARK.findall(heard))
            if not self.may_hear(reader, self.said[mark], pushed=pushed)
        ]

    def may_hear(self, reader: str, said: Said, *, pushed: bool) -> bool:
        if reader == said.author or said.kind == "public":
            return True
        if said.kind == "room":
            asked = said.where in self.open_rooms and (not pushed or not reader)
            return asked or reader in self.bots or reader in self.entered.get(said.where, ())
        both = {(reader, said.author), (said.author, reader)}
        if said.kind == "card":
            return both <= self.offers and not both & self.blocks
        if said.kind == "friends":
            agreed = pair(reader, said.author) in self.agreed and not both & self.blocks
            return agreed and (said.author, reader) not in self.closed
        return reader in said.audience
