"""What a process does after its link to the store was cut: compare first, then read only what differs.

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
    """``replay_inbox(user, connection, seq)`` tells what came into the inbox since that number. ``check_users`` and
    ``check_rooms`` are called by the housekeeping."""

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
        """Until it is done; a new link begins it again from the start."""
        for failures in itertools.count():
            try:
                await self._recover_once()
                return
            except Refusal as refusal:
                log.info("recovery: broken off", extra={"reason": refusal.reason})
            except Exception:
                log.exception("recovery: failed; it is tried again")
            await asyncio.sleep(min(SHORTEST_PAUSE * 2**failures, LONGEST_PAUSE))

    async def _recover_once(self) -> None:
        changed = await self._compare_users()
        await self._hub.feeds.compare_heads()
        await self._refresh(changed)
        await self._hub.authors.catch_up()

    async def check_rooms(self) -> None:
        """Find what was lost in silence; not during a recovery, because no room speaks before logins were compared."""
        if self._under_way is None or self._under_way.done():
            await self._hub.feeds.compare_heads()

    async def check_users(self) -> None:
        """Close the sockets whose login ended, and read what changed of users unheard."""
        await self._refresh(await self._compare_users())

    async def _compare_users(self) -> list[LiveUser]:
        """Everyone connected here, by numbers: stale logins are looked at, and those whose rooms, profile or inbox are
        other than was heard are given."""
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
        """Somebody whose logins cannot be understood has to come back; that holds up nobody else."""
        try:
            await self._authority.on_auth(user)
        except Refusal:
            raise
        except Exception:
            log.exception("recovery: a user's logins cannot be read; their sockets are closed", extra={"user": user.id})
            for connection in list(user.connections):
                connection.close(closing.RESTARTING)

    async def _refresh(self, users: list[LiveUser]) -> None:
        """Some at a time; a user whose account ended meanwhile harms nobody else's turn."""
        for start in range(0, len(users), READ_AT_ONCE):
            some = [user for user in users[start : start + READ_AT_ONCE] if user.connections]
            await asyncio.gather(*map(self._refresh_one, some), return_exceptions=True)

    async def _refresh_one(self, user: LiveUser) -> None:
        """The inbox is told from where it was heard; what comes while the user is read waits for that."""
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
