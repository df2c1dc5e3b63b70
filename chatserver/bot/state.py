"""What the bot has seen, and the steps that follow from each event. Pure: no socket, no loop, no file, no clock.

A session makes one ``State`` from the saved cursors, passes it what arrives, and carries out the steps it returns, in
order per room. Two places are distinguished: *seen* (here: where a new connection continues) and *done* (in the
journal: where a new process continues). A step has the place that is done once it is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from chatserver.protocol.events import (
    MemberEvent,
    MembersChanged,
    MessageChanged,
    MessageReacted,
    MessagesPurged,
    ReadMoved,
    RoomChanged,
    RoomReset,
    TopicChanged,
    TypingStarted,
)
from chatserver.protocol.methods.sessions import SessionStartResult
from chatserver.protocol.shapes import Author, Cursor, Message, ReadState, RoomState, User


@dataclass(slots=True, frozen=True)
class Handle:
    """Call the handlers (unless ``quiet``); then the room is done up to ``after``, if the event has a place."""

    room: str
    name: str
    params: Any
    after: Cursor | None
    quiet: bool = False


@dataclass(slots=True)
class CatchUp:
    """Read pages from what is done up to ``target``. ``reset`` is the event that made it necessary, None for a gap."""

    room: str
    target: Cursor
    reset: RoomReset | None = None


@dataclass(slots=True, frozen=True)
class Mark:
    """The room is done up to here without any handler: the room is new to the bot."""

    room: str
    place: Cursor


@dataclass(slots=True, frozen=True)
class Forget:
    """The bot is no longer in the room."""

    room: str


Step = Handle | CatchUp | Mark | Forget


def place_of(state: RoomState) -> Cursor:
    return Cursor(state.epoch, state.last_seq, state.last_id, state.rev)


def author_of(params: Any) -> Author | None:
    """The user who caused an event, if any."""
    if isinstance(params, Message):
        return params.author
    return params.user if isinstance(params, MemberEvent | TypingStarted) else None


class State:
    """The place seen in each of the bot's rooms."""

    def __init__(self, saved: Mapping[str, Cursor], *, hears_bots: bool = False) -> None:
        self.seen: dict[str, Cursor] = dict(saved)
        self.rooms: dict[str, RoomState] = {}
        self.user: User | None = None
        self.message_files = 0
        self._hears_bots = hears_bots

    def started(self, result: SessionStartResult) -> list[Step]:
        """Handle the result of session.start: new rooms begin at their end, rooms that are gone are forgotten."""
        self.user = result.user if isinstance(result.user, User) else None
        self.rooms = {state.room: state for state in result.rooms}
        self.message_files = result.server.limits.message_files
        steps: list[Step] = [Forget(room) for room in self.seen if room not in self.rooms]
        for step in steps:
            del self.seen[step.room]
        for state in result.rooms:
            steps += self._begin(state)
        return steps

    def _begin(self, state: RoomState) -> list[Step]:
        if state.room in self.seen:
            return []
        self.seen[state.room] = place_of(state)
        return [Mark(state.room, self.seen[state.room])]

    def _entered(self, state: RoomState) -> list[Step]:
        """A room that is new during a session was joined at ``read_seq``; later messages are new."""
        if state.room in self.seen or state.read_seq >= state.last_seq:
            return self._begin(state)
        self.seen[state.room] = place_of(state)
        joined = Cursor(state.epoch, state.read_seq, "", state.rev)
        return [Mark(state.room, joined), CatchUp(state.room, self.seen[state.room])]

    def heard(self, name: str, params: Any) -> list[Step]:
        """Handle one event, in the order of arrival."""
        if isinstance(params, Message):
            return self._posted(name, params)
        if isinstance(params, MessageChanged | MessageReacted | MessagesPurged):
            return self._changed(name, params)
        if isinstance(params, RoomReset):
            self.seen[params.room] = Cursor(params.epoch, params.last_seq, params.last_id, params.rev)
            self._update(params.room, topics_version=params.topics_version)
            return [CatchUp(params.room, self.seen[params.room], params)]
        if isinstance(params, RoomState):
            self.rooms[params.room] = params
            return [*self._entered(params), Handle(params.room, name, params, None)]
        self._keep(params)
        if not hasattr(params, "room"):
            return []
        if name == "member.left" and self._is_me(params.user):
            self.seen.pop(params.room, None)
            self.rooms.pop(params.room, None)
            return [Forget(params.room)]
        return [] if self._is_quiet(params) else [Handle(params.room, name, params, None)]

    def _keep(self, params: Any) -> None:
        """Update the bot's room state from an event that tells a part of it."""
        if isinstance(params, RoomChanged):
            self._update(params.room, **msgspec.structs.asdict(params))
        elif isinstance(params, MemberEvent | MembersChanged):
            self._update(params.room, members=params.members)
        elif isinstance(params, TopicChanged):
            self._update(params.room, topics_version=params.topics_version)
        elif isinstance(params, ReadMoved):
            self.read(params)

    def read(self, moved: ReadState) -> None:
        """A read marker of the bot moved, here or on another connection."""
        known = self.rooms.get(moved.room)
        if known is None:
            return
        own = {} if isinstance(moved.topic, msgspec.UnsetType) else {moved.topic: moved.read_seq}
        markers = {line: seq for line, seq in {**known.markers, **own}.items() if seq > moved.room_read_seq}
        self._update(
            moved.room, read_seq=moved.room_read_seq, markers=markers, unread=moved.unread, mentions=moved.mentions
        )

    def _update(self, room: str, /, **news: Any) -> None:
        if (known := self.rooms.get(room)) is not None:
            self.rooms[room] = msgspec.structs.replace(known, **news)

    def _posted(self, name: str, message: Message) -> list[Step]:
        place = self.seen.get(message.room)
        quiet = self._is_quiet(message)
        if place is None:
            return [Handle(message.room, name, message, None, quiet)]
        if message.seq <= place.seq:
            return []
        steps: list[Step] = []
        if message.seq > place.seq + 1:
            steps.append(CatchUp(message.room, Cursor(place.epoch, message.seq - 1, "", place.rev)))
        after = Cursor(place.epoch, message.seq, message.id, place.rev)
        self.seen[message.room] = after
        return [*steps, Handle(message.room, name, message, after, quiet)]

    def _changed(self, name: str, change: MessageChanged | MessageReacted | MessagesPurged) -> list[Step]:
        place = self.seen.get(change.room)
        quiet = isinstance(change, MessageReacted) and self._is_quiet_reaction(change)
        if place is None:
            return [Handle(change.room, name, change, None, quiet)]
        if change.rev <= place.rev:
            return []
        after = Cursor(place.epoch, place.seq, place.id, change.rev)
        self.seen[change.room] = after
        return [Handle(change.room, name, change, after, quiet)]

    def _is_quiet_reaction(self, reacted: MessageReacted) -> bool:
        """The bot's own reactions, and those that are not for it or whose message is gone."""
        is_bare = reacted.emoji is msgspec.UNSET and reacted.cleared is msgspec.UNSET
        return is_bare or (self.user is not None and reacted.user == self.user.id)

    def is_quiet(self, message: Message) -> bool:
        """Whether a message read from a page calls no handlers."""
        return self._is_quiet(message)

    def _is_me(self, author: Author | None) -> bool:
        return author is not None and self.user is not None and author.id == self.user.id

    def _is_quiet(self, params: Any) -> bool:
        """No handlers for what the bot does itself, for other bots unless ``hears_bots``, and for deleted messages."""
        author = author_of(params)
        if author is None:
            return False
        deleted = isinstance(params, Message) and params.deleted
        return deleted or self._is_me(author) or (author.bot and not self._hears_bots)
