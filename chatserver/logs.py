"""Logging: readable lines on a terminal, JSON objects elsewhere. The commands set it up once.

Code logs with the standard library: ``log.info("store: restarted", extra={"pid": 12})``. Each entry of ``extra``
becomes a member of the JSON object, or ``pid=12`` at the end of the line. Message texts, passwords and tokens must not
be logged; as a safeguard, the formatters replace anything that looks like a token by ``***``.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from typing import Any, Final, Literal, TextIO

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Bearer headers, our own tokens (prefix and at least 16 characters) and passwords in addresses.
_SECRETS: Final = re.compile(r"(?i)(bearer\s+)\S+|(\bchat_(?:\w+_)?)[0-9A-Za-z]{16,}|(://)[^/@\s]*@")
_LEVELS: Final = {"debug": "DEBUG", "info": "INFO ", "warning": "WARN ", "error": "ERROR", "critical": "FATAL"}


def without_secrets(text: str) -> str:
    """The text with everything that looks like a token or password replaced by ``***``."""
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or found[3]}***{'@' if found[3] else ''}", text)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _short_name(name: str) -> str:
    return name.removeprefix("chatserver.")


class JsonLines(logging.Formatter):
    """One JSON object per line: at (UTC), level, from, say, then ``extra``, then the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "at": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "from": _short_name(record.name),
            "say": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(line, ensure_ascii=False, default=str))


class HumanLines(logging.Formatter):
    """``12:30:01 INFO  doors.socket: opened  user=…``, with a traceback on the following lines."""

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = _LEVELS.get(record.levelname.lower(), record.levelname)
        added = "".join(f"  {name}={value}" for name, value in _extra(record).items())
        line = f"{clock} {level} {_short_name(record.name)}: {record.getMessage()}{added}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return without_secrets(line)


def set_up(
    log_format: Literal["auto", "json", "human"] = "auto", level: str = "info", stream: TextIO | None = None
) -> None:
    """Send all logging to ``stream`` (default: standard error), replacing any earlier set-up."""
    stream = stream or sys.stderr
    human = log_format == "human" or (log_format == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(HumanLines() if human else JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Their lines per request or per selector add nothing to ours.
    for noisy in ("asyncio", "aiohttp.access", "websockets"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    # Invalid bytes from a client would be logged as a traceback; the doors log our own errors.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
