"""The engine proposes what a look at every message finds, newest first, page by page."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from chatserver.rules.text.tokens import parse_query
from chatserver.store.index.engine import FILE, IMAGE, LINK, Entry, Hit, MessageEngine, RoomPart, RoomState, Wanted
from chatserver.store.index.opensearch.cluster import Cluster
from chatserver.store.index.opensearch.engine import OpenSearchMessages
from chatserver.store.index.sqlite import SqliteMessages

NOW = 1_764_000_000_000
WORDS = ["oolong", "sencha", "重庆", "上海东站", "tea", "python3"]


def in_files(request: pytest.FixtureRequest) -> MessageEngine:
    return SqliteMessages(request.getfixturevalue("tmp_path") / "index")


def in_opensearch(request: pytest.FixtureRequest) -> MessageEngine:
    return OpenSearchMessages(Cluster([request.getfixturevalue("osmem_url")], "", 4), "messages", lambda: "ours")


@pytest.fixture(params=[in_files, in_opensearch])
def engine(request: pytest.FixtureRequest) -> Iterator[MessageEngine]:
    engine: MessageEngine = request.param(request)
    assert engine.acquire()
    yield engine
    engine.close()


def pages(engine: MessageEngine, wanted: Wanted, limit: int) -> list[Hit]:
    found: list[Hit] = []
    while True:
        hits = engine.find(wanted, limit, 5).hits
        found += hits
        if len(hits) < limit:
            return found
        wanted = Wanted(
            wanted.query,
            wanted.rooms,
            wanted.author,
            wanted.topic,
            wanted.has,
            wanted.since,
            wanted.until,
            hits[-1].place,
        )


def made(seed: random.Random, seq: int, at: int) -> Entry:
    words = " ".join(seed.sample(WORDS, 2))
    return Entry(seq, at, seed.choice("ab"), words, seed.choice(["", "t1", "t2"]), seed.choice([0, LINK, IMAGE | FILE]))


def test_what_is_found_is_what_a_look_at_every_message_finds(engine: MessageEngine) -> None:
    seed = random.Random(7)
    held: dict[tuple[str, int], Entry] = {}
    written = set[str]()
    for turn in range(60):
        room = f"room{seed.randrange(12)}"
        written.add(room)
        last = max((seq for name, seq in held if name == room), default=0)
        news = [made(seed, last + place + 1, NOW + seed.randrange(40)) for place in range(seed.randrange(30))]
        changed = [made(seed, seq, entry.at) for (name, seq), entry in held.items() if name == room][
            : seed.randrange(3)
        ]
        gone = [seq for name, seq in held if name == room and seed.random() < 0.1]
        entries = [entry for entry in (*changed, *news) if entry.seq not in gone]
        afresh = turn % 20 == 19
        if afresh:
            held = {place: entry for place, entry in held.items() if place[0] != room}
        engine.write([RoomPart(room, RoomState("e", last + len(news), turn), entries, gone, afresh)])
        held = {place: entry for place, entry in held.items() if place not in {(room, seq) for seq in gone}}
        held |= {(room, entry.seq): entry for entry in entries}
    engine.forget(["room0"])
    held = {place: entry for place, entry in held.items() if place[0] != "room0"}
    assert engine.rooms() == written - {"room0"}
    for _ in range(60):
        wanted = Wanted(
            parse_query(" ".join(seed.sample([*WORDS, "重", "海东", "oo", "py"], seed.randrange(3)))),
            [f"room{number}" for number in seed.sample(range(12), seed.randrange(1, 12))],
            author=seed.choice(["", "", "a"]), topic=seed.choice([None, None, "", "t1"]),
            has=seed.choice([0, 0, LINK, FILE]), since=NOW + seed.choice([0, 0, 10]),
            until=seed.choice([0, 0, NOW + 30]),
        )  # fmt: skip
        expected = {place for place, entry in held.items() if place[0] in wanted.rooms and is_meant(wanted, entry)}
        found = pages(engine, wanted, seed.randrange(1, 40))
        assert sorted((hit.room, hit.seq) for hit in found) == sorted(expected), wanted
        assert [hit.place for hit in found] == sorted((hit.place for hit in found), reverse=True)
    assert engine.size() > 0 and engine.states(["room1", "no"]).keys() == {"room1"}


def is_meant(wanted: Wanted, entry: Entry) -> bool:
    return (
        wanted.query.is_met_by(entry.text)
        and wanted.author in {"", entry.author}
        and wanted.topic in {None, entry.topic}
        and (not wanted.has or bool(wanted.has & entry.has))
        and wanted.since <= entry.at
        and (not wanted.until or entry.at < wanted.until)
    )


def test_many_messages_of_one_moment_keep_their_order(engine: MessageEngine) -> None:
    entries = [Entry(seq, NOW, "a", "oolong") for seq in range(1, 200)]
    engine.write([RoomPart("tea", RoomState("e", 199, 0), entries)])
    engine.write([RoomPart("tea", RoomState("e", 200, 0), [Entry(200, NOW, "a", "oolong")])])
    found = engine.find(Wanted(parse_query("oolong"), ["tea"]), 300, 5).hits
    assert [hit.seq for hit in found] == list(range(200, 0, -1))
