"""``chatserver serve``: start the embedded store, run the server, stop the store; all in the main thread.

The order matters. The store is started before the event loop, from the thread with which it ends. ``app.serve`` runs
until it has drained. Only then is the store stopped, so that the last message is stored.
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
    """Run the server until SIGTERM or Ctrl-C. Raises ``StartError`` if it cannot start."""
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
        _show(setup)  # on standard output: the code must not be in the logs


def _show(text: str) -> None:
    """Print on standard output. A character it cannot encode, a full disk or a closed pipe must not stop the server."""
    letters = sys.stdout.encoding or "utf-8"
    with contextlib.suppress(OSError):
        print(text.encode(letters, "replace").decode(letters), flush=True)


def welcome(settings: Settings, name: str, url: str, setup: str) -> str:
    """The text printed after the start. ``setup`` is the link for the first admin, "" if there is one."""
    command = "chatserver" if shutil.which("chatserver") else _as_called(sys.argv[0])
    kept = "the store at store.url" if settings.store.url else settings.server.data
    return (
        f"\n  {name} is open: {url}\n\n"
        + (f"  It has no admin yet. The first to open this link becomes one:\n        {setup}\n\n" if setup else "")
        + "  Next: open it in a browser and choose a name; everyone starts in the hall.\n"
        f"        {command} user make-admin HANDLE   makes that user an admin\n"
        f"        {command} token create HANDLE      prints a token for a bot or script\n"
        f"  Everything is stored in {kept}. Ctrl-C stops the server.\n"
    )


def _as_called(program: str) -> str:
    """The command as it was typed. It need not be on PATH: make run uses the one in .venv."""
    return f"{sys.executable} -m chatserver" if program.endswith("__main__.py") else program


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def raise_file_limit() -> None:
    """Raise the soft limit of open files to the hard one: each connection is one, and the usual soft limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def notify(word: str) -> None:
    """Send a state such as READY=1 to systemd, if it asked for that (Type=notify)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A name that begins with @ is in Linux's abstract namespace: a zero byte replaces the @.
    name = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
        telling.connect(name)
        telling.send(word.encode())


async def _feed_watchdog() -> None:
    """Notify systemd's watchdog twice per WatchdogSec; it restarts a server whose loop hangs."""
    microseconds = int(os.environ.get("WATCHDOG_USEC", "0") or 0)
    while microseconds:
        notify("WATCHDOG=1")
        await asyncio.sleep(microseconds / 2_000_000)
