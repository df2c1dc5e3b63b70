"""All methods: parameters, results, who may call them, and over what; a module for each noun.

The decoder, the services, both schemas and docs/protocol.md are made from the table ``METHODS``.
"""

from __future__ import annotations

from typing import Final

from chatserver.protocol.methods import accounts, community, friends, messages, rooms, sessions, topics
from chatserver.protocol.methods.base import Method

METHODS: Final[dict[str, Method]] = {
    row.name: row for module in (community, accounts, sessions, rooms, messages, topics, friends) for row in module.ROWS
}
