"""Finds the store for commands: the external one, a running embedded one, or one started for the command."""

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
    """The store's address. Starts the embedded store if it does not run, and stops it again afterwards."""
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
    """Wait until the store answers: a server that was just started has locked the folder before its store is ready."""
    deadline = time.monotonic() + seconds
    while ping(socket) is not Answer.READY:
        if time.monotonic() > deadline:
            raise StartError(f"The store on {socket} does not answer: see its log, valkey.log")
        time.sleep(0.02)
