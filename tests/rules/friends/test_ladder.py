"""The ladder, rung by rung, and by chance: whatever the two do, nobody's words reach the other unasked."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.errors import Refusal
from chatserver.rules.friends import ladder
from chatserver.rules.friends.tie import DAY_MS, Numbers, Origin, Poke, Step, Tie, Told, between

ANN, BOB = "ann", "bob"
N = Numbers()
NOW = 1_700_000_000_000


def poked(tie: Tie | None = None, by: str = ANN, now: int = NOW, id: str = "p1", **more: object) -> Step:
    new = Poke(id, by, "tea", "hi", now, **more)
    return ladder.poke(tie or between(ANN, BOB), new, now, N, card="c1")


def curtain() -> Tie:
    return ladder.return_poke(poked().tie, BOB, "p1", NOW, N, card="c1").tie


def opened() -> Tie:
    half = ladder.answer(curtain(), BOB, "c1", "Soup", NOW, N).tie
    return ladder.answer(half, ANN, "c1", "Bread", NOW, N).tie


def refused(reason: str, step: object, *given: object, **more: object) -> None:
    with pytest.raises(Refusal) as found:
        step(*given, **more)
    assert found.value.reason == reason


def test_a_poke_fades_after_seven_days_for_its_sender_and_can_be_returned_for_thirty() -> None:
    step = poked()
    assert step.told == (Told(BOB, "poke", "p1"),)
    for user, days in ((ANN, 7), (BOB, 30)):
        assert ladder.seen_rung(step.tie, user, NOW + days * DAY_MS - 1, N) == "poked"
        assert ladder.seen_rung(step.tie, user, NOW + days * DAY_MS, N) == "stranger"
    assert ladder.seen_poke(step.tie, ANN, NOW + 89 * DAY_MS, N) is not None
    assert ladder.seen_poke(step.tie, BOB, NOW + 30 * DAY_MS, N) is None
    returned = ladder.return_poke(step.tie, BOB, "p1", NOW + 29 * DAY_MS, N, card="c1")
    assert ladder.seen_rung(returned.tie, ANN, NOW + 29 * DAY_MS, N) == "curtain"
    refused("not_found", ladder.return_poke, step.tie, BOB, "p1", NOW + 30 * DAY_MS, N, card="c1")
    refused("not_found", ladder.withdraw, step.tie, ANN, "p1", NOW + 7 * DAY_MS, N)


@pytest.mark.parametrize("no", ["nothing", "dismiss", "hidden"])
def test_a_poke_that_crosses_a_faded_one_is_a_return_whatever_its_receiver_did_with_it(no: str) -> None:
    tie = poked(hidden=no == "hidden").tie
    if no == "dismiss":
        tie = ladder.dismiss(tie, BOB, "p1", NOW, N).tie
    crossed = poked(tie, BOB, NOW + 29 * DAY_MS, id="p2")
    assert [(told.user, told.news, told.hidden) for told in crossed.told] == [(ANN, "curtain", False)]
    assert poked(tie, BOB, NOW + 30 * DAY_MS, id="p2").told == (Told(ANN, "poke", "p2"),)


def test_pokes_that_cross_are_a_return_and_free_the_first_ones_place() -> None:
    step = poked(poked().tie, BOB, id="p2")
    assert ladder.rung(step.tie, NOW, N) == "curtain"
    assert step.frees == ANN and [told.user for told in step.told] == [ANN]


def test_the_same_person_can_be_poked_again_after_ninety_days_whatever_became_of_it() -> None:
    taken_back = ladder.withdraw(poked().tie, ANN, "p1", NOW, N).tie
    refused("poked_lately", poked, taken_back, now=NOW + 90 * DAY_MS - 1)
    assert poked(taken_back, now=NOW + 90 * DAY_MS).tie.poke is not None


@pytest.mark.parametrize("no", ["ignore", "dismiss", "rest", "block"])
def test_every_quiet_no_looks_the_same_to_the_sender(no: str) -> None:
    plain = poked().tie
    tie = poked(hidden=True).tie if no == "rest" else plain
    if no == "dismiss":
        tie = ladder.dismiss(tie, BOB, "p1", NOW, N).tie
    if no == "block":
        tie = ladder.block(tie, BOB, NOW, on=True).tie
    for days in range(100):
        now = NOW + days * DAY_MS
        seen, expected = ladder.seen_poke(tie, ANN, now, N), ladder.seen_poke(plain, ANN, now, N)
        assert (seen is None) == (expected is None)
        assert ladder.seen_rung(tie, ANN, now, N) == ladder.seen_rung(plain, ANN, now, N)


def test_neither_answer_is_seen_before_both_are_in() -> None:
    half = ladder.answer(curtain(), BOB, "c1", "Soup", NOW, N)
    assert not half.opens and not half.lines and [told.news for told in half.told] == ["answered"]
    whole = ladder.answer(half.tie, ANN, "c1", "Bread", NOW, N)
    assert whole.opens and [line.text for line in whole.lines] == ["Soup", "Bread"]
    assert whole.tie.relation == "acquainted" and "Soup" not in str(msgspec.to_builtins(whole.tie))


def test_another_card_is_drawn_once_and_sends_an_answer_back_unseen() -> None:
    half = ladder.answer(curtain(), BOB, "c1", "Soup", NOW, N).tie
    redrawn = ladder.draw(half, ANN, "c2", NOW, N).tie
    assert redrawn.side(BOB).draft == "Soup" and not redrawn.side(BOB).answer
    refused("card_redrawn", ladder.answer, redrawn, BOB, "c1", "Soup", NOW, N)
    refused("drawn_already", ladder.draw, redrawn, ANN, "c3", NOW, N)
    refused("answered_already", ladder.draw, half, BOB, "c2", NOW, N)


def test_an_unfinished_curtain_fades_for_both_alike() -> None:
    half = ladder.answer(curtain(), BOB, "c1", "Soup", NOW, N).tie
    later = NOW + 7 * DAY_MS
    for user in (ANN, BOB):
        assert ladder.seen_rung(half, user, later, N) == "stranger"
        refused("not_found", ladder.answer, half, user, "c1", "Late", later, N)


@pytest.mark.parametrize("text", ["see https://x.example", "www.shop.com", "x" * 281, "  "])
def test_an_answer_is_short_and_has_no_link(text: str) -> None:
    with pytest.raises(Refusal):
        ladder.checked_answer(text, N)


TWO_DAYS = {ANN: [1, 2, 4], BOB: [1, 3, 4]}


def wanted(tie: Tie, *users: str, today: int = 4, days: dict[str, list[int]] = TWO_DAYS) -> Tie:
    for user in users:
        tie = ladder.want(tie, user, days, today, N, yes=True).tie
    return tie


def test_both_are_asked_once_both_wrote_on_two_of_the_same_days() -> None:
    for days in ({}, {ANN: [1, 2], BOB: [1]}, {ANN: [1, 2], BOB: [3, 4]}, {ANN: [1, 2, 3], BOB: [3, 4]}):
        assert not ladder.is_asked(opened(), days, N)
        refused("not_asked_yet", ladder.want, opened(), ANN, days, 4, N, yes=True)
    assert ladder.is_asked(opened(), TWO_DAYS, N)
    refused("not_found", ladder.want, between(ANN, BOB), ANN, TWO_DAYS, 4, N, yes=True)


def test_friends_on_the_next_day_on_which_both_write_after_both_wanted_to() -> None:
    both = wanted(opened(), ANN, BOB)
    for days in (TWO_DAYS, {ANN: [1, 4, 5], BOB: [1, 4]}, {ANN: [1, 4, 5], BOB: [1, 4, 6]}):
        assert ladder.befriend(both, days, NOW) is None
    for tie in (opened(), wanted(opened(), ANN), wanted(opened(), BOB)):
        assert ladder.befriend(tie, {ANN: [1, 4, 5], BOB: [1, 4, 5]}, NOW) is None
    step = ladder.befriend(both, {ANN: [1, 4, 5], BOB: [1, 4, 5]}, NOW)
    assert step is not None and step.tie.relation == "friend" and {told.user for told in step.told} == {ANN, BOB}


def test_a_day_on_which_both_have_not_written_yet_is_the_next_one() -> None:
    both = wanted(opened(), ANN, BOB, today=5)
    assert ladder.befriend(both, {ANN: [1, 4, 5], BOB: [1, 4]}, NOW) is None
    assert ladder.befriend(both, {ANN: [1, 4, 5], BOB: [1, 4, 5]}, NOW) is not None


def test_whoever_wants_can_say_not_yet_again_and_a_repeated_yes_changes_nothing() -> None:
    both = wanted(opened(), ANN, BOB)
    assert wanted(both, ANN, today=9) == both
    not_yet = ladder.want(both, BOB, TWO_DAYS, 4, N, yes=False)
    assert not not_yet.told and not_yet.tie.side(BOB).wants == "not_yet"
    assert ladder.befriend(not_yet.tie, {ANN: [1, 4, 5], BOB: [1, 4, 5]}, NOW) is None
    again = wanted(not_yet.tie, BOB, today=5, days={ANN: [1, 4, 5], BOB: [1, 4, 5]})
    assert ladder.befriend(again, {ANN: [1, 4, 5], BOB: [1, 4, 5]}, NOW) is None
    assert ladder.befriend(again, {ANN: [1, 4, 6], BOB: [1, 4, 6]}, NOW) is not None


def test_after_stepping_back_both_are_asked_anew_after_new_days() -> None:
    step = ladder.befriend(wanted(opened(), ANN, BOB), {ANN: [1, 4, 5], BOB: [1, 4, 5]}, NOW)
    assert step is not None
    refused("friends_already", ladder.want, step.tie, ANN, TWO_DAYS, 5, N, yes=True)
    back = ladder.step_back(step.tie, ANN, today=9).tie
    assert back.relation == "acquainted" and back.side(ANN).wants == back.side(BOB).wants == ""
    assert not ladder.is_asked(back, {ANN: [7, 8, 9, 10], BOB: [7, 8, 9, 10]}, N)
    assert ladder.is_asked(back, {ANN: [9, 10, 11], BOB: [9, 10, 11]}, N)


def test_a_new_poke_opens_a_conversation_that_rests() -> None:
    resting = ladder.rest(opened(), BOB, on=True).tie
    step = poked(resting, now=NOW + 90 * DAY_MS, id="p9")
    assert step.tie.rests
    awake = ladder.return_poke(step.tie, BOB, "p9", NOW + 91 * DAY_MS, N, card="c9").tie
    assert not awake.rests and awake.relation == "acquainted"


def test_met_from_any_rung_both_are_friends_at_once() -> None:
    waiting = ladder.meet(between(ANN, BOB), ANN, NOW + 60_000).tie
    once = ladder.confirm_meeting(waiting, ANN, NOW)
    assert once.tie.relation == "stranger"
    both = ladder.confirm_meeting(once.tie, BOB, NOW + 1)
    assert both.opens and both.tie.relation == "friend" and both.tie.met_at == NOW + 1
    refused("not_found", ladder.confirm_meeting, waiting, ANN, NOW + 60_000)


def test_a_card_opens_only_when_both_are_offered_and_a_block_closes_it() -> None:
    friends = ladder.befriend(wanted(opened(), ANN, BOB), {ANN: [1, 4, 5], BOB: [1, 4, 5]}, NOW)
    assert friends is not None
    one = ladder.offer_card(friends.tie, ANN).tie
    assert not ladder.opens_card(one)
    both = ladder.offer_card(one, BOB).tie
    assert ladder.opens_card(both)
    assert not ladder.opens_card(ladder.block(both, ANN, NOW, on=True).tie)
    assert not ladder.opens_card(ladder.take_card_back(both, ANN).tie)
    refused("not_friends", ladder.offer_card, opened(), ANN)


def test_friends_by_days_under_a_block_are_acquainted_for_who_lifts_it() -> None:
    blocked = ladder.block(wanted(opened(), ANN, BOB), ANN, NOW + 5, on=True).tie
    friends = ladder.befriend(blocked, {ANN: [1, 4, 5], BOB: [1, 4, 5]}, NOW + 9)
    assert friends is not None and {told.user: told.hidden for told in friends.told} == {ANN: True, BOB: False}
    assert ladder.seen_rung(friends.tie, BOB, NOW + 9, N) == "friend"
    lifted = ladder.block(friends.tie, ANN, NOW + 20, on=False).tie
    assert lifted.relation == "acquainted" and lifted.side(ANN).wants == "not_yet" and not lifted.agreed_after


def test_who_accepts_an_invitation_is_acquainted_once_its_giver_says_yes() -> None:
    asked = ladder.accept(between(ANN, BOB), BOB, "tea", NOW, N)
    assert asked.tie.relation == "stranger" and asked.told == (Told(ANN, "invited"),)
    assert ladder.accept(asked.tie, BOB, "tea", NOW + 1, N) == Step(asked.tie)
    refused("not_found", ladder.confirm_invited, asked.tie, BOB, NOW, N, yes=True)
    refused("not_found", ladder.confirm_invited, asked.tie, ANN, NOW + 30 * DAY_MS, N, yes=True)
    both = ladder.confirm_invited(asked.tie, ANN, NOW + 1, N, yes=True)
    assert both.opens and both.tie.relation == "acquainted" and both.tie.invited is None
    assert both.tie.origin == Origin("invitation", NOW + 1, "tea")
    refused("acquainted_already", ladder.accept, both.tie, BOB, "", NOW + 2, N)


@pytest.mark.parametrize("no", ["no", "block", "block before"])
def test_a_no_to_who_accepted_an_invitation_is_a_quiet_one(no: str) -> None:
    tie = between(ANN, BOB)
    if no == "block before":
        tie = ladder.block(tie, ANN, NOW, on=True).tie
    tie = ladder.accept(tie, BOB, "tea", NOW, N).tie
    if no == "block":
        tie = ladder.block(tie, ANN, NOW, on=True).tie
    if no == "no":
        tie = ladder.confirm_invited(tie, ANN, NOW, N, yes=False).tie
    assert ladder.seen_invited(tie, ANN, NOW, N) is None
    refused("not_found", ladder.confirm_invited, tie, ANN, NOW, N, yes=True)
    again = ladder.accept(tie, BOB, "tea", NOW, N)
    assert again == Step(tie) and ladder.seen_rung(tie, BOB, NOW, N) == "stranger"


def test_invitations_that_cross_are_the_yes_of_both() -> None:
    asked = ladder.accept(between(ANN, BOB), BOB, "", NOW, N).tie
    both = ladder.accept(asked, ANN, "", NOW, N)
    assert both.opens and {told.user: told.news for told in both.told} == {ANN: "opened", BOB: "opened"}


def test_whoever_met_sees_the_cups_touch_at_the_same_moment_half_a_second_ahead() -> None:
    waiting = ladder.meet(between(ANN, BOB), ANN, NOW + 60_000)
    assert {(told.news, told.until) for told in waiting.told} == {("met", NOW + 60_000)}
    once = ladder.confirm_meeting(waiting.tie, ANN, NOW)
    assert not once.told and ladder.confirm_meeting(once.tie, ANN, NOW) == Step(once.tie)
    both = ladder.confirm_meeting(once.tie, BOB, NOW + 1)
    assert {(told.user, told.news, told.ahead) for told in both.told} == {
        (ANN, "met", 500), (BOB, "met", 500), (ANN, "friend", 0), (BOB, "friend", 0),
    }  # fmt: skip
    for user in (ANN, BOB):
        assert ladder.confirm_meeting(both.tie, user, NOW + 2) == Step(both.tie)


STEPS = ("poke", "return", "withdraw", "dismiss", "answer", "draw", "rest", "wake", "block", "unblock", "wait")


def taken(kind: str, by: str, tie: Tie, now: int) -> Step:
    """One step by chance; every card drawn is a new one."""
    id = tie.poke.id if tie.poke else "none"
    card, fresh = tie.curtain.card if tie.curtain else "none", f"c{now}"
    return {
        "poke": lambda: ladder.poke(tie, Poke(f"p{now}", by, "tea", "hi", now), now, N, card=fresh),
        "return": lambda: ladder.return_poke(tie, by, id, now, N, card=fresh),
        "withdraw": lambda: ladder.withdraw(tie, by, id, now, N),
        "dismiss": lambda: ladder.dismiss(tie, by, id, now, N),
        "answer": lambda: ladder.answer(tie, by, card, f"by {by}", now, N),
        "draw": lambda: ladder.draw(tie, by, fresh, now, N),
        "rest": lambda: ladder.rest(tie, by, on=True),
        "wake": lambda: ladder.rest(tie, by, on=False),
        "block": lambda: ladder.block(tie, by, NOW, on=True),
        "unblock": lambda: ladder.block(tie, by, NOW, on=False),
        "wait": lambda: Step(tie),
    }[kind]()


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from([ANN, BOB])), max_size=40))
def test_whatever_two_do_a_conversation_opens_only_after_both_have_answered(steps: list[tuple[str, str]]) -> None:
    tie, now = between(ANN, BOB), NOW
    answered: dict[str, set[str]] = {}
    for kind, by in steps:
        now += 40 * DAY_MS if kind == "wait" else 1
        card = tie.curtain.card if tie.curtain else "none"
        try:
            step = taken(kind, by, tie, now)
        except Refusal:
            continue
        if kind == "answer":
            answered.setdefault(card, set()).add(by)
        for told in step.told:
            assert told.hidden or not step.tie.side(told.user).blocks, "who has blocked is told something"
            assert "by " not in str(msgspec.to_builtins(told))
        if step.opens:
            assert kind == "answer" and answered[card] == {ANN, BOB}
            assert {line.user for line in step.lines} == {ANN, BOB}
        else:
            assert not step.lines
        assert (step.tie.relation == "stranger") == (tie.relation == "stranger" and not step.opens)
        tie = step.tie
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(tie), type=Tie) == tie


def test_an_invitation_begins_acquainted_and_takes_nothing_from_friends() -> None:
    begun = ladder.begin(between(ANN, BOB), Origin("invitation", NOW), NOW)
    assert begun.opens and begun.tie.relation == "acquainted"
    assert not ladder.begin(begun.tie, Origin("invitation", NOW), NOW).opens
