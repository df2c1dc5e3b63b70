"""The members of one room, as far as this process has to know them.

A room may have a million members, so a process holds their number, the staff, and those users it deals with: the ones
who follow the room here and the ones who are about to. Of a direct room it holds both. Anybody else is looked up in the
store (``Feeds.member``).
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from chatserver.protocol.shapes import Role
from chatserver.store.rooms.records import MemberRecord, Opened

ReadMember = Callable[[str], Coroutine[Any, Any, tuple[int, MemberRecord | None]]]
"""Gives the version of the room's members, and the user's record then."""


class Members:
    """``follows(user)`` says whether the user follows the room here. ``user in members`` and ``get`` answer for users
    that ``knows`` is true of; ``count`` is right for all."""

    def __init__(self, opened: Opened, follows: Callable[[str], bool], read: ReadMember) -> None:
        self._follows = follows
        self._read = read
        self._expected: dict[str, int] = {}
        self._heard_of: dict[str, int] = {}
        self._asking: collections.Counter[str] = collections.Counter()
        self.take(opened)

    def __contains__(self, user: str) -> bool:
        return user in self._records

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def get(self, user: str) -> MemberRecord | None:
        """The user's record; None if they do not belong to the room, or are not known."""
        return self._records.get(user)

    def role_of(self, user: str) -> Role:
        """The role of an owner or moderator; "member" for everyone else, also for users who do not belong to it."""
        record = self._records.get(user)
        return record.role if record is not None else "member"

    def staff(self) -> dict[str, Role]:
        """The owners and moderators."""
        return {user: record.role for user, record in self._records.items() if record.role != "member"}

    def other_roles(self, opened: Opened) -> dict[str, Role | None]:
        """The owners and moderators of now or then whose role differs in this reading, which asked about all of now,
        with their role there; None for those who do not belong to the room any more."""
        found = {user: record.role for user, record in opened.members.items()}
        named = [*self.staff(), *(user for user, role in found.items() if role != "member")]
        return {user: found.get(user) for user in named if found.get(user) != self.staff().get(user)}

    def knows(self, user: str) -> bool:
        """Whether ``get`` tells if the user is a member. Not yet while the store is being asked about them."""
        is_settled = self._is_needed(user) and user not in self._asking
        return is_settled or user in self._records or self._is_direct

    def expected(self) -> frozenset[str]:
        """Users that a reading of the room has to ask about, besides those who follow it."""
        return frozenset(self._expected)

    def _is_needed(self, user: str) -> bool:
        return user in self._expected or self._follows(user)

    # --- knowing a user for a while ----------------------------------------------------------------------------------

    async def expect(self, user: str) -> None:
        """Know this user until ``dismiss``. What is heard while the store is asked wins if it is newer."""
        known = user in self._records or self._follows(user) or self._is_direct
        self._expected[user] = self._expected.get(user, 0) + 1
        if known:
            return
        self._asking[user] += 1
        try:
            version, record = await self._read(user)
        except BaseException:
            self.dismiss(user)
            raise
        finally:
            self._asking -= collections.Counter([user])
        if version >= self._heard_of.get(user, 0) and record is not None:
            self._records[user] = record

    def dismiss(self, user: str) -> None:
        """End one ``expect``. Users who follow by now stay known."""
        left = self._expected.pop(user) - 1
        if left:
            self._expected[user] = left
        else:
            self._heard_of.pop(user, None)
            self.forget(user)

    def forget(self, user: str) -> None:
        """Drop a member who is neither staff nor needed any more."""
        record = self._records.get(user)
        if record is not None and record.role == "member" and not self._is_needed(user) and not self._is_direct:
            del self._records[user]

    # --- what changes ------------------------------------------------------------------------------------------------

    def receive(self, version: int, kind: str, user: str, role: Role, joined_at: int, count: int) -> None:
        """A user joined, left or got another role: ``kind`` is "joined", "left" or "changed"."""
        self.count = count
        before = self._records.pop(user, None)
        if kind != "left" and (role != "member" or self._is_needed(user) or self._is_direct):
            self._records[user] = MemberRecord(role, joined_at, before.muted_until if before else 0, version)
        if user in self._expected:
            self._heard_of[user] = version

    def take(self, opened: Opened) -> None:
        """Replace everything by a reading that asked about all users who follow and are expected."""
        self.count = opened.count
        self._is_direct = opened.meta.kind == "direct"
        self._records: dict[str, MemberRecord] = {
            user: record
            for user, record in opened.members.items()
            if self._is_direct or record.role != "member" or self._is_needed(user)
        }
        self._heard_of = dict.fromkeys(self._expected.keys() & opened.asked, opened.meta.version)
