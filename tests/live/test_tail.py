"""The tail compared with the simplest model: a list of all events in order."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatserver.live.tail import Entry, Place, Tail, merged
from chatserver.protocol.events import MessageChanged, MessageReacted
from chatserver.protocol.shapes import Author, Message

ANN = Author("ann", "ann", "Ann", False)
patiently = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""On a busy machine drawing examples takes long, and that is no fault."""


class Event(NamedTuple):
    """A message where ``rev`` is 0, else a change of ``seq`` that stands after message ``after``."""

    seq: int
    rev: int
    after: int
    text: str
    deleted: bool

    def entry(self) -> Entry:
        if self.rev:
            what = MessageChanged(room="hall", rev=self.rev, seq=self.seq, text=self.text, deleted=self.deleted)
            return Entry(what, Place(self.after, self.rev))
        return Entry(
            Message(room="hall", seq=self.seq, id=f"id{self.seq}", at=1, author=ANN, text=self.text), Place(0, 0)
        )


@st.composite
def histories(draw: st.DrawFn, longest: int = 40) -> list[Event]:
    """Events of one room in their one order; who was deleted is changed no more."""
    events: list[Event] = []
    seq = rev = 0
    gone: set[int] = set()
    for _ in range(draw(st.integers(0, longest))):
        living = [number for number in range(1, seq + 1) if number not in gone]
        if living and draw(st.booleans()):
            rev, target, deleted = rev + 1, draw(st.sampled_from(living)), draw(st.booleans())
            gone |= {target} if deleted else set()
            events.append(Event(target, rev, seq, "" if deleted else f"edit {rev}" * draw(st.integers(1, 9)), deleted))
        else:
            seq += 1
            events.append(Event(seq, 0, seq, f"text {seq}" * draw(st.integers(1, 9)), False))
    return events


def places(events: list[Event]) -> list[Place]:
    """Where a reader is before the first event and after each."""
    found = [Place(0, 0)]
    for event in events:
        seq, rev = found[-1]
        found.append(Place(seq, event.rev) if event.rev else Place(event.seq, rev))
    return found


def entries(events: list[Event], start: int = 0) -> list[Entry]:
    made = [event.entry() for event in events]
    for entry, place in zip(made, places(events)[1:], strict=True):
        entry.place = place
    return made[start:]


def what_holds(events: list[Event], seq: int) -> tuple[str, bool]:
    last = [event for event in events if event.seq == seq][-1]
    return last.text, last.deleted


def key(entry: Entry) -> tuple[int, int]:
    return (entry.what.seq, getattr(entry.what, "rev", 0))


@patiently
@given(histories())
def test_messages_and_changes_are_put_into_their_one_order(events: list[Event]) -> None:
    made = merged(
        [event.entry() for event in events if not event.rev],
        [(event.after, event.entry()) for event in events if event.rev],
        Place(0, 0),
    )
    assert [key(entry) for entry in made] == [(event.seq, event.rev) for event in events]
    assert [entry.place for entry in made] == places(events)[1:]


@patiently
@given(histories(), st.data())
def test_a_page_from_anywhere_goes_on_where_the_reader_is(events: list[Event], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(events)))
    rest, place = events[start:], places(events)[start]
    made = merged(
        [event.entry() for event in rest if not event.rev],
        [(event.after, event.entry()) for event in rest if event.rev],
        place,
    )
    assert [key(entry) for entry in made] == [(event.seq, event.rev) for event in rest]
    assert [entry.place for entry in made] == places(events)[start + 1 :]


@patiently
@given(histories(), st.integers(1, 12), st.data())
def test_a_reader_anywhere_is_given_exactly_what_comes_next(
    events: list[Event], records: int, data: st.DataObject
) -> None:
    tail = Tail(Place(0, 0), records=records, size=1 << 20, reactions=1000)
    for entry in entries(events):
        tail.add(entry)
    all_places = places(events)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(events))] * 2)))
    found = tail.after(all_places[first], all_places[last])
    if first < len(events) - records:
        assert found is None
        return
    assert found is not None
    assert [key(entry) for entry in found] == [(event.seq, event.rev) for event in events[first:last]]
    for entry in found:
        if isinstance(entry.what, Message):
            assert (entry.what.text, entry.what.deleted) == what_holds(events, entry.what.seq)


