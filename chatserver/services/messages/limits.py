"""Rate limits for sending: buckets per user, room and address, in each process."""

from __future__ import annotations

from chatserver import errors
from chatserver.ids import steady_ms
from chatserver.rules.limits import Buckets
from chatserver.services.caller import Caller


class SendLimits:
    """A message takes from three buckets; if one of them refuses, nothing is taken, and the longest wait is
    returned."""

    def __init__(self, *, people: Buckets, bots: Buckets, rooms: Buckets, addresses: Buckets) -> None:
        self._people = people
        self._bots = bots
        self._rooms = rooms
        self._addresses = addresses
        self._all_off = all(buckets.is_off for buckets in (people, bots, rooms, addresses))

    def take(self, caller: Caller, room: str) -> None:
        """Raises ``Refusal`` rate_limited with ``retry_after``."""
        if self._all_off:
            return
        now = steady_ms()
        users = self._bots if caller.bot else self._people
        one, two, three = users.of(caller.user_id), self._addresses.of(caller.address), self._rooms.of(room)
        wait = max(one.wait(now), two.wait(now), three.wait(now))
        if wait:
            raise errors.rate_limited(wait)
        one.spend()
        two.spend()
        three.spend()
