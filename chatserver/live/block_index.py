"""Blocks between users connected to this process. The hub keeps it; a feed asks it before it sends unlogged events that
not everyone may receive, such as typing.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final

NOBODY: Final[frozenset[str]] = frozenset()


class BlockIndex:
    """``put`` sets the blocks of a connected user; ``of`` gives, for any user, the connected users whom a block
    separates from them."""

    def __init__(self) -> None:
        self._others: dict[str, frozenset[str]] = {}
        self._here: dict[str, set[str]] = {}

    def put(self, user: str, others: frozenset[str]) -> None:
        """``others`` are the users whom this user blocked and those who blocked this user."""
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
