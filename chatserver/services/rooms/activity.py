"""The service for typing and presence. Nothing of it is stored."""

from __future__ import annotations

from msgspec import UNSET

from chatserver import errors
from chatserver.live.feed import Feed
from chatserver.live.hub import Hub
from chatserver.live.presence import presence_of
from chatserver.protocol.methods.base import Nothing, RoomParams
from chatserver.protocol.methods.messages import PresenceWatchResult
from chatserver.protocol.methods.rooms import TypingStart
from chatserver.rules.limits import Buckets
from chatserver.rules.rooms.access import archived, outside
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.store.rooms.rooms import RoomStore


class Activity:
    """``typing`` limits how often one connection may report typing."""

    def __init__(self, hub: Hub, rooms: RoomStore, typing: Buckets) -> None:
        self._hub = hub
        self._rooms = rooms
        self._typing = typing

    async def type(self, caller: Caller, params: TypingStart) -> Nothing:
        user = caller.require_user()
        feed = self._followed(caller, params.room)
        if user not in feed.members:
            raise outside(feed.meta.kind)
        if feed.meta.archived:
            raise archived()
        spend(self._typing, user)
        known = self._hub.users.get(user)
        if known is not None and known.hidden:
            return Nothing()
        await self._rooms.say_typing(params.room, user, None if params.topic is UNSET else params.topic)
        return Nothing()

    async def watch(self, caller: Caller, params: RoomParams) -> PresenceWatchResult:
        feed = self._followed(caller, params.room)
        told = presence_of(feed, caller.user_id, self._hub.unseen_here(feed, caller.user_id))
        feed.watchers[caller.require_connection()] = told
        return PresenceWatchResult(told.online, told.users)

    async def unwatch(self, caller: Caller, params: RoomParams) -> Nothing:
        feed = self._hub.feeds.get(params.room)
        if feed is not None:
            feed.watchers.pop(caller.require_connection(), None)
        return Nothing()

    def _followed(self, caller: Caller, room: str) -> Feed:
        """The room's feed, if this connection follows it. Raises ``Refusal`` not_found."""
        feed = self._hub.feeds.get(room)
        if feed is None or caller.require_connection() not in feed.followers:
            raise errors.not_found()
        return feed
