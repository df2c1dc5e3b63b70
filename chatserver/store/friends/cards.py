"""The store of name cards, which friends exchange: a hash with a field for each line."""

from __future__ import annotations

import msgspec

from chatserver import errors
from chatserver.protocol.shapes import Card
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, flat, status


class CardStore:
    """A user without a card has an empty one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def card(self, user: str) -> Card:
        return _card(flat(await self._store.command(keys.user(user), "HGETALL", keys.user(user) + ":card")))

    async def update(self, user: str, lines: dict[str, str]) -> Card:
        """Update these lines and return the whole card. Raises ``Refusal`` not_signed_in if the account is closed."""
        answer = await self._store.call(
            "card_update", keys.user(user), *(word for line in lines.items() for word in line)
        )
        if status(answer) != "ok":
            raise errors.not_signed_in()
        return _card(flat(answer[1]))


def _card(fields: dict[str, bytes]) -> Card:
    return msgspec.convert({name: value.decode() for name, value in fields.items()}, Card)
