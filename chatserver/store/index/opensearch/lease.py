"""Which process writes the index in OpenSearch: whoever the document ``about`` in it names.

The document is replaced only if it is still the one that was read, so of two processes one fails. The holder renews it
while it lives. Clocks are not compared: who waits takes it when it has seen it unchanged for a while by its own.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from chatserver.ids import new_id
from chatserver.store.index.engine import Away
from chatserver.store.index.opensearch.cluster import Cluster, Conflict, Missing
from chatserver.store.index.opensearch.documents import ABOUT

LOOKED_SECONDS: Final = 1.0
RENEWED_SECONDS: Final = 5.0
LAPSED_SECONDS: Final = 20.0
"""Longer than a renewal and a request that just does not fail."""
_SECONDS: Final = 3.0


class About(msgspec.Struct):
    """``writer`` is "" when the last one ended in order; ``community`` whose index it is; ``removed``: there may be
    words of removed messages on the disk; ``merges`` are still to be done to erase them."""

    writer: str = ""
    community: str = ""
    progress: float = 0.0
    removed: bool = False
    merges: int = 0
    purged_at: int = 0


class Lease:
    """``community()`` tells communities apart that were given one index by mistake. Called from the writer's thread;
    ``about`` is what was read or written last."""

    def __init__(self, cluster: Cluster, index: str, community: Callable[[], str]) -> None:
        self.about = About()
        self.is_held = False
        self._cluster = cluster
        self._path = f"/{index}/_doc/{ABOUT}"
        self._new_path = f"/{index}/_create/{ABOUT}"
        self._community = community
        self._me = new_id()
        self._version: dict[str, Any] = {}
        self._changed_at = 0.0
        self._looked_at = -LOOKED_SECONDS
        self._written_at = 0.0

    def hold(self) -> bool:
        """Take the lease, or keep it; False if it is another's. Raises ``Missing``, and ``Away``."""
        now = time.monotonic()
        if not self.keep() and self._looked_at >= now:
            if not self._version:
                self._write(self._new_path, About(community=self._community()))
            elif self._is_free(now):
                # Whoever did not end in order may have removed something without having noted it.
                removed = self.about.removed or bool(self.about.writer)
                self._write(self._path, msgspec.structs.replace(self.about, removed=removed))
        return self.is_held

    def keep(self) -> bool:
        """Renew the lease if that is due; False if it is not held. Raises ``Missing``, and ``Away``."""
        now = time.monotonic()
        if now >= self._looked_at + LOOKED_SECONDS:
            self._look(now)
            if self.is_held and now >= self._written_at + RENEWED_SECONDS:
                self._write(self._path, self.about)
        return self.is_held

    def _is_free(self, now: float) -> bool:
        return self.about.writer in {"", self._me} or now >= self._changed_at + LAPSED_SECONDS

    def _look(self, now: float) -> None:
        about, version = self.read()
        if version != self._version:
            self.about, self._version, self._changed_at, self.is_held = about, version, now, False
        if version and about.community != self._community():
            raise Away("the index belongs to another community: set another index.opensearch_index")
        self._looked_at = now

    def read(self) -> tuple[About, dict[str, Any]]:
        """The document and which state of it this is, empty if there is none. Raises ``Missing``, and ``Away``."""
        answer = self._cluster.ask("GET", self._path, seconds=_SECONDS)
        version = _version_of(answer)
        return msgspec.convert(answer["_source"][ABOUT], About) if version else About(), version

    def note(self, about: About) -> None:
        """Write it, for all processes. Raises ``Away`` if the lease is held no more."""
        if self.is_held:
            self._write(self._path, about)
        if not self.is_held:
            raise Away("another process writes the index now")

    def _write(self, path: str, about: About, *, writer: str | None = None) -> None:
        """If it was still the document that was read, ``is_held`` is true afterwards."""
        about = msgspec.structs.replace(about, writer=self._me if writer is None else writer)
        expected = {f"if_{name}": value for name, value in self._version.items()}
        try:
            answer = self._cluster.ask(
                "PUT", path, {ABOUT: msgspec.to_builtins(about)}, seconds=_SECONDS, require_alias="true", **expected
            )
        except Conflict:
            self.is_held = False
            return
        self.about, self._version, self.is_held = about, _version_of(answer), True
        self._written_at = self._changed_at = time.monotonic()

    def begin_again(self) -> None:
        """The index is another one."""
        self.about, self.is_held, self._version, self._looked_at = About(), False, {}, -LOOKED_SECONDS

    def let_go(self) -> None:
        """Let another process take it at once."""
        if self.is_held:
            with contextlib.suppress(Away, Missing):
                self._write(self._path, self.about, writer="")
            self.is_held = False


def _version_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Which state of the document it is; empty if there is none."""
    return {name: answer[f"_{name}"] for name in ("seq_no", "primary_term") if f"_{name}" in answer}
