"""A name in the ways in which people type it: a part of it, its pinyin, its initials, or these mixed.

王小明 is found by 小明, wangxiaoming, wxm and wangxm; Ada Lovelace by love, al and adal. Readings come from pypinyin; a
character with several readings is found by each. Simplified and traditional characters are alike.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from typing import Final, NamedTuple

from chatserver.rules.text.searching import fold

# Shorter Latin words are in too many names to be looked for in the middle of one.
ANYWHERE: Final = 3
_KEPT: Final = 20_000
_HAN: Final = r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_PARTS: Final = re.compile(rf"{_HAN}|(?:(?!{_HAN})[^\W_])+")

Part = frozenset[str]
"""What a Chinese character or a word can be typed as."""


class Spelled(NamedTuple):
    """A name and a handle, folded; the parts of each in order; and the first letters of all parts, by which most names
    are ruled out at once."""

    text: str
    parts: tuple[tuple[Part, ...], ...]
    initials: frozenset[str]

    def is_meant_by(self, word: str) -> bool:
        """Whether a folded word is part of it, or the beginnings of some of its parts that follow each other."""
        if (len(word) >= ANYWHERE or not word.isascii()) and word in self.text:
            return True
        if word[0] not in self.initials:
            return False
        return any(_begin(parts[first:], word) for parts in self.parts for first in range(len(parts)))


@functools.lru_cache(_KEPT)
def spelled(name: str, handle: str) -> Spelled:
    """How this name and handle can be typed."""
    texts = fold(name), fold(handle)
    parts = tuple(tuple(_part(found[0]) for found in _PARTS.finditer(text)) for text in texts)
    initials = frozenset(typed[0] for words in parts for part in words for typed in part)
    return Spelled("\n".join(texts), parts, initials)


def is_meant(title: str, word: str) -> bool:
    """Whether a folded word without Chinese may mean this title."""
    return word.isascii() and spelled(title, "").is_meant_by(word)


class Typed(NamedTuple):
    """What a word that means a title by its spellings begins with, one and two letters, and all threes of letters that
    can be in such a word."""

    starts: set[str]
    threes: set[str]


def typed(title: str) -> Typed:
    """What such words for this title are made of. Nothing of it is kept."""
    found = Typed(set(), set())
    for parts in spelled.__wrapped__(title, "").parts:
        # A word without Chinese ends at the first character that is not ASCII.
        readings = [{text for text in map(_ascii, part) if text} for part in parts]
        firsts = [{text[0] for text in some} for some in readings] + [set[str]()]
        twos = [
            {text[:2] for text in some if len(text) > 1} | {one + other for one in first for other in following}
            for some, first, following in zip(readings, firsts, firsts[1:], strict=False)
        ] + [set[str]()]
        found.starts.update(*firsts, *twos)
        for place, some in enumerate(readings):
            for text in some:
                found.threes.update(text[at : at + 3] for at in range(len(text) - 2))
                found.threes.update(text[at : at + 2] + one for at in range(len(text) - 1) for one in firsts[place + 1])
                found.threes.update(one + two for one in text for two in twos[place + 1])
    return found


def _ascii(text: str) -> str:
    return text if text.isascii() else re.split(r"[^\x00-\x7f]", text, maxsplit=1)[0]


def _part(text: str) -> Part:
    return frozenset([text]) if text.isascii() else frozenset([text, *_readings(text)])


@functools.cache
def pinyin_reader() -> Callable[[str], list[str]]:
    """Gives the readings of a Chinese character. The first call loads pypinyin's tables, for a third of a second."""
    from pypinyin import Style, pinyin

    def readings(char: str) -> list[str]:
        found: list[list[str]] = pinyin(char, style=Style.NORMAL, heteronym=True, errors="ignore")
        return found[0] if found else []

    readings("茶")
    return readings


@functools.lru_cache(_KEPT)
def _readings(text: str) -> tuple[str, ...]:
    """The pinyin of a Chinese character, without tones; ü is v or u. Of a word, its letters without accents."""
    if len(text) > 1:
        return ("".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char)),)
    readings = pinyin_reader()(text)
    return tuple(dict.fromkeys([*readings, *(reading.replace("v", "u") for reading in readings)]))


def _begin(parts: tuple[Part, ...], word: str) -> bool:
    """Whether the word is a beginning of the first part, then one of the next, and so on."""
    reached = {0}
    for part in parts:
        reached = {end for at in reached for typed in part for end in _ends(typed, word, at)}
        if len(word) in reached:
            return True
        if not reached:
            return False
    return False


def _ends(typed: str, word: str, at: int) -> range:
    """The places in the word to which a beginning of ``typed`` reaches from ``at``."""
    same = 0
    while same < len(typed) and at + same < len(word) and typed[same] == word[at + same]:
        same += 1
    return range(at + 1, at + same + 1)
