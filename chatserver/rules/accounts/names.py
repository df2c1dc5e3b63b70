"""Display names and what else is said of a person on one line: any language, but not a message and not a way to be
reached.

From the community's rules: at most 40 characters, no links, no runs of six digits, changed at most once a week.
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

# Endings that people write addresses with. A word, a dot and one of these is a link; "J.R." and "St.John" are not.
_ENDINGS: Final[str] = (
    "com net org edu gov info biz io co me app dev ai xyz top site online shop store club link live chat blog wiki "
    "space fun pro vip win icu cc tv gg ly tk ml ga to cn hk tw jp kr sg uk us de fr es it nl ch at pl ru ua eu in br "
    "mx au ca 中国 中國 公司 网络 網絡 рф"
)
# A particle behind an initial is a name: "J.de Vries", "M.de Boer", "S.in Chen". An initial is no host of its own, save
# where it is known as one ("t.me").
_INITIAL: Final = re.compile(
    r"(?<![\w.@/-])[^\W\d_][.](?:de|in|to|la|au|it|at|co|me)(?=\s+[^\W\d_])(?<!\bt\.me)", re.IGNORECASE
)
# Years and dates of a headline, and a number with a point: not ways to be reached.
_YEARS_AND_DATES: Final = re.compile(
    r"(?<![\d.+-])(?:(?:1[89]|20)\d\d\s?[-–/]\s?(?:1[89]|20)\d\d|[0-3]?\d[./-][01]?\d[./-](?:1[89]|20)\d\d"
    r"|(?:1[89]|20)\d\d[./-][01]?\d[./-][0-3]?\d|\d\.\d{1,6})(?![\d.-]|\s?\d)"
)
_LINK: Final = re.compile(
    r"[a-z][a-z0-9+]{1,12}:\s?//|\bwww\s?\.|\w[.。](?:" + _ENDINGS.replace(" ", "|") + r")(?![\w-])|\w@[\w-]+[.。]\w",
    re.IGNORECASE,
)
# Between digits these do not end a run: a telephone number stays one with spaces or dashes in it.
_BETWEEN_DIGITS: Final = frozenset(" -._()+/·")


def checked(text: str) -> str:
    """The name as it is stored: NFC, white space folded. A ``Refusal`` of ``name`` has a reason ``name_…``."""
    return checked_line(text, "name", LONGEST_NAME)


def checked_headline(text: str) -> str:
    """The line under a name, seen by strangers and so held to a name's rules; may be empty."""
    return checked_line(text, "headline", LONGEST_HEADLINE) if text.strip() else ""


def has_link(text: str) -> bool:
    """Whether a link stands in it, also one drawn apart by what nobody sees."""
    seen = "".join(char for char in unicodedata.normalize("NFKC", text) if not characters.is_blank(char))
    return _LINK.search(seen) is not None


def may_change(named_at: int, now: int) -> None:
    """Whether the name last set at ``named_at`` (ms; 0: never changed) may be changed; else a ``Refusal``."""
    wait = named_at + STANDS_MS - now
    if named_at and wait > 0:
        raise Refusal(NOT_ALLOWED, "A name can be changed once a week", "name_too_soon", retry_after=-(-wait // 1000))


def checked_line(text: str, path: str, longest: int) -> str:
    """A line that strangers read, by a name's rules; ``path`` names the field in the ``Refusal``."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(name) <= longest:
        raise _refusal(path, "length", f"At most {longest} characters, and not none")
    if not all(_may_stand(name, place) for place in range(len(name))):
        raise _refusal(path, "characters", "Characters that cannot be seen, or turn the line around, cannot stand here")
    if characters.is_mark(name[0]) or characters.is_flooded(name):
        raise _refusal(path, "marks", "Too many marks on one letter")
    if not any(char.isalnum() or characters.is_emoji(char) for char in name):
        raise _refusal(path, "empty", "At least one letter, digit or emoji")
    refuse_ways_to_reach(name, path)
    return name


def refuse_ways_to_reach(text: str, path: str) -> None:
    """Raise a ``Refusal`` for links and for runs of six digits, also where they are spread over lines."""
    one_line = " ".join(text.split())
    seen = "".join(char for char in unicodedata.normalize("NFKC", one_line) if not characters.is_blank(char))
    if _LINK.search(_INITIAL.sub(" ", seen)):
        raise _refusal(path, "link", "No links here")
    if _longest_run_of_digits(_YEARS_AND_DATES.sub("x", seen) if path == "headline" else seen) >= DIGITS_IN_A_ROW:
        raise _refusal(path, "digits", "No numbers of six digits or more here")


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
    """Digits of any script count, 一二三 and ① among them."""
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
