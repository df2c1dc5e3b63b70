"""Once a second: ping the connections whose turn it is, and close those that are silent, slow, or without a session.

One timer wheel serves all: a timer per connection cost as much as the messages.
"""

from __future__ import annotations

from typing import Final

from chatserver.live.connection import Connection
from chatserver.live.hub import Hub
from chatserver.protocol import closing

CLOSING_SECONDS: Final = 5.0


class Heartbeat:
    """All values in seconds; 0 switches a check off. ``tick(now)`` takes the loop's time."""

    def __init__(
        self, hub: Hub, *, ping_seconds: float, silence_seconds: float, slow_seconds: float, session_seconds: float
    ) -> None:
        self._hub = hub
        self._ping = ping_seconds
        self._silence = silence_seconds
        self._slow = slow_seconds
        self._session = session_seconds
        self._closing: dict[Connection, float] = {}

    def tick(self, now: float) -> None:
        for connection in list(self._hub.connections):
            if connection.closing is not None:
                if now - self._closing.setdefault(connection, now) > CLOSING_SECONDS:
                    connection.abort()
            elif connection.paused:
                if self._slow and now - connection.paused_at > self._slow:
                    connection.close(closing.SLOW)  # received by clients that read what is before it within seconds
            elif self._session and not connection.started and now - connection.opened_at > self._session:
                connection.close(closing.NO_SESSION)
            elif self._ping:
                self._check(connection, now)
        open_ones = self._hub.connections
        self._closing = {connection: at for connection, at in self._closing.items() if connection in open_ones}

    def _check(self, connection: Connection, now: float) -> None:
        waited = now - (connection.pinged or connection.opened_at)
        if connection.heard and waited >= self._ping:
            connection.ping(now)
        elif not connection.heard and self._silence and waited > self._silence:
            connection.close(closing.SILENT)
