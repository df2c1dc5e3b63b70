"""One node of the store: its two connections, its functions, its probe and its channels.

``Store`` creates and runs it. ``run`` keeps the link and the reader connected, both or neither: it sends HELLO, checks
that the node is a primary, loads the functions, subscribes to all wanted channels, and notifies its owner that records
may have been missed. A probe, published to itself every second, finds a link that is open but receives nothing.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import logging
import random
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.checks import WANTED, Durability, against_settings
from chatserver.store.engine.functions import Library, library
from chatserver.store.engine.link import NO_FUNCTION, Link, LinkDown, LinkLost, Reply, ReplyError, Word
from chatserver.store.engine.reader import WINDOW_BYTES, Reader, Window
from chatserver.store.engine.writes import REASONS, Writes

log = logging.getLogger(__name__)
Connection = TypeVar("Connection", bound=Link)

WRONG_NODE: Final = frozenset({"READONLY", "MASTERDOWN", "MOVED"})
"""Errors that mean that the node is not a primary (any more): reconnect, and resolve its name again."""

PROBE_SECONDS: Final = 1.0
"""How often the link is probed."""

PATIENCE_SECONDS: Final = 5.0
"""How long a probe may stay unanswered: one slow fsync of the store took more than a second."""

SETTINGS_EVERY: Final = 10
"""The node's settings are checked again every so many probes: somebody may change them while it runs."""

CONNECT_SECONDS: Final = 5.0
LINK_BYTES: Final = 32 << 20
"""Valkey closes a connection with subscriptions when so many bytes wait for it (its default)."""

_LIMITS: Final = "client-output-buffer-limit"
_REASONS: Final = frozenset({"answers out of turn", "no primary", "silent", "subscription taken away"})


