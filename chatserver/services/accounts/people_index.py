"""The search index of users: everyone's public words, in memory, indexed by pairs of letters.

A word is found anywhere in the text, as is usual for Chinese, so the index is not by whole words. It is built at the
first search and updated from ``{users}:live``. Reading profiles for each search took five times as long in a community
of ten thousand as in one of a hundred.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Final

from chatserver.rules.text.searching import fold
from chatserver.store.accounts.accounts import AccountStore, Profile
from chatserver.store.accounts.author_cache import AuthorCache

AT_ONCE: Final = 256
NOBODY: Final[frozenset[str]] = frozenset()
_WHOLE: Final = "\0"


class PeopleIndex:
    """Call ``refresh`` before ``found``. Built together with the search service."""

    def __init__(self, accounts: AccountStore, authors: AuthorCache) -> None:
        self._accounts = accounts
        self._directory = authors
        self._texts: dict[str, str] = {}
        self._held: dict[str, set[str]] = {}
        self._stale: set[str] = set()
        self._whole = False
        self._reads_chinese = False
        self._reading = asyncio.Lock()
        authors.on_told(self._stale.add)
        authors.on_missed(self._lose)

    def _lose(self) -> None:
        self._whole = False

    async def refresh(self) -> None:
        """Read new and changed users; the first time, everyone."""
        async with self._reading:
            if not self._whole:
                await self._list_everyone()
            while self._stale:
                await self._read(list(itertools.islice(self._stale, AT_ONCE)))

    async def _list_everyone(self) -> None:
        self._whole, after = True, None
        try:
            while places := await self._accounts.everyone(after=after):
                self._stale.update(user for _, user in places)
                after = places[-1]
        except BaseException:
            self._whole = False
            raise

    async def _read(self, users: list[str]) -> None:
        """Read these users; those that change meanwhile are read again."""
        self._stale.difference_update(users)
        try:
            profiles = await self._accounts.profiles(users)
            await self._directory.load(users)
            if not self._reads_chinese and any(_is_chinese(profile.name) for profile in profiles):
                await asyncio.to_thread(sounds_of, "茶")  # in a thread: the first Chinese name loads pypinyin's tables
                self._reads_chinese = True
        except BaseException:
            self._stale.update(users)
            raise
        for profile in profiles:
            self._put(profile)

    def _put(self, profile: Profile) -> None:
        before, text = self._texts.pop(profile.id, ""), "" if profile.closed else words_of(profile)
        for part in _parts(before) - _parts(text):
            self._held[part].discard(profile.id)
        for part in _parts(text) - _parts(before):
            self._held.setdefault(part, set()).add(profile.id)
        if text:
            self._texts[profile.id] = text

    def text(self, user: str) -> str:
        return self._texts.get(user, "")

    def found(self, word: str) -> set[str] | frozenset[str]:
        """The users whose words contain this folded word, and those who are found by this whole handle alone."""
        return self._containing(word) | self._held.get(_WHOLE + word, NOBODY)

    def _containing(self, word: str) -> set[str] | frozenset[str]:
        if len(word) <= 2:
            return self._held.get(word, NOBODY)
        held = sorted((self._held.get(part, NOBODY) for part in _pairs(word)), key=len)
        return {user for user in held[0].intersection(*held[1:]) if word in self._texts[user]}


def words_of(profile: Profile) -> str:
    """The words by which a user is found, folded, one item per line; a whole handle comes after ``_WHOLE``."""
    if profile.findable == "nothing":
        return _WHOLE + fold(profile.handle)
    more = [] if profile.findable == "name" else [profile.headline, *profile.interests]
    return names_of(profile.name, profile.handle) + fold("\n".join(["", *more]))


def names_of(name: str, handle: str) -> str:
    """Name, handle and the pinyin of a Chinese name, folded, one per line."""
    return fold("\n".join([name, handle, *sounds_of(name)]))


def sounds_of(name: str) -> list[str]:
    """The pinyin of a Chinese name, in full and as initials; empty for other names."""
    if not _is_chinese(name):
        return []
    from pypinyin import Style, lazy_pinyin

    return ["".join(lazy_pinyin(name)), "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))]


def _is_chinese(name: str) -> bool:
    return any("\u3400" <= char <= "\u9fff" for char in name)


def _parts(text: str) -> set[str]:
    return {text} if text.startswith(_WHOLE) else {*text, *_pairs(text)}


def _pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)}
