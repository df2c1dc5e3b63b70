"""Properties of characters: script, visibility, marks.

Used by the rules of handles, names and texts. Scripts come from the package ``confusable-homoglyphs``, which has
Unicode's own tables (Scripts.txt, confusables.txt of UTS 39); the rest comes from ``unicodedata``.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from confusable_homoglyphs import categories

ZWNJ: Final = "\u200c"
ZWJ: Final = "\u200d"
EMOJI_STYLE: Final = "\ufe0f"

# Scripts without spaces, or with endings that follow without one (Korean): there a handle may end anywhere.
UNSPACED: Final = frozenset(
    {"HAN", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"}
)
# Scripts in which an invisible joiner between two letters changes the text.
JOINING: Final = frozenset(
    {"ARABIC", "SYRIAC", "MONGOLIAN", "NKO", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL",
     "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "TIBETAN"}
)  # fmt: skip
# Invisible letters and marks: Unicode's Default_Ignorable_Code_Point without the Cf ones, and blank braille.
_BLANK: Final = frozenset(
    [
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0, 0x16FE4),
        *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)),
    ]
)
_VIRAMA: Final = 9
_MARKS_OF_ANY_SCRIPT: Final = 2
_MARKS_OF_ONE_SCRIPT: Final = 4


@lru_cache(maxsize=4096)
def script(char: str) -> str:
    """The character's Unicode script in capitals: ``LATIN``, ``HAN``, ``COMMON``, ``INHERITED``."""
    if char == "ー":  # lengthens a Japanese vowel; Unicode counts it as common to both kana
        return "KATAKANA"
    name: str = categories.alias(char)
    return name.upper()


def is_blank(char: str) -> bool:
    """Whether it is invisible but not white space: controls, formats, fillers, variation selectors."""
    return ord(char) in _BLANK or unicodedata.category(char) in ("Cc", "Cf")


def is_emoji(char: str) -> bool:
    """Whether it is a symbol such as an emoji; emoji newer than Python's tables are recognised by their block."""
    return unicodedata.category(char) == "So" or 0x1F000 <= ord(char) <= 0x1FAFF


def is_unknown(char: str) -> bool:
    """Whether it has no meaning: surrogates, private use, unassigned code points.

    Emoji and ideographs newer than Python 3.11's tables are recognised by their blocks.
    """
    category, point = unicodedata.category(char), ord(char)
    if category == "Cn":
        newer = 0x1F000 <= point <= 0x1FAFF or 0x20000 <= point <= 0x3FFFD
        return not newer or point & 0xFFFE == 0xFFFE
    return category in ("Cs", "Co")


def is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def is_visible(char: str) -> bool:
    """Whether a reader sees something."""
    return not (char.isspace() or is_blank(char) or is_mark(char) or is_unknown(char))


def is_flooded(text: str) -> bool:
    """Whether a letter has more marks than any language needs.

    Allowed are two marks that fit any script (accents, after composition), and four in all: Tibetan stacks and Hebrew
    with cantillation need three.
    """
    of_any = of_one = 0
    for char in unicodedata.normalize("NFC", text):
        if not is_mark(char):
            of_any = of_one = 0
        elif char != EMOJI_STYLE:
            inherited = script(char) in ("INHERITED", "COMMON", "UNKNOWN")
            of_any, of_one = of_any + inherited, of_one + 1
            if of_any > _MARKS_OF_ANY_SCRIPT or of_one > _MARKS_OF_ONE_SCRIPT:
                return True
    return False


def joins(text: str, place: int) -> bool:
    """Whether the joiner at ``place`` has an effect: within an emoji, or between letters of a joining script."""
    before, after = text[:place].rstrip(EMOJI_STYLE), text[place + 1 : place + 2]
    if not before or not after:
        return False
    last = before[-1]
    if text[place] == ZWJ and is_emoji(after):
        return is_emoji(last) or 0x1F3FB <= ord(last) <= 0x1F3FF
    if unicodedata.combining(last) == _VIRAMA:
        return script(after) in JOINING
    return text[place] == ZWNJ and script(last) in JOINING and script(after) in JOINING
