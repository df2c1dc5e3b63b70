"""Every example of docs/protocol.md, played against a community: what the page shows is what the server says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from aiohttp import ClientSession
from websockets.asyncio.client import ClientConnection, connect

from chatserver.app import Server
from chatserver.protocol.documents import examples
from chatserver.protocol.documents.examples import PLACEHOLDER, Scene, Step
from chatserver.store.engine.address import Address
from tests.people import PATIENCE, Person, sign_up

SCENES = examples.read(Path(__file__).parents[2] / "docs" / "examples.json")


def _text(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _number(least: float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= least


CHECKS: dict[str, Callable[[Any], bool]] = {
    "id": _text("[0-9a-f]{24}"),
    "epoch": _text("[0-9a-f]+"),
    "link": _text("[0-9a-f]{32}"),
    "login": _text("[0-9a-f]{24}"),
    "token": _text("chat_[0-9a-f]{24}[0-9A-Za-z]{33}"),
    "code": _text("([0-9A-Z]{5}-){4}[0-9A-Z]{5}"),
    "time": _number(1_700_000_000_000),
    "place": _text("[0-9]+-[0-9]+"),
    "count": _number(0),
    "seconds": _number(0.001),
    "version": _text(r"\d+\.\d+\.\d+.*"),
    "agent": _text(".+"),
    "words": _text("(?s).+"),
}


class Known:
    """What the placeholders stand for in this run."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def put_in(self, value: Any) -> Any:
        """A request as it is sent."""
        if isinstance(value, dict):
            return {self.put_in(key): self.put_in(held) for key, held in value.items()}
        if isinstance(value, list):
            return [self.put_in(item) for item in value]
        if isinstance(value, str) and PLACEHOLDER.fullmatch(value):
            return self.values[value]
        return PLACEHOLDER.sub(lambda found: str(self.values[found[0]]), value) if isinstance(value, str) else value

    def agrees(self, shown: Any, said: Any) -> bool:
        """Whether what was said is what is shown; what it teaches is kept only if all of it is."""
        learnt: dict[str, Any] = {}
        if not self._agrees(shown, said, learnt):
            return False
        self.values |= learnt
        return True

    def _agrees(self, shown: Any, said: Any, learnt: dict[str, Any]) -> bool:
        if isinstance(shown, dict) and isinstance(said, dict):
            named = {self.put_in(key): held for key, held in shown.items()}
            return named.keys() == said.keys() and all(self._agrees(named[key], said[key], learnt) for key in named)
        if isinstance(shown, list) and isinstance(said, list):
            return len(shown) == len(said) and all(map(lambda *both: self._agrees(*both, learnt), shown, said))
        found = PLACEHOLDER.fullmatch(shown) if isinstance(shown, str) else None
        if found is None:
            return type(shown) is type(said) and shown == said
        known = {**self.values, **learnt}
        if found[2] and found[1] not in {"count", "seconds"}:
            learnt.setdefault(shown, said)
            return bool(known.get(shown, said) == said and CHECKS[found[1]](said))
        return CHECKS[found[1]](said)


