"""A whole bot over real sockets, against a double that misbehaves on request."""

import asyncio
import contextlib
import itertools

import pytest
from websockets.asyncio.server import serve

from chatserver.bot import (
    Bot,
    EndedError,
    MemberJoined,
    MessageChanged,
    MessagePosted,
    Refusal,
    RoomReset,
    Started,
    StartError,
)
from tests.bot.double import ANN, ME, OTHER_BOT, Double, until


@pytest.fixture
async def double():
    async with Double().running() as running:
        yield running


def make(double, **options):
    return Bot(double.url, "chat_token", **{"patience": 0.01, **options})


def echo(double, **options):
    bot = make(double, **options)

    @bot.on(MessagePosted)
    async def say_again(event):
        return f"again {event.text}"

    return bot


# --- commands and handlers


async def test_a_command_answers_the_message_it_was_called_in(double):
    bot = make(double)

    @bot.command("roll")
    async def roll(event, dice: int = 1, sides: int = 6) -> str:
        return f"{dice} of {sides}"

    async with bot.running():
        await double.post("/roll 2 20")
        await until(double.texts)
    assert double.texts() == ["2 of 20"]
    assert double.log[-1]["reply_to"] == 1


async def test_a_bad_argument_is_answered_with_a_usage_line(double):
    bot = make(double)

    @bot.command("roll", help="Roll dice.")
    def roll(event, dice: int = 1) -> str:
        return "never"

    async with bot.running():
        await double.post("/roll many")
        await until(double.texts)
    assert double.texts() == ["'many' is not a whole number. Usage: /roll [dice]: Roll dice."]


async def test_a_command_goes_to_the_command_only_and_unknown_ones_to_everyone(double):
    bot = echo(double)
    bot.command("hi")(lambda event: "hello")
    async with bot.running():
        for text in ("/hi", "/ho"):
            await double.post(text)
        await until(lambda: len(double.texts()) == 2)
    assert double.texts() == ["hello", "again /ho"]


def test_a_command_is_one_word_and_registered_once():
    bot = Bot()
    bot.command("roll")(lambda event: "")
    with pytest.raises(ValueError, match="already"):
        bot.command("Roll")(lambda event: "")
    with pytest.raises(ValueError, match="one word"):
        bot.command("roll dice")(lambda event: "")


async def test_a_bot_hears_neither_itself_nor_other_bots(double):
    bot, heard = make(double), []
    bot.on(MessagePosted)(lambda event: heard.append(event.author.handle))
    async with bot.running():
        for author in (ME, OTHER_BOT, ANN):
            await double.post("hello", author)
        await until(lambda: heard)
    assert heard == ["ann"]


async def test_a_bot_that_asks_to_hears_other_bots(double):
    bot, heard = make(double, hears_bots=True), []
    bot.on(MessagePosted)(lambda event: heard.append(event.author.handle))
    async with bot.running():
        for author in (ME, OTHER_BOT, ANN):
            await double.post("hello", author)
        await until(lambda: len(heard) == 2)
    assert heard == ["echo", "ann"]


