"""Recovers after the link to the store was lost: compares numbers first, then reads only what differs.

Constructed by composition.py; ``Store.on_missed`` begins it with each new link, and a cut in the middle ends it. Order:
logins, before any room speaks; then the rooms, which park what they hear until their head was compared; then users
whose rooms or inbox changed; then names. With everything read at once 10,000 sessions never recovered: the loop fell
behind, the probe dropped the new link, and it began again. The same comparison runs every few seconds for what was lost
in silence.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Final

from chatserver.errors import Refusal
from chatserver.live.connection import Connection
from chatserver.live.hub import Hub
from chatserver.live.tasks import Tasks
from chatserver.live.user import LiveUser
from chatserver.protocol import closing
from chatserver.services.accounts.authority import Authority
from chatserver.store.engine.store import Store
from chatserver.store.heads import UserNumbers, read_numbers

log = logging.getLogger(__name__)

READ_AT_ONCE: Final = 32
SHORTEST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0

ReplayInbox = Callable[[LiveUser, Connection, int], None]


class Recovery:
    """``replay_inbox(user, connection, seq)`` sends the inbox items since that number. Housekeeping calls
    ``check_users`` and ``check_rooms``."""

    def __init__(self, store: Store, hub: Hub, authority: Authority, replay_inbox: ReplayInbox, tasks: Tasks) -> None:
        self._store = store
        self._replay_inbox = replay_inbox
        self._hub = hub
        self._authority = authority
        self._tasks = tasks
        self._under_way: asyncio.Task[None] | None = None
        store.on_missed(self._begin)

    def _begin(self) -> None:
        if self._under_way is not None:
            self._under_way.cancel()
        self._under_way = self._tasks.spawn(self._recover())

    async def _recover(self) -> None:
        """Recover; a new link cancels this and starts again."""
        for failures in itertools.count():
            try:
                await self._recover_once()
                return
            except Refusal as refusal:
                log.info("recovery: interrupted", extra={"reason": refusal.reason})
            except Exception:
                log.exception("recovery: failed; it is retried")
            await asyncio.sleep(min(SHORTEST_PAUSE * 2**failures, LONGEST_PAUSE))

    async def _recover_once(self) -> None:
        changed = await self._compare_users()
        await self._hub.feeds.compare_heads()
        await self._refresh(changed)
        await self._hub.authors.catch_up()

    async def check_rooms(self) -> None:
        """Find publications that were lost without a trace. Not during a recovery, because no room may send before
        logins were compared."""
        if self._under_way is None or self._under_way.done():
            await self._hub.feeds.compare_heads()

    async def check_users(self) -> None:
        """Close sockets whose login has ended, and read changes of users that were missed."""
        await self._refresh(await self._compare_users())

    async def _compare_users(self) -> list[LiveUser]:
        """Compare the numbers of all connected users: check stale logins, and return the users whose rooms, profile or
        inbox differ."""
        changed: list[LiveUser] = []
        stale: list[LiveUser] = []
        self._authority.forget_unused(self._hub.connections.keys())

        def compare(user_id: str, numbers: UserNumbers) -> None:
            user = self._hub.users.get(user_id)
            if user is None:
                return
            if self._authority.is_stale(user, numbers.auth):
                stale.append(user)
            if user.differs(numbers):
                changed.append(user)

        await read_numbers(self._store, list(self._hub.users), compare)
        for start in range(0, len(stale), READ_AT_ONCE):
            await asyncio.gather(*map(self._check_logins, stale[start : start + READ_AT_ONCE]))
        return changed

    async def _check_logins(self, user: LiveUser) -> None:
        """Check a user's logins. If they cannot be decoded, the user's sockets are closed; that delays nobody else."""
        try:
            await self._authority.on_auth(user)
        except Refusal:
            raise
        except Exception:
            log.exception("recovery: a user's logins cannot be read; their sockets are closed", extra={"user": user.id})
            for connection in list(user.connections):
                connection.close(closing.RESTARTING)

    async def _refresh(self, users: list[LiveUser]) -> None:
        """Read users again, some at a time. A user whose account was closed meanwhile is skipped."""
        for start in range(0, len(users), READ_AT_ONCE):
            some = [user for user in users[start : start + READ_AT_ONCE] if user.connections]
            await asyncio.gather(*map(self._refresh_one, some), return_exceptions=True)

    async def _refresh_one(self, user: LiveUser) -> None:
        """Read a user again. The inbox continues from the last item received; items that arrive meanwhile wait."""
        seq, behind = user.inbox_seq, self._hub.inbox_behind
        waiting = [connection for connection in user.connections if connection.started and connection not in behind]
        behind.update(waiting)
        try:
            await self._hub.refresh(user)
        finally:
            behind.difference_update(waiting)
        if user.inbox_seq > seq:
            for connection in waiting:
                self._replay_inbox(user, connection, seq)
