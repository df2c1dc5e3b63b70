"""The state file: what it stores, what it survives, and that it belongs to one bot."""

import os

import pytest

from chatserver.bot.journal import Journal
from chatserver.errors import StartError
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.shapes import Cursor

SENT = MessageSendResult("e1", 9, "m9", 5, "primary")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "bot.state"


def reopened(path):
    journal = Journal(path)
    journal.close()
    return journal


def test_what_is_saved_is_there_when_the_file_is_opened_again(path):
    journal = Journal(path)
    journal.own("bot1")
    journal.save("hall", Cursor("e1", 7, "m7", 2))
    journal.remember("met", {"ann": 5})
    journal.close()
    again = reopened(path)
    assert again.done == {"hall": Cursor("e1", 7, "m7", 2)}
    assert again.memory == {"met": {"ann": 5}} and again.owner == "bot1"


def test_nothing_needs_to_be_closed_for_it_to_be_kept(path):
    journal = Journal(path)
    journal.save("hall", Cursor("e1", 7, "m7", 2))
    os.close(journal._file)  # as the end of the process does
    assert reopened(path).done["hall"].seq == 7


def test_what_was_said_is_known_until_its_event_is_done(path):
    journal = Journal(path)
    journal.say("hall", "c1", SENT)
    journal.close()
    again = Journal(path)
    assert again.said("hall", "c1", MessageSendResult) == SENT
    again.save("hall", Cursor("e1", 8, "m8", 0))
    assert again.said("hall", "c1", MessageSendResult) is None
    again.close()
    assert reopened(path).said("hall", "c1", MessageSendResult) is None


def test_a_line_cut_short_is_passed_over(path):
    journal = Journal(path)
    journal.save("hall", Cursor("e1", 7, "m7", 0))
    journal.close()
    with path.open("ab") as file:
        file.write(b'["done","hall","e1",8')
    assert reopened(path).done["hall"].seq == 7


def test_forgotten_rooms_and_memories_are_gone(path):
    journal = Journal(path)
    journal.save("hall", Cursor("e1", 7, "m7", 0))
    journal.forget_room("hall")
    journal.remember("a", 1)
    journal.forget("a")
    journal.close()
    again = reopened(path)
    assert again.done == {} and again.memory == {}


def test_the_file_stays_small_however_much_is_saved(path):
    journal = Journal(path)
    for seq in range(5000):
        journal.save("hall", Cursor("e1", seq, f"m{seq}", 0))
    assert path.stat().st_size <= 65_536 + 200
    journal.close()
    assert reopened(path).done["hall"].seq == 4999


def test_a_file_in_use_is_refused_with_a_sentence_also_after_it_was_rewritten(path):
    journal = Journal(path)
    for seq in range(2000):
        journal.save("hall", Cursor("e1", seq, f"m{seq}", 0))
    with pytest.raises(StartError, match="CHATSERVER_STATE"):
        Journal(path)
    journal.close()
    reopened(path)


def test_a_file_of_another_bot_is_refused(path):
    journal = Journal(path)
    journal.own("bot1")
    with pytest.raises(StartError, match="another bot"):
        journal.own("bot2")
    journal.close()


def test_without_a_path_nothing_is_written(tmp_path):
    journal = Journal(None)
    journal.save("hall", Cursor("e1", 7, "m7", 0))
    journal.close()
    assert list(tmp_path.iterdir()) == []
