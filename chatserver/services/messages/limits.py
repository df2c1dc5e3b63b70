"""How much anyone may send: buckets per user, per room and per address, kept by each process for itself."""

from __future__ import annotations

from chatserver import errors
from chatserver.rules.limits import Buckets
from chatserver.services.caller import Caller


class SendLimits:
    """A message takes from three buckets; the fullest wait decides, and nothing is taken where one of them refuses."""

    def __init__(self, *, people: Buckets, bots: Buckets, rooms: Buckets, addresses: Buckets) -> None:
        self._people = people
        self._bots = bots
        self._rooms = rooms
        self._addresses = addresses
        self._all_off = all(buckets.is_off for buckets in (people, bots, rooms, addresses))

    def take(self, caller: Caller, room: str, now: int) -> None:
        """Raises ``Refusal`` rate_limited with ``retry_after``."""
        if self._all_off:
            return
        users = self._bots if caller.bot else self._people
        asked = ((users, caller.user_id), (self._addresses, caller.address), (self._rooms, room))
        wait = max(buckets.wait(key, now) for buckets, key in asked)
        if wait:
            raise errors.rate_limited(wait)
        for buckets, key in asked:
            buckets.take(key, now)
