"""The three lines of PROTOCOL, spoken by programs that know nothing of us: wscat, and websockets with plain JSON.

wscat comes with ``npm ci`` (package.json); without it its tests are skipped and say so.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
from websockets.asyncio.client import connect

from chatserver.app import Server
from tests.people import PATIENCE, gathering, sign_up

WSCAT = Path(__file__).parents[2] / "node_modules" / ".bin" / "wscat"
needs_wscat = pytest.mark.skipif(
    not WSCAT.exists(), reason="WSCAT IS NOT INSTALLED: npm ci, or make setup, installs it; its tests are skipped"
)


def three_lines(token: str, text: str = "hello") -> list[dict[str, Any]]:
    return [
        {"id": 1, "method": "session.start", "params": {"token": token}},
        {"id": 2, "method": "room.join", "params": {"room": "tea"}},
        {"id": 3, "method": "message.send", "params": {"room": "tea", "text": text, "client_id": "1"}},
    ]


@contextlib.asynccontextmanager
async def wscat(server: Server, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    url = server.url.replace("http", "ws", 1) + "/ws"
    program = await asyncio.create_subprocess_exec(
        WSCAT, "--connect", url, *options, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield program
    finally:
        if program.returncode is None:
            program.kill()
        await program.communicate()


async def heard_by(program: asyncio.subprocess.Process) -> tuple[dict[int, Any], dict[str, Any]]:
    """The three results in the order of their coming, and the message as it was posted."""
    assert program.stdout is not None
    answers: dict[int, Any] = {}
    posted = None
    async with asyncio.timeout(PATIENCE):
        while len(answers) < 3 or posted is None:
            said = json.loads((await program.stdout.readline()).lstrip(b"> "))  # prompts for the lines it was given
            if said.get("id"):
                answers[said["id"]] = said["result"]
            elif said.get("method") == "message.posted":
                posted = said["params"]
    return answers, posted


def hold(answers: dict[int, Any], posted: dict[str, Any], text: str = "hello") -> None:
    assert list(answers) == [1, 2, 3]
    assert answers[1]["user"]["handle"] == "ann"
    assert (answers[2]["room"], answers[2]["role"]) == ("tea", "member")
    assert (posted["room"], posted["text"], posted["client_id"]) == ("tea", text, "1")
    assert (posted["seq"], posted["id"]) == (answers[3]["seq"], answers[3]["id"])


@needs_wscat
@pytest.mark.parametrize("compression", [False, True], ids=["plain", "compressed"])
async def test_wscat_says_three_lines_at_once_and_others_hear_it(open_server, *, compression: bool) -> None:
    server = await open_server(server__compression=compression)
    ann = await sign_up(server.url, "ann")
    async with gathering(server.url, "bob") as (bob,):
        await bob.call("room.join", room="tea")
        executed = [part for line in three_lines(ann.token, "茶 🍵") for part in ("--execute", json.dumps(line))]
        async with wscat(server, *executed, "--wait", "-1") as program:
            hold(*await heard_by(program), "茶 🍵")
        assert (await bob.hears("message.posted", room="tea"))["author"]["handle"] == "ann"


async def _connected(program: asyncio.subprocess.Process) -> None:
    """wscat drops the lines that it reads before it is connected: knock until somebody answers."""
    assert program.stdin is not None and program.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while True:
            program.stdin.write(b'{"id": 0, "method": "session.ping"}\n')
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await program.stdout.readline()
                return


@needs_wscat
async def test_wscat_takes_the_three_lines_from_a_pipe(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    async with wscat(server) as program:
        await _connected(program)
        assert program.stdin is not None
        program.stdin.write("".join(json.dumps(line) + "\n" for line in three_lines(ann.token)).encode())
        hold(*await heard_by(program))


@needs_wscat
async def test_wscat_may_carry_the_token_in_a_header(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    lines = three_lines("")
    lines[0]["params"] = {}
    executed = [part for line in lines for part in ("--execute", json.dumps(line))]
    async with wscat(server, "--header", f"Authorization: Bearer {ann.token}", *executed, "--wait", "-1") as program:
        hold(*await heard_by(program))


@pytest.mark.parametrize("packed", [False, True], ids=["json", "msgpack"])
async def test_a_bare_websocket_says_three_lines_at_once(server: Server, *, packed: bool) -> None:
    ann = await sign_up(server.url, "ann")
    answers: dict[int, Any] = {}
    posted = None
    async with (
        connect(
            server.url.replace("http", "ws", 1) + "/ws",
            subprotocols=["chat.v1.msgpack"] if packed else None,
            proxy=None,
        ) as socket,
        asyncio.timeout(PATIENCE),
    ):
        for line in three_lines(ann.token):
            await socket.send(msgpack.packb(line) if packed else json.dumps(line))
        while len(answers) < 3 or posted is None:
            data = await socket.recv()
            assert isinstance(data, bytes) is packed
            said = msgpack.unpackb(data) if isinstance(data, bytes) else json.loads(data)
            if "id" in said:
                answers[said["id"]] = said["result"]
            elif said["method"] == "message.posted":
                posted = said["params"]
    hold(answers, posted)
