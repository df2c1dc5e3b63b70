"""A day begins at midnight where the community is, not where its clock is."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.rules import days


def ms(text, zone="UTC"):
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "zone", "began"),
    [
        ("2026-03-05 15:59:59", "Asia/Shanghai", ms("2026-03-04 16:00")),
        ("2026-03-05 16:00:00", "Asia/Shanghai", ms("2026-03-05 16:00")),
        ("2026-03-05 00:00:00", "UTC", ms("2026-03-05 00:00")),
        ("2026-03-05 03:00:00", "America/New_York", ms("2026-03-04 05:00")),
        ("2026-03-08 20:00:00", "America/New_York", ms("2026-03-08 05:00")),  # an hour was left out meanwhile
    ],
)
def test_midnight_is_the_zone_s(now, zone, began):
    assert days.midnight(ms(now), zone) == began


@given(st.integers(ms("2000-01-01"), ms("2100-01-01")), st.sampled_from(["Asia/Taipei", "Europe/Paris", "UTC"]))
def test_it_is_never_to_come_and_never_much_more_than_a_day_ago(now, zone):
    assert 0 <= now - days.midnight(now, zone) <= 25 * 3_600_000
