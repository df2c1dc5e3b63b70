"""A bot sends files and fetches them, over lines that break."""

import io
import json
from pathlib import Path

import pytest

from chatserver.bot import Bot, FileToSend, MessageChanged, MessagePosted, Refusal, files, turns
from chatserver.testkit import TestServer
from tests.bot.double import until
from tests.doors import pictures
from tests.line import Line
from tests.sites import site

NOTE = b"Second floor, ring twice.\n"


@pytest.fixture
async def server(address):
    async with TestServer(store_address=address, host__enabled=False) as opened:
        yield opened


async def test_a_bot_sends_paths_bytes_and_open_files_and_others_fetch_them(server, tmp_path):
    (tmp_path / "way.txt").write_bytes(NOTE)
    opened = io.BytesIO(b"before" + NOTE)
    opened.seek(6)
    async with server.bot(Bot(patience=0.01), handle="clerk") as clerk:
        ann = await server.user("ann")
        spare = await clerk.upload(FileToSend(content=NOTE, name="spare.csv"), room="hall")
        await clerk.send(
            "hall",
            "The way",
            files=[
                tmp_path / "way.txt",
                str(tmp_path / "way.txt"),
                FileToSend(content=opened, name="half.md"),
                FileToSend(content=NOTE, name="drawing.svg"),
                pictures.photo(300, 200),
                spare,
            ],
        )
        message = await ann.next_message(author="clerk")
        assert [(file.name, file.type, bool(file.width)) for file in message.attachments] == [
            ("way.txt", "text/plain", False),
            ("way.txt", "text/plain", False),
            ("half.md", "text/plain", False),
            ("drawing.svg", "text/plain", False),
            ("file.webp", "image/webp", True),
            ("spare.csv", "text/plain", False),
        ]
        for file in message.attachments[:4]:
            assert await ann.bot.download(file) == NOTE
        whole, small = [await ann.bot.download(message.attachments[4].id, size=size) for size in ("", "small")]
        assert whole[8:12] == small[8:12] == b"WEBP"


async def test_a_bot_fetches_the_picture_of_a_link(address):
    bot, seen = Bot(patience=0.01), []

    @bot.on(MessageChanged)
    async def changed(event):
        seen.extend([await bot.download(preview.picture, size="small") for preview in event.previews])

    links = {"community__previews": True, "server__reachable_networks": ["127.0.0.1"]}
    async with (
        TestServer(store_address=address, host__enabled=False, **links) as opened,
        site() as pages,
        opened.bot(bot, handle="clerk"),
    ):
        ann = await opened.user("ann")
        await ann.say("hall", f"{pages.url}/shows?leaf")
        await until(lambda: seen)
        assert seen[0][8:12] == b"WEBP"


async def test_a_handler_answers_a_file_with_a_file(server):
    bot = Bot(patience=0.01)

    @bot.on(MessagePosted)
    async def louder(event):
        for file in event.files:
            said = await bot.download(file)
            await event.reply(files=[FileToSend(content=said.upper(), name=file.name)])

    async with server.bot(bot, handle="loud"):
        ann = await server.user("ann")
        asked = await ann.say("hall", "", files=[FileToSend(content=NOTE, name="way.txt")])
        answer = await ann.next_message(author="loud")
        assert (answer.text, answer.reply_to) == ("", asked.seq)
        assert await ann.bot.download(answer.attachments[0]) == NOTE.upper()


async def test_a_transfer_goes_on_where_the_line_broke(server, monkeypatch):
    monkeypatch.setattr(files, "PART_BYTES", 300_000)
    body = bytes(range(251)) * 3600
    token = await server.token("clerk")
    async with Line(server.url).open() as line, Bot(line.url, token, patience=0.01).running() as bot:
        await bot.join("hall")
        # In the middle of a part, before an answer to one, before the answer that the file is there, and at the start.
        line.cuts = [("POST /files", 0, 1), ("PATCH", 200_000, 0), ("PATCH", 0, 1), ("HEAD", 1, 0), ("PATCH", 0, 1)]
        file = await bot.upload(FileToSend(content=body, name="big.bin", keep=True), room="hall")
        assert (file.size, line.cuts) == (len(body), [])
        sent = await bot.send("hall", "", files=[file])
        line.cuts = [("GET", 0, 200_000), ("GET", 0, 300_000)]
        assert await bot.download(file) == body
        assert line.cuts == []
        assert (await bot.room("hall").message(sent.seq)).attachments == [file]


