"""Names of all keys. All keys of one thing share its hash tag, so that one function can access them, even on a Cluster.

| tag        | what is stored there                                                                        |
|------------|---------------------------------------------------------------------------------------------|
| `{r:ID}`   | a room: `` meta, `:log`, `:changes`, `:now`, `:members`, `:ranks`, `:bans`, `:mentions`, …; of  |
|            | each message that was reacted to `:reactions:SEQ` counts, `:reactions:SEQ:EMOJI` who, by rev |
|            | `:topics` titles, `:topic:ID` a topic's messages, `:topical` all in topics, `:gone` the deleted    |
| `{u:ID}`   | a user: `` profile, `:rooms` pointers with read markers, `:logins`, `:inbox`, `:quiet` its items |
|            | that are not counted, `:calls` where unread ones are about, `:later` pokes that are shown on a |
|            | later day, `:answered` people whose messages they answered                                   |
| `{f:ID}`   | a file while it is uploaded, afterwards where it lies: in `:files` of a room                 |
| `{files}`  | `:begun` files by time, to find those that nobody uses; `:erase` what must be erased         |
| `{h:SKEL}` | a handle, by its look-alike skeleton: the user's id and when it was taken                    |
| `{do:K}`   | one of 64 streams of intents, unfinished steps over two tags                                 |
| `{rooms}`  | the open rooms, `:windows` those that visitors see, and a stream of changes                  |
| `{users}`  | `:all`, all users by time of sign-up; `:changes`, users whose name or profile changed lately   |
| `{community}` | the community itself: its secret, `:says` what it is called, `:admins`, `:log` what was done   |
|            | by them, `:question_now` each room's question of the day                                     |
| `{format}` | the format number of the data                                                              |
| `{dirty:K}` | one of 64 sorted sets of rooms whose words changed lately, for the index                    |
| `{p:ID}`   | no data; a process's own channel, on which it probes the link                              |

A function's Lua file names its keys by pattern (``{r}:log``); ``keyed`` puts the tag in.
"""

from __future__ import annotations

from typing import Final, NewType

Tag = NewType("Tag", str)
"""A part of a key in braces, such as ``{r:hall}``: what decides which node holds the key. Commands name it first."""

INTENT_STREAMS: Final = 64
DIRTY_SETS: Final = 64
ROOMS: Final = Tag("{rooms}")
USERS: Final = Tag("{users}")
EVERYONE: Final = "{users}:all"
COMMUNITY: Final = Tag("{community}")
FILES: Final = Tag("{files}")


def room(room_id: str) -> Tag:
    return Tag("{r:" + room_id + "}")


def user(user_id: str) -> Tag:
    return Tag("{u:" + user_id + "}")


def handle(skeleton: str) -> Tag:
    return Tag("{h:" + skeleton + "}")


def file(file_id: str) -> Tag:
    return Tag("{f:" + file_id + "}")


def intents(number: int) -> Tag:
    return Tag("{do:" + str(number) + "}")


def dirty(number: int) -> Tag:
    return Tag("{dirty:" + str(number) + "}")


def process(process_id: str) -> Tag:
    return Tag("{p:" + process_id + "}")


def live(tag: Tag) -> str:
    """The channel of a tag: the sharded pub/sub name on which its functions publish changes."""
    return tag + ":live"


def tag_of(key: str) -> Tag:
    """``"{community}:log"`` → ``"{community}"``. Raises ``ValueError`` for a key without a tag."""
    return Tag(key[key.index("{") : key.index("}") + 1])


def tagged_id(name: bytes) -> tuple[str, str]:
    """``b"{r:hall}:live"`` → ``("r", "hall")``; ``b"{users}:live"`` → ``("users", "")``."""
    inner = name[1 : name.rindex(b"}")].decode()
    kind, _, identity = inner.partition(":")
    return kind, identity
