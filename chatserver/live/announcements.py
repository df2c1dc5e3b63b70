"""What everyone who is connected hears, whatever rooms they follow: one frame per wire for all of them.

Of each event only the latest counts, so a connection that cannot take it now gets that when it goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from chatserver.live.connection import Connection
from chatserver.live.slices import Frames, slices
from chatserver.live.tasks import Tasks


class Announcements:
    """``connections`` are those of this process; ``resumed`` and ``closed`` are called for one that goes on or ends."""

    def __init__(self, connections: Iterable[Connection], tasks: Tasks) -> None:
        self._connections = connections
        self._tasks = tasks
        self._latest: dict[str, Frames] = {}
        self._owed: dict[Connection, dict[str, None]] = {}

    def tell(self, event: str, params: Any) -> None:
        self._latest[event] = frames = Frames(event, params)
        self._tasks.spawn(self._tell(event, frames))

    async def _tell(self, event: str, frames: Frames) -> None:
        for some in slices([connection for connection in self._connections if connection.started]):
            for connection in some:
                if connection.closing is not None:
                    continue
                if connection.paused:
                    self._owed.setdefault(connection, {})[event] = None
                else:
                    connection.write(frames.of(connection.wire))
            await asyncio.sleep(0)

    def resumed(self, connection: Connection) -> None:
        for event in self._owed.pop(connection, ()):
            connection.write(self._latest[event].of(connection.wire))

    def closed(self, connection: Connection) -> None:
        self._owed.pop(connection, None)
