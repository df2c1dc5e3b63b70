"""How somebody arrived, and the first few of their messages that stand: what decides whether they are a newcomer.

The user's profile holds it, so it comes with the profile and costs no read of its own. Nothing is written for people
who have enough messages. Who deletes one of those that were counted is counted again from the next one on.
"""

from __future__ import annotations

from typing import Final

from chatserver.rules.accounts.newcomers import TRUSTED, Arrival, arrival_of
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store

_FIELDS: Final = ("created_at", "trusted", "bot", "wrote")


class NewcomerStore:
    """``most`` messages are counted."""

    def __init__(self, store: Store, *, most: int) -> None:
        self._store = store
        self._most = most

    async def arrival(self, user: str) -> Arrival:
        """How this user arrived. Raises ``Refusal`` unavailable."""
        values = await self._store.command(keys.user(user), "HMGET", keys.user(user), *_FIELDS)
        held = {name: value for name, value in zip(_FIELDS, values, strict=True) if value is not None}
        return arrival_of(held) if held else TRUSTED

    async def count(self, user: str, room: str, seq: int, *, stands: bool, id: str = "") -> None:
        """Count a message, or if it does not stand, count it no longer. Ends the claim of ``id``. May be repeated."""
        await self._store.call("user_wrote", keys.user(user), f"{room}/{seq}", int(stands), self._most, id)

    async def claim_first(self, user: str, id: str) -> bool:
        """Whether the message that is about to be sent is the user's first: none of theirs stands, and no other claims
        that now. May be repeated. Raises ``Refusal`` unavailable."""
        answer = await self._store.call("user_first", keys.user(user), id, 1)
        return answer == [b"ok", 1]

    async def start_topic(self, user: str, name: str, most: int, now: int) -> bool:
        """Whether the user may start one more topic, which is noted then; at most ``most`` within 24 hours. A repeat
        with the same name counts once. Raises ``Refusal`` unavailable."""
        answer = await self._store.call("user_topics", keys.user(user), now, name, most)
        return answer == [b"ok"]

    async def forget_topic(self, user: str, name: str) -> None:
        """The topic was not made."""
        await self._store.call("user_topics", keys.user(user), 0, name, -1)

    async def unclaim_first(self, user: str, id: str) -> None:
        """The message was not stored."""
        await self._store.call("user_first", keys.user(user), id, 0)