class Node:
    """``on_record(name, payload)`` receives published records. ``on_up()`` is called for each new link before anybody
    uses it, ``on_down()`` as soon as the link is found lost. None of them may raise.

    ``link`` and ``reader`` raise ``LinkDown`` while there is none; ``ready`` is set while there is.
    """

    def __init__(
        self,
        address: Address,
        process_id: str,
        *,
        durability: Durability,
        on_record: Callable[[bytes, bytes], None],
        on_up: Callable[[], None],
        on_down: Callable[[], None],
    ) -> None:
        self.address = address
        self.library: Library = library(field_expiry=True)
        self.window = Window()
        self.writes = Writes()
        self.ready = asyncio.Event()
        self.links = 0
        self.losses: collections.Counter[str] = collections.Counter()
        self.down_since: float | None = asyncio.get_running_loop().time()
        self.unreachable = ""
        self._durability = durability
        self._scratch = keys.process(process_id)
        self._on_record = on_record
        self._on_up = on_up
        self._on_down = on_down
        self._link: Link | None = None
        self._reader: Reader | None = None
        self._lost = asyncio.Event()
        self._names: dict[str, int] = {}
        self._said: set[str] = set()
        self.probed = 0.0

    # --- used by the store -------------------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        return self._link is not None and self._link.up

    @property
    def link(self) -> Link:
        if self._link is None:
            raise LinkDown
        return self._link

    @property
    def reader(self) -> Reader:
        if self._reader is None:
            raise LinkDown
        return self._reader

    async def subscribe(self, name: str) -> None:
        """Subscribe to a channel. Counted: ends after as many calls of ``unsubscribe``."""
        self._names[name] = self._names.get(name, 0) + 1
        with contextlib.suppress(LinkDown, LinkLost):
            # If the link is down or lost now, all wanted names are subscribed on the next one, before `ready` is set.
            await self.link.subscribe(name)

    def unsubscribe(self, name: str) -> None:
        count = self._names.get(name, 0) - 1
        if count > 0:
            self._names[name] = count
        elif self._names.pop(name, None) is not None and self._link is not None:
            self._link.unsubscribe(name)

    def drop(self, why: str) -> None:
        """Close the link; ``run`` makes a new one."""
        if self._link is not None:
            self._link.drop(why)

    async def load(self, link: Link | None = None) -> None:
        """Load the library, and the variant that this node can run. One that takes no writes just now loads nothing and
        cannot be tried: there the variant that it has is the right one.

        Raises ``ReplyError`` where it has none, or lacks a command.
        """
        link = link or self.link
        for candidate in (self.library, library(field_expiry=False)):
            refused = await self._try(link, "FUNCTION", "LOAD", candidate.source)
            try_it = "may_write" if self.writes.unsafe else "probe"
            answer = await self._try(link, *candidate.functions[try_it].command(self._scratch))
            if not isinstance(answer, ReplyError) and candidate.field_expiry and answer[1:] == [0]:
                await link.call("FUNCTION", "DELETE", candidate.name)
            elif not isinstance(answer, ReplyError) or answer.code in REASONS:
                self.library = candidate
                return
            elif NO_FUNCTION not in str(answer):
                raise answer
        raise refused if isinstance(refused, ReplyError) else answer

    @staticmethod
    async def _try(link: Link, *words: Word) -> Reply:
        """The answer, or the error in its place."""
        try:
            return await link.call(*words)
        except ReplyError as error:
            return error

    # --- connecting --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep link and reader connected until cancelled."""
        delay = 0.02
        try:
            while True:
                try:
                    await self._connect()
                    delay = 0.02
                    await self._stay()
                except (OSError, LinkDown, LinkLost, ReplyError, TimeoutError) as error:
                    self._say_unreachable(str(error) or type(error).__name__)
                self._went_down()
                await asyncio.sleep(delay * random.uniform(0.5, 1))
                delay = min(delay * 2, 0.5)
        finally:
            self._went_down()

    def _went_down(self) -> None:
        self.ready.clear()
        link, self._link = self._link, None
        reader, self._reader = self._reader, None
        for connection in (link, reader):
            if connection is not None:
                connection.drop("the server stops")
        if link is not None:
            self._on_down()
        if self.down_since is None:
            self.down_since = asyncio.get_running_loop().time()

    def _say_unreachable(self, error: str) -> None:
        """Log each reason once: the next attempt follows within half a second."""
        if error != self.unreachable:
            log.warning("store: cannot be reached", extra={"error": error})
        self.unreachable = error

    def _connection_lost(self, lost: asyncio.Event, connection: Link, in_flight: int) -> None:
        if not lost.is_set() and connection in (self._link, self._reader):
            self.losses[connection.why if connection.why in _REASONS else "closed"] += 1
            which = "link" if connection is self._link else "reader"
            log.warning("store: %s lost", which, extra={"reason": connection.why, "in_flight": in_flight})
        lost.set()

    def _refused(self, code: str) -> None:
        if code in WRONG_NODE:
            self.drop("no primary")
        self.writes.refused(code)

    async def _connect(self) -> None:
        self._lost = lost = asyncio.Event()
        on_lost = partial(self._connection_lost, lost)
        opened: list[Link] = []
        async with asyncio.timeout(CONNECT_SECONDS):
            try:
                link = await self._open(lambda: Link(self._on_record, self._moved, self._refused, on_lost), "link")
                opened.append(link)
                reader = await self._open(lambda: Reader(self.window, self._refused, on_lost), "reader")
                opened.append(reader)
                await self.load(link)
                with contextlib.suppress(ReplyError):  # what may not be asked was said at start
                    self._take_settings(await link.call("CONFIG", "GET", *WANTED, _LIMITS))
                self._link, self._reader = link, reader
                await self._subscribe_all(link)
            except BaseException:
                self._link = self._reader = None
                for connection in opened:
                    connection.drop("not set up")
                raise
        self._linked()

    async def _open(self, make: Callable[[], Connection], name: str) -> Connection:
        """Open a connection to a primary, and log in."""
        loop, address = asyncio.get_running_loop(), self.address
        if address.path:
            _, link = await loop.create_unix_connection(make, address.path)
        else:
            _, link = await loop.create_connection(make, address.host, address.port, ssl=address.ssl_context)
        try:
            await self._greet(link, name)
        except BaseException:
            link.drop("not set up")
            raise
        return link

    async def _greet(self, link: Link, name: str) -> None:
        address = self.address
        login = ("AUTH", address.username or "default", address.password) if address.password else ()
        await link.call("HELLO", "3", *login, "SETNAME", f"chatserver-{name}")
        if address.database:
            await link.call("SELECT", address.database)
        try:
            role = await link.call("ROLE")
        except ReplyError as error:
            if not str(error).startswith("NOPERM"):
                raise
            self._say_once(
                "store: this login may not use ROLE, so a primary that becomes a replica is noticed only at the first "
                "write",
                error,
            )
            return
        if role[0] != b"master":
            # Not final: it may become a primary soon.
            raise ReplyError("READONLY the node behind this address is a replica")

    def _take_settings(self, told: dict[bytes, bytes]) -> None:
        """Stop writing if the settings could lose messages, and warn about limits under which the node closes a busy
        connection."""
        settings = {name.decode(): value.decode() for name, value in told.items()}
        words = settings.pop(_LIMITS, "").split()
        self.writes.configured(against_settings(settings, self._durability))
        hard = {name: int(limit) for name, limit in zip(words[::4], words[1::4], strict=False)}
        for name, least in (("pubsub", LINK_BYTES), ("normal", 2 * WINDOW_BYTES)):
            if 0 < hard.get(name, 0) < least:
                self._say_once(
                    f"store: client-output-buffer-limit {name} is {hard[name]} bytes, so the store may close the link "
                    f"under load; set at least {least} there"
                )

    def _say_once(self, what: str, error: Exception | None = None) -> None:
        if what not in self._said:
            self._said.add(what)
            log.warning(what, extra={"error": str(error)} if error is not None else None)

    def _linked(self) -> None:
        down = asyncio.get_running_loop().time() - (self.down_since or 0.0)
        self.links += 1
        log.info("store: linked again" if self.links > 1 else "store: linked", extra={"after_s": round(down, 3)})
        self.down_since, self.unreachable = None, ""
        self.ready.set()
        self._on_up()

    async def _subscribe_all(self, link: Link) -> None:
        names = [keys.live(self._scratch), *self._names]
        await asyncio.gather(*(link.subscribe(name) for name in names))
        self.probed = asyncio.get_running_loop().time()

    def _moved(self, _name: bytes) -> None:
        self.drop("subscription taken away")

    # --- probing -----------------------------------------------------------------------------------------------------

    def heard_myself(self) -> None:
        """The probe's own record was received."""
        self.probed = asyncio.get_running_loop().time()

    async def _stay(self) -> None:
        """Probe the link until it is lost. It is dropped if a probe stays unanswered for ``PATIENCE_SECONDS``."""
        loop = asyncio.get_running_loop()
        for probes in itertools.count(1):
            if self._lost.is_set():
                return
            sent = loop.time()
            self.link.call("SPUBLISH", keys.live(self._scratch), b"").add_done_callback(_seen)
            self.link.call("ROLE").add_done_callback(self._role_seen)
            self.link.call(*self._may_write()).add_done_callback(self._may_write_seen)
            self.reader.call("ECHO", b"").add_done_callback(_seen)
            if probes % SETTINGS_EVERY == 0:
                self.link.call("CONFIG", "GET", *WANTED, _LIMITS).add_done_callback(self._settings_seen)
            await self._lost_within(PROBE_SECONDS)
            late = 0.0
            while self._is_silent(sent) and not self._lost.is_set():
                before = loop.time()
                await self._lost_within(PROBE_SECONDS / 4)
                late += max(0.0, loop.time() - before - PROBE_SECONDS / 4)
                if loop.time() - sent - late > PATIENCE_SECONDS:
                    await self._judge(sent, late)

    async def _judge(self, sent: float, late: float) -> None:
        """Drop a silent link, but first let the loop read the socket: uvloop runs timers before sockets, so after a
        stall the time-out comes first (10 false alarms of 10)."""
        for _ in range(2):
            await asyncio.sleep(0)
        if self._is_silent(sent):
            log.warning("store: the link does not receive its own probes", extra={"loop_late_s": round(late, 3)})
            self.drop("silent")

    def _is_silent(self, sent: float) -> bool:
        """Whether link or reader have been silent since this time. Of the reader any byte counts: a large answer may
        take its time, and it has no subscriptions."""
        return self.probed < sent or (self._reader is not None and self._reader.heard_at < sent)

    async def _lost_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._lost.wait()

    def _role_seen(self, answer: asyncio.Future[Reply]) -> None:
        """Checks ROLE: a primary that became a replica still answers everything else."""
        role = _result(answer)
        if role is not None and role[0] != b"master":
            self._refused("READONLY")

    def _may_write(self) -> tuple[str, ...]:
        return self.library.functions["may_write"].command(self._scratch)

    def _may_write_seen(self, answer: asyncio.Future[Reply]) -> None:
        """Handles the probe's write; if it was refused, ``_refused`` got the reason."""
        if _result(answer) is not None:
            self.writes.taken()

    def _settings_seen(self, answer: asyncio.Future[Reply]) -> None:
        told = _result(answer)
        if told is not None:
            self._take_settings(told)


def _result(answer: asyncio.Future[Reply]) -> Reply:
    """The reply; None for an error."""
    return None if answer.cancelled() or answer.exception() is not None else answer.result()


def _seen(answer: asyncio.Future[Reply]) -> None:
    if not answer.cancelled():
        answer.exception()
