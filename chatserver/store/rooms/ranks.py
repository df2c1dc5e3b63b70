"""A member's score in ``{r}:ranks``, for code that writes members directly: a restore, a load test.

The Lua functions compute the same (``rank_of`` in the prelude); a test checks that both agree.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

_FIRST_OF: Final = {"owner": 0, "moderator": 10**13, "member": 2 * 10**13}
_FIRST_BOT: Final = 3 * 10**13

_unpack = msgspec.msgpack.Decoder(list[Any]).decode


def rank_of(packed: bytes) -> int:
    """The score of a member's packed record, [role, joined_at (ms), muted_until, version, bot]."""
    role, joined_at, *rest = _unpack(packed)
    bot = len(rest) > 2 and rest[2] == 1
    return (_FIRST_BOT if bot and role == "member" else _FIRST_OF[role]) + int(joined_at)
