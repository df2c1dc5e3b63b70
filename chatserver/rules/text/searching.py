"""Folds text for search, so that a word is found in any of its spellings.

OpenCC, the usual library for it, maps traditional characters to simplified ones. It is called for one character at a
time, because its conversion of phrases depends on the context; and it is imported at the first Chinese character.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Any


def fold(text: str) -> str:
    """Fold width, case, and traditional to simplified Chinese characters."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_SIMPLIFIED)


class _Simplified(dict[int, int | str]):
    """The simplified form of each character, by code point, filled on demand."""

    def __missing__(self, code: int) -> int | str:
        self[code] = simple = _converter().convert(chr(code)) if _is_han(code) else code
        return simple


def _is_han(code: int) -> bool:
    return 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF


@functools.cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


_SIMPLIFIED = _Simplified()
