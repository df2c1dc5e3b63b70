"""The steps that follow from a bot's events, without socket or loop."""

import msgspec

from chatserver.bot.state import CatchUp, Forget, Handle, Mark, State
from chatserver.protocol.events import (
    InboxChanged,
    MemberEvent,
    MessageChanged,
    MessageReacted,
    MessagesPurged,
    ReadMoved,
    RoomChanged,
    RoomReset,
    TopicChanged,
    UserChanged,
)
from chatserver.protocol.methods.sessions import SessionStartResult
from chatserver.protocol.shapes import Author, Cursor, Message, RoomState, Topic
from tests.bot.double import ANN, ME, OTHER_BOT, Double


def started(state, **room):
    double = Double()
    raw = {
        "rooms": [{**double.state(), **room}] if room.get("room") != "" else [],
        "inbox": {"seq": 0, "unread": 0},
        "server": {"version": "0", "ping_s": 25, "durability": "primary",
                   "limits": dict.fromkeys(["text_characters", "text_bytes", "frame_bytes", "history_page",
                                            "requests_in_flight", "file_bytes", "message_files"], 1)},
        "user": ME,
    }  # fmt: skip
    return state.started(msgspec.convert(raw, SessionStartResult))


def posted(seq, author=ANN, **more):
    return msgspec.convert(Double().message(seq, author, "hello", **more), Message)


def test_a_room_without_a_cursor_begins_at_its_end_and_that_is_saved():
    state = State({})
    assert started(state, last_seq=7, last_id="m7") == [Mark("hall", Cursor("e1", 7, "m7", 0))]
    assert state.seen["hall"].seq == 7


def test_what_was_said_between_joining_a_room_and_hearing_of_it_is_news():
    state = State({})
    started(state, room="")
    joined = msgspec.convert({**Double().state(), "read_seq": 5, "last_seq": 7, "last_id": "m7"}, RoomState)
    mark, catch_up, _ = state.heard("room.updated", joined)
    assert mark == Mark("hall", Cursor("e1", 5, "", 0))
    assert catch_up == CatchUp("hall", Cursor("e1", 7, "m7", 0))


def test_a_room_with_a_cursor_goes_on_from_it():
    state = State({"hall": Cursor("e1", 3, "m3", 0)})
    assert started(state, last_seq=7, last_id="m7") == []
    assert state.seen["hall"].seq == 3


def test_a_room_that_is_gone_is_forgotten():
    state = State({"attic": Cursor("e1", 3, "m3", 0)})
    assert Forget("attic") in started(state)
    assert "attic" not in state.seen


def test_a_message_carries_the_place_that_is_done_after_it():
    state = State({})
    started(state)
    (step,) = state.heard("message.posted", posted(1))
    assert isinstance(step, Handle)
    assert step.after == Cursor("e1", 1, "e1-m1", 0) and not step.quiet


def test_a_message_heard_twice_is_handled_once():
    state = State({})
    started(state)
    assert len(state.heard("message.posted", posted(1))) == 1
    assert state.heard("message.posted", posted(1)) == []


def test_a_hole_in_the_numbers_is_read_before_the_message_after_it():
    state = State({})
    started(state)
    hole, message = state.heard("message.posted", posted(4))
    assert isinstance(hole, CatchUp) and hole.target.seq == 3
    assert message.after.seq == 4


def test_a_bot_never_hears_itself_nor_other_bots_but_its_place_moves():
    state = State({})
    started(state)
    for seq, author in enumerate((ME, OTHER_BOT), 1):
        (step,) = state.heard("message.posted", posted(seq, author))
        assert step.quiet and step.after.seq == seq


def test_a_bot_that_asks_to_hears_other_bots_but_not_itself():
    state = State({}, hears_bots=True)
    started(state)
    assert state.heard("message.posted", posted(1, ME))[0].quiet
    assert not state.heard("message.posted", posted(2, OTHER_BOT))[0].quiet


def test_a_deleted_message_calls_nobody():
    state = State({})
    started(state)
    assert state.heard("message.posted", posted(1, deleted=True))[0].quiet


def test_a_change_moves_rev_and_is_heard_once():
    state = State({})
    started(state)
    change = MessageChanged(room="hall", rev=1, seq=1, text="now")
    (step,) = state.heard("message.changed", change)
    assert step.after == Cursor("e1", 0, "", 1)
    assert state.heard("message.changed", change) == []


