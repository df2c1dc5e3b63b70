"""Who may do what in a room: the small world of Mei (owner), Lin (moderator), Tom (member) and outsiders."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.errors import Refusal
from chatserver.rules.rooms import access as rooms

NOW = 1_000_000


@dataclass(frozen=True)
class Member:
    role: str = "member"
    joined_at: int = 0
    muted_until: int = 0


@dataclass(frozen=True)
class Room:
    kind: str = "open"
    window: bool = False
    bots: bool = False
    archived: bool = False


MEI, LIN, TOM = Member("owner", 1), Member("moderator", 2), Member("member", 3)
OPEN, WINDOW, CLOSED, DIRECT = Room(), Room(window=True), Room("closed"), Room("direct")


def reason(call, *arguments, **named):
    """ "" where they may, else the reason of the refusal."""
    try:
        assert call(*arguments, **named) is None
    except Refusal as refusal:
        return refusal.reason
    return ""


@pytest.mark.parametrize(
    ("room", "member", "signed_in", "banned", "expected"),
    [
        (OPEN, None, True, False, ""), (OPEN, None, False, False, "not_signed_in"),
        (OPEN, None, True, True, "banned"),
        (WINDOW, None, False, False, ""), (CLOSED, None, True, False, "not_found"),
        (CLOSED, None, False, False, "not_found"),
        (CLOSED, TOM, True, False, ""), (DIRECT, None, True, False, "not_found"), (DIRECT, TOM, True, False, ""),
        (Room("closed", window=True), None, False, False, "not_found"),
    ],
)  # fmt: skip
def test_who_may_read(room, member, signed_in, banned, expected):
    assert reason(rooms.may_read, room, member, signed_in=signed_in, banned=banned) == expected


@pytest.mark.parametrize(
    ("room", "newcomer", "link", "expected"),
    [
        (OPEN, rooms.Newcomer(), "", ""),
        (OPEN, rooms.Newcomer(banned_until=0), "", "banned"),
        (OPEN, rooms.Newcomer(banned_until=NOW + 1), "", "banned"),
        (OPEN, rooms.Newcomer(banned_until=NOW), "", ""),
        (OPEN, rooms.Newcomer(bot=True), "", "bots_not_invited"),
        (OPEN, rooms.Newcomer(bot=True, bot_of_community=True), "", ""),
        (Room(bots=True), rooms.Newcomer(bot=True), "", ""),
        (CLOSED, rooms.Newcomer(), "", "not_found"),
        (CLOSED, rooms.Newcomer(), "secret", "not_found"),
        (CLOSED, rooms.Newcomer(link="guess"), "secret", "not_found"),
        (CLOSED, rooms.Newcomer(link="sécret"), "secret", "not_found"),
        (CLOSED, rooms.Newcomer(link="secret"), "secret", ""),
        (CLOSED, rooms.Newcomer(link="secret", banned_until=0), "secret", "not_found"),
        (CLOSED, rooms.Newcomer(link="secret", bot=True), "secret", "bots_not_invited"),
        (DIRECT, rooms.Newcomer(link="secret"), "secret", "not_found"),
    ],
)
def test_who_may_join(room, newcomer, link, expected):
    assert reason(rooms.may_join, room, newcomer, NOW, link=link) == expected


def test_members_post_unless_muted_and_outsiders_do_not():
    assert reason(rooms.may_post, TOM, NOW) == ""
    assert reason(rooms.may_post, Member(muted_until=NOW), NOW) == ""
    assert reason(rooms.may_post, Member(muted_until=NOW + 1), NOW) == "muted"
    assert reason(rooms.may_post, None, NOW) == "not_a_member"
    assert reason(rooms.may_post, None, NOW, kind="closed") == "not_found"
    assert reason(rooms.may_post, Member("visitor"), NOW) == "not_a_member"


def test_owners_and_moderators_moderate():
    assert [reason(rooms.may_moderate, member) for member in (MEI, LIN, TOM, None)] == [
        "", "", "not_a_moderator", "not_a_member",
    ]  # fmt: skip
    assert reason(rooms.may_moderate, None, kind="closed") == "not_found"


@pytest.mark.parametrize(
    ("actor", "target", "expected"),
    [
        (MEI, TOM, ""), (MEI, LIN, ""), (MEI, MEI, "target_moderates"), (LIN, TOM, ""), (LIN, None, ""),
        (LIN, LIN, "target_moderates"), (LIN, MEI, "target_moderates"), (TOM, TOM, "not_a_moderator"),
        (None, TOM, "not_a_member"),
    ],
)  # fmt: skip
def test_who_may_remove_whom(actor, target, expected):
    assert reason(rooms.may_remove, actor, target) == expected


@pytest.mark.parametrize(
    ("actor", "target", "role", "more", "expected"),
    [
        (MEI, TOM, "moderator", {}, ""), (MEI, LIN, "owner", {}, ""), (LIN, TOM, "moderator", {}, "not_an_owner"),
        (TOM, TOM, "owner", {"yourself": True}, "not_an_owner"), (None, TOM, "member", {}, "not_a_member"),
        (MEI, None, "member", {}, "not_found"), (MEI, MEI, "member", {"owners": 2}, "target_owns"),
        (MEI, MEI, "member", {"yourself": True}, "last_owner"),
        (MEI, MEI, "member", {"yourself": True, "owners": 2}, ""),
        (MEI, TOM, "visitor", {}, "params"), (MEI, MEI, "owner", {"yourself": True}, ""),
    ],
)  # fmt: skip
def test_who_may_give_which_role(actor, target, role, more, expected):
    assert reason(rooms.may_set_role, actor, target, role, **more) == expected


def test_only_the_author_edits_and_a_moderator_may_delete_too():
    assert reason(rooms.may_edit, TOM, "tom", "tom", NOW) == ""
    assert reason(rooms.may_edit, MEI, "tom", "mei", NOW) == "not_author"
    assert reason(rooms.may_edit, Member(muted_until=NOW + 1), "tom", "tom", NOW) == "muted"
    assert reason(rooms.may_edit, None, "tom", "tom", NOW) == "not_a_member"
    assert reason(rooms.may_delete, TOM, "tom", "tom") == ""
    assert reason(rooms.may_delete, LIN, "tom", "lin") == ""
    assert reason(rooms.may_delete, TOM, "mei", "tom") == "not_author"
    assert reason(rooms.may_delete, None, "tom", "tom", kind="direct") == "not_found"


def test_the_longest_serving_moderator_inherits_then_the_longest_serving_member():
    people = {"tom": Member("member", 1), "lin": Member("moderator", 9), "ann": Member("moderator", 5)}
    assert rooms.successor(people) == "ann"
    assert rooms.successor({"tom": Member("member", 4), "ann": Member("member", 4)}) == "ann"
    assert rooms.successor({"tom": TOM, "bot": Member("moderator", 0)}, bots={"bot"}) == "tom"
    assert rooms.successor({"bot": TOM}, bots={"bot"}) is None
    assert rooms.successor({"mei": MEI, "tom": TOM}) is None
    assert rooms.successor({}) is None


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.builds(
    Member, st.sampled_from(["moderator", "member"]), st.integers(0, 5)), min_size=1))  # fmt: skip
def test_a_room_with_people_always_finds_an_heir_and_nobody_in_it_stands_before_them(people):
    heir = rooms.successor(people)
    status = {user: (member.role == "moderator", -member.joined_at) for user, member in people.items()}
    assert status[heir] == max(status.values())


@pytest.mark.parametrize(
    ("room", "expected"),
    [(Room(archived=True), "archived"), (Room(window=True, archived=True), "archived"),
     (Room("closed", archived=True), "not_found")],
)  # fmt: skip
def test_an_archived_room_is_its_members_to_read_and_nobody_s_to_enter(room, expected):
    assert reason(rooms.may_read, room, TOM, signed_in=True) == ""
    for signed_in in (True, False):
        assert reason(rooms.may_read, room, None, signed_in=signed_in) == expected
    link = "the link"
    assert reason(rooms.may_join, room, rooms.Newcomer(link=link), NOW, link=link) == "archived"
    assert (
        reason(rooms.may_join, room, rooms.Newcomer(bot=True, bot_of_community=True, link=link), NOW, link=link) != ""
    )
