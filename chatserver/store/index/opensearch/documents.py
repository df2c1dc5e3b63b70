"""What is in the index of OpenSearch, and how it is looked for.

There are three kinds of documents. A message has tokens, which no answer ever shows, and what a search is narrowed by;
its id is made of room and number, so that it is there once however often it is written. A room's state says how far the
index has come in its log. The document ``about`` belongs to the process that writes. Only what real OpenSearch and its
stand-in of the tests have in common is used: ``term``, ``terms``, ``prefix``, ``range``, ``exists`` and phrases, sorted
by two numbers.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from chatserver.rules.text.tokens import Phrase, tokens_of
from chatserver.store.index.engine import FILE, IMAGE, LINK, Entry, Hit, Place, RoomPart, RoomState, Wanted
from chatserver.store.index.stamp import stamp

FORMAT: Final = 1
ABOUT: Final = "about"
_TURN: Final = 16
"""How many texts are cut before other threads may run."""
_MOST_TERMS: Final = 65_536
"""OpenSearch takes no more in one clause."""
_MOST_BEGUN: Final = 100_000
"""How many tokens a begun one may stand for. OpenSearch's own number is 50, with which most hits were missing."""
_SEQ_BITS: Final = 31
_NOT_INDEXED: Final = {"type": "long", "index": False, "doc_values": False}
_KEYWORD: Final = {"type": "keyword"}
_encode: Final = msgspec.json.encode


def index_body(alias: str) -> dict[str, Any]:
    """How the index is begun. Sorted on the disk as hits are wanted, so that a search ends with the newest it needs.
    Merging on request erases all that was removed, not only where much was."""
    properties = {
        "words": {"type": "text", "analyzer": "whitespace", "norms": False},
        "room": _KEYWORD, "author": _KEYWORD, "topic": _KEYWORD, "has": {"type": "byte"},
        "at": {"type": "long"}, "tie": {"type": "long"},
        "state_of": _KEYWORD, "epoch": {"type": "keyword", "index": False, "doc_values": False},
        "seq": _NOT_INDEXED, "rev": _NOT_INDEXED,
        ABOUT: {"type": "object", "enabled": False},
    }  # fmt: skip
    return {
        "aliases": {alias: {}},
        "settings": {
            "index": {
                "sort.field": ["at", "tie"], "sort.order": ["desc", "desc"], "merge.policy.expunge_deletes_allowed": 0,
            }
        },
        "mappings": {
            "dynamic": "strict", "_meta": {"stamp": stamp(FORMAT)}, "_source": {"excludes": ["words"]},
            "properties": properties,
        },
    }  # fmt: skip


# --- what is written -------------------------------------------------------------------------------------------------


def message_lines(parts: Sequence[RoomPart]) -> Iterator[bytes]:
    """One action a message, for a bulk request. Cutting texts is Python's own work, so it makes room for other threads
    after every few."""
    for part in parts:
        first = _first_tie(part.room)
        for place, entry in enumerate(part.entries):
            yield _written(message_id(part.room, entry.seq), _message(part.room, entry, first + entry.seq))
            if place % _TURN == 0:
                time.sleep(0)
        for seq in part.gone:
            yield _removed(message_id(part.room, seq))


def _message(room: str, entry: Entry, tie: int) -> dict[str, Any]:
    return {
        "room": room, "author": entry.author, "topic": entry.topic, "has": _parts_of(entry.has), "at": entry.at,
        "tie": tie, "words": " ".join(tokens_of(entry.text)),
    }  # fmt: skip


def state_lines(parts: Sequence[RoomPart]) -> Iterator[bytes]:
    for part in parts:
        epoch, seq, rev = part.state
        yield _written(state_id(part.room), {"state_of": part.room, "epoch": epoch, "seq": seq, "rev": rev})


def forgotten_lines(rooms: Sequence[str]) -> Iterator[bytes]:
    return (_removed(state_id(room)) for room in rooms)


def _written(id: str, document: dict[str, Any]) -> bytes:
    return _encode({"index": {"_id": id}}) + b"\n" + _encode(document) + b"\n"


def _removed(id: str) -> bytes:
    return _encode({"delete": {"_id": id}}) + b"\n"


def packed(lines: Iterator[bytes], most: int, size: int) -> Iterator[bytes]:
    """Bodies of at most so many actions, that end with the action that reaches ``size`` bytes."""
    while some := list(islice(lines, 1)):
        reached = len(some[0])
        while reached < size and len(some) < most and (line := next(lines, b"")):
            some.append(line)
            reached += len(line)
        yield b"".join(some)


def message_id(room: str, seq: int) -> str:
    return f"m:{room}:{seq}"


def state_id(room: str) -> str:
    return f"r:{room}"


def state_of(source: dict[str, Any]) -> RoomState:
    return RoomState(source["epoch"], source["seq"], source["rev"])


def _first_tie(room: str) -> int:
    """Tells messages of one moment apart: in a room by their number, between rooms by a hash. In 53 bits, so that no
    reader of JSON rounds it."""
    return int.from_bytes(hashlib.blake2b(room.encode(), digest_size=4).digest()) >> 10 << _SEQ_BITS


def _parts_of(has: int) -> list[int]:
    return [one for one in (LINK, IMAGE, FILE) if has & one]


# --- what is looked for ----------------------------------------------------------------------------------------------


def search_body(wanted: Wanted, limit: int, seconds: float) -> dict[str, Any]:
    after = {} if wanted.after is None else {"search_after": list(wanted.after)}
    return {
        "query": {"bool": {"filter": list(_clauses(wanted))}}, "sort": [{"at": "desc"}, {"tie": "desc"}], **after,
        "size": limit, "_source": False, "track_total_hits": False, "timeout": f"{max(1, int(seconds * 1000))}ms",
    }  # fmt: skip


def hit_of(found: dict[str, Any]) -> Hit:
    _, _, name = found["_id"].partition(":")
    room, _, seq = name.rpartition(":")
    return Hit(Place(*found["sort"]), room, int(seq))


def _clauses(wanted: Wanted) -> Iterator[dict[str, Any]]:
    yield _among(wanted.rooms)
    yield from (_said(phrase) for phrase in wanted.query.proposing)
    if wanted.author:
        yield {"term": {"author": wanted.author}}
    if wanted.topic is not None:
        yield {"term": {"topic": wanted.topic}}
    if wanted.has:
        yield {"terms": {"has": _parts_of(wanted.has)}}
    yield {"range": {"at": {"gte": wanted.since} | ({"lt": wanted.until} if wanted.until else {})}}


def _among(rooms: Sequence[str]) -> dict[str, Any]:
    parts = [
        {"terms": {"room": list(rooms[start : start + _MOST_TERMS])}}
        for start in range(0, max(1, len(rooms)), _MOST_TERMS)
    ]
    return parts[0] if len(parts) == 1 else {"bool": {"should": parts}}


def _said(phrase: Phrase) -> dict[str, Any]:
    """Words are cut at spaces as they are when they are written, and tokens have none."""
    tokens, begins = phrase
    if len(tokens) == 1:
        return {"prefix" if begins else "term": {"words": tokens[0]}}
    said = " ".join(tokens)
    if begins:
        return {"match_phrase_prefix": {"words": {"query": said, "max_expansions": _MOST_BEGUN}}}
    return {"match_phrase": {"words": said}}
