"""By which words an open room is found, and where it stands in a list: the liveliest first."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from chatserver.rules.crowds import roughly
from chatserver.rules.text.searching import fold
from chatserver.rules.text.spellings import is_meant

_NUMBERS: Final = struct.Struct(">III")
_SINCE: Final = struct.Struct(">Q")
_MOST: Final = (1 << 32) - 1


class OpenRoom(Struct, frozen=True):
    """What an open room shows everybody; ``version`` rises with each change of its settings and members, ``created_at``
    in ms."""

    room: str
    version: int
    title: str
    about: str = ""
    tags: list[str] = []
    titles: dict[str, str] = {}
    abouts: dict[str, str] = {}
    window: bool = False
    bots: bool = False
    created_at: int = 0
    forum: bool = False

    @property
    def words(self) -> str:
        """The words by any part of which it is found: title and description in all languages and tags, folded."""
        return fold("\n".join([self.title, self.about, *self.tags, *self.titles.values(), *self.abouts.values()]))

    def is_meant(self, words: Sequence[str], tag: str) -> bool:
        """Whether it has this folded tag ("" for any), and each of these folded words means it."""
        if tag and tag not in map(fold, self.tags):
            return False
        return not words or means(words, self.words, (self.title, *self.titles.values()))


def means(words: Sequence[str], text: str, titles: Sequence[str]) -> bool:
    """Whether each of these folded words is anywhere in the folded text (Chinese needs no spaces), or is a title's
    pinyin, its initials, or another way to type it."""
    return all(word in text or any(is_meant(title, word) for title in titles) for word in words)


class Liveliness(NamedTuple):
    """Where a room stands among others, smaller for livelier ones: by people online, roughly, then messages today, then
    members, all three negative; then the older one, by ``created_at`` in ms; then by id.

    It is made of what strangers see, so that the order reveals no more.
    """

    online: int
    today: int
    members: int
    created_at: int
    room: str

    @classmethod
    def of(cls, room: str, created_at: int, *, online: int = 0, today: int = 0, members: int = 0) -> Liveliness:
        return cls(-roughly(online), -today, -members, created_at, room)

    @property
    def head(self) -> bytes:
        """The numbers that change, as bytes of always the same length that are in the same order."""
        return _NUMBERS.pack(*(max(0, _MOST + number) for number in self[:3]))

    def packed(self) -> bytes:
        """All of it as bytes that are in the same order."""
        return self.head + _SINCE.pack(self.created_at) + self.room.encode()


HEAD: Final = _NUMBERS.size
QUIET: Final = Liveliness.of("", 0).head[: 2 * HEAD // 3]
"""How all rooms begin in which nobody is online and nothing was said today."""


def unpacked(packed: bytes) -> Liveliness:
    """What ``Liveliness.packed`` packed."""
    online, today, members = (number - _MOST for number in _NUMBERS.unpack_from(packed))
    (created_at,) = _SINCE.unpack_from(packed, HEAD)
    return Liveliness(online, today, members, created_at, packed[HEAD + _SINCE.size :].decode())
