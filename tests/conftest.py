"""What tests stand on: a real Valkey for the whole run, emptied for each test, and communities opened on it.

``pytest --store redis-server`` runs the same tests on another program, such as Debian's Redis 7.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from obstore.store import MemoryStore
from osmem_server import OsmemServer

from chatserver import ids
from chatserver.app import Server
from chatserver.settings import Settings, load
from chatserver.store.blobs.blobs import Blobs
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine.address import Address
from chatserver.store.engine.store import Store

OpenServer = Callable[..., Awaitable[Server]]

# Hashing is slow by design; tests are not about its strength. Limits are off where a test does not set them.
FOR_TESTS = {
    "server.port": 0,
    "server.drain_seconds": 0.2,
    "accounts.argon2_memory": 8,
    "accounts.argon2_passes": 1,
    "accounts.sign_in_name_burst": 0,
    "accounts.sign_in_address_burst": 0,
    "accounts.sign_up_per_address_hour": 0,
    "limits.user_sends_burst": 0,
    "limits.bot_sends_burst": 0,
    "limits.room_sends_burst": 0,
    "limits.address_sends_burst": 0,
    "limits.requests_burst": 0,
    "limits.reactions_burst": 0,
    "limits.joins_burst": 0,
    "limits.creates_burst": 0,
    "limits.searches_burst": 0,
    "files.uploads_burst": 0,
    "limits.connections_per_user": 0,
    "limits.connections_per_address": 0,
    "host.enabled": False,
    "community.previews": False,
}


BROWSER_SECONDS = 180
"""How long a test of the page may take: several share two cores, and a slow machine is no fault of the page."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store", default="", help="program of the tests' store, such as redis-server")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files that drive the page come first: they take longest, and one that came last would keep one worker busy while
    the others have nothing left. On another program, tests that do not use the store would only say the same again."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
    for item in items:
        if item.get_closest_marker("browser") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(BROWSER_SECONDS))
    if config.getoption("--store"):
        elsewhere = [item for item in items if "valkey" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in elsewhere]


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """A test that moved the clock does not leave it so for the next."""
    yield
    ids.move_clock(0)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[EmbeddedStore]:
    """One store for all tests; each test that asks for ``address`` finds it empty."""
    store = EmbeddedStore(tmp_path_factory.mktemp("valkey"), program=request.config.getoption("--store"))
    store.start()
    yield store
    store.stop()


@pytest.fixture(scope="session")
def emptied(valkey: EmbeddedStore) -> Iterator[Callable[[], Address]]:
    """Empties the store, which a test may have killed."""
    with redis.Redis(unix_socket_path=valkey.address, driver_info=None) as link:

        def empty() -> Address:
            if not valkey.alive:
                valkey.start()
            link.flushall()
            return Address(path=valkey.address)

        yield empty


@pytest.fixture
def address(emptied: Callable[[], Address]) -> Address:
    """The address of an empty store."""
    return emptied()


def blobs_in_memory() -> Blobs:
    """A storage for files that plays one far away."""
    return Blobs(MemoryStore(), "memory")


@contextlib.asynccontextmanager
async def running(store: Store) -> AsyncIterator[Store]:
    """A store with its link up."""
    task = asyncio.create_task(store.run())
    try:
        async with asyncio.timeout(10):
            await store.ready.wait()
        yield store
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(scope="session")
def osmem_server() -> Iterator[OsmemServer]:
    """A server that answers as OpenSearch does; ``osmem_url`` is one that is empty, for one test."""
    server = OsmemServer.start(japanese=False)
    yield server
    server.close()
    server.process.wait()
    for pipe in (server.process.stdin, server.process.stdout):
        pipe.close()


@pytest.fixture
async def store(address: Address) -> AsyncIterator[Store]:
    async with running(Store(address)) as connected:
        yield connected


def settings_for_tests(data: Path, **changes: Any) -> Settings:
    """Settings of a small, quick community; ``changes`` by dotted name with __ for the dot, None for the default."""
    overrides = {"server.data": str(data), **FOR_TESTS}
    overrides |= {name.replace("__", "."): value for name, value in changes.items()}
    return load(None, {}, {name: value for name, value in overrides.items() if value is not None})


@pytest.fixture(params=["in files", "in OpenSearch"])
def either_engine(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings with which messages are indexed so; a test that takes it is run for each."""
    return {} if request.param == "in files" else {"index__opensearch": [request.getfixturevalue("osmem_url")]}


@pytest.fixture
def index_settings() -> dict[str, Any]:
    """Settings of the index for ``open_server``; a file of tests may have its own."""
    return {}


@pytest.fixture
async def open_server(address: Address, tmp_path: Path, index_settings: dict[str, Any]) -> AsyncIterator[OpenServer]:
    """Opens communities on one store; ``await open_server(limits__user_sends_burst=3)``."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_one(**changes: Any) -> Server:
            server = Server(settings_for_tests(tmp_path, **index_settings | changes), store_address=address)
            return await stack.enter_async_context(server)

        yield open_one


@pytest.fixture
async def server(open_server: OpenServer) -> Server:
    return await open_server()
