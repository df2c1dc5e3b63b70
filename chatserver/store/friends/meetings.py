"""The store of codes by which two people confirm that they met: ``{m:CODE}`` holds the code's end (ms) and its user."""

from __future__ import annotations

from typing import Final

from chatserver.store.engine.keys import Tag
from chatserver.store.engine.store import Store

LINGER_MS: Final = 600_000


class MeetingCodes:
    """A code works once, for whoever enters it first. It is deleted ten minutes after it was shown."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, code: str, user: str, until: int) -> bool:
        """Store a code of this user, valid until then (ms). False if somebody else has the same code."""
        answer = await self._store.command(_key(code), "SET", _key(code), f"{until} {user}", "NX", "PX", LINGER_MS)
        return answer is not None

    async def take(self, code: str) -> tuple[str, int] | None:
        """Use up a code: its user and the end of its validity (ms); None if there is no such code."""
        held: bytes | None = await self._store.command(_key(code), "GETDEL", _key(code))
        if held is None:
            return None
        until, _, user = held.decode().partition(" ")
        return user, int(until)


def _key(code: str) -> Tag:
    return Tag("{m:" + code + "}")
