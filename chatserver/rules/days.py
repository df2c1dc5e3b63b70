"""The community's calendar days, in its time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_FIRST = date(1970, 1, 1)


class Days:
    """Days numbered from 1 January 1970. ``time_zone()`` is called each time, because an admin may change it."""

    def __init__(self, time_zone: Callable[[], str]) -> None:
        self._time_zone = time_zone
        self._known = ("", 0, 0, 0)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self._time_zone())

    def number(self, now: int) -> int:
        """The day of a time in ms. Cached, because it is needed for every group of messages."""
        zone, first, last, number = self._known
        if zone != self._time_zone() or not first <= now < last:
            today = self._at(now).date()
            number = (today - _FIRST).days
            self._known = self._time_zone(), self._ms(today), self._ms(today + timedelta(days=1)), number
        return number

    def hour(self, now: int) -> int:
        return self._at(now).hour

    def next_midnight(self, now: int) -> int:
        """When the next day begins, in ms."""
        return self._ms(self._at(now).date() + timedelta(days=1))

    def _at(self, now: int) -> datetime:
        return datetime.fromtimestamp(now / 1000, UTC).astimezone(self._zone)

    def _ms(self, day: date) -> int:
        return round(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp() * 1000)


def midnight(now: int, time_zone: str) -> int:
    """The last midnight before ``now`` (both ms since 1970), by the clocks of the zone."""
    zone = ZoneInfo(time_zone)
    today = datetime.fromtimestamp(now / 1000, zone).date()
    return round(datetime.combine(today, time(), zone).timestamp() * 1000)
