"""Heads of rooms and version numbers of users: a few numbers each, compared after a cut before anything is read again.

``AT_ONCE`` are requested in one write, and each answer is handled in the order in which it arrives between the
published records, so that the answer and what this process received so far are of the same moment. A write of 256 takes
the store half a millisecond, which is the longest that a send in between waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store

AT_ONCE: Final = 256


class Head(Struct, frozen=True):
    """The end of a room's log, the ``version`` of its members and settings (``mv``) and that of its topics."""

    epoch: str
    seq: int
    rev: int
    last_id: str
    version: int
    topics_version: int = 0


class UserNumbers(Struct, frozen=True):
    """A user's numbers, raised by every change: ``auth`` by logins, ``version`` by rooms, profile and blocks, the
    others by the inbox. ``auth`` is -1 for a user who does not exist."""

    auth: int
    version: int
    inbox_seq: int
    inbox_read: int
    inbox_quiet: int


async def read_heads(store: Store, rooms: Sequence[str], took: Callable[[str, Head | None], None]) -> None:
    """Call ``took(room, head)`` for each room in order; None if there is no such room, or none that can be read.
    Raises ``Refusal`` unavailable."""

    def took_one(index: int, fields: list[Any]) -> None:
        try:
            head = _head_of(fields)
        except ValueError as failure:  # it must not keep all others from being compared
            store.note_fault("head", some[index], failure)
            head = None
        took(some[index], head)

    for start in range(0, len(rooms), AT_ONCE):
        some = rooms[start : start + AT_ONCE]
        await store.together(
            [
                (tag, ("HMGET", tag, "epoch", "seq", "rev", "last_id", "mv", "topics_version"))
                for tag in map(keys.room, some)
            ],
            took_one,
        )


async def read_numbers(store: Store, users: Sequence[str], took: Callable[[str, UserNumbers], None]) -> None:
    """Call ``took(user, numbers)`` for each user in order. Numbers that cannot be read are other than any known ones.
    Raises ``Refusal`` unavailable."""

    def took_one(index: int, fields: list[Any]) -> None:
        try:
            numbers = _numbers_of(fields)
        except ValueError as failure:
            store.note_fault("numbers", some[index], failure)
            numbers = UserNumbers(-1, -1, -1, -1, -1)
        took(some[index], numbers)

    fields = ("handle", "auth", "v", "inbox_seq", "inbox_read", "inbox_quiet")
    for start in range(0, len(users), AT_ONCE):
        some = users[start : start + AT_ONCE]
        await store.together([(tag, ("HMGET", tag, *fields)) for tag in map(keys.user, some)], took_one)


def _head_of(fields: list[Any]) -> Head | None:
    epoch, seq, rev, last_id, version, topics = fields
    if epoch is None:
        return None
    return Head(
        epoch.decode(), int(seq or 0), int(rev or 0), (last_id or b"").decode(), int(version or 0), int(topics or 0)
    )


def _numbers_of(fields: list[Any]) -> UserNumbers:
    handle, auth, *numbers = fields
    return UserNumbers(-1 if handle is None else int(auth or 0), *(int(number or 0) for number in numbers))
