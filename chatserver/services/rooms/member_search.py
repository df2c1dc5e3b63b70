"""The service that finds members by what somebody types after an @.

It looks only among people who may be meant: the last 1,000 to write in the room, members who are connected, the first
of the member list, the caller's own ties, the member with exactly this handle, and, in a room larger than what was read
of its list, whom the index of people proposes. So it costs the same in a room of a million. Those who wrote last come
first. The room says who of them are members.

Nobody learns by it who is connected: people who hide their presence, or who blocked the caller, are found only as if
they were not connected, and being connected changes nobody's place. Nor who blocked the caller: a tie that the caller
knows nothing of finds nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.live.feed import Feed
from chatserver.live.hub import Hub
from chatserver.protocol.methods.rooms import RoomMembers, RoomMembersResult
from chatserver.protocol.shapes import Author, Member
from chatserver.rules.accounts import handles
from chatserver.rules.limits import Buckets
from chatserver.rules.rooms import access as room_rules
from chatserver.rules.text.searching import fold
from chatserver.rules.text.spellings import spelled
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.services.spellings import load_spellings
from chatserver.store.friends.ties import TieStore, is_known
from chatserver.store.index.engine import PeopleWanted
from chatserver.store.index.index import SearchIndex
from chatserver.store.rooms.rooms import RoomStore

One = TypeVar("One")
PAGE: Final = 50
MOST: Final = 1_000
"""Of each: writers, connected members, ties."""
FIRST: Final = 200
"""How many of the member list are looked at, so that all members of a small room are found."""
TIES_READ: Final = 100
AT_ONCE: Final = 200
"""How many are compared in one turn of the loop, which takes 2 ms, and asked for in one call."""


class SortKey(NamedTuple):
    """Who wrote last comes first (``spoke``: minus the time in ms, 0 for nobody's), then by name."""

    spoke: int
    name: str
    user: str


class MemberSearch:
    """``searches`` limits how often one user searches."""

    def __init__(self, hub: Hub, index: SearchIndex, rooms: RoomStore, ties: TieStore, *, searches: Buckets) -> None:
        self._hub = hub
        self._index = index
        self._rooms = rooms
        self._ties = ties
        self._searches = searches

    async def find(self, caller: Caller, params: RoomMembers) -> RoomMembersResult:
        """A page of the members whom ``query`` may mean. Raises ``Refusal`` not_a_member or not_found."""
        user = caller.require_user()
        spend(self._searches, user)
        words = fold(params.query).replace("@", " ").split()
        async with self._hub.feeds.open(params.room) as feed:
            if await self._hub.feeds.member(feed, user) is None:
                raise room_rules.outside(feed.meta.kind)
            spoke, ties = await self._candidates(feed, user, words)
            after = await self._after(params.after) if params.after else None
            found = await self._meant(spoke, words)
            known = await self._known(user, [key.user for key in found if key.user in ties])
            meant = (key for key in sorted(found) if key.user not in ties or key.user in known)
            return await self._page(feed, [key for key in meant if after is None or key > after])

    async def _candidates(self, feed: Feed, user: str, words: list[str]) -> tuple[dict[str, int], set[str]]:
        """Everyone who may be meant, with the time (ms) at which they last wrote in the room (0: not lately); and those
        of them who are there only because of a tie with the caller."""
        room, handle = feed.room, handles.fold("".join(words))
        spoke, first, ties, called, blocked_by, proposed = await asyncio.gather(
            self._rooms.last_to_speak(room, MOST), self._rooms.first_members(room, FIRST), self._ties.known(user),
            self._rooms.holder(room, handle), self._hub.blocked_by(user), self._proposed(feed, words),
        )  # fmt: skip
        here = feed.company.named() - blocked_by
        others = dict.fromkeys([user, *first, *islice(here, MOST), *([called] if called else []), *proposed], 0) | spoke
        tied = [other for other in islice(ties, MOST) if other not in others]
        return others | dict.fromkeys(tied, 0), set(tied)

    async def _proposed(self, feed: Feed, words: list[str]) -> list[str]:
        """Whom the index finds by these words, where not all members were read."""
        if not words or feed.members.count <= FIRST:
            return []
        (users,), late, _ = await self._index.find_people([(PeopleWanted(words), MOST)])
        return [*late, *users]

    async def _known(self, user: str, ties: list[str]) -> set[str]:
        """Those of these ties that the caller knows of. Asks once even for none: the time an answer takes says
        nothing."""
        asked = ties[:TIES_READ] or [user]
        reads = await asyncio.gather(*(self._ties.read(user, other) for other in asked))
        now, numbers = now_ms(), self._ties.numbers
        return {other for other, read in zip(asked, reads, strict=True) if is_known(read, user, now, numbers)}

    async def _meant(self, spoke: dict[str, int], words: list[str]) -> list[SortKey]:
        await self._hub.authors.load(spoke)
        await load_spellings()
        found = []
        for some in batched(spoke, AT_ONCE):
            for user in some:
                face = self._hub.authors.face(user)
                if face.handle and all(spelled(face.name, face.handle).is_meant_by(word) for word in words):
                    found.append(_key(face, spoke[user]))
            await asyncio.sleep(0)
        return found

    async def _page(self, feed: Feed, keys: list[SortKey]) -> RoomMembersResult:
        """The first of these who are members."""
        listed: list[tuple[SortKey, Member]] = []
        for some in batched(keys, AT_ONCE):
            asked = {key.user: key for key in some}
            for user, record in (await self._rooms.members_among(feed.room, asked)).items():
                author = self._hub.authors.with_role(user, record.role)
                listed.append((asked[user], Member(user=author, role=record.role, joined_at=record.joined_at)))
            if len(listed) > PAGE:
                break
        members = [member for _, member in listed[:PAGE]]
        return RoomMembersResult(members=members, next=_packed(listed[PAGE - 1][0]) if len(listed) > PAGE else "")

    async def _after(self, after: str) -> SortKey:
        """Decode a cursor. Raises ``Refusal`` for one that no page returned."""
        spoke, _, user = after.partition(".")
        if not (0 < len(spoke) <= 15 and spoke.isdecimal() and spoke.isascii() and user):
            raise errors.invalid("after", "Invalid cursor: pass `next` from the previous page")
        await self._hub.authors.load([user])
        return _key(self._hub.authors.face(user), int(spoke))


def _key(face: Author, spoke: int) -> SortKey:
    return SortKey(-spoke, spelled(face.name, face.handle).text, face.id)


def _packed(last: SortKey) -> str:
    return f"{-last.spoke}.{last.user}"


def batched(many: Iterable[One], size: int) -> Iterator[list[One]]:
    """Parts of at most ``size``, in order."""
    rest = iter(many)
    while some := list(islice(rest, size)):
        yield some
