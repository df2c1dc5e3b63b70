"""The store as the rest of the community sees it: call a function on a tag, hear a channel.

``run`` keeps the link to the node connected: it says hello, loads the functions, subscribes again whatever is wanted,
and then tells every listener that it may have missed something. While the store cannot be reached ``call`` waits for
at most ``resend_seconds`` and then answers ``unavailable``.

A function is sent again after a lost connection only where its file says that it recognises a repeat; errors that mean
nothing was stored (no such function, loading, read only) are always waited out.
"""

from __future__ import annotations

import asyncio
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
PROBE_SECONDS: Final = 1.0
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
        self._cut: list[Callable[[], None]] = []
        self._missed: list[Callable[[], None]] = []
        self._names: dict[str, int] = {}
        self._probed = 0.0
        self.down_since: float | None = asyncio.get_running_loop().time()

    # --- what others use ---------------------------------------------------------------------------------------------

    def listen(self, kind: str, heard: Heard) -> None:
        """``heard(id, payload)`` is called for each record on the channel of any tag of this kind (``r``, ``u``)."""
        self._heard[kind] = heard

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

    async def patiently(self, send: Callable[[], Awaitable[Reply]], name: str) -> Reply:
        """Send until something definite comes back, for at most ``resend_seconds``."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.resend_seconds
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
                    log.warning("store: cannot be reached", extra={"error": str(error)})
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
            link.drop()
            for cut in self._cut:
                cut()
        if self.down_since is None:
            self.down_since = asyncio.get_running_loop().time()

    async def _connect(self) -> None:
        self._lost.clear()
        loop, address = asyncio.get_running_loop(), self.address

        def make() -> Link:
            return Link(self._push, self._moved, lambda _: self._lost.set())

        async with asyncio.timeout(5):
            if address.path:
                _, link = await loop.create_unix_connection(make, address.path)
            else:
                _, link = await loop.create_connection(make, address.host, address.port, ssl=address.ssl_context)
            try:
                await self._greet(link)
                await self._load(link)
                self._link = link
                await self._subscribe_all(link)
            except BaseException:
                link.drop()
                self._link = None
                raise
        self.down_since = None
        self.ready.set()
        for missed in self._missed:
            missed()

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
        """Until the link is lost. A probe of ourselves that is not heard for a second ends it."""
        name = keys.live(keys.process(self.process_id))
        loop = asyncio.get_running_loop()
        while not self._lost.is_set():
            sent = loop.time()
            self._sender().call("SPUBLISH", name, b"").add_done_callback(_seen)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS):
                    await self._lost.wait()
                return
            if self._probed < sent:
                log.warning("store: the link heard nothing of itself for a second; dropped")
                return

    def _heard_myself(self, _id: str, _payload: bytes) -> None:
        self._probed = asyncio.get_running_loop().time()

    def _push(self, name: bytes, payload: bytes) -> None:
        kind, identity = keys.tagged_id(name)
        heard = self._heard.get(kind)
        if heard is not None:
            heard(identity, payload)

    def _moved(self, name: bytes) -> None:
        log.warning("store: a subscription was taken away; linking anew")
        if self._link is not None:
            self._link.drop()

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
