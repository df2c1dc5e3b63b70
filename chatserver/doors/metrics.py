"""/metrics for Prometheus. No label names a room or a user.

Gauges are read on request; only the counters of responses and closes are updated continuously.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from chatserver import __version__
from chatserver.doors.gate import Gate
from chatserver.live.connection import Connection
from chatserver.live.hub import Hub
from chatserver.live.tasks import Tasks
from chatserver.protocol import closing
from chatserver.store.blobs.blobs import Blobs
from chatserver.store.engine.intents import Intents
from chatserver.store.index.index import SearchIndex
from chatserver.store.messages.log import MessageLog
from chatserver.workers.pool import Pool

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_LAG: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The doors call ``answered`` and ``closed``, housekeeping calls ``lagged``."""

    def __init__(
        self, hub: Hub, gate: Gate, log: MessageLog, intents: Intents, index: SearchIndex, tasks: Tasks, pool: Pool,
        blobs: Blobs,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._gate = gate
        self._log = log
        self._intents = intents
        self._index = index
        self._tasks = tasks
        self._pool = pool
        self._blobs = blobs
        self._answers: collections.Counter[tuple[str, str]] = collections.Counter()
        self._closes: collections.Counter[str] = collections.Counter()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._lag = Histogram(
            "chat_loop_lag_seconds", "How late the event loop was.", buckets=_LAG, registry=self._registry
        )

    def answered(self, method: str, outcome: str) -> None:
        self._answers[method, outcome] += 1

    def closed(self, connection: Connection) -> None:
        self._closes[str((connection.closing or closing.LOST).code)] += 1

    def lagged(self, seconds: float) -> None:
        self._lag.observe(max(0.0, seconds))

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        hub = self._hub
        yield InfoMetricFamily("chat_build", "The program.", value={"version": __version__})
        for name, help_, value in (
            ("chat_connections", "Sockets open.", len(hub.connections)),
            ("chat_connections_left", "How many more connections the limit of open files allows.", self._gate.left),
            ("chat_users", "Users connected.", len(hub.users)),
            ("chat_rooms_followed", "Rooms that connections of this process follow.", len(hub.feeds)),
            (
                "chat_connections_paused",
                "Sockets whose buffer is full.",
                sum(c.paused for c in hub.connections),
            ),
            ("chat_followers_behind", "Followers that are catching up.", _behind(hub)),
            ("chat_store_up", "Whether the link to the store is up.", int(hub.store.up)),
            ("chat_store_writable", "Whether the store takes writes.", int(hub.store.up and not hub.store.read_only)),
            ("chat_tasks", "Running tasks.", len(self._tasks)),
        ):
            yield GaugeMetricFamily(name, help_, value=value)
        yield CounterMetricFamily("chat_messages_appended", "Messages sent to the store.", value=self._log.messages)
        yield CounterMetricFamily("chat_append_groups", "Group commits.", value=self._log.groups)
        store = hub.store
        yield CounterMetricFamily("chat_store_links", "Links made to the store.", value=store.links)
        losses = {(reason,): count for reason, count in store.losses.items()}
        yield self._counted("chat_store_losses", "Links lost.", ("reason",), losses)
        yield CounterMetricFamily("chat_store_faults", "Records that could not be handled.", value=store.faults)
        yield GaugeMetricFamily(
            "chat_files_waiting", "Files waiting for a child process, or being read.", value=self._pool.waiting
        )
        yield CounterMetricFamily("chat_files_made", "Files that child processes read.", value=self._pool.done)
        yield CounterMetricFamily("chat_files_ended", "Child processes that ended.", value=self._pool.ended)
        failures = self._blobs.failures
        yield CounterMetricFamily("chat_files_failures", "Failures of the storage of files.", value=failures)
        yield CounterMetricFamily("chat_intents_aside", "Steps that failed too often.", value=self._intents.put_aside)
        yield from self._of_index()
        pool = hub.feeds.pool
        yield CounterMetricFamily("chat_repairs", "Rooms that read what they had missed.", value=pool.repairs)
        yield CounterMetricFamily("chat_resets", "Rooms or followers that were reset to the end.", value=pool.resets)
        yield self._counted("chat_requests", "Requests answered.", ("method", "outcome"), self._answers)
        closes = {(code,): count for code, count in self._closes.items()}
        yield self._counted("chat_closes", "Sockets closed.", ("code",), closes)

    def _of_index(self) -> Iterable[Metric]:
        index = self._index
        writes = GaugeMetricFamily("chat_index_writer", "Whether this process writes the index.")
        writes.add_metric((), int(index.is_writer))
        up = GaugeMetricFamily("chat_index_up", "Whether messages are brought up to date.")
        up.add_metric((), int(not index.messages.fault))
        rows = GaugeMetricFamily("chat_index_rows", "People and open rooms in the index.", labels=("part",))
        lag = GaugeMetricFamily("chat_index_lag_seconds", "Since when it lacks something.", labels=("part",))
        failed = GaugeMetricFamily("chat_index_failed_timestamp_seconds", "When it failed last.", labels=("part",))
        for part, health in index.health.items():
            lag.add_metric((part,), health.lag)
            failed.add_metric((part,), health.failed_at)
        for part, number in index.rows.items():
            rows.add_metric((part,), number)
        yield from (writes, up, rows, lag, failed)
        yield CounterMetricFamily("chat_index_messages", "Messages read into the index.", value=index.messages_read)
        searches, timeouts, failures = (
            sum(getattr(readers, name) for readers in index.readers) for name in ("searches", "timeouts", "failures")
        )
        yield CounterMetricFamily("chat_searches", "Searches of the index.", value=searches)
        yield CounterMetricFamily("chat_search_timeouts", "Searches that took too long.", value=timeouts)
        yield CounterMetricFamily("chat_search_failures", "Searches that were not answered.", value=failures)

    @staticmethod
    def _counted(
        name: str,
        help_: str,
        labels: tuple[str, ...],
        counts: collections.Counter[tuple[str, str]] | dict[tuple[str], int],
    ) -> CounterMetricFamily:
        family = CounterMetricFamily(name, help_, labels=labels)
        for values, count in counts.items():
            family.add_metric(values, count)
        return family


def _behind(hub: Hub) -> int:
    return sum(place is not None for feed in hub.feeds.all() for place in feed.followers.values())