async def test_a_handler_that_fails_is_reported_and_the_next_message_is_handled(double, caplog):
    bot, told = make(double), []

    @bot.on(MessagePosted)
    async def fragile(event):
        return str(1 // int(event.text))

    bot.on_error(lambda event, error: told.append((event.text, type(error))))
    async with bot.running():
        await double.post("0")
        await double.post("1")
        await until(double.texts)
    assert double.texts() == ["1"]
    assert told == [("0", ZeroDivisionError)]
    assert "a handler failed" in caplog.text


async def test_a_change_calls_its_handler_and_the_reply_is_sent_once(double):
    bot = make(double)
    bot.on(MessageChanged)(lambda event: f"now {event.text}")
    async with bot.running():
        await double.post("before")
        for _ in range(2):
            await double.tell("message.changed", {"room": "hall", "rev": 1, "seq": 1, "text": "after"})
        await until(double.texts)
        await double.post("end")
    assert double.texts() == ["now after"]


async def test_events_within_a_moment_can_be_handed_over_together(double):
    bot, told = make(double), []

    @bot.on(MemberJoined, gather=0.05)
    async def greet(joined):
        told.append([event.user.handle for event in joined])

    async with bot.running():
        for handle in ("bo", "cy"):
            user = {"id": handle, "handle": handle, "name": handle, "bot": False}
            await double.tell("member.joined", {"room": "hall", "user": user, "role": "member", "members": 3})
        await until(lambda: told)
    assert told == [["bo", "cy"]]


async def test_what_is_gathered_is_handed_over_when_the_bot_stops(double):
    bot, told, heard = make(double), [], asyncio.Event()
    bot.on(MemberJoined, gather=60)(lambda joined: told.append(len(joined)))
    bot.on(MemberJoined)(lambda event: heard.set())
    async with bot.running():
        await double.tell("member.joined", {"room": "hall", "user": ANN, "role": "member", "members": 3})
        await heard.wait()
    assert told == [1]


def test_messages_are_not_gathered():
    with pytest.raises(TypeError, match="one by one"):
        Bot().on(MessagePosted, gather=1)(lambda events: None)


# --- sending


@pytest.mark.parametrize("fault", ["lose answer", "drop", "unavailable", "rate_limited", "twice"])
async def test_whatever_befalls_a_send_it_is_posted_once(double, fault):
    bot = echo(double)
    async with bot.running():
        double.faults.append(fault)
        await double.post("one")
        await until(double.texts)
        await double.post("two")
        await until(lambda: "again two" in double.texts())
    assert double.texts() == ["again one", "again two"]
    ids = [params["client_id"] for method, params in double.requests if method == "message.send"]
    assert len(set(ids)) == 2


async def test_a_refused_send_is_not_repeated(double):
    bot, told = echo(double), []
    bot.on_error(lambda event, error: told.append(error))
    async with bot.running():
        double.faults.append("not_allowed")
        await double.post("one")
        await until(lambda: told)
    assert isinstance(told[0], Refusal) and told[0].reason == "not_allowed"
    assert double.texts() == []


async def test_what_may_not_be_asked_twice_is_refused_when_its_answer_is_lost(double):
    async with make(double).running() as bot:
        with pytest.raises(Refusal) as refused:
            await bot.call("room.create", title="Attic")
        assert refused.value.reason == "unavailable"
        assert (await bot.call("session.ping")).at == 5


async def test_sends_at_the_same_time_keep_their_order(double):
    async with make(double).running() as bot:
        double.faults.append("rate_limited")
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(bot.send("hall", str(number)))
    assert double.texts() == ["0", "1", "2", "3", "4"]


# --- coming back


async def test_a_cut_connection_goes_on_where_it_was(double):
    bot = echo(double)
    async with bot.running():
        await double.post("one")
        await until(lambda: len(double.texts()) == 1)
        await double.drop()
        double.log.append(double.message(3, ANN, "two"))
        await until(lambda: len(double.texts()) == 2)
    assert double.texts() == ["again one", "again two"]
    assert double.cursors[0] == {} and double.cursors[1]["hall"]["seq"] >= 1


@pytest.mark.parametrize("code", [1000, 1011, 1012, 4100, 4101])
async def test_a_close_that_allows_it_is_followed_by_a_new_session(double, code):
    bot, starts = make(double), []
    bot.on(Started)(lambda event: starts.append([room.id for room in event.rooms]))
    async with bot.running():
        await until(lambda: double.sockets)
        await double.drop(code)
        await until(lambda: len(starts) == 2)
    assert starts == [["hall"], ["hall"]]


@pytest.mark.parametrize("code", [4500, 4501, 4502, 4504])
async def test_a_close_that_says_stay_away_ends_the_bot(double, code):
    bot = make(double)
    serving = asyncio.create_task(bot.serve())
    await until(lambda: double.sockets)
    await double.drop(code)
    with pytest.raises(EndedError) as ended:
        await asyncio.wait_for(serving, 5)
    assert ended.value.code == code
    assert len(double.cursors) == 1


async def test_a_session_refused_for_now_is_asked_for_again(double):
    double.start_refusals.extend(["unavailable", "rate_limited"])
    async with make(double).running():
        assert len(double.cursors) == 3


async def test_a_session_refused_for_good_ends_the_bot(double):
    double.start_refusals.append("not_allowed")
    with pytest.raises(EndedError, match="not_allowed"):
        await asyncio.wait_for(make(double).serve(), 5)


async def test_a_server_that_is_not_there_is_tried_again(double):
    bot = make(double)
    bot.url = "http://127.0.0.1:9"
    serving = asyncio.create_task(bot.serve())
    await asyncio.sleep(0.05)
    assert not serving.done()
    bot.stop()
    await asyncio.wait_for(serving, 5)


# --- missing nothing, repeating nothing


async def first_start(bot, state):
    """From now on the bot is responsible for what is said."""
    async with bot.running(state=state):
        pass


async def killed(bot, state, condition):
    """Run the bot and cut it off without a word as soon as the condition holds."""
    serving = asyncio.create_task(bot.serve(state=state))
    await until(condition, 20)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def test_a_bot_killed_again_and_again_in_a_stream_of_300_misses_and_repeats_nothing(double, tmp_path):
    state = tmp_path / "bot.state"
    await first_start(echo(double), state)

    async def people():
        for number in range(300):
            await double.post(f"line {number}")
            await asyncio.sleep(0)

    talking = asyncio.create_task(people())
    for most in (20, 75, 140, 200, 280):
        await killed(echo(double), state, lambda most=most: len(double.texts()) >= most)
    await talking
    await killed(echo(double), state, lambda: len(double.texts()) >= 300)
    assert double.texts() == [f"again line {number}" for number in range(300)]


async def test_a_reply_stored_but_never_answered_is_recognised_after_the_kill(double, tmp_path):
    state = tmp_path / "bot.state"
    await first_start(echo(double), state)
    double.faults.append("lose answer")
    await double.post("one")
    await killed(echo(double), state, double.texts)
    await killed(echo(double), state, lambda: [m for m, _ in double.requests].count("message.send") >= 1)
    async with echo(double).running(state=state):
        await double.post("two")
        await until(lambda: "again two" in double.texts())
    assert double.texts() == ["again one", "again two"]


async def test_a_reply_with_another_text_the_second_time_stays_the_first_one(double, tmp_path):
    state, throw, told = tmp_path / "bot.state", itertools.count(1), []

    def dice():
        bot = make(double)
        bot.on(MessagePosted)(lambda event: f"threw {next(throw)}")
        bot.on_error(lambda event, error: told.append(error))
        return bot

    await first_start(dice(), state)
    double.faults.append("lose answer")
    await double.post("go")
    await killed(dice(), state, double.texts)
    async with dice().running(state=state):
        await double.post("again")
        await until(lambda: len(double.texts()) == 2)
    assert double.texts() == ["threw 1", f"threw {next(throw) - 1}"]
    assert told == []


async def test_a_handler_that_runs_again_repeats_none_of_its_replies_even_with_other_texts(double, tmp_path):
    state, throw, gate = tmp_path / "bot.state", itertools.count(1), asyncio.Event()

    def dice():
        bot = make(double)

        @bot.on(MessagePosted)
        async def two_replies(event):
            await event.reply(f"first {next(throw)}")
            await gate.wait()
            await event.reply("second")

        return bot

    await first_start(dice(), state)
    await double.post("go")
    await killed(dice(), state, double.texts)
    await asyncio.sleep(0)
    gate.set()
    async with dice().running(state=state):
        await until(lambda: "second" in double.texts())
    assert double.texts() == ["first 1", "second"]


async def test_after_more_than_the_stream_replays_the_pages_are_read(double, tmp_path):
    state = tmp_path / "bot.state"
    await first_start(echo(double), state)
    for number in range(450):
        double.log.append(double.message(number + 1, ANN, f"line {number}"))
    resets, bot = [], echo(double)
    bot.on(RoomReset)(lambda event: resets.append(event.missed))
    async with bot.running(state=state):
        await double.post("live")
        await until(lambda: len(double.texts()) == 451, 20)
    assert double.texts() == [*(f"again line {number}" for number in range(450)), "again live"]
    assert resets == [None]


async def test_a_bot_killed_while_reading_pages_reads_on_where_it_was(double, tmp_path):
    state = tmp_path / "bot.state"
    await first_start(echo(double), state)
    for number in range(450):
        double.log.append(double.message(number + 1, ANN, f"line {number}"))
    await killed(echo(double), state, lambda: len(double.texts()) >= 120)
    async with echo(double).running(state=state):
        await until(lambda: len(double.texts()) == 450, 20)
    assert double.texts() == [f"again line {number}" for number in range(450)]


async def test_a_room_with_a_new_epoch_is_reported_as_missed_and_followed(double, tmp_path, caplog):
    state = tmp_path / "bot.state"
    await double.post("old")
    await first_start(echo(double), state)
    double.epoch, double.log = "e2", []
    await double.post("unheard")
    resets, bot = [], echo(double)
    bot.on(RoomReset)(lambda event: resets.append(event.missed.why))
    async with bot.running(state=state):
        await until(lambda: resets)
        await double.post("new")
        await until(double.texts)
    assert double.texts() == ["again new"]
    assert resets == ["the room has a new epoch"]
    assert "missed in room hall" in caplog.text


# --- ending


async def test_stopping_lets_handlers_finish_and_leaves_the_rest_for_next_time(double, tmp_path):
    state, begun, gate, finished = tmp_path / "bot.state", asyncio.Event(), asyncio.Event(), []

    def slow():
        bot = make(double)

        @bot.on(MessagePosted)
        async def take_time(event):
            begun.set()
            await gate.wait()
            finished.append(event.text)
            return f"done {event.text}"

        return bot

    bot = slow()
    serving = asyncio.create_task(bot.serve(state=state))
    await until(lambda: double.sockets)
    await double.post("one")
    await double.post("two")
    await begun.wait()
    bot.stop()
    gate.set()
    await serving
    assert finished == ["one"] and double.texts() == ["done one"]
    async with slow().running(state=state):
        await until(lambda: len(finished) == 2)
        await until(lambda: len(double.texts()) == 2)
    assert double.texts() == ["done one", "done two"]


async def test_memory_outlives_the_bot(double, tmp_path):
    state = tmp_path / "bot.state"
    async with make(double).running(state=state) as bot:
        bot.memory["met"] = ["ann"]
    async with make(double).running(state=state) as bot:
        assert dict(bot.memory) == {"met": ["ann"]}


async def test_a_spawned_task_that_fails_is_reported_and_ends_nothing(double, caplog):
    bot, told = make(double), []
    bot.on_error(lambda event, error: told.append(str(error)))

    async def fail():
        raise RuntimeError("lost the thread")

    async with bot.running():
        bot.spawn(fail())
        await until(lambda: told)
        assert (await bot.call("session.ping")).at == 5
    assert told == ["lost the thread"]


def test_what_is_missing_is_said_when_the_bot_is_run(monkeypatch, caplog):
    for name in ("CHATSERVER_URL", "CHATSERVER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit):
        Bot.from_env().run()
    assert "Set CHATSERVER_URL" in caplog.text


async def test_an_address_that_is_none_is_refused(double):
    with pytest.raises(StartError, match="CHATSERVER_URL"):
        await Bot("chat.example.org", "chat_token").serve()


async def test_a_bot_runs_once_at_a_time(double):
    async with make(double).running() as bot:
        with pytest.raises(RuntimeError, match="already"):
            await bot.serve()


async def test_a_proxy_that_knows_no_server_yet_is_asked_again(double):
    statuses = [404, 502, 404]

    def answer(connection, request):
        return connection.respond(statuses.pop(), "not yet\n") if statuses else None

    async with serve(double._converse, "127.0.0.1", 0, subprotocols=["chat.v1.msgpack"], process_request=answer) as way:
        bot = make(double)
        bot.url = f"http://127.0.0.1:{way.sockets[0].getsockname()[1]}"
        async with bot.running():
            assert not statuses and len(double.cursors) == 1


async def test_a_bot_may_run_in_a_thread(double):
    bot = make(double)
    loops = []

    @bot.on(Started)
    async def remember(event):
        loops.append(asyncio.get_running_loop())

    running = asyncio.create_task(asyncio.to_thread(bot.run))
    await until(lambda: loops)
    loops[0].call_soon_threadsafe(bot.stop)
    await asyncio.wait_for(running, 5)
