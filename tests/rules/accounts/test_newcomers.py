"""Who is a newcomer."""

from __future__ import annotations

import pytest

from chatserver.rules.accounts.newcomers import DAY_MS, Arrival, Numbers, arrival_of, is_newcomer, must_count

NOW = 1_000 * DAY_MS
NUMBERS = Numbers(days=1, messages=5)


@pytest.mark.parametrize(
    ("age", "messages", "newcomer"),
    [(0, 5, True), (DAY_MS - 1, 5, True), (DAY_MS, 5, False), (DAY_MS, 4, True), (100 * DAY_MS, 0, True)],
)
def test_who_is_younger_than_a_day_or_wrote_fewer_than_five_messages_is_a_newcomer(
    age: int, messages: int, newcomer: bool
) -> None:
    assert is_newcomer(Arrival(NOW - age, trusted=False, messages=messages), NOW, NUMBERS) is newcomer
    assert not is_newcomer(Arrival(NOW - age, trusted=True, messages=messages), NOW, NUMBERS)


def test_both_numbers_can_be_off() -> None:
    assert not is_newcomer(Arrival(NOW, trusted=False), NOW, Numbers(days=0, messages=0))


def test_messages_are_counted_until_there_are_enough() -> None:
    assert must_count(Arrival(0, trusted=False, messages=4), NUMBERS)
    assert not must_count(Arrival(NOW, trusted=False, messages=5), NUMBERS)
    assert not must_count(Arrival(NOW, trusted=True), NUMBERS)


def test_a_profile_says_how_somebody_arrived() -> None:
    held = {"created_at": b"7", "wrote": b"hall/1 hall/2", "trusted": b"0"}
    assert arrival_of(held) == Arrival(7, trusted=False, messages=2)
    assert arrival_of(held | {"trusted": b"1"}).trusted and arrival_of(held | {"bot": b"1"}).trusted
    assert arrival_of({}) == Arrival(0, trusted=False, messages=0)
