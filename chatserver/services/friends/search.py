"""The service for finding people: those you have a tie with, and members of your rooms.

By name, handle, pinyin (zhangsan, zs), headline, interests, your own note, and where and when you met. Those who match
most of the words come first. What a stranger is found by is their choice (``findable``); name and handle of people with
whom you have a tie are known to you, and always find them.

The index proposes, the store disposes: who it finds is read again, with what they chose, and each room says who is in
it. Who changed a moment ago, who has exactly a handle that was asked for, and one's own ties are found without it.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
from datetime import UTC, datetime
from typing import Final

from msgspec import UNSET

from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.friends import UserSearch, UserSearchResult
from chatserver.rules.accounts.finding import Findable, names_of
from chatserver.rules.limits import Buckets
from chatserver.rules.text.searching import fold
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.services.rooms.member_search import batched
from chatserver.services.spellings import load_spellings
from chatserver.store.accounts.accounts import AccountStore
from chatserver.store.accounts.findable import read_findable
from chatserver.store.engine.store import Store
from chatserver.store.friends.ties import Read, TieStore, is_known
from chatserver.store.index.engine import PeopleWanted
from chatserver.store.index.index import SearchIndex
from chatserver.store.rooms.rooms import RoomStore

MOST: Final = 50
# A word shared by more people than this does not find anyone; it only adds to other matches.
COMMON: Final = 250
SMALL_ROOM: Final = 1_000
ASKED_ABOUT: Final = 2_000
MOST_WORDS: Final = 16
AT_ONCE: Final = 64
"""How many are read and compared in one turn of the loop, which takes 2 ms."""
_LITTLE_WORDS: Final = frozenset(
    ["a", "an", "the", "i", "we", "me", "met", "in", "at", "on", "from", "of", "who", "with", "and", "to"]
)


class Search:
    """``searches`` limits how often one user searches."""

    def __init__(
        self, hub: Hub, store: Store, index: SearchIndex, ties: TieStore, rooms: RoomStore, accounts: AccountStore, *,
        searches: Buckets,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._store = store
        self._index = index
        self._ties = ties
        self._rooms = rooms
        self._accounts = accounts
        self._searches = searches

    async def find(self, caller: Caller, params: UserSearch) -> UserSearchResult:
        user = caller.require_user()
        spend(self._searches, user)
        words = [word for word in fold(params.query).lstrip("@").split() if word not in _LITTLE_WORDS]
        words = list(dict.fromkeys(words))[:MOST_WORDS]
        strangers, progress = await self._of_rooms(user, words)
        hits = strangers | await self._of_ties(user, words)
        hits.pop(user, None)
        faces = await self._hub.authors.authors(hits)
        named = [id for id in hits if faces[id].handle]
        found = sorted(named, key=lambda id: (-hits[id], faces[id].name, id))[:MOST]
        return UserSearchResult([faces[id] for id in found], indexing=progress if progress < 1 else UNSET)

    # --- strangers ---------------------------------------------------------------------------------------------------

    async def _of_rooms(self, user: str, words: list[str]) -> tuple[dict[str, int], float]:
        """The number of matching public words, by member of the user's rooms; and how much of the index is made."""
        mine = list(await self._rooms.rooms_of(user))
        rooms = dict(zip(mine, await asyncio.gather(*map(self._rooms.count, mine)), strict=True))
        inside: dict[str, None] = {}
        for room, count in rooms.items():
            if count <= SMALL_ROOM and len(inside) < ASKED_ABOUT:
                inside |= dict.fromkeys(await self._rooms.first_members(room, SMALL_ROOM))
        everywhere = PeopleWanted(words), ASKED_ABOUT
        beside = PeopleWanted(words, list(inside)), 2 * COMMON
        each = [(PeopleWanted([word]), COMMON + 1) for word in words]
        (all_words, close, *by_word), late, progress = await self._index.find_people([everywhere, beside, *each])
        handles = [holder for holder in await asyncio.gather(*map(self._accounts.holder, words)) if holder]
        hopes = collections.Counter(itertools.chain.from_iterable(one for one in by_word if len(one) <= COMMON))
        hopes |= collections.Counter(dict.fromkeys([*handles, *late, *close, *all_words], len(words)))
        telling = [id for id in hopes if hopes[id] < len(words)]
        near = await self._near(dict.fromkeys([*handles, *late, *close, *telling, *all_words]), rooms)
        faces = await self._hub.authors.authors(near)
        best = sorted(near, key=lambda id: (-hopes[id], faces[id].name, id))
        return await self._read_again(words, best), progress

    async def _near(self, candidates: dict[str, None], rooms: dict[str, int]) -> dict[str, None]:
        """Those candidates who are in one of these rooms, until there are enough. The largest room, where most of them
        are, is asked first."""
        near: dict[str, None] = {}
        for room in sorted(rooms, key=lambda room: -rooms[room]):
            asked = [id for id in candidates if id not in near]
            if not asked or len(near) >= 2 * COMMON:
                break
            near |= dict.fromkeys(await self._rooms.inside(room, asked[:ASKED_ABOUT]))
        return dict.fromkeys(itertools.islice((id for id in candidates if id in near), 2 * COMMON))

    async def _read_again(self, words: list[str], users: list[str]) -> dict[str, int]:
        """How many of the words find each of these users, as they are now; those behind them are left out when there
        are enough."""
        await load_spellings()
        hits: dict[str, int] = {}
        for some in batched(users, AT_ONCE):
            people = await read_findable(self._store, some)
            hits |= {user: count for user, one in people.items() if (count := one.count(words))}
            if len(hits) > MOST:
                break
        return hits

    # --- the user's own ties -----------------------------------------------------------------------------------------

    async def _of_ties(self, user: str, words: list[str]) -> dict[str, int]:
        """The same for the user's ties, including the user's own notes."""
        known = await self._ties.read_all(user)
        reads = [read for read in known if is_known(read, user, now_ms(), self._ties.numbers)]
        others = [read.tie.other(user) for read in reads]
        await self._hub.authors.load(others)
        shown = await read_findable(self._store, others)
        await load_spellings()
        texts = await asyncio.gather(*(self._known_by(user, read, shown) for read in reads))
        hits = {
            read.tie.other(user): sum(word in text for word in words) for read, text in zip(reads, texts, strict=True)
        }
        return {id: count for id, count in hits.items() if count}

    async def _known_by(self, user: str, read: Read, shown: dict[str, Findable]) -> str:
        tie, other = read.tie, self._hub.authors.face(read.tie.other(user))
        texts = [names_of(other.name, other.handle)]
        if other.id in shown:
            texts.append(shown[other.id].words)
        if not tie.side(user).blocks:
            texts.append(tie.side(user).note)
            if tie.origin is not None:
                texts += await self._where_and_when(tie.origin.room, tie.origin.at)
        return fold("\n".join(texts))

    async def _where_and_when(self, room: str, at: int) -> list[str]:
        met = datetime.fromtimestamp(at / 1000, UTC)
        return [await self._rooms.title(room) if room else "", met.strftime("%B %Y-%m"), f"{met.month}月"]
