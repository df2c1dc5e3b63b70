"""What a user has read in a room with topics: one marker for the room, and those of lines that are further."""

from __future__ import annotations

from chatserver.rules.messages import reading as rules
from chatserver.rules.messages.reading import MAIN, MOST_MARKERS, WHOLE, Reading

NONE = 0


def test_a_line_has_a_marker_of_its_own_and_the_room_the_lowest() -> None:
    reading = Reading(10).moved("tea", 20, topical=20).moved(MAIN, 15, topical=20)
    assert reading == Reading(10, {MAIN: 15, "tea": 20})
    assert [reading.marker(line) for line in ("tea", MAIN, "rice", WHOLE)] == [20, 15, 10, 10]


def test_markers_never_move_back_and_those_that_the_room_has_reached_are_dropped() -> None:
    reading = Reading(10, {MAIN: 15, "tea": 20})
    assert reading.moved("tea", 18, topical=20) == reading.moved(WHOLE, 3, topical=20) == reading
    assert reading.moved(WHOLE, 17, topical=20) == Reading(17, {"tea": 20})


def test_where_nothing_later_is_in_a_topic_the_main_line_is_the_room() -> None:
    assert Reading(10).moved(MAIN, 14, topical=10) == Reading(14)
    assert Reading(10).moved(MAIN, 14, topical=12) == Reading(10, {MAIN: 14})
    assert Reading(10).moved("tea", 11, topical=11, own=True) == Reading(11)  # the very next message
    assert Reading(10).moved("tea", 11, topical=11) == Reading(10, {"tea": 11})  # which may be in another line


def test_beyond_the_most_markers_the_room_rises_to_the_lowest() -> None:
    many = rules.settled(5, {f"t{number}": 100 + number for number in range(MOST_MARKERS + 2)})
    assert many.read_seq == 101
    assert len(many.markers) == MOST_MARKERS
    assert min(many.markers.values()) == 102


def test_two_readings_join_to_what_either_has_read() -> None:
    assert Reading(10, {"tea": 20}).joined(Reading(12, {"tea": 15, MAIN: 13})) == Reading(12, {"tea": 20, MAIN: 13})


def test_markers_are_stored_as_text() -> None:
    markers = {MAIN: 12, "5f0c": 17}
    assert rules.written(markers) == ":12 5f0c:17"
    assert rules.read(rules.written(markers)) == markers
    assert rules.read("") == {}
