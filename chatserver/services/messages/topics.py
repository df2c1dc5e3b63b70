"""The topics service: start, list, change and delete topics, and move messages between them.

The Lua functions decide who may do it. A topic begins with its first message, which goes the way of every message.
"""

from __future__ import annotations

from msgspec import UNSET

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.live.feed import Feed
from chatserver.live.hub import Hub
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.methods.messages import MessageMove, MessageMoveResult, MessageSendResult
from chatserver.protocol.methods.topics import (
    TopicCreate,
    TopicCreateResult,
    TopicList,
    TopicListResult,
    TopicNotify,
    TopicParams,
    TopicUpdate,
)
from chatserver.protocol.shapes import Level, Topic
from chatserver.rules.messages import levels as level_rules
from chatserver.rules.messages import text as text_rules
from chatserver.rules.rooms import access as room_rules
from chatserver.services.accounts.newcomers import Newcomers
from chatserver.services.caller import Caller
from chatserver.services.messages.limits import SendLimits
from chatserver.services.messages.messages import Messages
from chatserver.store.accounts.users import Pointer
from chatserver.store.messages.log import refusal_of
from chatserver.store.messages.topics import (
    Listed,
    OwnLevel,
    TopicStore,
    Viewer,
    Wanted,
    own_of,
    people_in,
    topic_of,
)

PAGE = 50
LONGEST_PLACE = 16


