"""The service of reactions and pins. The Lua functions decide who may do it; only the emoji is checked here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol

import msgspec

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.messages import (
    MessageGet,
    MessagePin,
    MessageReact,
    MessageReactors,
    MessageReactorsResult,
    MessagesResult,
    MessageUnreact,
    RevResult,
    RoomPins,
)
from chatserver.rules.limits import Buckets
from chatserver.rules.messages import emoji as emoji_rules
from chatserver.services import pace
from chatserver.services.caller import Caller
from chatserver.services.friends.inbox import Inbox
from chatserver.services.messages.limits import SendLimits
from chatserver.services.messages.messages import Messages
from chatserver.store.messages.log import LogReader
from chatserver.store.messages.reactions import ReactionStore
from chatserver.store.messages.records import Page, seen_by, unmarked


class ReadPage(Protocol):
    async def __call__(self, room: str, *, viewer: str) -> Page: ...


class Reactions:
    """``off()`` are the emoji that the community left out."""

    def __init__(
        self,
        hub: Hub,
        log: LogReader,
        store: ReactionStore,
        messages: Messages,
        inbox: Inbox,
        *,
        reacts: Buckets,
        pins: SendLimits,
        off: Callable[[], Collection[str]],
    ) -> None:
        self._hub = hub
        self._log = log
        self._store = store
        self._messages = messages
        self._inbox = inbox
        self._reacts = reacts
        self._pins = pins
        self._off = off

    # --- react -------------------------------------------------------------------------------------------------------

    async def react(self, caller: Caller, params: MessageReact) -> RevResult:
        user = caller.require_user()
        emoji = emoji_rules.allowed(params.emoji, self._off())
        await self._admit(user, params.room)
        reaction = await self._store.react(params.room, params.seq, emoji, user=user, now=now_ms())
        self._inbox.answered(user, reaction.author)
        if reaction.first:
            self._inbox.reacted(params.room, params.seq, reaction, user)
        return RevResult(reaction.rev)

    async def unreact(self, caller: Caller, params: MessageUnreact) -> RevResult:
        user = caller.require_user()
        emoji, of = self._whose(user, params)
        await self._admit(user, params.room)
        rev = await self._store.unreact(
            params.room, params.seq, emoji, of, actor=user, admin=caller.admin, now=now_ms()
        )
        return RevResult(rev)

    async def _admit(self, user: str, room: str) -> None:
        pace.spend(self._reacts, user)
        async with self._hub.feeds.open(room) as feed:
            await self._hub.require_here(feed, user)

    @staticmethod
    def _whose(user: str, params: MessageUnreact) -> tuple[str, str]:
        """The emoji ("" for every one) and the user ("" for everybody) whose reactions are to be removed."""
        if params.all:
            if params.user is not msgspec.UNSET:
                raise errors.invalid("user", "Pass either user or all")
            return (emoji_rules.qualified(params.emoji) if params.emoji is not msgspec.UNSET else ""), ""
        if params.emoji is msgspec.UNSET:
            raise errors.invalid("emoji", "Which reaction? Only with all may the emoji be absent")
        return emoji_rules.qualified(params.emoji), user if params.user is msgspec.UNSET else params.user

    async def reactors(self, caller: Caller, params: MessageReactors) -> MessageReactorsResult:
        emoji = emoji_rules.qualified(params.emoji)
        if params.after and not params.after.isdecimal():
            raise errors.invalid("after", "Invalid cursor: pass `next` from the previous page")
        async with self._hub.feeds.open(params.room) as feed:
            await self._messages.check_readable(caller, feed)
            page = await self._store.reactors(
                params.room, params.seq, emoji, viewer=caller.user_id, after=int(params.after or 0)
            )
            authors = await feed.authors(page.users)
        users = [authors[user] for user in page.users]
        return MessageReactorsResult(users=users, rev=page.rev, next=str(page.after) if page.after else "")

    # --- pins and single messages ------------------------------------------------------------------------------------

    async def pin(self, caller: Caller, params: MessagePin) -> RevResult:
        user = caller.require_user()
        self._pins.take(caller, params.room)
        async with self._hub.feeds.open(params.room) as feed:
            await self._hub.require_here(feed, user)
        rev = await self._store.pin(
            params.room, params.seq, pinned=params.pinned, user=user, admin=caller.admin, now=now_ms()
        )
        return RevResult(rev)

    async def pins(self, caller: Caller, params: RoomPins) -> MessagesResult:
        result = await self._read(caller, params.room, self._log.pins)
        return msgspec.structs.replace(result, messages=[message for message in result.messages if message.pinned])

    async def get(self, caller: Caller, params: MessageGet) -> MessagesResult:
        seqs = dict.fromkeys(params.seqs)
        return await self._read(caller, params.room, partial(self._log.get, seqs))

    async def _read(self, caller: Caller, room: str, read: ReadPage) -> MessagesResult:
        async with self._hub.feeds.open(room) as feed:
            is_member = await self._messages.check_readable(caller, feed)
            page = await read(room, viewer=caller.user_id)
            authors = await feed.authors(posted.user for posted in page.messages)
        viewer, reactions = caller.user_id, page.reactions
        messages = [
            seen_by(viewer, room, posted, authors[posted.user], reactions.get(posted.seq)) for posted in page.messages
        ]
        if not is_member:
            messages = list(map(unmarked, messages))
        return MessagesResult(messages, page.epoch, page.rev)
