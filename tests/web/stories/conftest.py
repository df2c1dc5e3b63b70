"""A browser with a font for each script, and the folder of the pictures."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from chatserver.testkit import TestServer
from tests.web import pictures
from tests.web.people import Served
from tests.web.stories.stage import Edition, Stage

HOSTLESS = {"HOST__ENABLED": "false", "LIMITS__REACTIONS_BURST": "0"}
Open = Callable[..., AbstractAsyncContextManager[Stage]]


@contextlib.asynccontextmanager
async def apart(folder: Path, settings: dict[str, str]) -> AsyncIterator[Served]:
    served = Served(folder / "data", **(HOSTLESS | settings))
    await served.start()
    try:
        yield served
    finally:
        await served.stop()


@contextlib.asynccontextmanager
async def here(settings: dict[str, object]) -> AsyncIterator[Served]:
    """In this process, so that ``ids.move_clock`` moves the community's clock."""
    async with TestServer(host__enabled=False, **settings) as server:
        served = Served(server.folder)
        served.url = server.url
        yield served


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def drawing_browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await pictures.launch(playwright, tmp_path_factory.mktemp("fonts"))
        yield opened
        await opened.close()


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("CHATSERVER_PICTURES")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def stage(drawing_browser: Browser, album: Path, tmp_path: Path) -> Open:
    """``async with stage("evening", edition) as story``: a community of its own, and who comes to it."""

    @contextlib.asynccontextmanager
    async def open_one(
        name: str, edition: Edition, *, moves_clock: bool = False, **settings: str
    ) -> AsyncIterator[Stage]:
        async with here(settings) if moves_clock else apart(tmp_path, settings) as served:
            opened = Stage(name, edition, served, drawing_browser, album)
            yield opened
            await opened.end()

    return open_one
