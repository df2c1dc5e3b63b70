"""The starter rooms, read from config/rooms.toml and created if missing.

Runs at each start. A room that exists is not changed, whatever the file says now: it belongs to its members.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import msgspec

from chatserver.errors import Refusal, StartError
from chatserver.rules.messages import text as text_rules
from chatserver.store.rooms.rooms import NewRoom, RoomStore


class Translated(
    msgspec.Struct, frozen=True, rename={"zh_hans": "zh-Hans", "zh_hant": "zh-Hant"}, forbid_unknown_fields=True
):
    """A text in every language."""

    en: str
    zh_hans: str
    zh_hant: str

    def by_language(self) -> dict[str, str]:
        return {"en": self.en, "zh-Hans": self.zh_hans, "zh-Hant": self.zh_hant}


class StarterRoom(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A room of the file. ``window``: readable without an account. ``bots``: any bot may join. ``newcomers``: every new
    user joins it. ``first_members``: how many of the first people to join become moderators."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    title: Translated
    about: Translated
    tags: list[str] = []
    window: bool = False
    bots: bool = False
    newcomers: bool = False
    first_members: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rooms: list[StarterRoom]


def read_starter_rooms(path: Path) -> list[StarterRoom]:
    """Read the file's rooms, in order. Raises ``StartError`` with the file and what is wrong in it."""
    try:
        return list(_starter_rooms(path.read_bytes()))
    except OSError as error:
        raise StartError(f"{path}: cannot be read ({error.strerror}); see the setting rooms.file") from None
    except (msgspec.DecodeError, Refusal, StartError) as error:
        raise StartError(f"{path}: {error}") from None


@functools.cache
def _starter_rooms(text: bytes) -> tuple[StarterRoom, ...]:
    """Read once of each text: it takes 5 ms, and the tests open hundreds of servers in one process."""
    rooms = msgspec.toml.decode(text, type=_File).rooms
    for room in rooms:
        _check(room)
    if len({room.id for room in rooms}) != len(rooms):
        raise StartError("two rooms have the same id")
    return tuple(rooms)


def _check(room: StarterRoom) -> None:
    for title in room.title.by_language().values():
        text_rules.checked_title(title)
    for about in room.about.by_language().values():
        text_rules.checked_about(about)
    text_rules.checked_tags(room.tags)


def newcomers_rooms(rooms: list[StarterRoom]) -> list[str]:
    """The rooms that every new user joins."""
    return [room.id for room in rooms if room.newcomers]


async def ensure_starter_rooms(room_store: RoomStore, rooms: list[StarterRoom], *, language: str, now: int) -> None:
    """Create the missing ones. Several processes may do so concurrently. ``language`` is that of the default title."""
    for number, room in enumerate(rooms):
        if not await room_store.exists(room.id):
            await room_store.create(room.id, _new_room(room, language), owner="", now=now + number)


def _new_room(room: StarterRoom, language: str) -> NewRoom:
    titles, abouts = room.title.by_language(), room.about.by_language()
    return NewRoom(
        kind="open", title=titles[language], about=abouts[language], tags=text_rules.checked_tags(room.tags),
        titles=titles, abouts=abouts, window=room.window, bots=room.bots, community=True, newcomers=room.newcomers,
        first_members=room.first_members,
    )  # fmt: skip
