"""The messages service: send, edit, delete, history, read markers.

``send`` runs without await until the message is in its room's queue, so the order of requests is the order of the log.
append.lua decides who may post; only the message itself is checked here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Final

import msgspec

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import new_id, now_ms
from chatserver.live.feed import Feed
from chatserver.live.hub import Hub
from chatserver.live.unread import Reader
from chatserver.protocol.methods.messages import (
    MessageDelete,
    MessageEdit,
    MessageHistory,
    MessageHistoryResult,
    MessageSend,
    MessageSendResult,
    ReadMark,
    ReadMarkResult,
    RevResult,
)
from chatserver.protocol.methods.topics import TopicCreate
from chatserver.rules.messages import links as link_rules
from chatserver.rules.messages import text as text_rules
from chatserver.rules.messages.reading import WHOLE, Reading
from chatserver.rules.rooms import access as room_rules
from chatserver.services.accounts.newcomers import Newcomers
from chatserver.services.caller import Caller
from chatserver.services.friends.inbox import Inbox
from chatserver.services.messages.limits import SendLimits
from chatserver.services.messages.previews import Previews
from chatserver.store.accounts.users import Mark, UserStore
from chatserver.store.community.secret import Secret
from chatserver.store.messages.deletions import Deletions
from chatserver.store.messages.log import NO_CALLS, Calls, MessageLog, refusal_of
from chatserver.store.messages.records import Page, Record, digest, seen_by, unmarked
from chatserver.store.messages.topics import TopicStore
from chatserver.store.messages.unread import Unread

MOST_READINGS: Final = 3
"""How often a page is read again because of changes; then it is returned anyway."""


class Messages:
    """``secret`` is the key of the digests that distinguish a repeated send from another one with the same
    client_id."""

    def __init__(
        self,
        hub: Hub,
        log: MessageLog,
        users: UserStore,
        topics: TopicStore,
        deletions: Deletions,
        limits: SendLimits,
        inbox: Inbox,
        newcomers: Newcomers,
        previews: Previews,
        *,
        secret: Secret,
        characters: int,
        size: int,
        most_files: int,
    ) -> None:
        self._hub = hub
        self._log = log
        self._users = users
        self._topics = topics
        self._deletions = deletions
        self._limits = limits
        self._inbox = inbox
        self._newcomers = newcomers
        self._previews = previews
        self._secret = secret
        self._characters = characters
        self._size = size
        self._most_files = most_files

    # --- send --------------------------------------------------------------------------------------------------------

    def send(self, caller: Caller, params: MessageSend) -> asyncio.Future[MessageSendResult]:
        """Queue a message. The future resolves to the response; a refusal known at once is raised."""
        if params.attachments:
            self._check_files(params.attachments)
        text = self.admit(caller, params.room, params.text, may_be_empty=bool(params.attachments))
        return self.put(caller, params, text)

    def _check_files(self, files: list[str]) -> None:
        """Raises ``Refusal`` for too many, or for one that is there twice; the room decides the rest."""
        if len(files) > self._most_files:
            raise errors.too_large(f"Send at most {self._most_files} files with a message", self._most_files)
        for place, file in enumerate(files):
            if file in files[:place] or not file.isalnum():
                raise Refusal(errors.NOT_FOUND, "No such file of yours for this room", path=f"attachments.{place}")

    def admit(self, caller: Caller, room: str, text: str, *, may_be_empty: bool = False) -> str:
        """Count a message of the caller and return its text as stored. Raises ``Refusal`` if it is invalid or comes too
        often."""
        caller.require_user()
        checked = text_rules.message(
            text, characters=self._characters, size=self._size, may_be_empty=may_be_empty
        )  # fmt: skip
        self._limits.take(caller, room)
        return checked

    def put(self, caller: Caller, params: MessageSend, text: str) -> asyncio.Future[MessageSendResult]:
        """Queue a message whose ``text`` was returned by ``admit``."""
        record = Record(new_id(), caller.user_id, text, params.client_id, params.reply_to, params.topic)
        append = partial(self._append, caller, params.room, params.attachments)
        if self._newcomers.must_count(caller):
            return self._newcomers.send(caller, params.room, record, append)
        return append(record)

    def start_topic(self, caller: Caller, params: TopicCreate, title: str) -> asyncio.Future[MessageSendResult]:
        """Queue the first message of a new topic, which gets the message's id."""
        id = new_id()
        if params.attachments:
            self._check_files(params.attachments)
        text = self.admit(caller, params.room, params.text, may_be_empty=bool(params.attachments))
        record = Record(id, caller.user_id, text, params.client_id, topic=id)
        append = partial(self._append, caller, params.room, params.attachments, title=title)
        if self._newcomers.must_count(caller):
            return self._newcomers.send(caller, params.room, record, append)
        return append(record)

    def _append(
        self, caller: Caller, room: str, files: list[str], record: Record, *, title: str = ""
    ) -> asyncio.Future[MessageSendResult]:
        line = f"\n{title}" if title else record.topic
        said = digest(self._secret.value, record.text, record.reply_to, line, files)
        origin = self._hub.origin(caller.connection) if caller.connection is not None else ""
        calls = self._calls(caller, record.text)
        answered = None if calls is NO_CALLS and not record.reply_to else self._inbox.mentioned(room, record)
        answer = self._log.append(room, record, said, origin, calls, files, title)
        if answered is not None:
            answer.add_done_callback(answered)
        if "://" in record.text:
            self._previews.follow(caller, room, record, answer)
        return answer

    def _calls(self, caller: Caller, text: str) -> Calls:
        """Whom a text of this caller may call."""
        names = text_rules.names_called(text)
        if not names:
            return NO_CALLS
        return Calls(names, self._newcomers.most_called(caller), everyone=not caller.bot)

    # --- change ------------------------------------------------------------------------------------------------------

    async def edit(self, caller: Caller, params: MessageEdit) -> RevResult:
        text = self.admit(caller, params.room, params.text, may_be_empty=True)  # with files; the room knows
        user, now = caller.require_user(), now_ms()
        async with self._hub.feeds.open(params.room) as feed:
            await self._hub.require_here(feed, user)
        calls = self._calls(caller, text)
        links = link_rules.previewed(text)
        edit = self._log.edit(params.room, params.seq, text, calls, links, user=user, now=now)
        edit = self._previews.edited(caller, params.room, params.seq, links, edit, at=now)
        edited = await (edit if calls is NO_CALLS else self._inbox.edited(params.room, params.seq, edit))
        return RevResult(edited.rev)

    async def delete(self, caller: Caller, params: MessageDelete) -> RevResult:
        user, now = caller.require_user(), now_ms()
        self._limits.take(caller, params.room)
        async with self._hub.feeds.open(params.room) as feed:
            await self._hub.require_here(feed, user)
        rev = await self._deletions.delete(params.room, params.seq, actor=user, admin=caller.admin, now=now)
        return RevResult(rev)

    # --- read --------------------------------------------------------------------------------------------------------

    async def history(self, caller: Caller, params: MessageHistory) -> MessageHistoryResult:
        async with self._hub.feeds.open(params.room) as feed:
            is_member = await self.check_readable(caller, feed)
            page = await self._read(feed, params, caller.user_id)
            authors = await feed.authors(posted.user for posted in page.messages)
        viewer, room, reactions = caller.user_id, params.room, page.reactions
        messages = [
            seen_by(viewer, room, posted, authors[posted.user], reactions.get(posted.seq)) for posted in page.messages
        ]
        if not is_member:
            messages = list(map(unmarked, messages))
        more = self._more(params, page)
        return MessageHistoryResult(messages, page.epoch, page.first_seq, page.seq, page.rev, more)

    async def _read(self, feed: Feed, params: MessageHistory, viewer: str) -> Page:
        """Read the page, again if the feed received a change meanwhile: pages and records use two connections, and a
        page must not bring back a text after its readers received the deletion. Reactions are no reason to read again:
        clients apply those that came after the page's rev."""
        where = _where(params)
        first, last = self._range(params, where, feed)
        for _ in range(MOST_READINGS):
            if params.topic is msgspec.UNSET:
                page = await self._log.read(feed.room, first=first, last=last, viewer=viewer)
            else:
                seq = getattr(params, where)
                page = await self._log.read_line(
                    feed.room, params.topic, where=where, seq=None if seq is msgspec.UNSET else seq, most=params.limit,
                    viewer=viewer,
                )  # fmt: skip
            if page.epoch != feed.epoch or page.rev >= feed.changed_rev:
                break
        return page

    async def existing(self, feed: Feed, seqs: Iterable[int]) -> set[int]:
        """Those of these messages of a room that stand."""
        page = await self._log.get(seqs, feed.room, viewer="")
        return {posted.seq for posted in page.messages if not posted.deleted}

    async def check_readable(self, caller: Caller, feed: Feed) -> bool:
        """Whether the caller is a member. Raises ``Refusal`` if they may not read the room."""
        user = caller.user_id
        member, banned_until = feed.members.get(user), None
        if user and (member is None or not feed.members.knows(user)):
            member, banned_until = await self._hub.rooms.access(feed.room, user)
        await self._hub.require_here(feed, user)
        banned = room_rules.is_banned(banned_until, now_ms())
        room_rules.may_read(feed.meta, member, signed_in=bool(user), banned=banned)
        return member is not None

    @staticmethod
    def _range(params: MessageHistory, where: str, feed: Feed) -> tuple[int, int]:
        """The first and last number of a page of the whole room; tombstones keep their numbers, so it is exactly one
        range."""
        if where == "after" and params.after is not msgspec.UNSET:
            return params.after + 1, params.after + params.limit
        if where == "around" and params.around is not msgspec.UNSET:
            first = max(feed.head.first_seq, params.around - params.limit // 2)
            return first, first + params.limit - 1
        # The log knows its end better than the feed, which may not have received a message that was just answered.
        if params.before is msgspec.UNSET:
            return -params.limit, -1
        return (-params.limit, params.before - 1) if params.before else (1, 0)

    @staticmethod
    def _more(params: MessageHistory, page: Page) -> bool:
        if params.topic is not msgspec.UNSET:
            return page.more
        if not page.messages:
            return False
        if params.after is not msgspec.UNSET:
            return page.messages[-1].seq < page.seq
        return page.messages[0].seq > page.first_seq

    async def mark(self, caller: Caller, params: ReadMark) -> ReadMarkResult:
        user = caller.require_user()
        async with self._hub.feeds.open(params.room) as feed:
            if await self._hub.feeds.member(feed, user) is None:
                raise room_rules.outside(feed.meta.kind)
            await self._hub.require_here(feed, user)
            if params.topic and not await self._topics.exists(params.room, params.topic):
                raise refusal_of("no_such_topic")
            origin = self._hub.origin(caller.connection) if caller.connection is not None else ""
            line, seq = WHOLE if params.topic is msgspec.UNSET else params.topic, min(params.seq, feed.place.seq)
            reading, unread = await self._mark(feed, user, line, seq, origin)
        return ReadMarkResult(
            room=params.room, topic=params.topic, read_seq=reading.marker(line), room_read_seq=reading.read_seq,
            unread=unread.unread, mentions=unread.mentions,
        )  # fmt: skip

    async def _mark(self, feed: Feed, user: str, line: str, seq: int, origin: str) -> tuple[Reading, Unread]:
        """Move a marker, and count what is unread then. When nothing is, the room's marker moves to the last message
        that was counted."""
        pointer, blocks = await self._hub.pointer(user, feed.room), await self._hub.blocks(user)
        moved = pointer.reading(feed.epoch, feed.head.shared).moved(line, seq, topical=feed.topical)
        reader = Reader(user, pointer.with_reading(moved, feed.epoch), blocks)
        counted = await self._hub.unread.count(feed, reader)
        marks = [Mark(feed.room, feed.epoch, seq, feed.head.shared, line, feed.topical)]
        if not counted.unread.unread and moved.read_seq < counted.upto:
            moved = moved.moved(WHOLE, counted.upto, topical=0)
            marks = [*marks[line == WHOLE :], Mark(feed.room, feed.epoch, counted.upto, feed.head.shared)]
        stored = await self._users.mark(user, marks, origin=origin)
        # The store may not have the marker of the user's own last message yet (live/marks.py).
        stands = stored.joined(moved) if stored is not None else Reading(0)
        if stands != moved:  # another connection of the user was further
            reader = Reader(user, pointer.with_reading(stands, feed.epoch), blocks)
            counted = await self._hub.unread.count(feed, reader)
        return stands, self._hub.unread.now(feed, reader, counted)


def _where(params: MessageHistory) -> str:
    """Which of the three tells where the page is; without any it is before the end."""
    given = [name for name in ("before", "after", "around") if getattr(params, name) is not msgspec.UNSET]
    if len(given) > 1:
        raise errors.invalid(given[1], "Pass only one of before, after and around")
    return given[0] if given else "before"
