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
    MessagesPurged,
    PresenceChanged,
    ReadMoved,
    RoomChanged,
    RoomReset,
    RoomUpdated,
    Started,
    TopicChanged,
    TypingStarted,
)
from chatserver.bot.files import FileToSend
from chatserver.bot.reading import Missed
from chatserver.bot.room import Room
from chatserver.errors import Refusal, StartError
from chatserver.protocol.shapes import Author, File, Message, Preview, RoomState, Topic, User

__all__ = [
    "Author", "Bot", "EndedError", "Event", "File", "FileToSend", "MemberChanged", "MemberJoined", "MemberLeft",
    "MembersChanged", "Message", "MessageChanged", "MessagePosted", "MessageReacted", "MessagesPurged", "Missed",
    "PresenceChanged", "Preview", "ReadMoved", "Refusal", "Room", "RoomChanged", "RoomReset", "RoomState",
    "RoomUpdated", "StartError", "Started", "Topic", "TopicChanged", "TypingStarted", "User",
]  # fmt: skip
