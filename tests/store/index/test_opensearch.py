"""The engine in OpenSearch by itself: who writes, what is in the index, and that both engines propose the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatserver.rules.text.tokens import parse_query
from chatserver.store.index.engine import FILE, IMAGE, LINK, Away, Entry, MessageEngine, RoomPart, RoomState, Wanted
from chatserver.store.index.opensearch import documents, engine, lease
from chatserver.store.index.opensearch.cluster import Cluster
from chatserver.store.index.opensearch.engine import OpenSearchMessages
from chatserver.store.index.sqlite import SqliteMessages
from tests.store.index.unwell import Unwell

NOW = 1_764_000_000_000
ALL = Wanted(parse_query(""), ["hall"])


@pytest.fixture
def unwell(osmem_url: str) -> Iterator[Unwell]:
    proxy = Unwell(osmem_url)
    yield proxy
    proxy.close()


class Engines:
    """Engines of several processes on one index."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opened: list[OpenSearchMessages] = []

    def open(self, community: str = "ours") -> OpenSearchMessages:
        self.opened.append(OpenSearchMessages(Cluster([self.url], "", 2), "messages", lambda: community))
        return self.opened[-1]


@pytest.fixture
def engines(unwell: Unwell) -> Iterator[Engines]:
    engines = Engines(unwell.url)
    yield engines
    for one in engines.opened:
        one.close()


def part(*entries: Entry, rev: int = 1, **more: object) -> RoomPart:
    return RoomPart("hall", RoomState("e", max((one.seq for one in entries), default=0), rev), entries, **more)


def seqs(engine: MessageEngine, wanted: Wanted = ALL) -> list[int]:
    return [hit.seq for hit in engine.find(wanted, 100, 5).hits]


# --- both engines ----------------------------------------------------------------------------------------------------

TEXTS = st.text(st.sampled_from("重庆慶臺台上海东ค字 tTeEaA＋C+#.-1９😀é\"'“\n"), max_size=24)
MESSAGES = st.lists(
    st.tuples(
        st.sampled_from("ab"), TEXTS, st.sampled_from("xy"), st.sampled_from(["", "t1"]),
        st.sampled_from([0, LINK, IMAGE | FILE]), st.integers(NOW, NOW + 5),
    ),
    max_size=12,
)  # fmt: skip


