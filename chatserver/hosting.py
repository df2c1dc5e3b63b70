"""The community's own host, run by exactly one of the processes that share a store.

Whoever holds the lease runs it; a process that dies lets go of it within fifteen seconds, and another takes it up. The
host is a bot like any other: it comes in by the front door, over a socket and with a token of its own.
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
from chatserver.store.engine.store import Store

log = logging.getLogger(__name__)

LEASE: Final = "{community}:host"
LEASE_MS: Final = 15_000
LOOK_SECONDS: Final = 5.0


class Hosting:
    """``run`` until cancelled. ``url`` is this process's own."""

    def __init__(
        self, settings: Settings, store: Store, accounts: Accounts, community: CommunityStore, tasks: Tasks, url: str
    ) -> None:
        self._settings = settings
        self._store = store
        self._accounts = accounts
        self._community = community
        self._tasks = tasks
        self._url = url
        self._host: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while True:
            try:
                await self._look()
            except Refusal as refusal:
                log.info("host: not now", extra={"reason": refusal.reason})
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        if not await self._holds_lease():
            if self._host is not None:
                self._host.cancel()
                self._host = None
        elif self._host is None or self._host.done():
            self._host = self._tasks.spawn(self._serve())

    async def _holds_lease(self) -> bool:
        """Take or keep the lease."""
        process = self._store.process_id
        if await self._store.command("SET", LEASE, process, "NX", "PX", LEASE_MS) is not None:
            return True
        holder = await self._store.command("GET", LEASE)
        if holder is None or holder.decode() != process:
            return False
        await self._store.command("PEXPIRE", LEASE, LEASE_MS)
        return True

    async def _serve(self) -> None:
        settings = self._settings
        language = self._community.profile.language
        name = settings.host.name.get(language) or settings.host.handle
        token = await self._accounts.community_bot(settings.host.handle, name)
        state = Path(settings.server.data) / "host.state"
        state.parent.mkdir(parents=True, exist_ok=True)
        await run_host(self._url, token, state, language=language)

    async def leave(self) -> None:
        """Let another process take over at once."""
        if self._host is not None and not self._host.done():
            self._host.cancel()
            await self._store.command("DEL", LEASE)
