"""``bot.memory``: a small persistent dictionary in the bot's state file."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from chatserver.bot.journal import Journal


class Memory(MutableMapping[str, Any]):
    """Values are JSON values. Assigning one appends a line to the state file; changes inside a value are not saved."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __getitem__(self, key: str) -> Any:
        return self._journal.memory[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._journal.remember(key, value)

    def __delitem__(self, key: str) -> None:
        self._journal.forget(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._journal.memory)

    def __len__(self) -> int:
        return len(self._journal.memory)