def test_after_a_reset_the_stream_goes_on_from_its_place():
    state = State({"hall": Cursor("e1", 3, "m3", 2)})
    started(state, last_seq=900, last_id="m900")
    reset = RoomReset("hall", "e1", 900, "m900", 5, 0)
    (step,) = state.heard("room.reset", reset)
    assert step == CatchUp("hall", Cursor("e1", 900, "m900", 5), reset)
    (after,) = state.heard("message.posted", posted(901))
    assert isinstance(after, Handle)


def test_leaving_a_room_forgets_its_cursor_and_joining_again_begins_at_its_end():
    state = State({})
    started(state)
    left = MemberEvent("hall", Author(**ME), "member", 1)
    assert state.heard("member.left", left) == [Forget("hall")]
    assert "hall" not in state.seen and "hall" not in state.rooms


def test_a_bot_s_own_join_calls_no_handler():
    state = State({})
    started(state)
    assert state.heard("member.joined", MemberEvent("hall", Author(**OTHER_BOT), "member", 2)) == []
    assert len(state.heard("member.joined", MemberEvent("hall", Author(**ANN), "member", 3))) == 1


def test_what_a_room_says_of_itself_is_kept_and_leaves_the_bot_s_own_role():
    state = State({})
    started(state, role="moderator")
    changed = RoomChanged(room="hall", kind="open", title="Big hall", about="", tags=[], members=9)
    (step,) = state.heard("room.changed", changed)
    assert step == Handle("hall", "room.changed", changed, None)
    hall = state.rooms["hall"]
    assert (hall.title, hall.members, hall.role) == ("Big hall", 9, "moderator")


def test_a_reaction_moves_the_place_and_only_what_others_did_is_handled():
    state = State({})
    started(state, last_seq=3, last_id="m3")
    for rev, (more, quiet) in enumerate(
        [({"user": "ann", "added": True, "count": 1}, False), ({"user": ME["id"], "added": True, "count": 2}, True)], 1
    ):
        reacted = MessageReacted(room="hall", rev=rev, seq=2, emoji="👍", **more)
        (step,) = state.heard("message.reacted", reacted)
        assert step == Handle("hall", "message.reacted", reacted, Cursor("e1", 3, "m3", rev), quiet)
    bare = MessageReacted(room="hall", rev=3, seq=2)
    cleared = MessageReacted(room="hall", rev=4, seq=2, cleared=True)
    assert [state.heard("message.reacted", event)[0].quiet for event in (bare, cleared)] == [True, False]
    assert state.heard("message.reacted", bare) == []
    assert state.seen["hall"].rev == 4


def test_what_is_about_no_room_leaves_all_as_it_is():
    state = State({})
    started(state)
    assert state.heard("user.changed", UserChanged(user=Author("ann1", "ann", "Ann B", bot=False))) == []
    assert state.heard("inbox.changed", InboxChanged(seq=1, unread=0)) == []


def test_a_purge_moves_the_place_like_a_change_and_comes_once():
    state = State({})
    started(state)
    purged = MessagesPurged("hall", 1, [(2, 4)])
    (step,) = state.heard("messages.purged", purged)
    assert step.after == Cursor("e1", 0, "", 1)
    assert state.heard("messages.purged", purged) == []


def test_the_room_s_topics_are_as_of_the_latest_thing_heard():
    state = State({})
    started(state)
    topic = Topic(id="m1", room="hall", title="Soil")
    (step,) = state.heard("topic.changed", TopicChanged("hall", 3, topic))
    assert (step.params.topic, step.after, state.rooms["hall"].topics_version) == (topic, None, 3)
    state.heard("room.reset", RoomReset("hall", "e2", 9, "m9", 4, 5))
    assert state.rooms["hall"].topics_version == 5


def test_a_marker_that_moved_elsewhere_is_the_bot_s_own():
    state = State({})
    started(state, markers={"m1": 4, "m2": 3}, unread=9)
    (step,) = state.heard(
        "read.moved", ReadMoved(room="hall", topic="m3", read_seq=8, room_read_seq=3, unread=2, mentions=1)
    )
    assert step.params.topic == "m3"
    room = state.rooms["hall"]
    assert (room.read_seq, room.unread, room.mentions, room.markers) == (3, 2, 1, {"m1": 4, "m3": 8})
    state.heard("read.moved", ReadMoved(room="hall", read_seq=9, room_read_seq=9, unread=0, mentions=0))
    assert (state.rooms["hall"].read_seq, state.rooms["hall"].markers) == (9, {})
