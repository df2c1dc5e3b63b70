"""A community whose store can be taken away."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatserver.app import Server
from chatserver.store.engine.address import Address
from tests.chaos.proxy import Proxy
from tests.conftest import settings_for_tests


class Remote:
    """A community that reaches its store by a way of its own."""

    def __init__(self, server: Server, proxy: Proxy, way: contextlib.AsyncExitStack) -> None:
        self.server = server
        self.url = server.url
        self._proxy = proxy
        self._way = way

    async def take_store_away(self) -> None:
        await self._way.aclose()

    async def give_store_back(self) -> None:
        await self._way.enter_async_context(self._proxy.running())


@pytest.fixture
async def remote(address: Address, tmp_path: Path) -> AsyncIterator[Remote]:
    """What the store must answer is refused as unavailable after 0.3 s."""
    proxy = Proxy(tmp_path / "way", address.path)
    settings = settings_for_tests(tmp_path, store__resend_seconds=0.3)
    async with contextlib.AsyncExitStack() as way:
        await way.enter_async_context(proxy.running())
        async with Server(settings, store_address=Address(path=str(proxy.path))) as server:
            yield Remote(server, proxy, way)
