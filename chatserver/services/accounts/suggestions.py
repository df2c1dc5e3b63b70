"""The service that suggests a free handle for a name."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Iterator
from typing import Final

from chatserver import errors
from chatserver.protocol.methods.accounts import HandleSuggest, HandleSuggestResult
from chatserver.rules.accounts import suggestions
from chatserver.rules.limits import Buckets
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.store.accounts.accounts import AccountStore

AT_ONCE: Final = 8
# After the first numbers, random ones of a growing range: a thousand people with one name cost four round trips.
_RANGES: Final = ((9, 99), (100, 999), (1_000, 99_999), (100_000, 999_999_999))


class Suggestions:
    """``asks`` limits how often one address asks, because an answer reveals which handles are taken."""

    def __init__(self, accounts: AccountStore, *, asks: Buckets) -> None:
        self._accounts = accounts
        self._asks = asks

    async def suggest(self, caller: Caller, params: HandleSuggest) -> HandleSuggestResult:
        spend(self._asks, caller.address)
        # In a thread: the first Chinese name loads pypinyin's tables.
        base = await asyncio.to_thread(suggestions.from_name, params.name)
        for some in _numbers():
            handles = [handle for number in some if (handle := suggestions.numbered(base, number))]
            taken = await asyncio.gather(*map(self._accounts.is_taken, handles))
            for handle, is_taken in zip(handles, taken, strict=True):
                if not is_taken:
                    return HandleSuggestResult(handle)
        raise errors.conflict("No handle for this name is free: type another", "handle_taken")


def _numbers() -> Iterator[Iterable[int]]:
    """The numbers to try; each group is one round trip."""
    yield range(1, AT_ONCE + 1)
    for first, last in _RANGES:
        yield [random.randint(first, last) for _ in range(AT_ONCE)]
