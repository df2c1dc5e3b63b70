"""Who may read a room, and the refusals for those outside.

The Lua functions that write decide in the same step who may write, join or moderate. For those outside, a closed or
direct room looks as if it did not exist.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

from chatserver.errors import Refusal, not_a_member, not_allowed, not_found, not_signed_in

Kind = Literal["open", "closed", "direct"]
Role = Literal["owner", "moderator", "member", "visitor"]
FOR_EVER: Final = 0


class Member(Protocol):
    """What the rules need of a member; times in ms since 1970."""

    @property
    def role(self) -> Role: ...
    @property
    def joined_at(self) -> int: ...
    @property
    def muted_until(self) -> int: ...


class Room(Protocol):
    """What the rules need of a room."""

    @property
    def kind(self) -> Kind: ...
    @property
    def window(self) -> bool: ...
    @property
    def bots(self) -> bool: ...
    @property
    def archived(self) -> bool: ...


def moderates(member: Member | None) -> bool:
    return member is not None and member.role in ("owner", "moderator")


def is_banned(banned_until: int | None, now: int) -> bool:
    return banned_until is not None and (banned_until == FOR_EVER or banned_until > now)


def outside(kind: Kind) -> Refusal:
    """The refusal for users outside the room: closed and direct rooms do not exist for them."""
    return not_a_member() if kind == "open" else not_found()


def archived() -> Refusal:
    """The refusal for writing, typing and joining in an archived room."""
    return not_allowed("This room is archived: members can read it, but nothing new can be posted", "archived")


def may_read(room: Room, member: Member | None, *, signed_in: bool, banned: bool = False) -> None:
    """Raise ``Refusal`` unless the history may be read: always by members, by anyone in a window, in an open room by
    users who are not banned."""
    if member is not None:
        return
    if room.kind != "open":
        raise not_found()
    if room.archived:
        raise archived()
    if room.window:
        return
    if not signed_in:
        raise not_signed_in()
    if banned:
        raise _banned()


def _banned() -> Refusal:
    return not_allowed("You are banned from this room", "banned")
