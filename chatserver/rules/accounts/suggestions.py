"""Suggests handles for a display name: pinyin for Chinese, Latin letters without accents.

Other scripts keep the letters that a handle may have. Readings come from pypinyin, the usual library for them. It is
imported at the first Chinese name, because its tables take a quarter of a second and some 50 MB.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from chatserver.errors import Refusal
from chatserver.rules.accounts import handles
from chatserver.rules.text import characters

FALLBACK: Final = "guest"
_LONGEST_NUMBER: Final = 9

# Latin letters that do not decompose into a letter and an accent.
_PLAIN: Final = str.maketrans({
    "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l",
    "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ħ": "h", "Ħ": "h", "ı": "i", "ŋ": "ng", "Ŋ": "ng",
})  # fmt: skip
_WITH_HAN: Final = frozenset({"HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL"})


def from_name(name: str) -> str:
    """The start of a handle for this name. ``numbered`` makes valid handles of it."""
    words = unicodedata.normalize("NFKC", name).split()
    spelled = ".".join(filter(None, map(_word, _read(words))))
    base = re.sub(r"[_.\-]+", _one_separator, spelled)[: handles.LONGEST - _LONGEST_NUMBER].strip(handles.INNER)
    return base if _can_be_handle(base) or _can_be_handle(base + "2") else FALLBACK


def numbered(base: str, number: int) -> str:
    """The handle with this number appended (1: none); "" if that is not a valid handle."""
    handle = handles.fold(base if number == 1 else f"{base}{number}")
    return handle if _can_be_handle(handle) else ""


def _read(words: list[str]) -> list[str]:
    """Chinese words in pinyin. With kana or hangul in the name, its characters are not read as Chinese."""
    scripts = {characters.script(char) for word in words for char in word}
    if "HAN" not in scripts or scripts & _WITH_HAN:
        return words
    from pypinyin import lazy_pinyin

    return ["".join(lazy_pinyin(word)) for word in words]


def _word(word: str) -> str:
    plain = "".join(map(_without_accent, word.translate(_PLAIN)))
    return "".join(char for char in unicodedata.normalize("NFC", plain).casefold() if _may_stand(char))


def _without_accent(char: str) -> str:
    if characters.script(char) != "LATIN":
        return char
    return "".join(part for part in unicodedata.normalize("NFD", char) if not characters.is_mark(part))


def _may_stand(char: str) -> bool:
    return char in handles.INNER or char.isalnum() or characters.is_mark(char)


def _one_separator(found: re.Match[str]) -> str:
    return found[0][0]


def _can_be_handle(text: str) -> bool:
    try:
        return handles.checked(text) == text
    except Refusal:
        return False
