"""By which words and tags a room is found, and which of two rooms is livelier."""

from __future__ import annotations

import random

import pytest

from chatserver.rules.rooms.finding import HEAD, QUIET, Liveliness, OpenRoom, unpacked
from chatserver.rules.text.searching import fold

GREEN = OpenRoom(
    "green", 1, "Green living", "Balcony tomatoes", ["repair"],
    {"en": "Green living", "zh-Hans": "绿色生活", "zh-Hant": "綠色生活"}, {"de": "Tomaten"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "is_meant"),
    [
        ("", True), ("ｇｒｅｅｎ", True), ("GREEN tomato", True), ("绿色", True), ("綠色生", True), ("repair", True),
        ("tomatoes living", True), ("lvseshenghuo", True), ("lssh", True), ("shenghuo", True), ("tomaten", True),
        ("green novels", False), ("绿生", False), ("sehx", False),
    ],
)  # fmt: skip
def test_words_are_found_in_every_language_and_form(query: str, is_meant: bool) -> None:
    assert GREEN.is_meant(fold(query).split(), "") is is_meant


def test_a_tag_is_found_as_a_whole_and_in_both_scripts() -> None:
    room = OpenRoom("tea", 1, "Tea", tags=["reading", "養花"])
    assert room.is_meant([], "reading") and room.is_meant(["tea"], fold("养花"))
    assert not room.is_meant([], "read") and not room.is_meant(["coffee"], "reading")


def test_packed_places_are_in_the_order_of_the_places_and_unpack_to_them() -> None:
    seed = random.Random(5)

    def number() -> int:
        return seed.choice([0, 1, 2, 9, 250, 70_000, 3_000_000_000])

    rooms = [seed.choice("abč茶𝄞") * seed.randrange(1, 3) for _ in range(300)]
    places = [Liveliness.of(room, number(), online=number(), today=number(), members=7) for room in rooms]
    assert [unpacked(packed) for packed in sorted(place.packed() for place in places)] == sorted(places)
    for place in places:
        assert (place.packed() < QUIET) == bool(place.online or place.today)
        assert place.packed()[:HEAD] == place.head


def test_strangers_learn_no_more_from_the_order_than_from_the_rounded_number() -> None:
    assert Liveliness.of("a", 1, online=1) == Liveliness.of("a", 1, online=4) < Liveliness.of("a", 1, online=0)
