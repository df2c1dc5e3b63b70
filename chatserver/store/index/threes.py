"""Texts as the overlapping threes of their characters, for an FTS5 table in which a word is found anywhere in a text.

Three or more letters are found by all their threes, one or two as the beginning of one. What is found so is compared
with the words themselves. The table has ``tokenize = 'ascii'``, which keeps letters and digits; other characters of
ASCII stand for themselves as private ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

THREE: Final = 3
MOST: Final = 32
"""How many threes of one word are asked for; a longer one is compared anyway."""
_PRIVATE: Final = {code: 0xE000 + code for code in range(128) if not chr(code).isalnum()}


def threes_of(words: str) -> str:
    """The overlapping threes of each word, and the shorter ends, as tokens."""
    said = (as_token(word) for word in words.split())
    return " ".join(dict.fromkeys(word[place : place + THREE] for word in said for place in range(len(word))))


def as_token(word: str) -> str:
    """The word without what the tokenizer would drop."""
    return word.translate(_PRIVATE)


def all_of(asked: Iterable[str]) -> str:
    """What has all of this, as FTS5 reads it."""
    return " AND ".join(asked)


def has(word: str) -> str:
    """What may have the word, as FTS5 reads it. Private characters stand for quotes, so nothing can end the quotes."""
    word = as_token(word)
    return f'"{word}" *' if len(word) < THREE else all_of(f'"{three}"' for three in cut(word))


def cut(word: str) -> list[str]:
    """The threes of a word of three or more letters."""
    return list(dict.fromkeys(word[place : place + THREE] for place in range(len(word) - THREE + 1)))[:MOST]
