"""The community's secret: it keys digests and the ids of conversations of two, so that nobody can compute them."""

from __future__ import annotations

import msgspec


class Secret(msgspec.Struct):
    """``value`` is 32 random bytes. It is read again after each new link, because a restored backup brings its own."""

    value: bytes
