"""From a room to a friendship, at a service in English and on a phone in Chinese; ``make pictures`` keeps each step."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.web.friendship import Friendship, Telling
from tests.web.people import Reader

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def no_look(step: str, reader: Reader) -> None:
    """Nobody takes a picture."""


@pytest.mark.parametrize(
    ("language", "phone"),
    [pytest.param("en", False, marks=pytest.mark.soak), ("zh-Hans", True)],
    ids=["service", "phone-zh"],
)
async def test_two_become_friends_and_two_others_meet_until_one_blocks(
    browser: Browser, language: str, phone: bool
) -> None:
    await Friendship(browser, Telling(language), no_look, phone=phone, tag="f").tell()
