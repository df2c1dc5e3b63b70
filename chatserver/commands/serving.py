"""``chatserver serve``: the supervisor. The main thread starts the embedded store, runs the community, stops the store.

The order is the point. The store is started before there is a loop, from the thread whose end it shares; ``app.serve``
runs until it was told to drain and has drained; only then is the store stopped, so that the last message is written.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import shutil
import socket
import sys

import uvloop

from chatserver import app, logs
from chatserver.settings import Settings
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine.address import Address, parse

log = logging.getLogger(__name__)


def serve(settings: Settings) -> int:
    """Open the community and keep it open until SIGTERM or Ctrl-C. Raises ``StartError`` where it cannot open."""
    logs.set_up(settings.server.log_format, settings.server.log_level)
    raise_file_limit()
    if settings.store.url:
        uvloop.run(_run(settings, parse(settings.store.url), None))
        return 0
    store = EmbeddedStore(
        settings.server.data, durability=settings.store.durability, program=settings.store.program, say=_say
    )
    store.start()
    try:
        uvloop.run(_run(settings, Address(path=store.address), store))
    finally:
        store.stop()
    return 0


async def _run(settings: Settings, address: Address, store: EmbeddedStore | None) -> None:
    beside = [asyncio.create_task(_feed_watchdog())]
    if store is not None:
        beside.append(asyncio.create_task(store.watch()))
    try:
        await app.serve(settings, store_address=address, ready=lambda *opened: _opened(settings, *opened))
    finally:
        notify("STOPPING=1")
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


def _opened(settings: Settings, name: str, url: str, setup: str) -> None:
    log.info("open", extra={"url": url})
    notify("READY=1")
    if settings.server.log_format != "json":
        _show(welcome(settings, name, url, setup))
    elif setup:
        _show(setup)  # logs go to standard error: a code is none of theirs


def _show(text: str) -> None:
    """Print on standard output; what it cannot take (no such letter, a full disk, a closed pipe) ends no server."""
    letters = sys.stdout.encoding or "utf-8"
    with contextlib.suppress(OSError):
        print(text.encode(letters, "replace").decode(letters), flush=True)


def welcome(settings: Settings, name: str, url: str, setup: str) -> str:
    """What the person who started the community should know and do next. ``setup``: nobody runs it yet."""
    command = "chatserver" if shutil.which("chatserver") else _as_called(sys.argv[0])
    kept = "the store at store.url" if settings.store.url else settings.server.data
    return (
        f"\n  {name} is open: {url}\n\n"
        + (f"  It is nobody's yet. Who opens this link first runs the community:\n        {setup}\n\n" if setup else "")
        + "  Next: open it in a browser and choose a name; everyone begins in the hall.\n"
        f"        {command} user make-admin HANDLE   makes that account an admin's\n"
        f"        {command} token create HANDLE      makes a token for a bot or script\n"
        f"  Everything is kept in {kept}. Ctrl-C closes the community.\n"
    )


def _as_called(program: str) -> str:
    """The command as it was typed, which need not be on PATH: make run takes it from .venv."""
    return f"{sys.executable} -m chatserver" if program.endswith("__main__.py") else program


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def raise_file_limit() -> None:
    """Let this process open as many files as it may: each connection is one, and the usual soft limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def notify(word: str) -> None:
    """Tell systemd how we are, where it asked to be told (Type=notify)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A name that begins with @ is in Linux' abstract namespace: a zero byte in place of the @.
    name = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
        telling.connect(name)
        telling.send(word.encode())


async def _feed_watchdog() -> None:
    """Show systemd twice per WatchdogSec that the loop turns; a loop that hangs is then restarted."""
    microseconds = int(os.environ.get("WATCHDOG_USEC", "0") or 0)
    while microseconds:
        notify("WATCHDOG=1")
        await asyncio.sleep(microseconds / 2_000_000)
