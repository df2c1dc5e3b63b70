"""When a day begins where the house is."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo


def midnight(now: int, time_zone: str) -> int:
    """The last midnight before ``now`` (both ms since 1970), by the clocks of the zone."""
    zone = ZoneInfo(time_zone)
    today = datetime.fromtimestamp(now / 1000, zone).date()
    return round(datetime.combine(today, time(), zone).timestamp() * 1000)
