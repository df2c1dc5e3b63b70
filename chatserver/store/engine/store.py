"""The store as the rest of the community sees it: call a function on a tag, hear a channel.

``run`` keeps the link to the node connected: it says hello, loads the functions, subscribes again whatever is wanted,
and then tells every listener that it may have missed something. While the store cannot be reached ``call`` waits for
at most ``resend_seconds`` and then answers ``unavailable``.

A function is sent again after a lost connection only where its file says that it recognises a repeat; errors that mean
nothing was stored (no such function, loading, read only) are always waited out.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, cast

import hiredis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chatserver import errors, ids
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.functions import PREFIX, Library, library
from chatserver.store.engine.link import Link, LinkDown, LinkLost, Reply, ReplyError, Settle, Word

log = logging.getLogger(__name__)

Heard = Callable[[str, bytes], None]
NOTHING_STORED: Final = ("LOADING", "READONLY", "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "BUSY")
WRONG_NODE: Final = frozenset({"READONLY", "MASTERDOWN", "MOVED"})
"""The node behind the address is no primary (any more): link again, and resolve its name again."""

PROBE_SECONDS: Final = 1.0
"""How often the link is probed."""

PATIENCE_SECONDS: Final = 5.0
"""How long a probe may stay unheard: one slow fsync of the store took more than a second."""

_MOST_FAULTS: Final = 1_000
_NO_FUNCTION: Final = "Function not found"


class Store:
    """One Valkey or Redis node. ``listen`` before ``run``; use ``call`` and ``subscribe`` once ``ready`` is set."""

    def __init__(self, address: Address, *, resend_seconds: float = 5.0) -> None:
        self.address = address
        self.process_id = ids.new_id()
        self.ready = asyncio.Event()
        self.library: Library = library(field_expiry=True)
        self.redis = redis.asyncio.Redis(
            **address.redis_arguments(), retry=Retry(NoBackoff(), 0), retry_on_error=[], protocol=3
        )
        self.resend_seconds = resend_seconds
        self._link: Link | None = None
        self._lost = asyncio.Event()
        self._heard: dict[str, Heard] = {"p": self._heard_myself}
        self._mend: dict[str, Callable[[str], None]] = {}
        self._faulty: set[tuple[str, str]] = set()
        self._said = ""
        self.links = 0
        self.losses: collections.Counter[str] = collections.Counter()
        self.faults = 0
        self._cut: list[Callable[[], None]] = []
        self._missed: list[Callable[[], None]] = []
        self._names: dict[str, int] = {}
        self._probed = 0.0
        self.down_since: float | None = asyncio.get_running_loop().time()

    # --- what others use ---------------------------------------------------------------------------------------------

    def listen(self, kind: str, heard: Heard, mend: Callable[[str], None] = lambda _: None) -> None:
        """``heard(id, payload)`` is called for each record on the channel of any tag of this kind (``r``, ``u``).

        Where it raises, the fault is logged and ``mend(id)`` reads again what the record would have said.
        """
        self._heard[kind] = heard
        self._mend[kind] = mend

    def on_missed(self, missed: Callable[[], None]) -> None:
        """``missed()`` is called whenever records may have been lost: a new link, a slot that moved, silence."""
        self._missed.append(missed)

    def on_cut(self, cut: Callable[[], None]) -> None:
        """``cut()`` is called as soon as the link is found lost: from here to ``on_missed`` nothing can be known."""
        self._cut.append(cut)

    @property
    def up(self) -> bool:
        return self._link is not None and self._link.up

    def send_packed(self, packed: bytes, settle: Settle) -> None:
        """Put a packed command in this tick's write; ``settle(reply, error)`` gets the reply or the link's error."""
        if self._link is None:
            settle(None, LinkDown())
        else:
            self._link.send_packed(packed, settle)

    def ask(self, *words: Word) -> asyncio.Future[Reply]:
        """Put a plain command in this tick's write, once; the future gives the reply or the link's error."""
        try:
            return self._sender().call(*words)
        except LinkDown as error:
            failed: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            failed.exception()  # nobody may ever look
            return failed

    async def call(self, name: str, tag: str, *args: Word) -> list[Any]:
        """Call a function on a tag and give its answer, an array whose first element is ``b"ok"`` or a reason.

        Raises ``Refusal`` unavailable when the store cannot be reached in time, or when the connection broke and the
        function does not recognise a repeat.
        """
        return cast("list[Any]", await self.patiently(lambda: self._send(name, tag, args), name))

    async def command(self, *words: Word) -> Reply:
        """Send one plain command that may be repeated."""
        return await self.patiently(lambda: self._sender().call(*words), "")

    async def together(self, commands: Sequence[Sequence[Word]], took: Callable[[int, Reply], None]) -> None:
        """Send plain commands in one write; ``took(index, reply)`` is called in the very turn each reply is read.

        What was published before a command was carried out has been heard when its reply is taken, and nothing that was
        published after. Raises ``Refusal`` unavailable where the link is down or breaks, and whatever ``took`` raises.
        """
        waiting = _Together(len(commands), took)
        for index, words in enumerate(commands):
            packed: bytes = hiredis.pack_command(tuple(words))  # type: ignore[arg-type]  # its stub knows tuples of one word
            self.send_packed(packed, partial(waiting.settle, index))
        await waiting.done

    async def patiently(self, send: Callable[[], Awaitable[Reply]], name: str, *, until: float | None = None) -> Reply:
        """Send until something definite comes back, for at most ``resend_seconds`` or ``until`` the loop's time."""
        deadline = asyncio.get_running_loop().time() + self.resend_seconds if until is None else until
        while True:
            try:
                return await send()
            except LinkLost:
                if name and not self.library.functions[name].repeatable:
                    raise errors.unavailable() from None
            except LinkDown:
                pass
            except ReplyError as error:
                await self._wait_out(error)
            await self._wait_until_up(deadline)

    async def _wait_out(self, error: ReplyError) -> None:
        text = str(error)
        if _NO_FUNCTION in text:
            with contextlib.suppress(LinkDown, LinkLost):
                await self._load(self._sender())
        elif text.split(" ", 1)[0] in NOTHING_STORED:
            await asyncio.sleep(0.05)
        elif text.startswith(("OOM", "MISCONF", "NOREPLICAS")):
            raise errors.unavailable("The store takes no more writes just now") from None
        else:
            raise error

    async def _wait_until_up(self, deadline: float) -> None:
        remaining = deadline - asyncio.get_running_loop().time()
        if remaining <= 0:
            raise errors.unavailable()
        try:
            async with asyncio.timeout(remaining):  # not wait_for: it forgets a cancellation that comes with the event
                await asyncio.sleep(0)  # `run` has its turn first: it may not know yet that the link is lost
                await self.ready.wait()
        except TimeoutError:
            raise errors.unavailable() from None

    def _sender(self) -> Link:
        if self._link is None:
            raise LinkDown
        return self._link

    def _send(self, name: str, tag: str, args: tuple[Word, ...]) -> Awaitable[Reply]:
        return self._sender().call(*self.library.functions[name].command(tag), *args)

    async def subscribe(self, name: str) -> None:
        """Hear a channel; counted, so that each ``subscribe`` needs its ``unsubscribe``."""
        self._names[name] = self._names.get(name, 0) + 1
        with contextlib.suppress(LinkDown, LinkLost):
            # A link that is down or breaks now subscribes all wanted names when it is back, before `ready` is set.
            await self._sender().subscribe(name)

    def unsubscribe(self, name: str) -> None:
        count = self._names.get(name, 0) - 1
        if count > 0:
            self._names[name] = count
        elif self._names.pop(name, None) is not None and self._link is not None:
            self._link.unsubscribe(name)

    # --- the link's life ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the link connected until cancelled."""
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
            await self.redis.aclose()

    def _went_down(self) -> None:
        self.ready.clear()
        link, self._link = self._link, None
        if link is not None:
            link.drop("the server stops")
            for cut in self._cut:
                _guarded(cut)
        if self.down_since is None:
            self.down_since = asyncio.get_running_loop().time()

    def _say_unreachable(self, error: str) -> None:
        """Once for each reason: the next attempt comes within half a second."""
        if error != self._said:
            log.warning("store: cannot be reached", extra={"error": error})
        self._said = error

    def _link_lost(self, link: Link, in_flight: int, lost: asyncio.Event) -> None:
        lost.set()
        if link is self._link:
            self.losses[link.why if link.why in _REASONS else "closed"] += 1
            log.warning("store: link lost", extra={"reason": link.why, "in_flight": in_flight})

    def _refused(self, code: str) -> None:
        if code in WRONG_NODE and self._link is not None:
            self._link.drop("no primary")

    async def _connect(self) -> None:
        self._lost = lost = asyncio.Event()
        loop, address = asyncio.get_running_loop(), self.address

        def make() -> Link:
            return Link(
                self._push, self._moved, self._refused, lambda link, waiting: self._link_lost(link, waiting, lost)
            )

        async with asyncio.timeout(5):
            if address.path:
                _, link = await loop.create_unix_connection(make, address.path)
            else:
                _, link = await loop.create_connection(make, address.host, address.port, ssl=address.ssl_context)
            try:
                await self._greet(link)
                _require_primary(await link.call("ROLE"))
                await self._load(link)
                self._link = link
                await self._subscribe_all(link)
            except BaseException:
                self._link = None
                link.drop("not set up")
                raise
        self._linked()

    def _linked(self) -> None:
        down = asyncio.get_running_loop().time() - (self.down_since or 0.0)
        self.links += 1
        log.info("store: linked again" if self.links > 1 else "store: linked", extra={"after_s": round(down, 3)})
        self.down_since, self._said = None, ""
        self._faulty.clear()
        self.ready.set()
        for missed in self._missed:
            _guarded(missed)

    async def _greet(self, link: Link) -> None:
        address = self.address
        login = ("AUTH", address.username or "default", address.password) if address.password else ()
        await link.call("HELLO", "3", *login, "SETNAME", "chatserver-link")
        if address.database:
            await link.call("SELECT", address.database)

    async def _load(self, link: Link) -> None:
        """Load the library, and the variant that this store can run."""
        for candidate in (self.library, library(field_expiry=False)):
            with contextlib.suppress(ReplyError):
                await link.call("FUNCTION", "LOAD", candidate.source)
            answer = await link.call(*candidate.functions["probe"].command(keys.process(self.process_id)))
            if not candidate.field_expiry or answer[1] == 1:
                self.library = candidate
                return
            await link.call("FUNCTION", "DELETE", candidate.name)

    async def _subscribe_all(self, link: Link) -> None:
        names = [keys.live(keys.process(self.process_id)), *self._names]
        await asyncio.gather(*(link.subscribe(name) for name in names))
        self._probed = asyncio.get_running_loop().time()

    async def _stay(self) -> None:
        """Probe the link until it is lost. One that hears nothing of itself for ``PATIENCE_SECONDS`` is dropped."""
        loop = asyncio.get_running_loop()
        while not self._lost.is_set():
            sent = loop.time()
            self._sender().call("SPUBLISH", keys.live(keys.process(self.process_id)), b"").add_done_callback(_seen)
            self._sender().call("ROLE").add_done_callback(self._role_seen)
            await self._lost_within(PROBE_SECONDS)
            late = 0.0
            while self._probed < sent and not self._lost.is_set():
                before = loop.time()
                await self._lost_within(PROBE_SECONDS / 4)
                late += max(0.0, loop.time() - before - PROBE_SECONDS / 4)
                if loop.time() - sent - late > PATIENCE_SECONDS:
                    await self._judge(sent, late)

    async def _judge(self, sent: float, late: float) -> None:
        """Drop a silent link, after what lies in the socket was read: under uvloop timers come before the socket, so
        after a stall the loop sees its own time-out first (10 false alarms of 10)."""
        for _ in range(2):
            await asyncio.sleep(0)
        if self._probed < sent and self._link is not None:
            log.warning("store: the link heard nothing of itself", extra={"loop_late_s": round(late, 3)})
            self._link.drop("silent")

    async def _lost_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._lost.wait()

    def _role_seen(self, answer: asyncio.Future[Reply]) -> None:
        """A primary that was made a replica answers on: it has to be asked."""
        if not answer.cancelled() and answer.exception() is None and answer.result()[0] != b"master":
            self._refused("READONLY")

    def _heard_myself(self, _id: str, _payload: bytes) -> None:
        self._probed = asyncio.get_running_loop().time()

    def _push(self, name: bytes, payload: bytes) -> None:
        kind, identity = keys.tagged_id(name)
        heard = self._heard.get(kind)
        if heard is None:
            return
        try:
            heard(identity, payload)
        except Exception as failure:
            self._handler_failed(kind, identity, failure)

    def _handler_failed(self, kind: str, identity: str, failure: Exception) -> None:
        """A record that a handler cannot take, perhaps of a newer release: it costs its room or user a reading, not
        everybody the link."""
        self.faults += 1
        if (kind, identity) not in self._faulty and len(self._faulty) < _MOST_FAULTS:
            self._faulty.add((kind, identity))
            log.error("store: a record could not be taken", extra={"kind": kind, "id": identity}, exc_info=failure)
        _guarded(partial(self._mend[kind], identity) if kind in self._mend else lambda: None)

    def _moved(self, name: bytes) -> None:
        if self._link is not None:
            self._link.drop("subscription taken away")

    async def remove_old_libraries(self, now: int) -> None:
        """Note that this release's library is in use; remove those that nobody used for a day."""
        used = "{libraries}"
        await self.command("ZADD", used, now, self.library.name)
        for listed in await self.command("FUNCTION", "LIST", "LIBRARYNAME", PREFIX + "*"):
            name = listed[b"library_name"].decode()
            score = await self.command("ZSCORE", used, name)
            if score is None:
                await self.command("ZADD", used, now, name)
            elif float(score) < now - 86_400_000:
                await self.command("FUNCTION", "DELETE", name)
                await self.command("ZREM", used, name)