async def test_what_the_server_refuses_is_said_with_the_file_s_name(address, tmp_path):
    (tmp_path / "big.bin").write_bytes(bytes(1001))
    async with TestServer(
        store_address=address, files__file_bytes=1000, files__user_bytes=1500, files__message_files=2
    ) as server:
        ann, bob = await server.user("ann"), await server.user("bob")
        send = ann.bot.send
        for what, reason, words in (
            (tmp_path / "big.bin", "file_too_large", r"big\.bin: The file is too large: send at most 1,000 bytes"),
            (FileToSend(content=b"", name="none.txt"), "params", r"none\.txt: The file is empty"),
            (FileToSend(content=b"<x>", name="p.png"), "type_refused", r"p\.png: .* send it as a file"),
        ):
            with pytest.raises(Refusal, match=words) as refused:
                await send("hall", "", files=[what])
            assert refused.value.reason == reason
        with pytest.raises(Refusal, match="A message takes at most 2 files"):
            await send("hall", "", files=[NOTE] * 3)
        with (tmp_path / "big.bin").open() as text:
            for wrong, error in ((tmp_path / "none", FileNotFoundError), (text, TypeError)):
                with pytest.raises(error):
                    await send("hall", "", files=[wrong])
        await send("hall", "", files=[FileToSend(content=bytes(1000), keep=True)])
        with pytest.raises(Refusal, match="two: Your files take all the room") as refused:
            await send("hall", "", files=[FileToSend(content=bytes(600), name="two", keep=True)])
        assert refused.value.reason == "quota"
        await bob.bot.call("room.leave", room="hall")
        with pytest.raises(Refusal, match="not a member"):
            await bob.bot.send("hall", "", files=[NOTE])
        with pytest.raises(Refusal, match="No such file"):
            await bob.bot.download("0" * 24)


async def test_files_of_a_message_that_is_refused_are_given_up(server):
    folder = Path(server.server.settings.server.data) / "files"
    ann = await server.user("ann")
    with pytest.raises(Refusal, match="topic"):
        await ann.bot.send("hall", "", topic="none", files=[FileToSend(content=NOTE, keep=True)])
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_files_that_expired_before_a_handler_runs_again_are_brought_up_again(server):
    bot, runs, again = Bot(patience=0.01), [], server.folder / "again.state"
    sent = [FileToSend(content=NOTE, keep=True, name=f"{number}.txt") for number in range(3)]

    @bot.on(MessagePosted)
    async def answer(event):
        runs.append(event)
        if len(runs) > 1:
            await event.reply("here", files=sent)
            return
        # As a bot leaves it that is killed between its second file and its third: the first of them expired meanwhile.
        ids = [(await bot.upload(file, room="hall")).id for file in sent[:2]]
        await bot.session.sender.transfers.discard(ids[0])
        note = ["said", "hall", f"{turns.current.get().client_id('hall')} attachments", ids]
        again.write_text((server.folder / "clerk.state").read_text() + json.dumps(note) + "\n")

    ann = await server.user("ann")
    async with server.bot(bot, handle="clerk"):
        await ann.say("hall", "hello")
        await until(again.exists)
    async with bot.running(server.url, await server.token("clerk"), state=again):
        message = await ann.next_message(author="clerk")
    assert [file.name for file in message.attachments] == ["0.txt", "1.txt", "2.txt"]
    assert len([path for path in (server.folder / "files").rglob("*") if path.is_file()]) == 3


async def test_a_handler_that_runs_again_brings_no_file_up_twice(server):
    bot, topics, again = Bot(patience=0.01), [], server.folder / "again.state"

    @bot.on(MessagePosted)
    async def answer(event):
        await event.reply("one", files=[FileToSend(content=NOTE, keep=True)])
        topics.append(await event.room.create_topic("Way", "two", files=[FileToSend(content=NOTE, keep=True)]))
        if len(topics) == 1:
            # As a bot leaves it that is killed after both were stored and before it heard of it.
            lines = (server.folder / "clerk.state").read_text().splitlines(keepends=True)
            again.write_text("".join(line for line in lines if "said" not in line or "attachments" in line))

    ann = await server.user("ann")
    async with server.bot(bot, handle="clerk"):
        await ann.say("hall", "hello")
        await until(lambda: len(topics) == 1)
    async with bot.running(server.url, await server.token("clerk"), state=again):
        await until(lambda: len(topics) == 2)
    first, second = topics
    assert (second.topic.id, second.message.duplicate) == (first.topic.id, True)
    assert [message.text async for message in ann.bot.room("hall").history(after=0)] == ["hello", "one", "two"]
    assert len([path for path in (server.folder / "files").rglob("*") if path.is_file()]) == 2
