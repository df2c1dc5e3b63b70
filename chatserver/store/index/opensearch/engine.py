"""Messages in an OpenSearch cluster: one index for all machines of a community.

One process of the community writes, whoever holds the lease; all search. As with files, the index is made again when it
was deleted or made by another version. It is reached by an alias: OpenSearch creates whatever index somebody writes to,
with a mapping of its own, but never an alias.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from chatserver.store.index.engine import Away, Found, RoomPart, RoomState, Wanted
from chatserver.store.index.opensearch.cluster import Cluster, Conflict, Missing
from chatserver.store.index.opensearch.documents import (
    FORMAT,
    forgotten_lines,
    hit_of,
    index_body,
    message_lines,
    packed,
    search_body,
    state_id,
    state_lines,
    state_of,
)
from chatserver.store.index.opensearch.lease import Lease
from chatserver.store.index.stamp import stamp

log = logging.getLogger(__name__)

SECONDS: Final = 10.0
"""How long a request that writes may take."""
PATIENCE_SECONDS: Final = 5.0
"""How long the writer waits for work that OpenSearch goes on with by itself."""
MARGIN_SECONDS: Final = 1.0
MERGES: Final = 5
"""A minute apart. With OpenSearch 2.19 and 3.9 a deleted word was still in a file after the second, seconds later."""
ACTIONS: Final = 1_000
BODY_BYTES: Final = 2_000_000
"""Of a bulk request, so that reading its answer takes the interpreter a few milliseconds."""
REMOVED_AT_ONCE: Final = 5_000
LISTED_AT_ONCE: Final = 5_000
NOT_FOUND: Final = "index_not_found_exception"
_BULK: Final[dict[str, Any]] = {"require_alias": "true", "filter_path": "errors,items.*.status,items.*.error.type"}


class Counts(NamedTuple):
    """How many rooms and messages are in the index, and how much of it is made: 1 for all."""

    rooms: int
    messages: int
    progress: float


class OpenSearchMessages:
    """``index`` is the name of the alias; the index itself has a number behind it."""

    def __init__(self, cluster: Cluster, index: str, community: Callable[[], str]) -> None:
        self._cluster = cluster
        self._alias = index
        self._index = f"{index}-1"
        self._lease = Lease(cluster, index, community)
        self._is_of_this_version = False
        self._emptied = False

    # --- who writes --------------------------------------------------------------------------------------------------

    def acquire(self) -> bool:
        with self._made_again("there is none"):
            self._lease.hold()
        if not self._lease.is_held:
            self._is_of_this_version = False
        elif not self._is_of_this_version:
            if self._stamp() != stamp(FORMAT):
                self.remove()
                self._make("another version made it")
            self._is_of_this_version = True
        return self._lease.is_held

    def check(self) -> bool:
        with self._made_again():
            self._keep()
        emptied, self._emptied = self._emptied, False
        return emptied

    def _keep(self) -> None:
        if not self._lease.keep():
            raise Away("another process writes the index now")

    def release(self) -> None:
        self._lease.let_go()

    def close(self) -> None:
        """Release, and close what threads read with; they must have ended."""
        self.release()
        self._cluster.close()

    # --- making it ---------------------------------------------------------------------------------------------------

    def _stamp(self) -> str:
        found = self._ask("GET", f"/{self._alias}/_mapping")
        said: list[Any] = [one["mappings"].get("_meta", {}).get("stamp") for one in found.values()]
        return str(said[0])

    def _make(self, why: str) -> None:
        """Begin an empty index, unless another process does."""
        log.warning("index: it is made again", extra={"index": self._alias, "why": why})
        try:
            self._ask("PUT", f"/{self._index}", index_body(self._alias))
            self._emptied = True
        except Conflict:
            self._ask("PUT", f"/{self._index}/_alias/{self._alias}")
            self._is_of_this_version = False
        self._lease.begin_again()
        self._lease.hold()

    @contextlib.contextmanager
    def _made_again(self, why: str = "it was deleted") -> Iterator[None]:
        """If the index is missing, an empty one is begun. What was to be written is not written then: rooms are read
        again from the beginning."""
        try:
            yield
        except Missing:
            self._make(why)

    def progress(self) -> float:
        return self._lease.about.progress

    def note_progress(self, progress: float) -> None:
        with self._made_again():
            self._lease.note(msgspec.structs.replace(self._lease.about, progress=progress))

    # --- the writer --------------------------------------------------------------------------------------------------

    def states(self, rooms: Sequence[str]) -> dict[str, RoomState]:
        found: dict[str, RoomState] = {}
        with self._made_again():
            asked = {"ids": [state_id(room) for room in rooms]}
            documents = self._ask("POST", f"/{self._alias}/_mget", asked)["docs"] if rooms else []
            for room, document in zip(rooms, documents, strict=True):
                if document.get("found"):
                    found[room] = state_of(document["_source"])
                elif "error" in document:
                    raise _fault(document["error"].get("type", ""), "a document cannot be read")
        return found

    def rooms(self) -> set[str]:
        found: set[str] = set()
        with self._made_again():
            self._ask("POST", f"/{self._alias}/_refresh")
            asked = {
                "query": {"exists": {"field": "state_of"}}, "sort": [{"state_of": "asc"}], "size": LISTED_AT_ONCE,
                "_source": False, "track_total_hits": False,
            }  # fmt: skip
            while hits := _complete(self._ask("POST", f"/{self._alias}/_search", asked)):
                found.update(hit["sort"][0] for hit in hits)
                asked["search_after"] = hits[-1]["sort"]
        return found

    def write(self, parts: Sequence[RoomPart]) -> None:
        with self._made_again():
            self._empty([part.room for part in parts if part.afresh])
            self._bulk(message_lines(parts))
            self._bulk(state_lines(parts))

    def forget(self, rooms: Sequence[str]) -> None:
        with self._made_again():
            self._empty(rooms)
            self._bulk(forgotten_lines(rooms))

    def _empty(self, rooms: Sequence[str]) -> None:
        """Remove all messages of these rooms, so many at a time that each request ends soon."""
        if not rooms:
            return
        self._ask("POST", f"/{self._alias}/_refresh")
        asked = {"query": {"terms": {"room": list(rooms)}}}
        more = True
        while more:
            self._keep()
            answer = self._ask(
                "POST", f"/{self._alias}/_delete_by_query", asked,
                max_docs=REMOVED_AT_ONCE, refresh="true", conflicts="proceed",
            )  # fmt: skip
            if answer["failures"]:
                raise Away(f"it did not remove messages: {answer['failures'][0].get('status')}")
            self._lease.about.removed |= answer["deleted"] > 0
            more = answer["deleted"] >= REMOVED_AT_ONCE or answer["version_conflicts"] > 0

    def _bulk(self, lines: Iterator[bytes]) -> None:
        """What was written is found, and what was removed is not, when this returns."""
        for body in packed(lines, ACTIONS, BODY_BYTES):
            self._keep()
            answer = self._ask("POST", f"/{self._alias}/_bulk", body, refresh="true", **_BULK)
            for item in answer["items"]:
                ((action, outcome),) = item.items()
                self._judge(action, outcome["status"], outcome.get("error", {}).get("type", ""))

    def _judge(self, action: str, status: int, error: str) -> None:
        if error == NOT_FOUND:
            raise Missing
        if status == 400:  # it will never be taken in, and must not keep others out
            log.error("index: a document was refused", extra={"index": self._alias, "error": error})
        elif status >= 300 and (status != 404 or error or action != "delete"):
            raise Away(f"it answered {status}: {error}")
        elif status == 200:  # 201 is something new, 404 something that was not there
            self._lease.about.removed = True

    def purge(self, now: int, before: int) -> None:
        """Removed words stay in segments until these are merged. What was removed in the last half minute is kept for
        the index's copies, so it is done some times, once a call. Merging that takes long goes on when nobody waits for
        it any more; it is asked for again until it answers in time because nothing is left to do."""
        about = self._lease.about
        if not about.merges and (not about.removed or about.purged_at > before):
            return
        with self._made_again():
            if not about.merges:
                self._lease.note(msgspec.structs.replace(about, removed=False, merges=MERGES))
            self._ask("POST", f"/{self._alias}/_flush")
            path = f"/{self._alias}/_forcemerge"
            if self._cluster.ask_patiently("POST", path, seconds=PATIENCE_SECONDS, only_expunge_deletes="true"):
                about = self._lease.about
                left = about.merges - 1
                done = about.purged_at if left else now
                self._lease.note(msgspec.structs.replace(about, merges=left, purged_at=done))

    def _ask(self, method: str, path: str, body: Any = None, *, seconds: float | None = None, **params: Any) -> Any:
        return self._cluster.ask(method, path, body, seconds=seconds or SECONDS, **params)

    # --- any thread --------------------------------------------------------------------------------------------------

    def find(self, wanted: Wanted, limit: int, seconds: float) -> Found:
        body = search_body(wanted, limit, seconds)
        try:
            answer = self._ask("POST", f"/{self._alias}/_search", body, seconds=seconds + MARGIN_SECONDS)
        except Missing:
            return Found([], 0.0)
        # Hits that were found in time are any: going on behind the last would leave out newer ones.
        if answer["timed_out"]:
            raise TimeoutError
        return Found([hit_of(hit) for hit in _complete(answer)], self.progress())

    def size(self) -> int:
        try:
            answer = self._ask("GET", f"/{self._alias}/_stats/store")
        except Missing:
            return 0
        return int(answer["_all"]["primaries"]["store"]["size_in_bytes"])

    # --- commands ----------------------------------------------------------------------------------------------------

    def counts(self) -> Counts | None:
        """None if there is no index."""
        try:
            about, _ = self._lease.read()
            rooms, messages = [
                self._ask("POST", f"/{self._alias}/_count", {"query": {"exists": {"field": field}}})["count"]
                for field in ("state_of", "room")
            ]
        except Missing:
            return None
        return Counts(rooms, messages, about.progress)

    def remove(self) -> bool:
        """Remove the index, also under a running server, which begins an empty one. False if there is none."""
        try:
            self._ask("DELETE", f"/{self._index}")
        except Missing:
            return False
        return True


def _fault(error: str, what: str) -> Exception:
    return Missing() if error == NOT_FOUND else Away(f"{what}: {error}")


def _complete(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The hits, if all shards have answered. Raises ``Away``."""
    shards = answer["_shards"]
    if shards["failed"] or shards["successful"] < shards["total"]:
        raise Away(f"{shards['total'] - shards['successful']} of {shards['total']} shards did not answer")
    hits: list[dict[str, Any]] = answer["hits"]["hits"]
    return hits