class _Together:
    """The replies of several commands that are still to come."""

    def __init__(self, number: int, took: Callable[[int, Reply], None]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = number
        self._took = took
        if not number:
            self.done.set_result(None)

    def settle(self, index: int, reply: Reply, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is not None:
            lost = isinstance(error, LinkDown | LinkLost)
            self.done.set_exception(errors.unavailable() if lost else error)
            return
        try:
            self._took(index, reply)
        except Exception as failure:
            self.done.set_exception(failure)
            return
        self._left -= 1
        if not self._left:
            self.done.set_result(None)


_REASONS: Final = frozenset({"answers out of turn", "no primary", "silent", "subscription taken away"})


def _require_primary(role: list[Any]) -> None:
    """Raises ``ReplyError`` where the node behind the address is a replica: it may be a primary a moment later."""
    if role[0] != b"master":
        raise ReplyError("READONLY the node behind this address is a replica")


def _guarded(call: Callable[[], None]) -> None:
    """Call a listener; one that raises is logged and does not keep the others from being called."""
    try:
        call()
    except Exception:
        log.exception("store: a listener failed")


def _seen(answer: asyncio.Future[Reply]) -> None:
    if not answer.cancelled():
        answer.exception()


def status(answer: list[Any]) -> str:
    """The first word of a function's answer: ``ok`` or the reason of a refusal."""
    word: bytes = answer[0]
    return word.decode()


def flat(pairs: list[Any] | dict[Any, Any]) -> dict[str, bytes]:
    """HGETALL's flat answer, as Lua passes it on, with text keys."""
    items = pairs.items() if isinstance(pairs, dict) else zip(pairs[::2], pairs[1::2], strict=True)
    return {key.decode(): value for key, value in items}