@patiently
@given(histories(), st.integers(0, 8000))
def test_a_tail_holds_so_many_bytes_and_no_deleted_text(events: list[Event], size: int) -> None:
    tail = Tail(Place(0, 0), records=1000, size=size, reactions=1000)
    for entry in entries(events):
        tail.add(entry)
    held = tail.after(tail.start, places(events)[-1])
    assert held is not None
    assert len(held) == len(tail)
    assert sum(entry.size for entry in held) <= size
    gone = {event.seq for event in events if event.deleted}
    assert all(entry.what.text == "" for entry in held if entry.what.seq in gone)


def test_deletions_leave_room_for_what_comes_after_them() -> None:
    tail = Tail(Place(0, 0), records=8, size=20_000, reactions=1000)
    place = Place(0, 0)
    for number in range(1, 200):
        place = Place(number, place.rev)
        message = Message(room="hall", seq=number, id=f"id{number}", at=1, author=ANN, text="x" * 4000)
        tail.add(Entry(message, place))
        place = Place(number, place.rev + 1)
        tail.add(Entry(MessageChanged(room="hall", rev=place.rev, seq=number, text="", deleted=True), place))
    assert len(tail) == 8


@patiently
@given(histories(), st.data())
def test_what_was_read_from_the_log_lengthens_the_tail_backwards(events: list[Event], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(events)))
    before = data.draw(st.integers(0, start))
    all_places = places(events)
    tail = Tail(all_places[start], records=1000, size=1 << 20, reactions=1000)
    for entry in entries(events, start):
        tail.add(entry)
    tail.put_before(entries(events[:start], before), all_places[before])
    found = tail.after(all_places[before], all_places[-1])
    assert found is not None
    assert [key(entry) for entry in found] == [(event.seq, event.rev) for event in events[before:]]


@pytest.mark.parametrize("place", [Place(0, 5), Place(3, 0)])
def test_what_lies_before_the_tail_is_not_guessed(place: Place) -> None:
    tail = Tail(Place(3, 5), records=10, size=1 << 20, reactions=1000)
    assert tail.after(place, Place(3, 5)) is None


@patiently
@given(st.lists(st.sampled_from("mmcrrr"), max_size=60), st.integers(1, 8), st.integers(1, 12), st.data())
def test_reactions_have_a_ring_of_their_own_and_stand_in_the_one_order(
    kinds: list[str], records: int, reactions: int, data: st.DataObject
) -> None:
    tail, place, seen = (
        Tail(Place(0, 0), records=records, size=1 << 20, reactions=reactions),
        Place(0, 0),
        [Place(0, 0)],
    )
    kinds = ["m", *kinds]
    for kind in kinds:
        place = Place(place.seq + 1, place.rev) if kind == "m" else Place(place.seq, place.rev + 1)
        if kind == "m":
            what = Message(room="hall", seq=place.seq, id=f"id{place.seq}", at=1, author=ANN, text="hello")
        elif kind == "c":
            what = MessageChanged(room="hall", rev=place.rev, seq=place.seq, text="edited")
        else:
            what = MessageReacted(
                room="hall", rev=place.rev, seq=place.seq, emoji="👍", user="ann", added=True, count=1
            )
        tail.add(Entry(what, place))
        seen.append(place)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(kinds))] * 2)))
    since = kinds[first:]
    found = tail.after(seen[first], seen[last])
    if since.count("r") > reactions or len(since) - since.count("r") > records:
        assert found is None
        return
    assert found is not None
    assert [entry.place for entry in found] == seen[first + 1 : last + 1]
    assert tail.reactions_after(seen[first].rev) == since.count("r")


def test_a_deletion_leaves_nothing_of_who_reacted() -> None:
    tail = Tail(Place(0, 0), records=10, size=1 << 20, reactions=10)
    tail.add(Entry(Message(room="hall", seq=1, id="id1", at=1, author=ANN, text="hello"), Place(1, 0)))
    for rev in (1, 2):
        reacted = MessageReacted(room="hall", rev=rev, seq=1, emoji="👍", user="bob", added=rev == 1, count=2 - rev)
        tail.add(Entry(reacted, Place(1, rev)))
    tail.add(Entry(MessageChanged(room="hall", rev=3, seq=1, text="", deleted=True), Place(1, 3)))
    held = tail.after(Place(0, 0), Place(1, 3))
    assert held is not None
    assert [entry.what for entry in held[1:3]] == [MessageReacted(room="hall", rev=rev, seq=1) for rev in (1, 2)]
