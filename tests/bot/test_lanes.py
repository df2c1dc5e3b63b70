"""Order within a room, several rooms at once, and a room that cannot keep up."""

import asyncio

from chatserver.bot.lanes import Lane, Lanes
from chatserver.bot.state import CatchUp, Handle, Mark
from chatserver.protocol.shapes import Cursor
from tests.bot.double import until


def step(room, seq):
    return Handle(room, "message.posted", seq, Cursor("e1", seq, f"m{seq}", 0))


def test_a_full_lane_keeps_one_catch_up_for_all_that_came_later():
    lane = Lane(room_for=2)
    for seq in range(1, 6):
        lane.push(step("hall", seq))
    assert [type(each) for each in lane.steps] == [Handle, Handle, CatchUp]
    assert lane.steps[-1].target.seq == 5


def test_a_full_lane_lets_go_of_what_is_in_no_log_but_not_of_steps_of_its_own():
    lane = Lane(room_for=1)
    lane.push(step("hall", 1))
    lane.push(Handle("hall", "typing.started", None, None))
    lane.push(Mark("hall", Cursor("e1", 9)))
    assert [type(each) for each in lane.steps] == [Handle, Mark]


async def test_a_room_keeps_its_order_while_others_go_on():
    done, gate = [], asyncio.Event()

    async def perform(each):
        if each.room == "slow":
            await gate.wait()
        done.append((each.room, each.params))

    async with asyncio.TaskGroup() as group:
        lanes = Lanes(perform, group)
        for seq in range(3):
            lanes.push(step("slow", seq))
            lanes.push(step("fast", seq))
        await until(lambda: len(done) == 3)
        assert done == [("fast", 0), ("fast", 1), ("fast", 2)]
        gate.set()
        await until(lambda: len(done) == 6)
    assert done[3:] == [("slow", 0), ("slow", 1), ("slow", 2)]


async def test_no_more_rooms_at_once_than_allowed():
    now, most, gate = set(), 0, asyncio.Event()

    async def perform(each):
        nonlocal most
        now.add(each.room)
        most = max(most, len(now))
        await gate.wait()
        now.discard(each.room)

    async with asyncio.TaskGroup() as group:
        lanes = Lanes(perform, group, at_once=3)
        for number in range(8):
            lanes.push(step(f"room{number}", 1))
        await until(lambda: len(now) == 3)
        gate.set()
    assert most == 3


async def test_draining_finishes_what_is_under_way_and_begins_nothing_more():
    done, gate, begun = [], asyncio.Event(), asyncio.Event()

    async def perform(each):
        begun.set()
        await gate.wait()
        done.append(each.params)

    async with asyncio.TaskGroup() as group:
        lanes = Lanes(perform, group)
        lanes.push(step("hall", 1))
        lanes.push(step("hall", 2))
        await begun.wait()
        draining = group.create_task(lanes.drain())
        await asyncio.sleep(0)
        gate.set()
        await draining
    assert done == [1]
