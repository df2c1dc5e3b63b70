"""The desk for finding people one can know: those one has something with, and those of one's rooms.

Found by name, handle, how a Chinese name sounds (zhangsan, zs), headline and interests, one's own note, and where and
when one met. Who matches most of the words comes first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from pypinyin import Style, lazy_pinyin

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods import UserSearch, UserSearchResult
from chatserver.rules.limits import Buckets
from chatserver.services.caller import Caller
from chatserver.store.accounts import AccountsShelf, Profile
from chatserver.store.catalogue import fold
from chatserver.store.rooms import RoomsShelf
from chatserver.store.ties import Ties

MOST: Final = 50
CANDIDATES: Final = 500
_LITTLE_WORDS: Final = frozenset(
    ["a", "an", "the", "i", "we", "me", "met", "in", "at", "on", "from", "of", "who", "with", "and", "to"]
)


class Search:
    """``searches`` limits how often one user asks."""

    def __init__(self, hub: Hub, ties: Ties, rooms: RoomsShelf, accounts: AccountsShelf, *, searches: Buckets) -> None:
        self._hub = hub
        self._ties = ties
        self._rooms = rooms
        self._accounts = accounts
        self._searches = searches

    async def find(self, caller: Caller, params: UserSearch) -> UserSearchResult:
        user = caller.require_user()
        wait = self._searches.take(user, now_ms())
        if wait:
            raise errors.rate_limited(wait)
        words = [word for word in fold(params.query).lstrip("@").split() if word not in _LITTLE_WORDS]
        candidates = await self._candidates(user)
        scored = []
        for profile in await self._accounts.profiles(candidates[:CANDIDATES]):
            hits = await self._hits(user, profile, words)
            if hits and not profile.closed:
                scored.append((-hits, profile.name, profile.id))
        found = [id for _, _, id in sorted(scored)][:MOST]
        faces = await self._hub.directory.authors(found)
        return UserSearchResult([faces[id] for id in found])

    async def _candidates(self, user: str) -> list[str]:
        found = dict.fromkeys(await self._ties.known(user))
        for room in await self._rooms.rooms_of(user):
            try:
                async with self._hub.feeds.open(room) as feed:
                    found |= dict.fromkeys(feed.members)
            except errors.Refusal:
                continue
        found.pop(user, None)
        return list(found)

    async def _hits(self, user: str, profile: Profile, words: list[str]) -> int:
        sounds = sounds_of(profile.name)
        texts = [profile.name, profile.handle, profile.headline, *sounds, *profile.interests]
        tie = (await self._ties.read(user, profile.id)).tie
        if not tie.side(user).blocks:
            texts.append(tie.side(user).note)
            if tie.origin is not None:
                texts += await self._where_and_when(tie.origin.room, tie.origin.at)
        held = fold("\n".join(texts))
        return sum(word in held for word in words)

    async def _where_and_when(self, room: str, at: int) -> list[str]:
        met = datetime.fromtimestamp(at / 1000, UTC)
        title = await self._hub.store.command("HGET", f"{{r:{room}}}", "title") if room else None
        return [title.decode() if title else "", met.strftime("%B %Y-%m"), f"{met.month}月"]


def sounds_of(name: str) -> list[str]:
    """How a Chinese name is typed: whole, and by its initials; nothing for other names."""
    if not any("\u3400" <= char <= "\u9fff" for char in name):
        return []
    return ["".join(lazy_pinyin(name)), "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))]
