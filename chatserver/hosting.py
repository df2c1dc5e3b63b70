"""Runs the host, the community's own bot, in exactly one of the processes that share a store.

The process that holds the lease runs it. The lease of a dead process expires within fifteen seconds, and another takes
it. The host is a bot like any other: it connects over a socket with its own token.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

from chatserver.bot.host import run_host
from chatserver.errors import Refusal
from chatserver.live.tasks import Tasks
from chatserver.services.accounts.accounts import Accounts
from chatserver.settings import Settings
from chatserver.store.community.community import CommunityStore
from chatserver.store.community.lease import HostLease
from chatserver.store.engine.store import Store

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0


class Hosting:
    """``run`` runs until cancelled. ``url`` is the address of this process."""

    def __init__(
        self, settings: Settings, store: Store, accounts: Accounts, community: CommunityStore, tasks: Tasks, url: str
    ) -> None:
        self._settings = settings
        self._lease = HostLease(store)
        self._accounts = accounts
        self._community = community
        self._tasks = tasks
        self._url = url
        self._host: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while True:
            try:
                await self._lease.take()
            except Refusal as refusal:
                log.info("host: the lease cannot be taken now", extra={"reason": refusal.reason})
            self._agree()
            await asyncio.sleep(LOOK_SECONDS)

    def _agree(self) -> None:
        """Start or stop the host to match the lease; while the store is away the lease holds only until it may
        expire."""
        running = self._host is not None and not self._host.done()
        if self._lease.holds and not running:
            self._host = self._tasks.spawn(self._serve())
        elif self._host is not None and not self._lease.holds:
            self._host.cancel()
            self._host = None

    async def _serve(self) -> None:
        settings = self._settings
        language = self._community.profile.language
        name = settings.host.name.get(language) or settings.host.handle
        token = await self._accounts.community_bot(settings.host.handle, name)
        state = Path(settings.server.data) / "host.state"
        state.parent.mkdir(parents=True, exist_ok=True)
        await run_host(self._url, token, state, language=language)

    async def leave(self) -> None:
        """Stop the host and release the lease, so that another process takes over at once."""
        if self._host is not None and not self._host.done():
            self._host.cancel()
            await self._lease.end()
