"""By which words somebody is found: what they show everybody, as far as they chose to be found by it.

A word is found anywhere in a text, as is usual for Chinese. A handle as a whole finds its holder whatever they chose.
"""

from __future__ import annotations

import functools

from msgspec import Struct

from chatserver.rules.text.searching import fold


class Findable(Struct, frozen=True):
    """What decides by which words a user is found. ``findable`` is "" for "interests"; ``version`` rises with each
    change."""

    user: str
    handle: str
    name: str
    headline: str = ""
    interests: list[str] = []
    findable: str = ""
    suspended: bool = False
    version: int = 0

    @property
    def words(self) -> str:
        """The words by any part of which everybody may find this user, folded, one item per line."""
        if self.findable == "nothing":
            return ""
        more = [] if self.findable == "name" else [self.headline, *self.interests]
        return names_of(self.name, self.handle) + fold("\n".join(["", *more]))

    def count(self, words: list[str]) -> int:
        """How many of these folded words find this user; none while they are suspended."""
        if self.suspended:
            return 0
        text, handle = self.words, fold(self.handle)
        return sum(word in text or word == handle for word in words)


def names_of(name: str, handle: str) -> str:
    """Name, handle and the pinyin of a Chinese name, folded, one per line."""
    return fold("\n".join([name, handle, *sounds_of(name)]))


@functools.lru_cache(20_000)
def sounds_of(name: str) -> tuple[str, ...]:
    """The pinyin of a Chinese name: in full, as initials, and the first in full with the others' initials. Empty for
    other names."""
    if not is_chinese(name):
        return ()
    from pypinyin import Style, lazy_pinyin

    full, initials = lazy_pinyin(name), lazy_pinyin(name, style=Style.FIRST_LETTER)
    return "".join(full), "".join(initials), "".join([*full[:1], *initials[1:]])


def is_chinese(name: str) -> bool:
    """Whether there is a Chinese character in it."""
    return any("\u3400" <= char <= "\u9fff" for char in name)
