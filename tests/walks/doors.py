"""Every way by which words or a file of a message may come out of a room, and what was said there to be looked for.

A door is asked by somebody about a message and says whether its answer shows it. A refusal shows nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.doors import pictures
from tests.doors.sending import fetch, upload
from tests.people import Person, Refused, post

WORD = "lapsang"
TITLE = "Souchong"
PAGE_SAYS = "oolong"
"""What the page of ``tests.sites`` says of itself."""
DOCUMENT = b"The key is under the mat.\n"
NOT_THERE = "0" * 24


@dataclass(frozen=True)
class Said:
    """A message in a topic of a room, with a picture and a document, a link, a pin and a reply to it. ``leaf`` is the
    picture of the link's preview, "" without a link."""

    room: str
    topic: str
    seq: int
    reply: int
    picture: str
    document: str
    leaf: str


async def say_something(person: Person, room: str, link: str, *, topics: bool = True) -> Said:
    """``topics``: false in a direct room, which has neither topics nor pins of staff."""
    picture = (await upload(person, pictures.photo(1800, 1200), room, keep=False))["id"]
    document = (await upload(person, DOCUMENT, room, name=f"{WORD}.txt"))["id"]
    text, attached = f"{WORD} {link}", [picture, document]
    if topics:
        made = await person.call(
            "topic.create", room=room, title=TITLE, text=text, client_id=f"in {room}", attachments=attached
        )
        seq, topic = made["message"]["seq"], made["topic"]["id"]
    else:
        seq, topic = (await person.say(room, text, attachments=attached))["seq"], ""
    leaf = ""
    if link:
        (preview,) = (await person.hears("message.changed", room=room, seq=seq))["previews"]
        assert PAGE_SAYS in preview["text"]
        leaf = preview["picture"]["id"]
    await person.call("message.pin", room=room, seq=seq, pinned=True)
    reply = (await person.say(room, "and you?", reply_to=seq, topic=topic))["seq"]
    return Said(room, topic, seq, reply, picture, document, leaf)


Door = Callable[[str, Person | None, Said], Awaitable[bool]]


async def answer_of(url: str, person: Person | None, method: str, **params: Any) -> str:
    try:
        return json.dumps(await post(url, method, person.token if person else "", **params), ensure_ascii=False)
    except Refused as refused:
        answer = json.dumps(refused.data)
        assert WORD not in answer and TITLE not in answer
        return ""


def _asks(method: str, word: str, params: Callable[[Said], dict[str, Any]]) -> Door:
    async def ask(url: str, person: Person | None, said: Said) -> bool:
        answer = await answer_of(url, person, method, **params(said))
        return word in answer

    return ask


def _fetches(file: Callable[[Said], str], size: str = "", method: str = "GET") -> Door:
    async def ask(url: str, person: Person | None, said: Said) -> bool:
        status, headers, body = await fetch(url, file(said), person, size, method)
        nothing = await fetch(url, NOT_THERE, person, size, method)
        if status != 200:
            assert (status, body, headers["Content-Type"]) == (nothing[0], nothing[2], nothing[1]["Content-Type"])
            assert "ETag" not in headers and "Content-Disposition" not in headers
        elif file(said) == said.document:
            assert body == (DOCUMENT if method == "GET" else b"")
        return status == 200

    return ask


DOORS: dict[str, Door] = {
    "file": _fetches(lambda said: said.document),
    "picture": _fetches(lambda said: said.picture),
    "large": _fetches(lambda said: said.picture, "large"),
    "small": _fetches(lambda said: said.picture, "small"),
    "head": _fetches(lambda said: said.document, method="HEAD"),
    "picture of the preview": _fetches(lambda said: said.leaf),
    "small picture of the preview": _fetches(lambda said: said.leaf, "small"),
    "head of the preview": _fetches(lambda said: said.leaf, method="HEAD"),
    "history": _asks("message.history", WORD, lambda said: {"room": said.room}),
    "history of the topic": _asks("message.history", WORD, lambda said: {"room": said.room, "topic": said.topic}),
    "get": _asks("message.get", WORD, lambda said: {"room": said.room, "seqs": [said.seq, said.reply]}),
    "preview": _asks("message.get", PAGE_SAYS, lambda said: {"room": said.room, "seqs": [said.seq]}),
    "quoted": _asks("message.history", WORD, lambda said: {"room": said.room, "around": said.reply, "limit": 2}),
    "pins": _asks("room.pins", WORD, lambda said: {"room": said.room}),
    "search": _asks("message.search", WORD, lambda said: {"query": WORD, "room": said.room}),
    "search in the topic": _asks(
        "message.search", WORD, lambda said: {"query": WORD, "room": said.room, "topic": said.topic}
    ),
    "search for files": _asks(
        "message.search", WORD, lambda said: {"query": "", "room": said.room, "has": "image"}
    ),
    "topics": _asks("topic.list", TITLE, lambda said: {"room": said.room}),
    "topic": _asks("topic.list", WORD, lambda said: {"room": said.room, "topics": [said.topic]}),
    "search everywhere": _asks("message.search", WORD, lambda said: {"query": WORD}),
}  # fmt: skip
IN_TOPICS = {"topics", "topic"}
OF_THE_LINK = {"preview", "picture of the preview", "small picture of the preview", "head of the preview"}
MEMBERS_ALONE = {"search everywhere"}


async def shown(url: str, said: Said, people: dict[str, Person | None], doors: set[str]) -> dict[str, set[str]]:
    """Who is shown it by which door; ``people`` by name, None for a visitor."""
    return {
        door: {name for name, person in people.items() if await DOORS[door](url, person, said)}
        for door in sorted(doors)
    }
