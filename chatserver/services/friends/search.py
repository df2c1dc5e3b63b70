"""The service for finding people: those you have a tie with, and members of your rooms.

By name, handle, pinyin (zhangsan, zs), headline, interests, your own note, and where and when you met. Those who match
most of the words come first. What a stranger is found by is their choice (``findable``); name and handle of people with
whom you have a tie are known to you, and always find them.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Set
from datetime import UTC, datetime
from typing import Final

from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.friends import UserSearch, UserSearchResult
from chatserver.rules.limits import Buckets
from chatserver.rules.text.searching import fold
from chatserver.services.accounts.people_index import PeopleIndex, names_of
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.store.accounts.accounts import AccountStore
from chatserver.store.friends.ties import Read, TieStore, is_known
from chatserver.store.rooms.rooms import RoomStore

MOST: Final = 50
# A word shared by more people than this does not find anyone; it only adds to other matches.
COMMON: Final = 250
SMALL_ROOM: Final = 1_000
ASKED_ABOUT: Final = 2_000
_LITTLE_WORDS: Final = frozenset(
    ["a", "an", "the", "i", "we", "me", "met", "in", "at", "on", "from", "of", "who", "with", "and", "to"]
)


class Search:
    """``searches`` limits how often one user searches."""

    def __init__(
        self, hub: Hub, ties: TieStore, rooms: RoomStore, accounts: AccountStore, *, searches: Buckets
    ) -> None:
        self._hub = hub
        self._ties = ties
        self._rooms = rooms
        self._register = PeopleIndex(accounts, hub.authors)
        self._searches = searches

    async def find(self, caller: Caller, params: UserSearch) -> UserSearchResult:
        user = caller.require_user()
        spend(self._searches, user)
        words = [word for word in fold(params.query).lstrip("@").split() if word not in _LITTLE_WORDS]
        await self._register.refresh()
        hits = await self._of_rooms(user, words) | await self._of_ties(user, words)
        hits.pop(user, None)
        faces = await self._hub.authors.authors(hits)
        named = [id for id in hits if faces[id].handle]
        found = sorted(named, key=lambda id: (-hits[id], faces[id].name, id))[:MOST]
        return UserSearchResult([faces[id] for id in found])

    async def _of_rooms(self, user: str, words: list[str]) -> dict[str, int]:
        """The number of matching public words, by member of the user's rooms."""
        matches = [self._register.found(word) for word in words]
        telling = set[str]().union(*(match for match in matches if len(match) <= COMMON))
        everything = matches[0].intersection(*matches[1:]) if matches else telling
        if not telling and not everything:
            return {}
        near = await self._near(everything, user) | await self._near(telling, user)
        return {id: sum(id in match for match in matches) for id in itertools.islice(near, 2 * COMMON)}

    async def _near(self, candidates: Set[str], user: str) -> dict[str, None]:
        """Those candidates who are in one of the user's rooms, until there are enough. A small room's members are read;
        a large room, where candidates are likely, is asked about some candidates."""
        near: dict[str, None] = {}
        for room in await self._rooms.rooms_of(user):
            if await self._rooms.count(room) <= SMALL_ROOM:
                inside = set(await self._rooms.first_members(room, SMALL_ROOM)) & candidates
            else:
                inside = set(await self._rooms.inside(room, itertools.islice(candidates, ASKED_ABOUT)))
            near |= dict.fromkeys(inside)
            if len(near) >= 2 * COMMON:
                break
        return near

    async def _of_ties(self, user: str, words: list[str]) -> dict[str, int]:
        """The same for the user's ties, including the user's own notes."""
        known = await self._ties.read_all(user)
        reads = [read for read in known if is_known(read, user, now_ms(), self._ties.numbers)]
        await self._hub.authors.load(read.tie.other(user) for read in reads)
        texts = await asyncio.gather(*(self._known_by(user, read) for read in reads))
        hits = {
            read.tie.other(user): sum(word in text for word in words) for read, text in zip(reads, texts, strict=True)
        }
        return {id: count for id, count in hits.items() if count}

    async def _known_by(self, user: str, read: Read) -> str:
        tie, other = read.tie, self._hub.authors.face(read.tie.other(user))
        texts = [names_of(other.name, other.handle), self._register.text(other.id)]
        if not tie.side(user).blocks:
            texts.append(tie.side(user).note)
            if tie.origin is not None:
                texts += await self._where_and_when(tie.origin.room, tie.origin.at)
        return fold("\n".join(texts))

    async def _where_and_when(self, room: str, at: int) -> list[str]:
        met = datetime.fromtimestamp(at / 1000, UTC)
        return [await self._rooms.title(room) if room else "", met.strftime("%B %Y-%m"), f"{met.month}月"]
