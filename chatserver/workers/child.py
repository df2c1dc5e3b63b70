"""The child process that reads what people sent: ``python -m chatserver.workers.child FD``.

Its parent (``chatserver/workers/pool.py``) sends tasks over a socket: one line of JSON, with the file and the files to
write into as open descriptors. It knows no paths, no store and no credentials. A decoder that crashes, hangs or wants
too much memory takes only this process along.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import sys
from typing import IO, Any, Final

from chatserver.workers import films, pictures

TASK_BYTES: Final = 4096
_MOST_DESCRIPTORS: Final = 8
_OPEN_FILES: Final = 32


def _limit(memory: int, written: int) -> None:
    """Limit this process: address space, size of a file, open files, no core, and the lowest priority that is fair."""
    for what, most in (
        (resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, written), (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))
    with contextlib.suppress(OSError):
        os.nice(10)


def _allow(seconds: int) -> None:
    """Allow so many more seconds of CPU time; the kernel ends the process after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


def answer(task: dict[str, Any], files: list[IO[bytes]]) -> dict[str, Any]:
    """Do one task: what was found, or ``{"unreadable": why}``."""
    source, *outputs = files
    try:
        if task["what"] == "film":
            return {"type": films.blank(source)}
        named = dict(zip(task["names"], outputs, strict=True))
        written = pictures.write(
            source, named, most_pixels=task["pixels"], edge=task["edge"], frames=task["frames"]
        )  # fmt: skip
    except (pictures.Unreadable, films.Unreadable) as error:
        return {"unreadable": str(error)[:200]}
    except MemoryError:
        return {"unreadable": "it needs too much memory"}
    for output in outputs:
        output.flush()
    return {
        "width": written.width, "height": written.height, "sizes": written.sizes, "preview": written.preview,
    }  # fmt: skip


def main(descriptor: int, memory: int, written: int) -> None:
    """Answer tasks until the parent closes the socket."""
    _limit(memory, written)
    with socket.socket(fileno=descriptor) as parent:
        while True:
            line, descriptors, _, _ = socket.recv_fds(parent, TASK_BYTES, _MOST_DESCRIPTORS)
            if not line:
                return
            task = json.loads(line)
            _allow(task["seconds"])
            files: list[IO[bytes]] = [os.fdopen(number, "r+b") for number in descriptors]
            try:
                said = answer(task, files)
            finally:
                for file in files:
                    file.close()
            parent.sendall(json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
