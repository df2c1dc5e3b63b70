"""The rounded number of people online, for users outside a room."""

from __future__ import annotations

import pytest

from chatserver.rules.crowds import roughly


@pytest.mark.parametrize(
    ("online", "told"),
    [(0, 0), (1, 3), (4, 3), (5, 5), (9, 5), (10, 10), (19, 10), (20, 20), (49, 20), (50, 50), (99, 50), (100, 100),
     (199, 100), (200, 200), (4_999, 2_000), (5_000, 5_000), (123_456, 100_000)],
)  # fmt: skip
def test_strangers_get_a_round_number(online: int, told: int) -> None:
    assert roughly(online) == told