@given(messages=MESSAGES, seed=st.randoms(use_true_random=False), data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_engines_propose_the_same(both: Both, messages: list[tuple], seed: object, data: st.DataObject) -> None:
    rooms = both.write(messages)
    for _ in range(6):
        said = data.draw(TEXTS | st.sampled_from([text for _, text, *_ in messages] or [""]))
        start = data.draw(st.integers(0, len(said)))
        wanted = Wanted(
            parse_query(said[start : start + data.draw(st.integers(1, 8))]),
            data.draw(st.sampled_from([rooms, rooms[:1], [*rooms, "nowhere"], []])),
            author=data.draw(st.sampled_from(["", "x"])), topic=data.draw(st.sampled_from([None, "", "t1"])),
            has=data.draw(st.sampled_from([0, LINK, FILE])), since=data.draw(st.sampled_from([0, NOW + 2])),
            until=data.draw(st.sampled_from([0, NOW + 4])),
        )  # fmt: skip
        both.propose_the_same(wanted, data.draw(st.integers(1, 5)))


class Both:
    """One engine of each kind, with the same in them."""

    def __init__(self, engines: list[MessageEngine]) -> None:
        self.engines = engines
        self.at: dict[tuple[str, int], int] = {}
        self._turns = itertools.count()

    def write(self, messages: list[tuple]) -> list[str]:
        """Rooms of their own for these messages, a few of which are changed and removed."""
        turn = next(self._turns)
        by_room: dict[str, list[Entry]] = {f"{name}{turn}": [] for name in "ab"}
        for seq, (room, text, author, topic, has, at) in enumerate(messages, 1):
            by_room[f"{room}{turn}"].append(Entry(seq, at, author, text, topic, has))
            self.at[f"{room}{turn}", seq] = at
        parts = [RoomPart(room, RoomState("e", 100, 0), entries) for room, entries in by_room.items()]
        changed = [
            RoomPart(
                room, RoomState("e", 100, 1),
                [Entry(one.seq, one.at, one.author, one.text[::-1], one.topic, one.has) for one in entries[2::3]],
                gone=[one.seq for one in entries[1::5]],
            )
            for room, entries in by_room.items()
        ]  # fmt: skip
        for engine_ in self.engines:
            engine_.write(parts)
            engine_.write(changed)
        return list(by_room)

    def propose_the_same(self, wanted: Wanted, limit: int) -> None:
        files, cluster = (self._all(engine_, wanted, limit) for engine_ in self.engines)
        assert sorted(files) == sorted(cluster), wanted
        assert [self.at[hit] for hit in files] == [self.at[hit] for hit in cluster]

    @staticmethod
    def _all(engine_: MessageEngine, wanted: Wanted, limit: int) -> list[tuple[str, int]]:
        found, after = [], None
        while True:
            hits = engine_.find(Wanted(**{**_fields(wanted), "after": after}), limit, 5).hits
            found += [(hit.room, hit.seq) for hit in hits]
            if len(hits) < limit:
                return found
            after = hits[-1].place


def _fields(wanted: Wanted) -> dict[str, object]:
    return {name: getattr(wanted, name) for name in Wanted.__struct_fields__}


@pytest.fixture
def both(tmp_path: Path, osmem_url: str) -> Iterator[Both]:
    cluster = OpenSearchMessages(Cluster([osmem_url], "", 2), "messages", lambda: "ours")
    engines: list[MessageEngine] = [SqliteMessages(tmp_path / "index"), cluster]
    assert all(one.acquire() for one in engines)
    yield Both(engines)
    for one in engines:
        one.close()


# --- what is in the index --------------------------------------------------------------------------------------------


def test_a_message_is_there_once_and_its_words_are_in_no_answer(engines: Engines, unwell: Unwell) -> None:
    one = engines.open()
    assert one.acquire()
    for rev in range(3):
        one.write([part(Entry(1, NOW, "ann", "oolong"), Entry(2, NOW, "ann", "sencha"), rev=rev)])
    assert one.counts() == (1, 2, 0.0)
    found = unwell.ask("POST", "/messages/_search", {"size": 10, "query": {"match_all": {}}})
    assert "oolong" not in str(found) and "hall" in str(found)


def test_what_is_removed_is_gone_from_the_index_at_once(engines: Engines, unwell: Unwell) -> None:
    one = engines.open()
    assert one.acquire()
    one.write([part(Entry(1, NOW, "ann", "oolong"), Entry(2, NOW, "ann", "oolong"), Entry(3, NOW, "ann", "oolong"))])
    one.write([part(Entry(2, NOW, "ann", "sencha"), gone=[1, 7])])
    words = {"query": {"term": {"words": "oolong"}}}
    assert unwell.ask("POST", "/messages/_count", words)["count"] == 1
    one.write([part(Entry(1, NOW, "ann", "matcha"), afresh=True)])
    assert seqs(one) == [1] and unwell.ask("POST", "/messages/_count", words)["count"] == 0
    one.forget(["hall"])
    assert (seqs(one), one.rooms(), one.states(["hall"])) == ([], set(), {})


def test_more_rooms_and_messages_than_one_request_takes(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACTIONS", "LISTED_AT_ONCE", "REMOVED_AT_ONCE"):
        monkeypatch.setattr(engine, name, 7)
    monkeypatch.setattr(documents, "_MOST_TERMS", 7)
    one, rooms = engines.open(), [f"room{number}" for number in range(30)]
    assert one.acquire()
    entries = [Entry(seq, NOW + seq, "ann", "oolong") for seq in range(1, 3)]
    one.write([RoomPart(room, RoomState("e", 2, 1), entries) for room in rooms])
    assert one.rooms() == set(rooms) and len(one.states(rooms)) == 30
    assert len(one.find(Wanted(parse_query("oolong"), rooms), 100, 5).hits) == 60
    one.forget(rooms[1:])
    assert one.counts() == (1, 2, 0.0)


def merges(unwell: Unwell) -> int:
    return len([path for _, path in unwell.asked if "_forcemerge" in path])


def test_removed_words_are_merged_away_once_a_day(engines: Engines, unwell: Unwell) -> None:
    one = engines.open()
    assert one.acquire()
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    one.purge(NOW, NOW)
    assert merges(unwell) == 0
    one.write([part(Entry(1, NOW, "ann", "sencha"))])
    unwell.fall_ill(503, lambda method, path: "_forcemerge" in path)
    with pytest.raises(Away):
        one.purge(NOW, NOW)
    unwell.heal()
    for _ in range(5):
        one.purge(NOW, NOW)
    assert merges(unwell) == 1 + engine.MERGES
    one.write([part(gone=[1])])
    one.purge(NOW, NOW - 1)
    assert merges(unwell) == 1 + engine.MERGES
    one.release()
    other = engines.open()
    assert other.acquire()
    other.purge(NOW + 1, NOW)
    assert merges(unwell) == 2 + engine.MERGES


def test_merging_that_takes_long_goes_on_by_itself(
    engines: Engines, unwell: Unwell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 0.1)
    one = engines.open()
    assert one.acquire()
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    one.write([part(Entry(2, NOW, "ann", "sencha"), gone=[1])])
    unwell.fall_ill("hangs", lambda method, path: "_forcemerge" in path)
    for _ in range(5):
        one.purge(NOW, NOW)
    assert seqs(one) == [2] and one.acquire() and merges(unwell) == 5
    unwell.heal()
    for _ in range(5):
        one.purge(NOW, NOW)
    assert merges(unwell) == 5 + engine.MERGES


# --- who writes ------------------------------------------------------------------------------------------------------


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the lease each time."""
    monkeypatch.setattr(lease, "LOOKED_SECONDS", 0.0)
    monkeypatch.setattr(lease, "RENEWED_SECONDS", 0.0)


def test_one_of_two_processes_writes_and_the_other_goes_on_when_it_ended(engines: Engines, soon: None) -> None:
    one, other = engines.open(), engines.open()
    assert one.acquire() and not other.acquire() and one.acquire()
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    assert seqs(other) == [1] and other.find(ALL, 1, 5).progress == 0.0
    one.note_progress(0.5)
    assert not other.acquire() and other.find(ALL, 1, 5).progress == 0.5
    one.release()
    assert other.acquire() and not one.acquire()
    other.write([part(Entry(2, NOW, "ann", "oolong"))])
    assert seqs(one) == [2, 1] and other.progress() == 0.5


def test_who_was_away_too_long_writes_no_more(engines: Engines, soon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = engines.open(), engines.open()
    assert one.acquire()
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    assert not other.acquire()
    with monkeypatch.context() as patch:
        patch.setattr(lease, "LAPSED_SECONDS", 0.0)
        assert other.acquire()
    for late in (
        lambda: one.write([part(Entry(2, NOW, "ann", "late"))]), lambda: one.note_progress(1.0), one.check,
        lambda: one.forget(["hall"]),
    ):  # fmt: skip
        with pytest.raises(Away):
            late()
    assert seqs(other) == [1] and not one.acquire() and other.acquire()


def test_an_index_deleted_under_two_processes_is_begun_once(engines: Engines, unwell: Unwell, soon: None) -> None:
    one, other = engines.open(), engines.open()
    assert one.acquire() and not other.acquire()
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    assert one.remove() and not one.remove()
    assert one.find(ALL, 1, 5) == ([], 0.0) and one.size() == 0 and one.counts() is None
    one.write([part(Entry(2, NOW, "ann", "oolong"))])
    assert not other.acquire() and one.check() and not one.check()
    assert (seqs(one), one.states(["hall"]), one.progress()) == ([], {}, 0.0)
    assert list(unwell.ask("GET", "/_alias")) == ["messages-1"]


@pytest.mark.parametrize("work", ["states", "rooms", "forget", "write", "note_progress", "check", "acquire", "purge"])
def test_whatever_notices_that_the_index_is_gone_begins_it_again(engines: Engines, work: str, soon: None) -> None:
    one = engines.open()
    assert one.acquire()
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    one.write([part(Entry(1, NOW, "ann", "sencha"))])
    one.remove()
    args: dict[str, list[object]] = {
        "states": [["hall"]], "forget": [["hall"]], "write": [[part(afresh=True)]], "note_progress": [0.5],
        "purge": [NOW, NOW],
    }  # fmt: skip
    getattr(one, work)(*args.get(work, []))
    assert (work == "check") or one.check()
    assert one.rooms() == set() and one.acquire()


def test_an_index_of_another_version_is_begun_again(engines: Engines, unwell: Unwell) -> None:
    one = engines.open()
    assert one.acquire()
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    one.note_progress(1.0)
    unwell.ask("PUT", "/messages/_mapping", {"_meta": {"stamp": "0"}})
    one.release()
    other = engines.open()
    unwell.fall_ill(503, lambda method, path: "_mapping" in path)
    with pytest.raises(Away):
        other.acquire()
    unwell.heal()
    assert other.acquire() and other.check() and (seqs(other), other.progress()) == ([], 0.0)


def test_an_index_without_its_alias_is_not_lost(engines: Engines, unwell: Unwell, soon: None) -> None:
    one = engines.open()
    assert one.acquire()
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    assert one.check()
    unwell.ask("DELETE", "/messages-1/_alias/messages")
    assert one.acquire() and not one.check() and seqs(one) == [1]


def test_the_index_of_another_community_is_left_alone(engines: Engines, soon: None) -> None:
    one, other = engines.open(), engines.open("theirs")
    assert one.acquire()
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    one.release()
    for _ in range(2):
        with pytest.raises(Away) as away:
            other.acquire()
        assert "another community" in away.value.why
    assert one.acquire() and seqs(one) == [1]


# --- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("illness", ["drops", "hangs", 429, 500, 503, 403, b"<html>", b"[]"])
def test_what_was_not_written_is_not_noted_as_written(
    engines: Engines, unwell: Unwell, illness: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SECONDS", 0.3)
    monkeypatch.setattr("chatserver.store.index.opensearch.cluster.REST_SECONDS", 0.0)
    one = engines.open()
    assert one.acquire()
    unwell.fall_ill(illness, lambda method, path: "_bulk" in path)
    with pytest.raises(Away) as away:
        one.write([part(Entry(1, NOW, "ann", "oolong"))])
    assert away.value.why and away.value.reason == "search_unavailable"
    unwell.heal()
    assert one.acquire() and one.states(["hall"]) == {}
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    assert seqs(one) == [1] and one.counts() == (1, 1, 0.0)


def test_of_a_request_that_was_taken_in_half_nothing_is_noted(engines: Engines, unwell: Unwell) -> None:
    one = engines.open()
    assert one.acquire()
    too_many = b'{"errors":true,"items":[{"index":{"status":429,"error":{"type":"rejected_execution_exception"}}}]}'
    unwell.fall_ill(too_many, lambda method, path: "_bulk" in path)
    with pytest.raises(Away, match="not available"):
        one.write([part(Entry(1, NOW, "ann", "oolong"))])
    unwell.heal()
    assert one.states(["hall"]) == {}


def test_a_document_that_is_refused_for_good_keeps_no_other_out(
    engines: Engines, unwell: Unwell, caplog: pytest.LogCaptureFixture
) -> None:
    one = engines.open()
    assert one.acquire()
    wrong = b'{"errors":true,"items":[{"index":{"status":400,"error":{"type":"mapper_parsing_exception"}}}]}'
    unwell.fall_ill(wrong, lambda method, path: "_bulk" in path)
    one.write([part(Entry(1, NOW, "ann", "oolong"))])
    assert "a document was refused" in caplog.text


def test_hits_of_some_shards_or_of_some_of_the_time_are_no_answer(engines: Engines, unwell: Unwell) -> None:
    one = engines.open()
    assert one.acquire()
    some = b'{"timed_out":false,"_shards":{"total":2,"successful":1,"failed":1},"hits":{"hits":[]}}'
    unwell.fall_ill(some, lambda method, path: "_search" in path)
    with pytest.raises(Away):
        one.find(ALL, 1, 5)
    unwell.fall_ill(some.replace(b"false", b"true"), lambda method, path: "_search" in path)
    with pytest.raises(TimeoutError):
        one.find(ALL, 1, 5)


def test_after_it_was_lost_nobody_waits_for_it_for_a_second(engines: Engines, unwell: Unwell) -> None:
    one = engines.open()
    assert one.acquire()
    unwell.fall_ill("drops")
    with pytest.raises(Away):
        one.find(ALL, 1, 5)
    asked = len(unwell.asked)
    for _ in range(20):
        with pytest.raises(Away):
            one.find(ALL, 1, 5)
    assert len(unwell.asked) - asked < 10


# --- how it is reached -----------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of 127.0.0.1, signed by itself, with its key behind it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    begins = datetime.now(UTC) - timedelta(days=1)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=2))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        made.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )  # fmt: skip
    return file


def test_it_logs_in_and_trusts_only_the_certificates_that_it_is_given(osmem_url: str, certificate: Path) -> None:
    behind = Unwell(osmem_url, certificate)
    url = behind.url.replace("://", "://chat:p%40ss%2Fword@")
    try:
        for trusted, outcome in (("", "certificate"), (str(certificate), "")):
            one = OpenSearchMessages(Cluster([url], trusted, 2), "messages", lambda: "ours")
            if outcome:
                with pytest.raises(Away) as away:
                    one.acquire()
                assert outcome in away.value.why.lower() and "p@ss" not in away.value.why and not behind.asked
            else:
                assert one.acquire() and behind.logins == {"chat:p@ss/word"}
            one.close()
    finally:
        behind.close()


def test_of_several_addresses_one_that_answers_is_enough(unwell: Unwell) -> None:
    one = OpenSearchMessages(Cluster(["http://127.0.0.1:9", unwell.url], "", 2), "messages", lambda: "ours")
    assert one.acquire()
    for seq in range(1, 6):
        one.write([part(Entry(seq, NOW, "ann", "oolong"))])
    assert seqs(one) == [5, 4, 3, 2, 1]
    one.close()
