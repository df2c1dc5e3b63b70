"""Catching up by pages: what is new, and what is reported as lost."""

import msgspec
import pytest

from chatserver.bot.reading import Reading
from chatserver.protocol.methods.messages import MessageHistoryResult
from chatserver.protocol.shapes import Cursor
from tests.bot.double import ANN, Double


def page(first, last, *, epoch="e1", ids="e1", first_seq=1):
    double = Double()
    double.epoch = ids
    messages = [double.message(seq, ANN, f"line {seq}") for seq in range(first, last + 1)]
    raw = {"messages": messages, "epoch": epoch, "first_seq": first_seq, "last_seq": last, "rev": 0, "more": False}
    return msgspec.convert(raw, MessageHistoryResult)


def place(seq, *, rev=0, epoch="e1"):
    return Cursor(epoch, seq, f"e1-m{seq}" if seq else "", rev)


def test_pages_are_asked_until_the_target_and_nothing_is_handed_out_twice():
    reading = Reading(place(10), place(250, rev=3))
    news = []
    while (after := reading.after()) is not None:
        news += reading.take(page(after + 1, min(after + 100, 250)))
    assert [message.seq for message in news] == list(range(11, 251))
    assert reading.missed is None
    assert reading.end() == place(250, rev=3)


def test_messages_after_the_target_are_left_to_the_stream():
    reading = Reading(place(10), place(12))
    assert [message.seq for message in reading.take(page(10, 20))] == [11, 12]
    assert reading.after() is None


def test_the_first_page_begins_at_the_last_message_done_so_that_its_id_can_be_compared():
    reading = Reading(place(10), place(12))
    assert reading.after() == 9
    assert reading.take(page(10, 12, ids="other")) == []
    assert reading.missed is not None and "another id" in reading.missed.why
    assert reading.after() is None


@pytest.mark.parametrize("at_once", [True, False], ids=["before the first page", "between pages"])
def test_another_epoch_cannot_be_read_on(at_once):
    reading = Reading(place(10, epoch="e0" if at_once else "e1"), place(12))
    if not at_once:
        assert reading.take(page(10, 12, epoch="e2")) == []
    assert reading.missed is not None and "new epoch" in reading.missed.why
    assert reading.after() is None
    assert reading.end() == place(12)


def test_messages_the_log_no_longer_holds_are_named_and_the_rest_is_read():
    reading = Reading(place(10), place(30))
    news = reading.take(page(21, 30, first_seq=21))
    assert [message.seq for message in news] == list(range(21, 31))
    assert (reading.missed.first, reading.missed.last) == (11, 20)


def test_an_empty_page_before_the_target_ends_the_reading():
    reading = Reading(place(10), place(30))
    reading.take(page(11, 10))
    assert (reading.missed.first, reading.missed.last) == (11, 30)
    assert reading.after() is None


def test_a_hole_ends_with_the_id_that_was_read():
    reading = Reading(place(0), Cursor("e1", 3, "", 0))
    reading.take(page(1, 3))
    assert reading.end() == place(3)
