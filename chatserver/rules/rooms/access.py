"""Who may read a room, and what people outside it are told.

Who may write, join or moderate is decided by the Lua function that writes, in the same step. A closed or direct room
answers outsiders as if it did not exist.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

from chatserver.errors import Refusal, not_a_member, not_allowed, not_found, not_signed_in

Kind = Literal["open", "closed", "direct"]
Role = Literal["owner", "moderator", "member", "visitor"]
FOR_EVER: Final = 0


class Member(Protocol):
    """A user in a room, as far as the rules care; times in ms since 1970."""

    @property
    def role(self) -> Role: ...
    @property
    def joined_at(self) -> int: ...
    @property
    def muted_until(self) -> int: ...


class Room(Protocol):
    """A room, as far as the rules care."""

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
    """What someone who is not in the room is told: closed and direct rooms do not exist for them."""
    return not_a_member() if kind == "open" else not_found()


def archived() -> Refusal:
    """What whoever wants to write, type or come in is told."""
    return not_allowed("This room is archived: it can be read by its members", "archived")


def may_read(room: Room, member: Member | None, *, signed_in: bool, banned: bool = False) -> None:
    """Read history: members always, a window anyone, an open room whoever is signed in and not banned."""
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
