"""One community and one Chromium for all stories of the page; each story has people and rooms of its own."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.web import people
from tests.web.people import CHROMIUM, Reader, Served

NewReader = Callable[..., Awaitable[Reader]]
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say loudly that the page was not driven; a run without Chromium must not look like one with it."""
    if CHROMIUM.exists():
        return
    missing = pytest.mark.skip(
        reason=f"CHROMIUM IS MISSING ({CHROMIUM}): the page was not tested. apt install chromium-headless-shell"
    )
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(missing)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with people.chromium() as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    server = Served(tmp_path_factory.mktemp("page") / "data", HOST__ENABLED="false")
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def new_reader(served: Served, browser: Browser) -> AsyncIterator[NewReader]:
    """Makes readers: ``await new_reader("Ann Lin")`` is signed up, ``await new_reader()`` a visitor.

    When the story is over, everything that a browser complained of fails it.
    """
    readers: list[Reader] = []

    async def make(name: str = "", **options: object) -> Reader:
        made = await people.reader(served, browser, **options)
        readers.append(made)
        return await made.sign_up(f"p{next(_numbers)}", name) if name else made

    yield make
    for made in readers:
        with contextlib.suppress(Exception):
            await made.context.close()
    for made in readers:
        made.check()


@pytest_asyncio.fixture(loop_scope="session")
async def new_room() -> Callable[..., Awaitable[str]]:
    """Makes rooms: ``await new_room(owner, "Tea", member, …)`` gives the id."""

    async def make(owner: Reader, title: str, *members: Reader, **more: object) -> str:
        room = (await owner.call("room.create", title=title, **more))["room"]
        for member in members:
            await member.call("room.join", room=room)
        return room

    return make