class Topics:
    """``limits`` are those of sending, from which changes take, too."""

    def __init__(
        self, hub: Hub, topics: TopicStore, messages: Messages, newcomers: Newcomers, limits: SendLimits
    ) -> None:
        self._hub = hub
        self._topics = topics
        self._messages = messages
        self._newcomers = newcomers
        self._limits = limits

    # --- start -------------------------------------------------------------------------------------------------------

    async def create(self, caller: Caller, params: TopicCreate) -> TopicCreateResult:
        """Start a topic. A repeat with the same ``client_id`` answers as the first did."""
        user = caller.require_user()
        title = text_rules.topic_title(params.title)
        await self._check_moved(caller, params)
        async with self._newcomers.starting_topic(user, params.room, params.client_id):
            message = await self._messages.start_topic(caller, params, title)
        topic = await self._begun(params, message)
        if params.seqs:
            await self._topics.move(params.room, params.seqs, topic, actor=user, admin=caller.admin, now=now_ms())
        return TopicCreateResult(await self._one(caller, params.room, topic), message)

    async def _check_moved(self, caller: Caller, params: TopicCreate) -> None:
        """Only moderators begin a topic with messages that were said elsewhere."""
        if not params.seqs:
            return
        async with self._hub.feeds.open(params.room) as feed:
            member = await self._hub.feeds.member(feed, caller.user_id)
            if member is None and not caller.admin:
                raise room_rules.outside(feed.meta.kind)
            if not caller.admin and not room_rules.moderates(member):
                raise refusal_of("not_a_moderator")
            page = await self._messages.existing(feed, params.seqs)
        for number, seq in enumerate(params.seqs):
            if seq not in page:
                raise errors.Refusal(errors.NOT_FOUND, "No such message", path=f"from.{number}")

    async def _begun(self, params: TopicCreate, message: MessageSendResult) -> str:
        """The id of the topic that this message began: its own."""
        if message.duplicate and not await self._topics.exists(params.room, message.id):
            raise refusal_of("no_such_topic")  # it was deleted since
        return message.id

    # --- list --------------------------------------------------------------------------------------------------------

    async def list(self, caller: Caller, params: TopicList) -> TopicListResult:
        which = "" if params.closed is UNSET else "closed" if params.closed else "open"
        wanted = Wanted(params.sort, which, params.mine, _place(params.after), PAGE)
        if params.mine:
            caller.require_user()
        if params.topics is not UNSET:
            wanted = Wanted(ids=list(dict.fromkeys(params.topics)))
        async with self._hub.feeds.open(params.room) as feed:
            is_member = await self._messages.check_readable(caller, feed)
            return await self._listed(feed, caller.user_id if is_member else "", wanted)

    async def _listed(self, feed: Feed, user: str, wanted: Wanted) -> TopicListResult:
        pointer, blocks = await self._hub.pointer(user, feed.room), await self._hub.blocks(user)
        reading = pointer.reading(feed.epoch, feed.head.shared)
        viewer = Viewer(user, reading, bool(pointer.everyone), blocks)
        page = await self._topics.list(feed.room, viewer, wanted)
        await self._hub.authors.load({person for listed in page.topics for person in people_in(listed.row)})
        topics = [topic_of(feed.room, listed.row, feed.author) for listed in page.topics]
        if user:
            levels = _Levels(pointer)
            topics = [
                own_of(topic, listed, reading, levels.of(listed))
                for topic, listed in zip(topics, page.topics, strict=True)
            ]
        return TopicListResult(topics=topics, topics_version=page.version, next=page.next)

    async def _one(self, caller: Caller, room: str, topic: str) -> Topic:
        async with self._hub.feeds.open(room) as feed:
            is_member = await self._hub.feeds.member(feed, caller.user_id) is not None
            page = await self._listed(feed, caller.user_id if is_member else "", Wanted(ids=[topic]))
        if not page.topics:
            raise refusal_of("no_such_topic")
        return page.topics[0]

    # --- change ------------------------------------------------------------------------------------------------------

    async def update(self, caller: Caller, params: TopicUpdate) -> Topic:
        user, given = caller.require_user(), dict[str, str | bool]()
        self._limits.take(caller, params.room)
        if params.title is not UNSET:
            given["title"] = text_rules.topic_title(params.title)
        if params.note is not UNSET:
            given["note"] = text_rules.checked_about(params.note, path="note")
        given |= {name: value for name in ("closed", "pinned") if (value := getattr(params, name)) is not UNSET}
        await self._topics.update(params.room, params.topic, given, actor=user, admin=caller.admin, now=now_ms())
        return await self._one(caller, params.room, params.topic)

    async def delete(self, caller: Caller, params: TopicParams) -> Nothing:
        user = caller.require_user()
        self._limits.take(caller, params.room)
        await self._topics.delete(params.room, params.topic, actor=user, admin=caller.admin, now=now_ms())
        return Nothing()

    async def move(self, caller: Caller, params: MessageMove) -> MessageMoveResult:
        user = caller.require_user()
        self._limits.take(caller, params.room)
        revs = await self._topics.move(
            params.room, params.seqs, params.topic, actor=user, admin=caller.admin, now=now_ms()
        )
        return MessageMoveResult(list(revs))

    async def notify(self, caller: Caller, params: TopicNotify) -> Nothing:
        user = caller.require_user()
        if params.until and params.until <= now_ms():
            raise errors.invalid("until", "`until` must be in the future (Unix ms), or 0 for good")
        async with self._hub.feeds.open(params.room) as feed:
            if await self._hub.feeds.member(feed, user) is None:
                raise room_rules.outside(feed.meta.kind)
            if not await self._topics.exists(params.room, params.topic):
                raise refusal_of("no_such_topic")
            await self._topics.notify(params.room, params.topic, user, params.level, until=params.until)
        await self._hub.refresh_own(user)
        return Nothing()


class _Levels:
    """What notifies the user in topics: what they chose, else all where they wrote, else as in the room."""

    def __init__(self, pointer: Pointer) -> None:
        self._pointer = pointer
        self._now = now_ms()
        self._chosen = level_rules.chosen(pointer.levels, self._now)
        self._ends = level_rules.ends(pointer.levels, self._now)

    def of(self, listed: Listed) -> OwnLevel:
        until = self._ends.get(listed.id, 0)
        then = level_rules.chosen(self._pointer.levels, until).get(listed.id) if until else None
        return OwnLevel(
            self._chosen.get(listed.id) or self._otherwise(listed, self._now),
            until, (then or self._otherwise(listed, until)) if until else UNSET,
        )  # fmt: skip

    def _otherwise(self, listed: Listed, at: int) -> Level:
        return "all" if listed.wrote else self._pointer.level_at(at)


def _place(after: str) -> str:
    """Raises ``Refusal`` for a cursor that no page returned."""
    if after and not (len(after) <= LONGEST_PLACE and after.isdecimal() and after.isascii()):
        raise errors.invalid("after", "Invalid cursor: pass `next` from the previous page")
    return after
