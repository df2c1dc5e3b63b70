"""Text as it is searched: whoever types a word finds it however it was written.

OpenCC, the library that everyone converts Chinese with, knows which characters are written in two ways. It is asked for
one character at a time, because what it makes of whole phrases depends on what stands around a word; and it is imported
at the first Chinese character.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Any


def fold(text: str) -> str:
    """Wide and narrow forms, capitals and small letters, simplified and traditional characters are the same."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_SIMPLIFIED)


class _Simplified(dict[int, int | str]):
    """What each character is simplified to, by code point."""

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
