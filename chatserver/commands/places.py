"""Where commands beside the server find the store: the one that is named, or runs for the folder, or is started."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

from chatserver.errors import StartError
from chatserver.settings import Settings
from chatserver.store.embedded.readiness import Answer, ping
from chatserver.store.embedded.server import EmbeddedStore, running_socket
from chatserver.store.engine.address import Address, parse


@contextlib.contextmanager
def open_store(settings: Settings) -> Iterator[Address]:
    """The store's address. An embedded store that does not run is started, and stopped again after."""
    if settings.store.url:
        yield parse(settings.store.url)
        return
    socket = running_socket(settings.server.data)
    if socket is not None:
        _wait_until_ready(str(socket), settings.store.connect_seconds)
        yield Address(path=str(socket))
        return
    store = EmbeddedStore(
        settings.server.data,
        durability=settings.store.durability,
        program=settings.store.program,
        say=lambda text: print(text, file=sys.stderr),
    )
    store.start()
    try:
        yield Address(path=store.address)
    finally:
        store.stop()


def _wait_until_ready(socket: str, seconds: float) -> None:
    """A server that has just been started has the folder, but its store may not answer yet."""
    deadline = time.monotonic() + seconds
    while ping(socket) is not Answer.READY:
        if time.monotonic() > deadline:
            raise StartError(f"The store on {socket} does not answer")
        time.sleep(0.02)
