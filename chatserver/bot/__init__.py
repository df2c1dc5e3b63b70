"""The bot SDK: everything a bot needs can be imported from here.

It uses the protocol only, nothing of the server, so it works with any community.
"""

from chatserver.bot.bot import Bot
from chatserver.bot.connection import EndedError
from chatserver.bot.events import (
    Event,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MembersChanged,
    MessageChanged,
    MessagePosted,
    MessageReacted,
    PresenceChanged,
    RoomChanged,
    RoomReset,
    RoomUpdated,
    Started,
    TypingStarted,
)
from chatserver.bot.reading import Missed
from chatserver.bot.room import Room
from chatserver.errors import Refusal, StartError
from chatserver.protocol.shapes import Author, Message, RoomState, User

__all__ = [
    "Author", "Bot", "EndedError", "Event", "MemberChanged", "MemberJoined", "MemberLeft", "MembersChanged", "Message",
    "MessageChanged", "MessagePosted", "MessageReacted", "Missed", "PresenceChanged", "Refusal", "Room", "RoomChanged",
    "RoomReset", "RoomState", "RoomUpdated", "StartError", "Started", "TypingStarted", "User",
]  # fmt: skip
