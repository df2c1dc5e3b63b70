"""Close codes: the number's range is the advice."""

from __future__ import annotations

import pytest

from chatserver.protocol import closing

STAY = {1003, 1007, 1009, 4500, 4501, 4502, 4503, 4504, 4505}
RETURN = {1000, 1011, 4100, 4101, 4102}


def test_every_code_is_in_the_table_once() -> None:
    assert sorted(row.code for row in closing.TABLE) == sorted(STAY | RETURN)
    constants = {value for value in vars(closing).values() if isinstance(value, closing.Close)}
    assert constants == {*closing.TABLE, closing.LOST}  # which no close frame may carry (RFC 6455, section 7.4.1)


@pytest.mark.parametrize("row", closing.TABLE, ids=lambda row: str(row.code))
def test_the_range_is_the_advice(row: closing.Close) -> None:
    assert closing.may_return(row.code) is (row.code in RETURN)
    assert row.reason
    assert row.advice.endswith(".")
    assert len(row.reason.encode()) <= 123  # RFC 6455: what a close frame holds beside its code


@pytest.mark.parametrize(("code", "back"), [(1006, True), (1012, True), (4100, True), (4499, True), (4500, False)])
def test_codes_that_the_table_does_not_hold_go_by_their_range(code: int, *, back: bool) -> None:
    assert closing.may_return(code) is back


def test_nobody_comes_back_from_the_upper_range() -> None:
    assert not any(closing.may_return(code) for code in range(4500, 5000))
    assert all(closing.may_return(code) for code in range(4100, 4500))
