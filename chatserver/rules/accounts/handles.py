"""Handles: the unique short names of users, which must not look alike.

A handle is first folded (NFKC, case-folded). ``checked`` refuses invalid ones; ``skeleton`` gives the key under which a
handle is taken, equal for handles that look alike. Look-alikes come from Unicode's confusables.txt (UTS 39) in the
package ``confusable-homoglyphs``, which is maintained, packaged by Debian and Alpine, and has no dependencies. It
answers "what looks like this character"; the skeleton of UTS 39 is computed here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from confusable_homoglyphs import confusables

from chatserver.errors import PARAMS, Refusal
from chatserver.rules.text import characters

SHORTEST: Final = 2
LONGEST: Final = 30
INNER: Final = "_.-"

# Scripts that may be mixed: Latin with each of East Asia's (UTS 39, "highly restrictive").
_TOGETHER: Final = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
_SHARED: Final = frozenset({"COMMON", "INHERITED"})
_SEPARATORS_WRONG: Final = re.compile(r"^[_.\-]|[_.\-]{2}|[_.\-]$")
_FINAL_SIGMA: Final = re.compile(r"(?<=[^\W\d_])σ(?![^\W\d_])")
_ORIENTATION: Final = "\u200e\u200f"

# Words that mean everyone, or sound official, in the languages that people here are likely to use.
_RESERVED: Final[str] = (
    "host admin admins administrator moderator moderators mod owner root system sysadmin support staff official "
    "security help helpdesk service server chatserver house community hall "
    "everyone everybody all here room rooms member members "
    "someone nobody anonymous deleted unknown undefined null none me you self bot webmaster postmaster abuse "
    "全体 全體 全体成员 全體成員 所有人 所有成员 所有成員 每个人 每個人 大家 管理员 管理員 系统 系統 系统管理员 "
    "系統管理員 官方 客服 主持 主持人 掌柜 掌櫃 房主 群主 版主 前厅 前廳 有人 匿名 "
    "管理者 運営 みんな 全員 관리자 운영자 모두 админ администратор модератор все поддержка "
    "todos tous alle jeder administrador administrateur moderador modérateur soporte"
)


def fold(text: str) -> str:
    """The handle as stored and looked up: stripped, without a leading @, NFKC, case-folded."""
    composed = unicodedata.normalize("NFKC", text.strip().removeprefix("@"))
    # İ folds to i and a combining dot, which nobody can see or type; a final sigma is written as ς.
    folded = unicodedata.normalize("NFKC", composed.casefold()).replace("i\u0307", "i")
    return _FINAL_SIGMA.sub("ς", folded)


def checked(text: str, *, may_be_reserved: bool = False) -> str:
    """The folded handle. Raises ``Refusal`` with path ``handle`` and a reason ``handle_…``.

    2 to 30 characters: letters and digits of any script, marks on letters, and single ``_ . -`` between them.
    """
    handle = fold(text)
    if not SHORTEST <= len(handle) <= LONGEST:
        raise _refusal("length", f"A handle has {SHORTEST} to {LONGEST} characters")
    if not all(_may_stand(char) for char in handle) or _SEPARATORS_WRONG.search(handle):
        raise _refusal("characters", "A handle is made of letters and digits, with single _ . - between them")
    if _has_stray_marks(handle) or characters.is_flooded(handle):
        raise _refusal("marks", "A handle may have marks only on letters, and only a few on each")
    if _mixes_scripts(handle) or _mixes_digits(handle):
        raise _refusal("mixed_scripts", "A handle must not mix alphabets that look alike: use one")
    if not may_be_reserved and skeleton(handle) in _reserved_skeletons():
        raise _refusal("reserved", "This handle is reserved: choose another")
    return handle


def skeleton(handle: str) -> str:
    """The skeleton of a handle: handles with the same skeleton look alike."""
    looks = _looks()
    seen = unicodedata.normalize("NFD", handle)
    for _ in range(2):  # twice: a look-alike may be a capital (0 looks like O), whose small letter has its own
        seen = unicodedata.normalize("NFD", "".join(looks.get(char, char) for char in seen)).casefold()
    return unicodedata.normalize("NFC", seen)


def _refusal(reason: str, message: str) -> Refusal:
    return Refusal(PARAMS, message, f"handle_{reason}", path="handle")


def _may_stand(char: str) -> bool:
    if char in INNER:
        return True
    category = unicodedata.category(char)
    if characters.is_blank(char) or category == "Me":
        return False
    if category == "Lm":  # apostrophes and raised signs of no script are easily overlooked
        return characters.script(char) not in _SHARED
    return category[0] == "L" or category in ("Nd", "Mn", "Mc") or char == "〇"


def _has_stray_marks(handle: str) -> bool:
    """Whether a mark is on something other than a letter."""
    pairs = zip("_" + handle, handle, strict=False)
    return any(characters.is_mark(char) and (before in INNER or before.isdigit()) for before, char in pairs)


def _mixes_scripts(handle: str) -> bool:
    scripts = {characters.script(char) for char in handle} - _SHARED
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)


def _mixes_digits(handle: str) -> bool:
    """Whether digits of two number systems are mixed; each system is identified by its zero."""
    zeros = {ord(char) - unicodedata.decimal(char) for char in handle if unicodedata.category(char) == "Nd"}
    return len(zeros) > 1


@cache
def _looks() -> dict[str, str]:
    """A map from each character to the one it looks like. The package's table is a star around each such prototype."""
    around: dict[str, set[str]] = {}
    for char, others in confusables.confusables_data.items():
        around.setdefault(char.strip(_ORIENTATION), set()).update(other["c"].strip(_ORIENTATION) for other in others)
    looks: dict[str, str] = {}
    for char, others in around.items():
        alike = sorted(others)
        if len(char) == 1 and len(alike) == 1 and _is_prototype(alike[0], char, len(around[alike[0]])):
            looks[char] = alike[0]
    looks["ӏ"] = "l"  # the small palochka; Unicode's table pairs it with i, whose dot it lacks
    return looks


def _is_prototype(candidate: str, char: str, sources: int) -> bool:
    """Whether ``candidate`` is the centre of a star. Of only two look-alikes, the longer counts, then the smaller."""
    return sources > 1 or (-len(candidate), candidate) < (-len(char), char)


@cache
def _reserved_skeletons() -> frozenset[str]:
    return frozenset(skeleton(fold(word)) for word in _RESERVED.split())
