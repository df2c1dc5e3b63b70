"""Reactions and pins: what people add to messages of others.

Each step is one function on the room's tag, which decides who may do it and costs the same however many have reacted
before.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, status
from chatserver.store.messages.log import refusal_of

REACTORS_PAGE = 100


class Reaction(Struct, frozen=True):
    """The outcome of a reaction: the room's rev, and the message's author and id. ``first``: the author may have to be
    told that people react to this message."""

    rev: int
    author: str
    id: str
    first: bool


class Reactors(Struct, frozen=True):
    """A page of the users who reacted with one emoji; ``after`` names the next page, 0: there is none."""

    rev: int
    users: list[str]
    after: int


class ReactionStore:
    """Every method raises ``Refusal`` not_found or unavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def react(self, room: str, seq: int, emoji: str, *, user: str, now: int) -> Reaction:
        """Add the user's reaction; a repeat changes nothing. Raises ``Refusal`` not_a_member, muted, archived, resting,
        too_many_reactions."""
        answer = await self._store.call("message_react", keys.room(room), now, user, seq, emoji)
        if answer[0] != b"ok":
            raise refusal_of(status(answer), *answer[1:])
        _, rev, author, id, first = answer
        return Reaction(rev, author.decode(), id.decode(), first == 1)

    async def unreact(self, room: str, seq: int, emoji: str, of: str, *, actor: str, admin: bool, now: int) -> int:
        """Remove the reaction of a user, or with ``of`` "" everybody's (then also with ``emoji`` "" every kind).
        Returns the room's rev. Raises ``Refusal`` not_a_member, not_a_moderator, direct_room."""
        answer = await self._store.call("message_unreact", keys.room(room), now, actor, int(admin), seq, of, emoji)
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        rev: int = answer[1]
        return rev

    async def reactors(self, room: str, seq: int, emoji: str, *, viewer: str, after: int) -> Reactors:
        """A page of the users who reacted, in the order of reacting, after the reaction with the rev ``after``."""
        answer = await self._store.call("message_reactors", keys.room(room), viewer, seq, emoji, after, REACTORS_PAGE)
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        return Reactors(answer[1], [user.decode() for user in answer[2]], answer[3])

    async def pin(self, room: str, seq: int, *, pinned: bool, user: str, admin: bool, now: int) -> int:
        """Pin a message or take its pin away; returns the room's rev. Raises ``Refusal`` not_a_member,
        not_a_moderator, muted, archived, resting, too_many_pins."""
        answer = await self._store.call("message_pin", keys.room(room), now, user, seq, int(pinned), int(admin))
        if answer[0] != b"ok":
            raise refusal_of(status(answer), *answer[1:])
        rev: int = answer[1]
        return rev

    async def note_told(self, room: str, seq: int) -> None:
        """Note that the author was told of reactions to this message, so that nobody does it again."""
        await self._store.call("reactions_told", keys.room(room), seq)

    async def sum(self, room: str, seq: int, author: str, without: Iterable[str]) -> tuple[int, list[str]]:
        """How many people reacted to one's own message, except ``without``, and the first three; (0, []) if the message
        is gone or its author left."""
        answer = await self._store.call("reactions_sum", keys.room(room), author, seq, *without)
        if answer[0] != b"ok":
            return 0, []
        return answer[1], [user.decode() for user in answer[2]]
