"""What the index is made of, and what its engines do: one for messages, one for people, one for open rooms.

An engine only proposes: what it finds is read again from the log, and it knows nothing about permissions. So it may
be late, and may be deleted and made again at any time. Its methods block, and are called from threads: those that write
from one thread, those that find from several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.rules.accounts.finding import Findable
from chatserver.rules.rooms.finding import Liveliness, OpenRoom
from chatserver.rules.text.tokens import Query

LINK: Final = 1
IMAGE: Final = 2
FILE: Final = 4


class Entry(Struct, frozen=True, gc=False):
    """A message as the index knows it; ``at`` in ms, ``has`` a sum of LINK, IMAGE and FILE."""

    seq: int
    at: int
    author: str
    text: str
    topic: str = ""
    has: int = 0


class RoomState(NamedTuple):
    """How far the index has come in a room's log."""

    epoch: str
    seq: int
    rev: int


class RoomPart(Struct, frozen=True):
    """What is new in a room, and how far the index then has come. ``afresh``: all that was there goes first."""

    room: str
    state: RoomState
    entries: Sequence[Entry]
    gone: Sequence[int] = ()
    afresh: bool = False


class Place(NamedTuple):
    """Where a proposal stands among all, newest first: a number made of its time, and another that tells those of the
    same number apart."""

    number: int
    part: int


class Hit(NamedTuple):
    """A proposal."""

    place: Place
    room: str
    seq: int


class Found(NamedTuple):
    """Proposals, newest first, and how much of the index is made: 1 for all."""

    hits: list[Hit]
    progress: float


class Wanted(Struct, frozen=True):
    """What to look for. ``since`` and ``until`` in ms, ``until`` excluded; ``topic`` None for the whole room; ``after``
    the place of the last proposal before."""

    query: Query
    rooms: Sequence[str]
    author: str = ""
    topic: str | None = None
    has: int = 0
    since: int = 0
    until: int = 0
    after: Place | None = None


class PeopleWanted(Struct, frozen=True):
    """People in whose words each of these folded words is; ``among`` these users only, if given."""

    words: Sequence[str]
    among: Sequence[str] | None = None


class PeopleFound(NamedTuple):
    """Proposals, those who came last first; how far the index has come in the changes of users, and how much of it is
    made: 1 for all."""

    users: list[str]
    place: str
    progress: float


class RoomsWanted(Struct, frozen=True):
    """Open rooms that each of these folded words means and that have this folded tag ("" for any); ``after`` the last
    one before."""

    words: Sequence[str] = ()
    tag: str = ""
    after: Liveliness | None = None


class RoomsFound(NamedTuple):
    """Proposals, the liveliest first as the index knows; the rest as in ``PeopleFound``."""

    rooms: list[Liveliness]
    place: str
    progress: float


class Damaged(Exception):
    """A part of the index cannot be used; it is made again."""


class Away(Refusal):
    """An engine cannot work now; what it did not take in is given to it again. ``why`` is for the operator."""

    def __init__(self, why: str) -> None:
        super().__init__(errors.UNAVAILABLE, "Search is not available now: try again later", "search_unavailable")
        self.why = why


class Engine(Protocol):
    """What all engines have. ``size`` is called from any thread, all else from the writer's. All methods but
    ``release`` and ``close`` may raise ``Away``."""

    def acquire(self) -> bool:
        """Become the writer, or stay it; False if another process is. What has not been begun has progress 0."""

    def release(self) -> None:
        """Close everything, and let another process write."""

    def close(self) -> None:
        """Release, and close what threads read with; they must have ended."""

    def check(self) -> bool:
        """Look after the engine's own things, once a second. True if a part of it was emptied since the last call, so
        that all must be compared."""

    def purge(self, now: int, before: int) -> None:
        """Erase removed words from the disk, where that was last done before a time; both in ms."""

    def size(self) -> int:
        """Bytes on the disk."""


class MessageEngine(Engine, Protocol):
    """``find`` is called from any thread, all else from the writer's."""

    def progress(self) -> float:
        """How much of the index is made: 1 for all."""

    def note_progress(self, progress: float) -> None:
        """Keep the progress, for all processes and over a restart."""

    def states(self, rooms: Sequence[str]) -> dict[str, RoomState]:
        """How far each of these rooms has come; those that are not in the index are left out."""

    def rooms(self) -> set[str]:
        """All rooms in the index."""

    def write(self, parts: Sequence[RoomPart]) -> None:
        """Take in what is new, of each room one part at most. A room's state is written with its part or after it, so
        that what was taken in without it is only taken in again."""

    def forget(self, rooms: Sequence[str]) -> None:
        """Remove these rooms."""

    def find(self, wanted: Wanted, limit: int, seconds: float) -> Found:
        """At most ``limit`` proposals, newest first. Raises ``TimeoutError`` if none was found within ``seconds``, and
        ``Away``."""


class PartEngine(Engine, Protocol):
    """What the engines of people and of open rooms have in common. ``place`` is how far the index has come in the
    stream of their changes, None if they must be read afresh."""

    def place(self) -> str | None: ...

    def note_place(self, place: str | None, progress: float | None) -> None:
        """Keep the place, and how much is in the index, 1 for all; None leaves what is there."""

    def versions(self, ids: Sequence[str]) -> dict[str, int]:
        """The versions of those of these that are in the index."""

    def after(self, id: str, limit: int) -> list[str]:
        """What is in the index, in the order of the ids."""

    def count(self) -> int:
        """How many are in the index."""


class PeopleEngine(PartEngine, Protocol):
    """``find`` is called from any thread, all else from the writer's."""

    def write(self, people: Sequence[Findable], gone: Sequence[str]) -> None:
        """Take in people, unless the index has a newer version of somebody, and remove those who are gone."""

    def find(self, wanted: PeopleWanted, limit: int, seconds: float) -> PeopleFound:
        """At most ``limit`` proposals. Raises ``TimeoutError`` if it takes longer than ``seconds``."""


class RoomsEngine(PartEngine, Protocol):
    """``find`` is called from any thread, all else from the writer's."""

    def write(self, rooms: Sequence[tuple[OpenRoom, Liveliness]], gone: Sequence[str]) -> None:
        """Take in rooms, and remove those that are gone."""

    def move(self, rooms: Sequence[Liveliness]) -> None:
        """Note how lively these are now, those that are in the index."""

    def lively(self) -> list[str]:
        """The rooms in which somebody was online, or something was said today, as the index knows."""

    def find(self, wanted: RoomsWanted, limit: int, seconds: float) -> RoomsFound:
        """At most ``limit`` proposals. Raises ``TimeoutError`` if it takes longer than ``seconds``."""
