"""The service that finds messages.

The index proposes, the log disposes: what the index finds is read again from each room's log, in one call, and left out
if it was deleted, says something else by now, or is not for the caller to read. So deletions, edits and bans hold at
once; only a new message is found a moment late. The index knows nothing of permissions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import UNSET

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.messages import MessageSearch, MessageSearchResult
from chatserver.protocol.shapes import Message
from chatserver.rules.limits import Buckets
from chatserver.rules.rooms import access as room_rules
from chatserver.rules.text.tokens import parse_query
from chatserver.services.caller import Caller
from chatserver.services.messages.messages import Messages
from chatserver.services.pace import spend
from chatserver.store.accounts.accounts import AccountStore
from chatserver.store.engine.store import Store
from chatserver.store.index.engine import FILE, IMAGE, LINK, Hit, Place, Wanted
from chatserver.store.index.follower import entry_of
from chatserver.store.index.index import SearchIndex
from chatserver.store.messages.found import FoundPage, read_found
from chatserver.store.messages.records import Posted, seen_by, unmarked

MOST_LOOKED_AT: Final = 1_000
"""Proposals for one answer; a search that finds less goes on with ``next``."""
AT_ONCE: Final = 100
_SPARE: Final = 8
_HAS: Final = {"link": LINK, "image": IMAGE, "file": FILE}


class _Asked(msgspec.Struct, frozen=True):
    """A search, and who asks. ``listed``: whether the author may be searched for everywhere."""

    caller: Caller
    wanted: Wanted
    listed: bool = True

    def may_show(self, room: FoundPage) -> bool:
        """Whether the caller may read the room, and may search it for this author."""
        user, author = self.caller.user_id, self.wanted.author
        banned = room_rules.is_banned(room.banned_until, now_ms())
        try:
            room_rules.may_read(room, room.member, signed_in=bool(user), banned=banned)
        except Refusal:
            return False
        if not author or author == user:
            return True
        both = room.member is not None and author in room.authors
        return both and (self.listed or room_rules.moderates(room.member))

    def is_meant(self, posted: Posted) -> bool:
        """Whether a message, as it is now, is what was asked for."""
        wanted, entry = self.wanted, entry_of(posted)
        if entry is None or posted.only not in {"", self.caller.user_id}:
            return False
        return (
            wanted.author in {"", entry.author}
            and wanted.topic in {None, entry.topic}
            and (not wanted.has or bool(wanted.has & entry.has))
            and wanted.since <= entry.at
            and (not wanted.until or entry.at < wanted.until)
            and wanted.query.is_met_by(entry.text)
        )


class MessageFinder:
    """``searches`` limits how often one user, or a visitor's address, searches."""

    def __init__(
        self, hub: Hub, store: Store, index: SearchIndex, messages: Messages, accounts: AccountStore, *,
        searches: Buckets,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._store = store
        self._index = index
        self._messages = messages
        self._accounts = accounts
        self._searches = searches

    async def search(self, caller: Caller, params: MessageSearch) -> MessageSearchResult:
        spend(self._searches, caller.user_id or caller.address)
        rooms = await self._rooms(caller, params)
        author = "" if params.author is UNSET else params.author
        wanted = Wanted(
            query=parse_query(params.query), rooms=rooms, author=author,
            topic=None if params.topic is UNSET else params.topic,
            has=0 if params.has is UNSET else _HAS[params.has], since=params.since, until=params.until,
            after=_cursor(params.after) if params.after else None,
        )  # fmt: skip
        if wanted.query.is_empty and not wanted.has and not author and not params.topic:
            raise errors.invalid("query", "Write what to search for")
        asked = _Asked(caller, wanted, await self._is_listed(author))
        return await self._find(asked, params.limit)

    async def _rooms(self, caller: Caller, params: MessageSearch) -> Sequence[str]:
        """The rooms to search. Raises ``Refusal`` if the room named may not be read."""
        if params.room is not UNSET:
            async with self._hub.feeds.open(params.room) as feed:
                await self._messages.check_readable(caller, feed)
            return [params.room]
        user = caller.require_user()
        live = self._hub.users.get(user)
        return list(live.pointers) if live is not None else list(await self._hub.rooms.rooms_of(user))

    async def _is_listed(self, author: str) -> bool:
        profile = await self._accounts.profile(author) if author else None
        return profile is None or profile.listable != "no"

    async def _find(self, asked: _Asked, limit: int) -> MessageSearchResult:
        """Look through proposals until the page is full, there are none, or it was enough for one answer."""
        messages: list[Message] = []
        wanted, looked, progress = asked.wanted, 0, 1.0
        while looked < MOST_LOOKED_AT and len(messages) < limit:
            number = min(AT_ONCE, limit - len(messages) + _SPARE) if not looked else AT_ONCE
            hits, progress = await self._index.find(wanted, number)
            shown = await self._read_again(asked, hits)
            is_end = len(hits) < number
            for place, hit in enumerate(hits):
                wanted = msgspec.structs.replace(wanted, after=hit.place)
                message = shown.get((hit.room, hit.seq))
                if message is not None:
                    messages.append(message)
                if len(messages) == limit:
                    is_end = is_end and place == len(hits) - 1
                    break
            looked += len(hits)
            if is_end:
                return _result(messages, None, progress)
        return _result(messages, wanted.after, progress)

    async def _read_again(self, asked: _Asked, hits: list[Hit]) -> dict[tuple[str, int], Message]:
        """Those of the proposals that the caller may read and that are what was asked for."""
        by_room: dict[str, list[int]] = {}
        for hit in hits:
            by_room.setdefault(hit.room, []).append(hit.seq)
        viewer = asked.caller.user_id
        reads = (read_found(self._store, room, seqs, viewer=viewer) for room, seqs in by_room.items())
        shown: dict[tuple[str, int], Message] = {}
        for room, found in zip(by_room, await asyncio.gather(*reads, return_exceptions=True), strict=True):
            if isinstance(found, FoundPage):
                shown |= {(room, message.seq): message for message in await self._shown(asked, room, found)}
            elif not isinstance(found, Refusal) or found.kind is not errors.NOT_FOUND:
                raise found
        return shown

    async def _shown(self, asked: _Asked, room: str, found: FoundPage) -> list[Message]:
        if not asked.may_show(found):
            return []
        await asyncio.sleep(0)  # comparing a page of long texts takes a few milliseconds
        meant = [posted for posted in found.page.messages if asked.is_meant(posted)]
        await self._hub.authors.load(posted.user for posted in meant)
        messages: list[Message] = []
        for posted in meant:
            record = found.authors.get(posted.user)
            author = self._hub.authors.with_role(posted.user, record.role if record is not None else "member")
            reactions = found.page.reactions.get(posted.seq)
            message = seen_by(asked.caller.user_id, room, posted, author, reactions)
            messages.append(message if found.member is not None else unmarked(message))
        return messages


def _result(messages: list[Message], after: Place | None, progress: float) -> MessageSearchResult:
    return MessageSearchResult(
        messages=messages, next=f"{after.number}.{after.part}" if after is not None else "",
        indexing=progress if progress < 1 else UNSET,
    )  # fmt: skip


def _cursor(after: str) -> Place:
    """Decode a cursor. Raises ``Refusal`` for one that no page returned."""
    number, _, part = after.partition(".")
    if not (after.isascii() and number.isdecimal() and part.isdecimal() and max(len(number), len(part)) < 20):
        raise errors.invalid("after", "Invalid cursor: pass `next` from the previous page")
    return Place(int(number), int(part))
