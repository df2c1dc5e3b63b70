"""Cards and questions of the day, read from config/icebreakers.toml.

Read at start. Cards and questions are stored by id only, so that each reader gets them in their own language and with
later corrections.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import msgspec

from chatserver.errors import StartError
from chatserver.ids import random_bytes

LONGEST: Final = 160
FEWEST_IN_DECK: Final = 2
LANGUAGES: Final = ("en", "zh-Hans", "zh-Hant")
Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{1,39}$")]


class Card(
    msgspec.Struct, frozen=True, rename={"zh_hans": "zh-Hans", "zh_hant": "zh-Hant"}, forbid_unknown_fields=True
):
    """A card or question in every language. ``theme`` is empty for a question of the day."""

    id: Id
    en: str
    zh_hans: str
    zh_hant: str
    theme: str = ""

    @property
    def texts(self) -> dict[str, str]:
        return {"en": self.en, "zh-Hans": self.zh_hans, "zh-Hant": self.zh_hant}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rooms: dict[str, list[str]]
    cards: list[Card]
    questions: list[Card]


class Icebreakers:
    """``draw`` picks a card for a room; a room without cards of its own gets one of any theme."""

    def __init__(self, rooms: dict[str, list[str]], cards: list[Card], questions: list[Card]) -> None:
        self.rooms = rooms
        self.cards = cards
        self.questions = questions
        self._by_id = {card.id: card for card in [*cards, *questions]}

    def deck(self, room: str) -> list[Card]:
        themes = self.rooms.get(room)
        return self.cards if themes is None else [card for card in self.cards if card.theme in themes]

    def draw(self, room: str, *, but: str = "") -> str:
        """A random card's id, other than ``but``."""
        deck = [card for card in self.deck(room) if card.id != but]
        return deck[int.from_bytes(random_bytes(4), "big") % len(deck)].id

    def question_of(self, day: int) -> Card:
        """The question of a day; questions take turns."""
        return self.questions[day % len(self.questions)]

    def texts(self, id: str) -> dict[str, str]:
        """The text by language; empty for a card that is no longer in the file."""
        card = self._by_id.get(id)
        return card.texts if card is not None else {}


def read_icebreakers(path: Path) -> Icebreakers:
    """Read the file. Raises ``StartError`` with the file and what is wrong in it."""
    try:
        return _icebreakers(path.read_bytes())
    except OSError as error:
        raise StartError(f"{path}: cannot be read ({error.strerror}); see friends.icebreakers_file") from None
    except (msgspec.DecodeError, StartError) as error:
        raise StartError(f"{path}: {error}") from None


@functools.cache
def _icebreakers(text: bytes) -> Icebreakers:
    """Made once of each text: it takes 7 ms, and the tests open hundreds of servers in one process."""
    file = msgspec.toml.decode(text, type=_File)
    for problem in _problems(file):
        raise StartError(problem)
    return Icebreakers(file.rooms, file.cards, file.questions)


def _problems(file: _File) -> Iterable[str]:
    if not file.questions:
        yield "there is no question of the day"
    everything = [*file.cards, *file.questions]
    ids: set[str] = set()
    for card in everything:
        if card.id in ids:
            yield f"{card.id} stands there twice"
        ids.add(card.id)
    for language in LANGUAGES:
        yield from _problems_in(language, everything)
    themes = [card.theme for card in file.cards]
    for room, wanted in file.rooms.items():
        if unknown := [theme for theme in wanted if theme not in themes]:
            yield f"the deck of {room} names the theme {unknown[0]}, of which there is no card"
        if sum(theme in wanted for theme in themes) < FEWEST_IN_DECK:
            yield f"the deck of {room} has too few cards to draw another"
    if len(themes) < FEWEST_IN_DECK:
        yield "there are too few cards to draw another"


def _problems_in(language: str, cards: Iterable[Card]) -> Iterable[str]:
    seen: dict[str, str] = {}
    for card in cards:
        text = card.texts[language]
        if not text.strip() or len(text) > LONGEST:
            yield f"{card.id} needs words in {language}, at most {LONGEST} characters"
        if text in seen:
            yield f"{card.id} says the same as {seen[text]} in {language}"
        seen[text] = card.id
