"""Who may do what in a room. A ``may_…`` function returns when they may and raises the ``Refusal`` when not.

The services ask here before they write; what must hold at the moment of writing (membership, mute) is checked once more
by the Lua function that writes. A closed or direct room answers outsiders as if it did not exist.
"""

from __future__ import annotations

import hmac
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from chatserver.errors import Refusal, invalid, not_a_member, not_allowed, not_found, not_signed_in

Kind = Literal["open", "closed", "direct"]
Role = Literal["owner", "moderator", "member", "visitor"]
KINDS: Final = ("open", "closed", "direct")
ROLES: Final = ("owner", "moderator", "member")
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


@dataclass(slots=True, frozen=True)
class Newcomer:
    """Someone at the door. ``banned_until`` None: not banned, 0: for ever. ``bot_of_community`` says that the bot's
    owner moderates here or a moderator lets it in."""

    link: str = ""
    banned_until: int | None = None
    bot: bool = False
    bot_of_community: bool = False


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


def may_join(room: Room, newcomer: Newcomer, now: int, *, link: str = "") -> None:
    """Become a member. ``link`` is the closed room's own; "" lets nobody in by link."""
    if room.kind == "direct":
        raise not_found()
    if room.kind == "closed" and not (link and hmac.compare_digest(link.encode(), newcomer.link.encode())):
        raise not_found()
    if is_banned(newcomer.banned_until, now):
        raise _banned() if room.kind == "open" else not_found()
    if room.archived:
        raise archived()
    if newcomer.bot and not (room.bots or newcomer.bot_of_community):
        raise not_allowed("A moderator must let a bot in", "bots_not_invited")


def may_post(member: Member | None, now: int, *, kind: Kind = "open") -> None:
    if member is None or member.role == "visitor":
        raise outside(kind)
    if member.muted_until > now:
        raise not_allowed("You may listen here for now, not write", "muted", until=member.muted_until)


def may_moderate(member: Member | None, *, kind: Kind = "open") -> None:
    """Change what the room says of itself, hand out its link, let bots in, unban."""
    if member is None:
        raise outside(kind)
    if not moderates(member):
        raise not_allowed("Only moderators may do this", "not_a_moderator")


def may_remove(actor: Member | None, target: Member | None, *, kind: Kind = "open") -> None:
    """Remove or ban. Moderators: members and outsiders; owners: moderators, too; nobody: an owner."""
    may_moderate(actor, kind=kind)
    assert actor is not None
    if target is None:
        return
    if target.role == "owner" or (target.role == "moderator" and actor.role != "owner"):
        raise not_allowed("They moderate this room as you do", "target_moderates")


def may_set_role(
    actor: Member | None, target: Member | None, role: str, *, yourself: bool = False, owners: int = 1
) -> None:
    """Owners give and take roles; one owner does not unmake another, and the last one stays (``owners`` there are)."""
    if actor is None:
        raise not_a_member()
    if role not in ROLES:
        raise invalid("role", "owner, moderator or member")
    if actor.role != "owner":
        raise not_allowed("Only an owner gives roles", "not_an_owner")
    if target is None:
        raise not_found("member")
    if target.role == "owner" and role != "owner":
        if not yourself:
            raise not_allowed("An owner can only step down themself", "target_owns")
        if owners < 2:
            raise not_allowed("A room keeps at least one owner", "last_owner")


def may_edit(member: Member | None, author: str, user: str, now: int, *, kind: Kind = "open") -> None:
    """Change the text of a message: its author, as long as they may write here."""
    may_post(member, now, kind=kind)
    if author != user:
        raise not_allowed("Only its author can change a message", "not_author")


def may_delete(member: Member | None, author: str, user: str, *, kind: Kind = "open") -> None:
    """Delete a message: its author, also while muted, or a moderator."""
    if member is None:
        raise outside(kind)
    if author != user and not moderates(member):
        raise not_allowed("Only its author or a moderator can delete a message", "not_author")


def successor(members: Mapping[str, Member], *, bots: Container[str] = ()) -> str | None:
    """Who owns the room next, given who is left in it; None where an owner is left, or nobody but bots.

    The moderator who has been there longest, else the member; of two who came together, the smaller id.
    """
    if any(member.role == "owner" for member in members.values()):
        return None
    people = [(user, member) for user, member in members.items() if user not in bots and member.role != "visitor"]
    if not people:
        return None
    return min(people, key=lambda one: (one[1].role != "moderator", one[1].joined_at, one[0]))[0]


def _banned() -> Refusal:
    return not_allowed("You cannot enter this room", "banned")
