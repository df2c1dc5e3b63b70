"""The codes that two who stand side by side exchange: ``{m:CODE}`` holds until when it is good, and whose it is."""

from __future__ import annotations

from typing import Final

from chatserver.store.engine.keys import Tag
from chatserver.store.engine.store import Store

LINGER_MS: Final = 600_000


class MeetingCodes:
    """A code is used once, by whoever enters it first, and is gone ten minutes after it was shown."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, code: str, user: str, until: int) -> bool:
        """Show a code for this user, good until then (ms). False where somebody else shows the same one."""
        answer = await self._store.command(_key(code), "SET", _key(code), f"{until} {user}", "NX", "PX", LINGER_MS)
        return answer is not None

    async def take(self, code: str) -> tuple[str, int] | None:
        """Whose code this is and until when it is good, after which it is used; None where it is nobody's."""
        held: bytes | None = await self._store.command(_key(code), "GETDEL", _key(code))
        if held is None:
            return None
        until, _, user = held.decode().partition(" ")
        return user, int(until)


def _key(code: str) -> Tag:
    return Tag("{m:" + code + "}")
