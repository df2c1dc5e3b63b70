"""The store as the rest of the server uses it: call functions on tags, subscribe to channels.

``run`` keeps its node connected and notifies every listener when records may have been missed. While the store cannot
be reached, ``call`` waits for at most ``resend_seconds`` and then raises ``unavailable``.

After a lost connection a function is sent again only if its file says ``-- repeatable``. Errors that mean that nothing
was stored (no such function, loading, read-only) are always retried.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final, cast

import hiredis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chatserver import errors, ids
from chatserver.errors import Refusal
from chatserver.store.embedded.disk import Shortage
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.checks import Durability
from chatserver.store.engine.functions import PREFIX, Function, Library
from chatserver.store.engine.keys import Tag
from chatserver.store.engine.link import NO_FUNCTION, LinkDown, LinkLost, Reply, ReplyError, Settle, Word
from chatserver.store.engine.node import Node
from chatserver.store.engine.writes import REASONS

log = logging.getLogger(__name__)

Heard = Callable[[str, bytes], None]
NOTHING_STORED: Final = ("LOADING", "READONLY", "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "BUSY")
_MOST_FAULTS: Final = 1_000
_FREEING: Final = frozenset({"DEL", "GETDEL", "HDEL", "SREM", "XDEL", "ZREM"})
_WRITING: Final = _FREEING | {"HSET", "HSETNX", "PEXPIRE", "SADD", "SET", "XADD", "ZADD"}
_SCANNED_AT_ONCE: Final = 1_000


class Store:
    """One Valkey or Redis node. Call ``listen`` before ``run``; use ``call`` and ``subscribe`` once ``ready`` is
    set."""

    def __init__(self, address: Address, *, resend_seconds: float = 5.0, durability: Durability = "primary") -> None:
        self.address = address
        self.process_id = ids.new_id()
        self._node = Node(
            address, self.process_id, durability=durability, on_record=self._push, on_up=self._linked,
            on_down=self._went_down,
        )  # fmt: skip
        self.ready = self._node.ready
        self.redis = redis.asyncio.Redis(
            **address.redis_arguments(), retry=Retry(NoBackoff(), 0), retry_on_error=[], protocol=3
        )
        self.resend_seconds = resend_seconds
        self._heard: dict[str, Heard] = {"p": self._heard_myself}
        self._mend: dict[str, Callable[[str], None]] = {}
        self._faulty: set[tuple[str, str]] = set()
        self.faults = 0
        self._cut: list[Callable[[], None]] = []
        self._missed: list[Callable[[], None]] = []
        self.changed: set[Tag] = set()
        """Rooms whose logs this process may have changed; whoever notes that for the index takes them out."""
        self.moved: set[Tag] = set()
        """Rooms in which members, or members online, may have changed through this process."""

    # --- used by others ----------------------------------------------------------------------------------------------

    def listen(self, kind: str, heard: Heard, mend: Callable[[str], None] = lambda _: None) -> None:
        """Call ``heard(id, payload)`` for each record on the channel of any tag of this kind (``r``, ``u``).

        If it raises, the error is logged and ``mend(id)`` is called, to read again what the record contained.
        """
        self._heard[kind] = heard
        self._mend[kind] = mend

    def on_missed(self, missed: Callable[[], None]) -> None:
        """Call ``missed()`` whenever records may have been missed: after a new link, a moved slot, silence."""
        self._missed.append(missed)

    def on_cut(self, cut: Callable[[], None]) -> None:
        """Call ``cut()`` as soon as the link is found lost: from then until ``on_missed``, records may be missing."""
        self._cut.append(cut)

    @property
    def up(self) -> bool:
        return self._node.up

    @property
    def read_only(self) -> str:
        """Why the store takes no writes; "" while it does. It can still be read."""
        return self._node.writes.why_not

    def note_shortage(self, shortage: Shortage | None) -> None:
        """Set what the disk of the embedded store is short of; None if nothing."""
        why, is_full = (shortage.why, shortage.is_full) if shortage is not None else ("", False)
        for node in self.nodes:
            node.writes.short(why, forbidden=is_full)

    def require_safe(self, *, frees: bool = False) -> None:
        """Raise ``Refusal`` unavailable if the store would accept a write but might lose it or stop because of it: the
        server would not start with its settings, or its disk is almost full. ``frees``: the write frees memory."""
        writes = self._node.writes
        if writes.unsafe and (writes.forbidden or not frees):
            raise takes_no_writes()

    @property
    def library(self) -> Library:
        return self._node.library

    @property
    def links(self) -> int:
        """How many links were made."""
        return self._node.links

    @property
    def losses(self) -> collections.Counter[str]:
        """How many links were lost, by reason."""
        return self._node.losses

    @property
    def down_since(self) -> float | None:
        """The loop time since which there is no link; None while there is one."""
        return self._node.down_since

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes of the store."""
        return (self._node,)

    def node_of(self, tag: Tag) -> Node:
        """The node that holds the keys of this tag. Only this method decides where a command goes.

        Raises ``ValueError`` if it is not a tag, for example the name of a command.
        """
        if not tag.startswith("{"):
            raise ValueError(f"{tag!r} is not a tag: the first argument of a command is its tag")
        return self._node

    def send_packed(self, tag: Tag, packed: bytes, settle: Settle) -> None:
        """Send a packed command in this turn's write; ``settle(reply, error)`` gets the reply or the link's error."""
        try:
            link = self.node_of(tag).link
        except LinkDown as error:
            settle(None, error)
        else:
            link.send_packed(packed, settle)

    def ask(self, tag: Tag, *words: Word) -> asyncio.Future[Reply]:
        """Send a command in this turn's write, once; the future resolves to the reply or fails with the link's
        error."""
        try:
            return self.node_of(tag).link.call(*words)
        except LinkDown as error:
            failed: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            failed.exception()  # mark it as retrieved: perhaps nobody awaits it
            return failed

    async def call(self, name: str, tag: Tag, *args: Word) -> list[Any]:
        """Call a function on a tag. Returns its answer, an array whose first element is ``b"ok"`` or a reason.

        Raises ``Refusal`` unavailable if the store cannot be reached in time, if the connection was lost and the
        function is not repeatable, or if the store takes no writes.
        """
        function = self.library.functions[name]
        if function.writes:
            self.require_safe(frees=function.allow_oom)
        if function.large:
            return cast("list[Any]", await self._call_large(function, tag, args))
        try:
            return cast("list[Any]", await self.patiently(lambda: self._send(function, tag, args), function.name))
        finally:
            if function.changes_log:
                self.changed.add(tag)
            if function.changes_numbers:
                self.moved.add(tag)

    async def _call_large(self, function: Function, tag: Tag, args: tuple[Word, ...]) -> Reply:
        """Call over the reader, in turn. Refused without a try if the store was away for the whole wait."""
        clock = asyncio.get_running_loop().time
        began = clock()
        async with self.node_of(tag).window.turn():
            if not self.up and clock() - began >= self.resend_seconds:
                raise errors.unavailable()
            return await self.patiently(lambda: self._send(function, tag, args), function.name)

    async def command(self, tag: Tag, *words: Word) -> Reply:
        """Send one repeatable command to the node that holds this tag."""
        if words[0] in _WRITING:
            self.require_safe(frees=words[0] in _FREEING)
        return await self.patiently(lambda: self.node_of(tag).link.call(*words), "")

    async def on_each_node(self, *words: Word) -> list[Reply]:
        """Send a command to all nodes."""
        return [await self.patiently(partial(self._ask_node, node, words), "") for node in self.nodes]

    async def scan(self, pattern: str) -> AsyncIterator[bytes]:
        """All keys of all nodes that match the pattern, each at least once."""
        for node in self.nodes:
            cursor = b"0"
            while True:
                words = ("SCAN", cursor, "MATCH", pattern, "COUNT", _SCANNED_AT_ONCE)
                cursor, found = await self.patiently(partial(self._ask_node, node, words), "")
                for key in found:
                    yield key
                if cursor == b"0":
                    break

    @staticmethod
    def _ask_node(node: Node, words: tuple[Word, ...]) -> asyncio.Future[Reply]:
        return node.link.call(*words)

    async def together(
        self, commands: Sequence[tuple[Tag, Sequence[Word]]], took: Callable[[int, Reply], None]
    ) -> None:
        """Send commands, each with its tag, in one write; ``took(index, reply)`` is called in the same turn in which
        each reply is read.

        When a reply is handled, everything published before the command has been received, and nothing published after
        it. Raises ``Refusal`` unavailable if the link is down or lost, and whatever ``took`` raises.
        """
        waiting = _Together(len(commands), took)
        for index, (tag, words) in enumerate(commands):
            packed: bytes = hiredis.pack_command(tuple(words))  # type: ignore[arg-type]  # its stub knows tuples of one word
            self.send_packed(tag, packed, partial(waiting.settle, index))
        await waiting.done

    async def call_each(self, name: str, tags: Sequence[Tag], *args: Word) -> list[list[Any] | None]:
        """Call a function that only reads on each of these tags, in one write, with the same arguments. Returns its
        answers; None where it failed, which is noted. Raises ``Refusal`` unavailable."""
        answers: list[list[Any] | None] = [None] * len(tags)

        def took(index: int, answer: Reply) -> None:
            answers[index] = answer

        words = self.library.functions[name].command
        try:
            await self.together([(tag, (*words(tag), *args)) for tag in tags], took)
        except (ReplyError, Refusal):  # a call of its own waits for the store, and fails alone
            for index, tag in enumerate(tags):
                try:
                    answers[index] = await self.call(name, tag, *args)
                except ReplyError as failure:
                    self.note_fault(name, tag, failure)
        return answers

    async def patiently(self, send: Callable[[], Awaitable[Reply]], name: str, *, until: float | None = None) -> Reply:
        """Retry until there is a definite answer, for at most ``resend_seconds`` or until the loop time ``until``."""
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
        if NO_FUNCTION in str(error):
            with contextlib.suppress(LinkDown, LinkLost):
                await self._node.load()
        elif error.code in NOTHING_STORED:
            await asyncio.sleep(0.05)
        elif error.code in REASONS:
            raise takes_no_writes() from None
        else:
            raise error

    async def _wait_until_up(self, deadline: float) -> None:
        remaining = deadline - asyncio.get_running_loop().time()
        if remaining <= 0:
            raise errors.unavailable()
        try:
            async with asyncio.timeout(remaining):  # not wait_for: it loses a cancellation that comes with the event
                await asyncio.sleep(0)  # let the node run first: it may not know yet that the link is lost
                await self.ready.wait()
        except TimeoutError:
            raise errors.unavailable() from None

    def _send(self, function: Function, tag: Tag, args: tuple[Word, ...]) -> Awaitable[Reply]:
        node = self.node_of(tag)
        connection = node.reader if function.large else node.link
        return connection.call(*self.library.functions[function.name].command(tag), *args)

    async def subscribe(self, name: str) -> None:
        """Hear a channel; counted, so that each ``subscribe`` needs its ``unsubscribe``."""
        await self.node_of(keys.tag_of(name)).subscribe(name)

    def unsubscribe(self, name: str) -> None:
        self.node_of(keys.tag_of(name)).unsubscribe(name)

    # --- called by the node ------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the node connected until cancelled."""
        try:
            await self._node.run()
        finally:
            await self.redis.aclose()

    def _linked(self) -> None:
        self._faulty.clear()
        for missed in self._missed:
            _guarded(missed)

    def _went_down(self) -> None:
        for cut in self._cut:
            _guarded(cut)

    def _heard_myself(self, _id: str, _payload: bytes) -> None:
        self._node.heard_myself()

    def _push(self, name: bytes, payload: bytes) -> None:
        kind, identity = keys.tagged_id(name)
        heard = self._heard.get(kind)
        if heard is None:
            return
        try:
            heard(identity, payload)
        except Exception as failure:
            # Perhaps a record of a newer release: its room or user is read again; nobody else is affected.
            self.note_fault(kind, identity, failure)
            _guarded(partial(self._mend[kind], identity) if kind in self._mend else lambda: None)

    def note_fault(self, kind: str, identity: str, failure: Exception) -> None:
        """Count data from the store that could not be handled, and log it once per id and link."""
        self.faults += 1
        if (kind, identity) not in self._faulty and len(self._faulty) < _MOST_FAULTS:
            self._faulty.add((kind, identity))
            log.error("store: a record could not be handled", extra={"kind": kind, "id": identity}, exc_info=failure)

    async def remove_old_libraries(self, now: int) -> None:
        """Record that this release's library is in use, and remove libraries that nobody used for a day."""
        used = Tag("{libraries}")
        await self.command(used, "ZADD", used, now, self.library.name)
        for node in self.nodes:
            words = ("FUNCTION", "LIST", "LIBRARYNAME", PREFIX + "*")
            for listed in await self.patiently(partial(self._ask_node, node, words), ""):
                name = listed[b"library_name"].decode()
                score = await self.command(used, "ZSCORE", used, name)
                if score is None:
                    await self.command(used, "ZADD", used, now, name)
                elif float(score) < now - 86_400_000:
                    await self.patiently(partial(self._ask_node, node, ("FUNCTION", "DELETE", name)), "")
                    await self.command(used, "ZREM", used, name)


class _Together:
    """Collects the replies of several commands."""

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


def _guarded(call: Callable[[], None]) -> None:
    """Call a listener. An exception is logged and does not prevent calls of the others."""
    try:
        call()
    except Exception:
        log.exception("store: a listener failed")


def takes_no_writes() -> Refusal:
    return errors.unavailable("The store takes no writes now: retry later")


def status(answer: list[Any]) -> str:
    """The first element of a function's answer: ``ok`` or the reason of a refusal."""
    word: bytes = answer[0]
    return word.decode()


def flat(pairs: list[Any] | dict[Any, Any]) -> dict[str, bytes]:
    """A flat HGETALL answer, as Lua returns it, as a dict with text keys."""
    items = pairs.items() if isinstance(pairs, dict) else zip(pairs[::2], pairs[1::2], strict=True)
    return {key.decode(): value for key, value in items}


def scored(words: list[Any]) -> Iterable[tuple[bytes, Any]]:
    """The (member, score) pairs of a sorted set: RESP3 answers pairs, RESP2 a flat list."""
    if words and isinstance(words[0], list):
        return ((member, score) for member, score in words)
    return zip(words[::2], words[1::2], strict=True)
