"""Who may remove whom and give which role, and who owns a room next: the rules as sentences in Python, against which
tests hold the functions of the store."""

from __future__ import annotations

from collections.abc import Container, Mapping

from chatserver.errors import invalid, not_a_member, not_allowed, not_found
from chatserver.rules.rooms.access import Kind, Member, moderates, outside

ROLES = ("owner", "moderator", "member")


def may_moderate(member: Member | None, *, kind: Kind = "open") -> None:
    """Change what the room says of itself, hand out its link, let bots in, unban."""
    if member is None:
        raise outside(kind)
    if not moderates(member):
        raise not_allowed("Only a moderator of this room may do this", "not_a_moderator")


def may_remove(actor: Member | None, target: Member | None, *, kind: Kind = "open") -> None:
    """Remove or ban. Moderators: members and outsiders; owners: moderators, too; nobody: an owner."""
    may_moderate(actor, kind=kind)
    assert actor is not None
    if target is None:
        return
    if target.role == "owner" or (target.role == "moderator" and actor.role != "owner"):
        raise not_allowed("You cannot remove a moderator: ask an owner", "target_moderates")


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
            raise not_allowed("Only owners themselves can give up that role", "target_owns")
        if owners < 2:
            raise not_allowed("A room needs an owner: make somebody else an owner first", "last_owner")


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
