"""Display names and other lines of a profile: any language, but no links and no telephone numbers.

Product rules: at most 40 characters, no links, no runs of six digits, at most one change a week.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from chatserver.errors import NOT_ALLOWED, PARAMS, Refusal
from chatserver.rules.text import characters

LONGEST_NAME: Final = 40
LONGEST_HEADLINE: Final = 80
DIGITS_IN_A_ROW: Final = 6
DAY_MS: Final = 86_400_000
STANDS_MS: Final = 7 * DAY_MS

# A word, a dot and one of these endings is a link; "J.R." and "St.John" are not.
_ENDINGS: Final[str] = (
    "com net org edu gov info biz io co me app dev ai xyz top site online shop store club link live chat blog wiki "
    "space fun pro vip win icu cc tv gg ly tk ml ga to cn hk tw jp kr sg uk us de fr es it nl ch at pl ru ua eu in br "
    "mx au ca 中国 中國 公司 网络 網絡 рф"
)
# An initial followed by a particle is a name, not a host: "J.de Vries", "M.de Boer", "S.in Chen"; except "t.me".
_INITIAL: Final = re.compile(
    r"(?<![\w.@/-])[^\W\d_][.](?:de|in|to|la|au|it|at|co|me)(?=\s+[^\W\d_])(?<!\bt\.me)", re.IGNORECASE
)
# In a headline, years, dates and decimal numbers are not telephone numbers.
_YEARS_AND_DATES: Final = re.compile(
    r"(?<![\d.+-])(?:(?:1[89]|20)\d\d\s?[-–/]\s?(?:1[89]|20)\d\d|[0-3]?\d[./-][01]?\d[./-](?:1[89]|20)\d\d"
    r"|(?:1[89]|20)\d\d[./-][01]?\d[./-][0-3]?\d|\d\.\d{1,6})(?![\d.-]|\s?\d)"
)
_LINK: Final = re.compile(
    r"[a-z][a-z0-9+]{1,12}:\s?//|\bwww\s?\.|\w[.。](?:" + _ENDINGS.replace(" ", "|") + r")(?![\w-])|\w@[\w-]+[.。]\w",
    re.IGNORECASE,
)
# These do not end a run of digits: a telephone number may contain spaces or dashes.
_BETWEEN_DIGITS: Final = frozenset(" -._()+/·")


def checked(text: str) -> str:
    """The name as stored: NFC, white space collapsed. Raises ``Refusal`` with path ``name`` and a reason ``name_…``."""
    return checked_line(text, "name", LONGEST_NAME)


def checked_headline(text: str) -> str:
    """The headline under a name; may be empty. Strangers see it, so the rules of names apply."""
    return checked_line(text, "headline", LONGEST_HEADLINE) if text.strip() else ""


def has_link(text: str) -> bool:
    """Whether the text contains a link, even one with invisible characters in it."""
    seen = "".join(char for char in unicodedata.normalize("NFKC", text) if not characters.is_blank(char))
    return _LINK.search(seen) is not None


def may_change(named_at: int, now: int) -> None:
    """Raise ``Refusal`` name_too_soon if the name was last changed at ``named_at`` (ms; 0: never) less than a week
    ago."""
    wait = named_at + STANDS_MS - now
    if named_at and wait > 0:
        raise Refusal(NOT_ALLOWED, "You can change it once a week", "name_too_soon", retry_after=-(-wait // 1000))


def checked_line(text: str, path: str, longest: int) -> str:
    """A line that strangers read, by the rules of names. Raises ``Refusal`` with this ``path``."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(name) <= longest:
        raise _refusal(path, "length", f"Use 1 to {longest} characters")
    if not all(_may_stand(name, place) for place in range(len(name))):
        raise _refusal(path, "characters", "Remove characters that are invisible or reverse the text")
    if characters.is_mark(name[0]) or characters.is_flooded(name):
        raise _refusal(path, "marks", "Too many marks on one letter: remove some")
    if not any(char.isalnum() or characters.is_emoji(char) for char in name):
        raise _refusal(path, "empty", "Use at least one letter, digit or emoji")
    refuse_ways_to_reach(name, path)
    return name


def refuse_ways_to_reach(text: str, path: str) -> None:
    """Raise ``Refusal`` for links and for runs of six digits, even if spread over several lines."""
    one_line = " ".join(text.split())
    seen = "".join(char for char in unicodedata.normalize("NFKC", one_line) if not characters.is_blank(char))
    if _LINK.search(_INITIAL.sub(" ", seen)):
        raise _refusal(path, "link", "Links are not allowed here: remove them")
    if _longest_run_of_digits(_YEARS_AND_DATES.sub("x", seen) if path == "headline" else seen) >= DIGITS_IN_A_ROW:
        raise _refusal(path, "digits", "Numbers of six or more digits are not allowed here: remove them")


def _refusal(path: str, reason: str, message: str) -> Refusal:
    return Refusal(PARAMS, message, f"{path}_{reason}", path=path)


def _may_stand(name: str, place: int) -> bool:
    char = name[place]
    if char in (characters.ZWJ, characters.ZWNJ):
        return characters.joins(name, place)
    if char == characters.EMOJI_STYLE:
        return place > 0 and (characters.is_emoji(name[place - 1]) or name[place - 1] in "0123456789#*‼⁉↔")
    return not (characters.is_blank(char) or characters.is_unknown(char))


def _longest_run_of_digits(text: str) -> int:
    """The longest run of digits. Digits of any script count, including 一二三 and ①."""
    longest = run = 0
    for char in text:
        if characters.is_mark(char):
            continue
        if unicodedata.numeric(char, -1) in range(10):
            run += 1
            longest = max(longest, run)
        elif char not in _BETWEEN_DIGITS:
            run = 0
    return longest
