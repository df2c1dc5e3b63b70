"""Tells connections the changed name of a user whom they may show, one frame per wire for all of them.

A connection that cannot take it now is told when it goes on, with the name as it is then: so a name that changed
several times meanwhile is told once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from chatserver.live.connection import Connection
from chatserver.live.slices import Frames, slices
from chatserver.live.tasks import Tasks
from chatserver.protocol.events import UserChanged
from chatserver.protocol.shapes import Author
from chatserver.store.accounts.author_cache import AuthorCache


class ChangedNames:
    """``resumed`` and ``closed`` are called for each connection that goes on or ends."""

    def __init__(self, authors: AuthorCache, tasks: Tasks) -> None:
        self._authors = authors
        self._tasks = tasks
        self._owed: dict[Connection, dict[str, None]] = {}

    def tell(self, author: Author, seeing: Iterable[Connection], *, admin: bool) -> None:
        """Send ``user.changed`` to these connections."""
        many = list(dict.fromkeys(seeing))
        if many:
            self._tasks.spawn(self._tell(Frames("user.changed", UserChanged(user=author, admin=admin)), many))

    async def _tell(self, changed: Frames, many: list[Connection]) -> None:
        for some in slices(many):
            for connection in some:
                if connection.paused:
                    self._owe(connection, changed.params.user.id)
                else:
                    connection.write(changed.of(connection.wire))
            await asyncio.sleep(0)

    def _owe(self, connection: Connection, user: str) -> None:
        if connection.closing is None:  # one that is closing takes nothing more
            self._owed.setdefault(connection, {})[user] = None

    def resumed(self, connection: Connection) -> None:
        """Send what this connection could not take. Users that this process has forgotten are on no screen."""
        for user in self._owed.pop(connection, ()):
            author = self._authors.known(user)
            if author is not None:
                event = UserChanged(user=author, admin=self._authors.is_admin(user))
                connection.write(connection.wire.event("user.changed", event))

    def closed(self, connection: Connection) -> None:
        self._owed.pop(connection, None)