class Stage:
    """One scene under way: people's sockets by name."""

    def __init__(self, url: str, store: redis.Redis) -> None:
        self.url = url
        self.known = Known()
        self.sockets: dict[str, Person] = {}
        self._store = store
        self._told: dict[str, list[dict[str, Any]]] = {}

    async def enter(self, handle: str) -> None:
        person = await (await sign_up(self.url, handle)).start()
        self.known.values |= {f"$id:{handle}": person.id, f"$token:{handle}": person.token}
        self.sockets[handle] = person

    async def play(self, step: Step) -> None:
        if step.do:
            await {"connect": self._connect, "leave": self._leave, "store": self._command}[step.do](step)
        elif step.event:
            await self._hear(step)
        else:
            expected = {"error": step.error} if step.error else {"result": step.result}
            answer = await self._ask(step)
            async with asyncio.timeout(PATIENCE):
                while step.soon and not self.known.agrees(expected, answer):
                    answer = await self._ask(step)
            assert self.known.agrees(expected, answer), f"{step.method or step.raw} answered {answer}, not {expected}"

    async def _connect(self, step: Step) -> None:
        who = step.words[0] if step.words else ""
        token = self.known.values[f"$token:{who}"] if who else ""
        self.sockets[step.by] = await Person(self.url, token).connect()

    async def _leave(self, step: Step) -> None:
        await self.sockets.pop(step.by).leave()

    async def _command(self, step: Step) -> None:
        await asyncio.to_thread(self._store.execute_command, *self.known.put_in(step.words))

    async def _ask(self, step: Step) -> dict[str, Any]:
        """The answer, without what belongs to the envelope."""
        params = self.known.put_in(step.params)
        if step.http:
            return await self._post(step, params)
        if step.raw:
            return await self._say(step.raw)
        async with asyncio.timeout(PATIENCE):
            answer = await (await self.sockets[step.by].ask(step.method, **params))
        return {name: held for name, held in answer.items() if name not in {"jsonrpc", "id"}}

    async def _post(self, step: Step, params: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.known.values['$token:' + step.by]}"} if step.by else {}
        url = f"{self.url}/api/{step.method}"
        async with ClientSession() as session, session.post(url, json=params, headers=headers) as answer:
            body = await answer.json()
        return body if "error" in body else {"result": body}

    async def _say(self, text: str) -> dict[str, Any]:
        async with socket_of(self.url) as socket, asyncio.timeout(PATIENCE):
            await socket.send(text)
            answer = json.loads(await socket.recv())
        assert answer.pop("jsonrpc") == "2.0"
        assert answer.pop("id") is None
        return answer

    async def _hear(self, step: Step) -> None:
        person = self.sockets[step.by]
        told = self._told.setdefault(step.by, [])

        def heard() -> bool:
            for event in person.events:
                fresh = all(event is not other for other in told)
                if fresh and event["method"] == step.event and self.known.agrees(step.params, event["params"]):
                    told.append(event)
                    return True
            return False

        await person.until(heard, f"{step.event} {self.known.values} {step.params}; heard {person.events[-3:]}")

    async def leave(self) -> None:
        for person in self.sockets.values():
            await person.leave()


@contextlib.asynccontextmanager
async def socket_of(url: str, **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(url.replace("http", "ws", 1) + "/ws", compression=None, proxy=None, **options) as socket:
        yield socket


@pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
async def test_the_server_says_what_the_page_shows(scene: Scene, open_server, address: Address) -> None:
    settings = {name.replace(".", "__"): value for name, value in scene.settings.items()}
    server = await open_server(community__previews=None, **settings)
    with redis.Redis(unix_socket_path=address.path) as store:
        stage = Stage(server.url, store)
        try:
            for handle in scene.people:
                await stage.enter(handle)
            for step in scene.steps:
                await stage.play(step)
        finally:
            store.config_set("maxmemory", 0)  # a scene may have made the store refuse writes
            await stage.leave()


def test_every_kind_of_placeholder_can_be_shown_and_held_against_an_answer() -> None:
    assert set(CHECKS) == set(examples.KINDS)
    for kind, check in CHECKS.items():
        assert check(examples.believable(f"${kind}:3")), kind


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"seq": 1}, {"seq": 2}),
        ({"seq": 1}, {"seq": 1, "rev": 0}),
        ({"seq": 1, "rev": 0}, {"seq": 1}),
        (["$id"], ["hall"]),
        (["$id:ann", "$id:ann"], ["a" * 24, "b" * 24]),
        ({"deleted": True}, {"deleted": 1}),
        ("$time", 0),
        ("$count:3", "3"),
    ],
)
def test_an_example_that_is_not_what_the_server_says_is_noticed(shown: Any, said: Any) -> None:
    known = Known()
    assert not known.agrees(shown, said)
    assert not known.values


async def test_the_three_lines_can_be_piped_in_without_waiting(server: Server) -> None:
    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")
    lines = page.partition("```text\n")[2].partition("```")[0].splitlines()
    assert len(lines) == 3
    ann = await sign_up(server.url, "ann")
    async with socket_of(server.url) as socket, asyncio.timeout(PATIENCE):
        for line in lines:
            await socket.send(line.replace("chat_...", ann.token))
        answers: dict[int, Any] = {}
        posted = None
        while len(answers) < 3 or posted is None:
            said = json.loads(await socket.recv())
            if "id" in said:
                answers[said["id"]] = said["result"]
            elif said["method"] == "message.posted":
                posted = said["params"]
    assert list(answers) == [1, 2, 3]
    assert answers[2]["room"] == posted["room"] == "tea"
    assert posted["text"] == "hello"
