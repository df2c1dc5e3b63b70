"""All services, and the table of protocol methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatserver.services.accounts.accounts import Accounts
from chatserver.services.accounts.bots import Bots
from chatserver.services.accounts.people import People
from chatserver.services.accounts.profiles import Profiles
from chatserver.services.accounts.suggestions import Suggestions
from chatserver.services.community.administration import Administration
from chatserver.services.friends.friends import Friends
from chatserver.services.messages.messages import Messages
from chatserver.services.messages.previews import Previews
from chatserver.services.messages.reactions import Reactions
from chatserver.services.messages.search import MessageFinder
from chatserver.services.messages.sync import Sync
from chatserver.services.messages.topics import Topics
from chatserver.services.rooms.activity import Activity
from chatserver.services.rooms.discovery import Discovery
from chatserver.services.rooms.membership import Membership
from chatserver.services.rooms.rooms import Rooms


@dataclass(slots=True, frozen=True)
class Services:
    """One object per service; ``table`` is what the doors call."""

    community: Administration
    accounts: Accounts
    bots: Bots
    suggestions: Suggestions
    profiles: Profiles
    people: People
    sync: Sync
    rooms: Rooms
    membership: Membership
    discovery: Discovery
    messages: Messages
    message_finder: MessageFinder
    topics: Topics
    reactions: Reactions
    previews: Previews
    activity: Activity
    friends: Friends

    def table(self) -> Mapping[str, Any]:
        """The coroutine of a service for every method of the protocol."""
        return {
            **self.friends.table(),
            "community.get": self.community.get,
            "community.update": self.community.update,
            "community.claim": self.community.claim,
            "community.log": self.community.log,
            "account.create": self.accounts.create,
            "account.sign_in": self.accounts.sign_in,
            "account.sign_out": self.accounts.sign_out,
            "account.set_password": self.accounts.set_password,
            "account.recover": self.accounts.recover,
            "account.renew_recovery": self.accounts.renew_recovery,
            "account.close": self.accounts.close_account,
            "account.suspend": self.people.suspend,
            "login.list": self.accounts.logins,
            "login.end": self.accounts.end_login,
            "token.create": self.accounts.create_token,
            "token.list": self.accounts.tokens,
            "token.revoke": self.accounts.revoke_token,
            "bot.create": self.accounts.create_bot,
            "bot.list": self.bots.list,
            "bot.renew_token": self.bots.renew_token,
            "bot.close": self.bots.close,
            "handle.suggest": self.suggestions.suggest,
            "profile.update": self.profiles.update,
            "user.list": self.people.list,
            "user.get": self.profiles.get,
            "session.start": self.sync.start,
            "session.ping": self.sync.ping,
            "room.create": self.rooms.create,
            "room.discover": self.discovery.discover,
            "room.join": self.membership.join,
            "room.leave": self.membership.leave,
            "room.update": self.rooms.update,
            "room.archive": self.rooms.archive,
            "room.members": self.rooms.members,
            "room.link": self.rooms.link,
            "room.invite": self.membership.invite,
            "room.remove": self.membership.remove,
            "room.ban": self.membership.ban,
            "room.bans": self.membership.bans,
            "room.unban": self.membership.unban,
            "room.set_role": self.membership.set_role,
            "room.notify": self.rooms.notify,
            "message.send": self.messages.send,
            "message.edit": self.messages.edit,
            "message.delete": self.messages.delete,
            "message.history": self.messages.history,
            "message.search": self.message_finder.search,
            "message.get": self.reactions.get,
            "message.move": self.topics.move,
            "topic.create": self.topics.create,
            "topic.list": self.topics.list,
            "topic.update": self.topics.update,
            "topic.delete": self.topics.delete,
            "topic.notify": self.topics.notify,
            "message.react": self.reactions.react,
            "message.unreact": self.reactions.unreact,
            "message.reactors": self.reactions.reactors,
            "message.pin": self.reactions.pin,
            "room.pins": self.reactions.pins,
            "message.hide_previews": self.previews.hide,
            "read.mark": self.messages.mark,
            "typing.start": self.activity.type,
            "presence.watch": self.activity.watch,
            "presence.unwatch": self.activity.unwatch,
        }
