"""The ladder, rung by rung, and by chance: whatever the two do, nobody's words reach the other unasked."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.errors import Refusal
from chatserver.rules.friends import ladder
from chatserver.rules.friends.ladder import DAY_MS, Numbers, Origin, Poke, Tie

ANN, BOB = "ann", "bob"
N = Numbers()
NOW = 1_700_000_000_000


def poked(tie: Tie | None = None, by: str = ANN, now: int = NOW, id: str = "p1", **more: object) -> ladder.Step:
    new = Poke(id, by, "tea", "liked", now, **more)
    return ladder.poke(tie or ladder.between(ANN, BOB), new, now, N, card="c1")


def curtain() -> Tie:
    return ladder.return_poke(poked().tie, BOB, "p1", NOW, N, card="c1").tie


def opened() -> Tie:
    half = ladder.answer(curtain(), BOB, "c1", "Soup", NOW, N).tie
    return ladder.answer(half, ANN, "c1", "Bread", NOW, N).tie


def refused(reason: str, step: object, *given: object, **more: object) -> None:
    with pytest.raises(Refusal) as found:
        step(*given, **more)
    assert found.value.reason == reason


def test_the_other_is_notified_of_a_poke_which_expires_after_seven_days() -> None:
    step = poked()
    assert [(told.user, told.news) for told in step.told] == [(BOB, "poke")]
    assert ladder.rung(step.tie, NOW + 7 * DAY_MS - 1, N) == "poked"
    assert ladder.rung(step.tie, NOW + 7 * DAY_MS, N) == "stranger"
    assert ladder.seen_poke(step.tie, ANN, NOW + 8 * DAY_MS, N) is not None
    assert ladder.seen_poke(step.tie, BOB, NOW + 8 * DAY_MS, N) is None


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


def test_friends_after_three_days_each_unless_one_keeps_the_tie() -> None:
    tie = opened()
    assert ladder.befriend(tie, {ANN: [1, 2, 3], BOB: [1, 2]}, NOW, N) is None
    step = ladder.befriend(tie, {ANN: [1, 2, 3], BOB: [2, 3, 9]}, NOW, N)
    assert step is not None and {told.user for told in step.told} == {ANN, BOB}
    kept = ladder.keep(tie, BOB, on=True).tie
    assert ladder.befriend(kept, {ANN: [1, 2, 3], BOB: [2, 3, 9]}, NOW, N) is None
    back = ladder.step_back(step.tie, ANN, today=9).tie
    assert back.relation == "acquainted"
    assert ladder.befriend(ladder.keep(back, ANN, on=False).tie, {ANN: [7, 8, 9], BOB: [7, 8, 9]}, NOW, N) is None


def test_a_new_poke_opens_a_conversation_that_rests() -> None:
    resting = ladder.rest(opened(), BOB, on=True).tie
    step = poked(resting, now=NOW + 90 * DAY_MS, id="p9")
    assert step.tie.rests
    awake = ladder.return_poke(step.tie, BOB, "p9", NOW + 91 * DAY_MS, N, card="c9").tie
    assert not awake.rests and awake.relation == "acquainted"


def test_met_from_any_rung_both_are_friends_at_once() -> None:
    waiting = ladder.meet(ladder.between(ANN, BOB), ANN, NOW + 60_000).tie
    once = ladder.confirm_meeting(waiting, ANN, NOW)
    assert once.tie.relation == "stranger"
    both = ladder.confirm_meeting(once.tie, BOB, NOW + 1)
    assert both.opens and both.tie.relation == "friend" and both.tie.met_at == NOW + 1
    refused("not_found", ladder.confirm_meeting, waiting, ANN, NOW + 60_000)


def test_a_card_opens_only_when_both_are_offered_and_a_block_closes_it() -> None:
    friends = ladder.befriend(opened(), {ANN: [1, 2, 3], BOB: [1, 2, 3]}, NOW, N)
    assert friends is not None
    one = ladder.offer_card(friends.tie, ANN).tie
    assert not ladder.opens_card(one)
    both = ladder.offer_card(one, BOB).tie
    assert ladder.opens_card(both)
    assert not ladder.opens_card(ladder.block(both, ANN, NOW, on=True).tie)
    assert not ladder.opens_card(ladder.take_card_back(both, ANN).tie)
    refused("not_friends", ladder.offer_card, opened(), ANN)


def test_friends_by_days_under_a_block_are_acquainted_for_who_lifts_it() -> None:
    blocked = ladder.block(opened(), ANN, NOW + 5, on=True).tie
    friends = ladder.befriend(blocked, {ANN: [1, 2, 3], BOB: [1, 2, 3]}, NOW + 9, N)
    assert friends is not None and [told.user for told in friends.told] == [BOB]
    assert ladder.seen_rung(friends.tie, BOB, NOW + 9, N) == "friend"
    lifted = ladder.block(friends.tie, ANN, NOW + 20, on=False).tie
    assert lifted.relation == "acquainted" and lifted.side(ANN).keeps


STEPS = ("poke", "return", "withdraw", "dismiss", "answer", "draw", "rest", "wake", "block", "unblock", "wait")


def taken(kind: str, by: str, tie: Tie, now: int) -> ladder.Step:
    """One step by chance; every card drawn is a new one."""
    id = tie.poke.id if tie.poke else "none"
    card, fresh = tie.curtain.card if tie.curtain else "none", f"c{now}"
    return {
        "poke": lambda: ladder.poke(tie, Poke(f"p{now}", by, "tea", "tea", now), now, N, card=fresh),
        "return": lambda: ladder.return_poke(tie, by, id, now, N, card=fresh),
        "withdraw": lambda: ladder.withdraw(tie, by, id, now, N),
        "dismiss": lambda: ladder.dismiss(tie, by, id, now, N),
        "answer": lambda: ladder.answer(tie, by, card, f"by {by}", now, N),
        "draw": lambda: ladder.draw(tie, by, fresh, now, N),
        "rest": lambda: ladder.rest(tie, by, on=True),
        "wake": lambda: ladder.rest(tie, by, on=False),
        "block": lambda: ladder.block(tie, by, NOW, on=True),
        "unblock": lambda: ladder.block(tie, by, NOW, on=False),
        "wait": lambda: ladder.Step(tie),
    }[kind]()


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from([ANN, BOB])), max_size=40))
def test_whatever_two_do_a_conversation_opens_only_after_both_have_answered(steps: list[tuple[str, str]]) -> None:
    tie, now = ladder.between(ANN, BOB), NOW
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
            assert not step.tie.side(told.user).blocks, "who has blocked is told something"
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
    begun = ladder.begin(ladder.between(ANN, BOB), Origin("invitation", NOW), NOW)
    assert begun.opens and begun.tie.relation == "acquainted"
    assert not ladder.begin(begun.tie, Origin("invitation", NOW), NOW).opens
