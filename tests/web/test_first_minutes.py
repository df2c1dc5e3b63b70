"""The first five minutes, on a service in English and on a phone in Chinese; and with trouble in the middle of them."""

from __future__ import annotations

import datetime

import pytest
from playwright.async_api import Browser, expect

from tests.web import first_minutes
from tests.web.first_minutes import CHINESE, ENGLISH, Telling, Trouble, nothing
from tests.web.people import LINE_DOWN, Reader, Served

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def offline(reader: Reader) -> None:
    """The line is away; what is written meanwhile is sent once it is back, and once."""
    reader.forgive(r"ERR_INTERNET_DISCONNECTED")
    await reader.context.set_offline(True)
    await reader.server.kill()
    await expect(reader.page.locator(".banner")).to_be_visible()
    await reader.server.start()
    await reader.context.set_offline(False)
    await reader.wakes()
    await expect(reader.page.locator(".banner")).to_be_hidden()


async def reload(reader: Reader) -> None:
    await reader.page.reload()


async def restart(reader: Reader) -> None:
    reader.forgive(LINE_DOWN)
    await reader.server.kill()
    await reader.server.start()
    await reader.wakes()


async def clock(reader: Reader) -> None:
    """Ten minutes fast: the page sorts by the log, not by its own clock."""
    await reader.page.clock.install(time=datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=10))


@pytest.mark.parametrize(
    ("telling", "phone"),
    [pytest.param(ENGLISH, False, marks=pytest.mark.soak), (CHINESE, True)],
    ids=["service", "phone-zh"],
)
async def test_from_a_link_to_another_device(tmp_path, browser: Browser, telling: Telling, phone: bool) -> None:
    await _tell(tmp_path, browser, telling, nothing, phone=phone)


@pytest.mark.soak
@pytest.mark.parametrize("trouble", [restart, offline, reload, clock])
async def test_the_end_is_the_same_with_trouble_in_the_middle(tmp_path, browser: Browser, trouble: Trouble) -> None:
    await _tell(tmp_path, browser, CHINESE, trouble, phone=True)


async def _tell(tmp_path, browser: Browser, telling: Telling, trouble: Trouble, *, phone: bool) -> None:
    server = Served(tmp_path / "data", HOST__ENABLED="false")
    await server.start()
    try:
        readers = await first_minutes.tell(server, browser, telling, trouble, phone=phone)
        for reader in readers:
            await reader.context.close()
            reader.check()
    finally:
        await server.stop()
