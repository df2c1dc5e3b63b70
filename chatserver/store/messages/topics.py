"""The store of a room's topics. append.lua begins them; here they are listed, changed and deleted, and messages are
moved between them.

A topic is a hash field and a few sorted sets under its room's tag (see _topics.lua). Deleting one takes several steps
and is recorded, so it is an intent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from chatserver import errors
from chatserver.protocol.shapes import Author, Level, Topic
from chatserver.rules.messages import reading as reading_rules
from chatserver.rules.messages.reading import Reading
from chatserver.store.accounts.newcomers import NewcomerStore
from chatserver.store.community.acts import ActLog
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents, Step
from chatserver.store.engine.store import Store, flat, status
from chatserver.store.files.erasing import Erasing
from chatserver.store.messages.log import refusal_of

PURGED_AT_ONCE: Final = 500
FIRST_CHARACTERS: Final = 140


class Viewer(NamedTuple):
    """Whose own numbers are asked for; ``user`` is "" for a visitor."""

    user: str
    reading: Reading
    everyone: bool
    blocks: Set[str]


class Wanted(NamedTuple):
    """Which topics: a page of a list (``which`` is "open", "closed" or "" for all), or those with these ``ids``."""

    order: str = "active"
    which: str = ""
    mine: bool = False
    after: str = ""
    most: int = 0
    ids: Sequence[str] = ()


class Listed(NamedTuple):
    """A topic as topic_row of _topics.lua makes it, and the viewer's own: ``wrote`` whether they wrote in it."""

    row: list[Any]
    unread: int
    mentions: int
    wrote: bool

    @property
    def id(self) -> str:
        return _text(self.row[0])


class TopicPage(NamedTuple):
    version: int
    topics: list[Listed]
    next: str


def people_in(row: list[Any]) -> Iterator[str]:
    """The ids of the users whom a topic's row names."""
    if len(row) > 1:
        yield _text(row[2])
        yield from _text(row[7]).split()


def topic_of(room: str, row: list[Any], author: Callable[[str], Author]) -> Topic:
    """A topic as clients receive it, without the reader's own numbers."""
    if len(row) == 1:
        return Topic(id=_text(row[0]), room=room, deleted=True)
    id, title, by, at, closed, note, pinned, people, first, messages, last_seq, last_at = row
    latest = [author(user) for user in _text(people).split()]
    return Topic(
        id=_text(id), room=room, title=_text(title), by=author(_text(by)), at=at, first=_text(first)[:FIRST_CHARACTERS],
        messages=messages, last_seq=last_seq, last_at=last_at, last_by=latest[0] if latest else UNSET, people=latest,
        closed=closed == 1, note=_text(note), pinned=pinned == 1,
    )  # fmt: skip


class OwnLevel(NamedTuple):
    """What notifies a user in a topic; ``until`` in ms, 0 for good, and ``then`` what holds after it."""

    level: Level
    until: int
    then: Level | UnsetType


def own_of(topic: Topic, listed: Listed, reading: Reading, own: OwnLevel) -> Topic:
    """The topic with the reader's own numbers."""
    return msgspec.structs.replace(
        topic, unread=listed.unread, mentions=listed.mentions, level=own.level, level_until=own.until,
        level_then=own.then, read_seq=reading.marker(topic.id),
    )  # fmt: skip


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


class DeleteTopic(Step, frozen=True):
    kind = "topic.delete"
    room: str
    topic: str
    actor: str
    admin: bool
    now: int


class TopicStore:
    """Built in composition.py for the topics service."""

    def __init__(self, store: Store, intents: Intents, newcomers: NewcomerStore, erasing: Erasing) -> None:
        self._store = store
        self._intents = intents
        self._newcomers = newcomers
        self._erasing = erasing
        self._acts = ActLog(store)
        intents.register(DeleteTopic, self._delete, frees=True)

    async def exists(self, room: str, topic: str) -> bool:
        return bool(await self._store.command(keys.room(room), "HEXISTS", keys.room(room) + ":topics", topic))

    async def list(self, room: str, viewer: Viewer, wanted: Wanted) -> TopicPage:
        """Raises ``Refusal`` not_found."""
        answer = await self._store.call(
            "topic_list", keys.room(room), viewer.user, viewer.reading.read_seq,
            reading_rules.written(viewer.reading.markers), int(viewer.everyone), wanted.order, wanted.which,
            int(wanted.mine), wanted.after, wanted.most, len(viewer.blocks), *viewer.blocks, *wanted.ids,
        )  # fmt: skip
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        _, version, rows, after = answer
        topics = [Listed(row, unread, mentions, wrote == 1) for row, unread, mentions, wrote in rows]
        return TopicPage(version, topics, after.decode())

    async def update(
        self, room: str, topic: str, given: dict[str, str | bool], *, actor: str, admin: bool, now: int
    ) -> None:
        """Change a topic: ``title``, ``note``, ``closed``, ``pinned``. Raises ``Refusal``."""
        words = [word for name, value in given.items() for word in (name, _word(value))]
        answer = await self._store.call("topic_update", keys.room(room), now, actor, int(admin), topic, *words)
        if answer[0] != b"ok":
            raise refusal_of(*_reason(answer))

    async def move(
        self, room: str, seqs: Iterable[int], topic: str, *, actor: str, admin: bool, now: int
    ) -> Sequence[int]:  # fmt: skip
        """Move messages into a topic, or into the main line (""). Returns the change of each. Raises ``Refusal``."""
        answer = await self._store.call("message_move", keys.room(room), now, actor, int(admin), topic, *seqs)
        if answer[0] == b"no_such_message":
            raise errors.Refusal(errors.NOT_FOUND, "No such message", path=f"seqs.{answer[1]}")
        if answer[0] != b"ok":
            raise refusal_of(*_reason(answer))
        return [int(rev) for rev in answer[1]]

    async def notify(self, room: str, topic: str, user: str, level: str, *, until: int) -> None:
        """Set what notifies the user in a topic. Raises ``Refusal`` not_a_member."""
        answer = await self._store.call("user_topic", keys.user(user), room, topic, level, until)
        if answer[0] != b"ok":
            raise errors.not_a_member()

    async def delete(self, room: str, topic: str, *, actor: str, admin: bool, now: int) -> None:
        """Delete a topic with its messages. Raises ``Refusal`` not_found, not_a_member, not_a_moderator."""
        await self._intents.carry_out(DeleteTopic(room=room, topic=topic, actor=actor, admin=admin, now=now))

    async def _delete(self, intent: Intent[DeleteTopic]) -> None:
        step, more, began = intent.step, 1, ""
        while more:
            answer = await self._store.call(
                "topic_delete", keys.room(step.room), intent.id, step.now, step.actor, int(step.admin), step.topic,
                PURGED_AT_ONCE,
            )  # fmt: skip
            if answer[0] != b"ok":
                raise refusal_of(*_reason(answer))
            _, more, by, buried, gone = answer
            files = {file: user.decode() for file, user in flat(gone).items()}
            await self._erasing.discard(files, tag=keys.room(step.room))
            began = by.decode() or began
            for author, seq in zip(buried[::2], buried[1::2], strict=True):
                await self._newcomers.count(author.decode(), step.room, seq, stands=False)
        if began != step.actor:
            await self._acts.note(
                intent.id, "topic.delete", by=step.actor, at=step.now, room=step.room, user=began, detail=step.topic
            )


def _word(value: str | bool) -> str:
    return str(int(value)) if isinstance(value, bool) else value


def _reason(answer: list[Any]) -> tuple[Any, ...]:
    return (status(answer), *answer[1:])
