"""Who is kept apart here: users connected to this process of whom one has blocked the other. The hub keeps it; a feed
asks before it tells what is in no log and not for everyone, such as who is typing.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final

NOBODY: Final[frozenset[str]] = frozenset()


class BlockIndex:
    """``put`` what is known of a user who is connected here; ``of`` anyone, the users here who are apart from them."""

    def __init__(self) -> None:
        self._others: dict[str, frozenset[str]] = {}
        self._here: dict[str, set[str]] = {}

    def put(self, user: str, others: frozenset[str]) -> None:
        """``others`` are those whom the user has blocked and those who have blocked the user."""
        for other in self._others.pop(user, NOBODY) - others:
            self._here[other].discard(user)
            if not self._here[other]:
                del self._here[other]
        if others:
            self._others[user] = others
        for other in others:
            self._here.setdefault(other, set()).add(user)

    def of(self, user: str) -> Set[str]:
        return self._here.get(user, NOBODY)
