"""One server process, from start to stop; ``composition`` builds its parts.

``Server`` is an async context manager, used by ``chatserver serve`` and by tests: inside it the doors are open at
``url``. Leaving it drains: sockets are closed so that clients reconnect, requests in flight are finished, tasks end.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from chatserver.composition import build_doors, build_live, build_services, build_stores
from chatserver.doors.listening import BACKLOG, dialled, listen
from chatserver.errors import Refusal, StartError
from chatserver.hosting import Hosting
from chatserver.ids import now_ms, random_bytes
from chatserver.live.heartbeat import Heartbeat
from chatserver.live.tasks import Tasks
from chatserver.rules.accounts import tokens
from chatserver.rules.files.uploads import UNUSED_MS
from chatserver.services.accounts.hashing import Hashing
from chatserver.settings import Settings
from chatserver.store.backup.restore import refuse_half_restored
from chatserver.store.backup.scrub import scrub_daily
from chatserver.store.blobs.blobs import Blobs, open_blobs
from chatserver.store.embedded.disk import Shortage, shortage_in
from chatserver.store.engine.address import Address
from chatserver.store.engine.checks import check_store
from chatserver.store.engine.formats import check_format
from chatserver.store.engine.store import Store

log = logging.getLogger(__name__)
HISTORY_PAGE: Final = 100
LONGEST_WITHOUT_STORE: Final = 30.0


class Server:
    """One server process on one store. ``host`` and ``port`` as in the settings; port 0 picks a free one. ``blobs``:
    the storage of files, if not the one in the settings."""

    def __init__(self, settings: Settings, *, store_address: Address, blobs: Blobs | None = None) -> None:
        self.settings = settings
        self.url = ""
        self._address = store_address
        self._blobs = blobs
        self.hosting: Hosting | None = None
        self._stack = contextlib.AsyncExitStack()
        self._lag = 0.0
        self._shortage: Shortage | None = None
        self._said_zone: Callable[[], str] = lambda: settings.community.time_zone
        self._draining = False
        self.hurry = asyncio.Event()

    async def __aenter__(self) -> Server:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def _open(self) -> None:
        self.tasks = await self._stack.enter_async_context(Tasks())
        await self._check_store()
        self.hashing = Hashing(self.settings.accounts)
        self._stack.callback(self.hashing.close)
        await self._look_at_disk()
        blobs = self._blobs or open_blobs(self.settings.files.storage, self.settings.server.data)
        self.stores = await build_stores(self.settings, self.store, blobs, self.tasks)
        self._stack.push_async_callback(self.stores.index.close)
        self.live = await build_live(self.settings, self.stores, self.tasks)
        self.working = build_services(self.settings, self.stores, self.live, self.tasks, self.hashing)
        self._stack.push_async_callback(self.live.fetcher.close)
        self._stack.callback(self.working.pool.close)
        self.hub, self.services = self.live.hub, self.working.services
        self.store.on_missed(lambda: _spawned(self.tasks, self._renew_secret()))
        self.doors = build_doors(self.settings, self.stores, self.live, self.working, self.tasks,
            not_ready=self._not_ready, hurry=self.hurry,
        )  # fmt: skip
        await self._listen()
        self._housekeeping()

    async def _check_store(self) -> None:
        settings = self.settings.store
        self.store = Store(self._address, resend_seconds=settings.resend_seconds, durability=settings.durability)
        self._stack.push_async_callback(self.store.redis.aclose)
        facts = await check_store(self.store.redis, durability=settings.durability)
        await refuse_half_restored(self.store.redis)
        await check_format(self.store.redis)
        for warning in facts.warnings:
            log.warning("store: %s", warning)

    async def _renew_secret(self) -> None:
        """Read the community's secret again: a backup restored meanwhile has its own."""
        self.stores.secret.value = await self.stores.community.secret()

    # --- the doors ---------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        server = self.settings.server
        runner = web.AppRunner(self.doors.front.application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        assert runner.server is not None
        try:
            sockets = listen(server.host, server.port)
        except OSError as error:
            raise StartError(f"Cannot listen on {server.host}:{server.port}: {error.strerror or error}") from None
        loop, gate = asyncio.get_running_loop(), self.doors.gate
        for socket in sockets:
            listening = await loop.create_server(gate.factory(runner.server), sock=socket, backlog=BACKLOG)
            self._stack.callback(listening.close)
        self._stack.callback(gate.close)
        self._stack.push_async_callback(self._leave)
        self.url = f"http://{dialled(server.host)}:{sockets[0].getsockname()[1]}"

    async def setup_link(self) -> str:
        """The link for the first admin, with a new code; "" if there is an admin."""
        if not self.stores.community.unclaimed:
            return ""
        code = tokens.claim_code(random_bytes(tokens.CODE_BYTES))
        await self.stores.community.offer(code)
        return f"{(self.settings.server.public_url or self.url).rstrip('/')}/setup#{code}"

    def _not_ready(self) -> str:
        if not self.store.up:
            return "the store cannot be reached"
        if self.doors.gate.is_full:
            return "no more connections are accepted: this process may not open more files"
        if self.store.read_only:
            return f"the store takes no writes: {self.store.read_only}"
        if self._lag > 1:
            return f"the event loop is {self._lag:.1f} s late"
        return ""

    async def _leave(self) -> None:
        """Leave in order, while everything still works: the host first, then sockets, then read markers and
        presence."""
        with contextlib.suppress(Refusal):
            if self.hosting is not None:
                await self.hosting.leave()
        await self.doors.front.drain(self.settings.server.drain_seconds if self._draining else 0)
        with contextlib.suppress(Refusal):
            await self.live.marks.carry()
            await self.hub.presence.leave(now_ms())

    # --- housekeeping ------------------------------------------------------------------------------------------------

    def _housekeeping(self) -> None:
        server = self.settings.server
        self.heartbeat = Heartbeat(
            self.hub, ping_seconds=server.ping_seconds, silence_seconds=server.silence_seconds,
            slow_seconds=server.slow_seconds, session_seconds=server.session_seconds,
        )  # fmt: skip
        self.tasks.spawn(self.live.marks.run())
        self.tasks.spawn(self._watch_lag())
        if self.settings.host.enabled:
            self.hosting = Hosting(
                self.settings, self.store, self.services.accounts, self.stores.community, self.tasks, self.url
            )
            self.tasks.spawn(self.hosting.run())
        for seconds, work in (
            (0.25, self.stores.index.note),
            (0.4, self.stores.index.follow),
            (0.5, self.stores.index.compare),
            (0.4, self.stores.index.follow_people),
            (0.5, self.stores.index.compare_people),
            (0.4, self.stores.index.follow_rooms),
            (0.5, self.stores.index.compare_rooms),
            (1.0, self._beat),
            (1.0, self._look_at_disk),
            (1.0, self._each_second),
            (2.0, self.stores.windows.refresh),
            (5.0, self.working.recovery.check_rooms),
            (5.0, self.stores.intents.take_over),
            (30.0, self.working.recovery.check_users),
            (30.0, self.stores.community.refresh),
            (30.0, self.services.friends.questions.lay),
            (30.0, self.services.friends.inbox.come_up),
            (10.0, self.stores.files.erasing.carry_on),
            (60.0, lambda: scrub_daily(self.store)),
            (600.0, lambda: self.stores.files.drop_unused(now_ms() - UNUSED_MS)),
            (60.0, self.stores.index.purge_daily),
            (600.0, self.stores.files.scrub_daily),
            (3600.0, lambda: self.store.remove_old_libraries(now_ms())),
        ):
            self.tasks.spawn(self._every(seconds, work))

    async def _every(self, seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
        """Repeat ``work`` every ``seconds``. An unavailable store or an exception is logged and does not end it."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Refusal as refusal:
                log.debug("housekeeping: postponed", extra={"reason": refusal.reason})
            except Exception:
                log.exception("housekeeping: failed")

    async def _beat(self) -> None:
        """A task of its own, so that pings and closing slow readers never wait for the store."""
        now = asyncio.get_running_loop().time()
        self.heartbeat.tick(now)
        self.doors.gate.tick(now)
        self.working.pool.end_idle(now)

    async def _look_at_disk(self) -> None:
        """Check the disk of the embedded store. An external store reports itself when its disk is full."""
        if not self.settings.store.url:
            self._shortage = shortage_in(Path(self.settings.server.data), self._shortage)
            self.store.note_shortage(self._shortage)

    async def _each_second(self) -> None:
        now = asyncio.get_running_loop().time()
        self.hub.feeds.close_idle()
        if self.store.down_since is not None:
            if now - self.store.down_since > LONGEST_WITHOUT_STORE:
                await self.doors.front.restart_all()
            return
        await self.hub.presence.tick(now_ms())

    async def _watch_lag(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.25)
            self._lag = time.monotonic() - before - 0.25
            self.doors.metrics.lagged(self._lag)

    async def run_until_told(self, stop: asyncio.Event) -> None:
        """Run until SIGTERM or Ctrl-C; then drain, with closes spread over the drain window."""
        await stop.wait()
        self._draining = True


def _spawned(tasks: Tasks, coroutine: Coroutine[Any, Any, None]) -> None:
    tasks.spawn(coroutine)


def tune_gc() -> None:
    """Freeze the objects that exist after the start, and let the garbage collector run less often.

    A message in flight is some twenty objects that outlive a young collection; with the default thresholds all objects
    of the program were visited again and again, which took a fifth to a third of its time under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


async def serve(settings: Settings, *, store_address: Address, ready: Callable[[str, str, str], None]) -> None:
    """Start the server, call ``ready`` with the community's name, its URL and the link for the first admin ("" if there
    is one), and run until SIGTERM, SIGINT or SIGHUP (a closed terminal). A second signal skips the drain.

    Raises ``StartError`` if the server cannot start.
    """
    server, stop = Server(settings, store_address=store_address), asyncio.Event()

    def told() -> None:
        if stop.is_set():
            server.hurry.set()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN or number != signal.SIGHUP:  # keep ignoring it under nohup
            loop.add_signal_handler(number, told)
    async with server:
        tune_gc()
        ready(server.stores.community.profile.name, server.url, await server.setup_link())
        await server.run_until_told(stop)
