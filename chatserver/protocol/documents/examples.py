"""The examples of docs/protocol.md: scenes in docs/examples.json, printed in the document and run by the tests.

A scene has people, steps and sometimes settings. A value that differs from run to run is a placeholder such as
``$id:ann`` or ``$time``. In the document it becomes a plausible value, the same one for the same name. A test inserts
the value it has seen before, or checks the kind of the server's value and remembers it under the name.

``docs/examples.json`` is a list of scenes; each step is an exchange (``method`` or ``raw``, with ``result`` or
``error``), an event that somebody receives (``event``), or an action outside the protocol (``do``).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

WIDTH: Final = 112


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step. ``by`` names whose socket is used; with ``http`` the request goes over HTTP with that user's token;
    ``soon``: the result may be a moment late, so a test asks until it comes; ``show`` prints it in the document as the
    example of its method, event or error.

    ``do`` is ``connect`` (``by`` gets a socket with the token of ``words[0]``, and no session yet), ``leave`` (it is
    closed) or ``store`` (``words`` are a command for the store).
    """

    by: str = ""
    http: bool = False
    method: str = ""
    raw: str = ""
    event: str = ""
    do: str = ""
    words: list[str] = []
    params: dict[str, Any] = {}
    result: Any = msgspec.UNSET
    error: dict[str, Any] = {}
    soon: bool = False
    show: bool = False


class Scene(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A self-contained scene: an empty community with these ``settings``; ``people`` are signed up and connected."""

    name: str
    people: list[str] = []
    settings: dict[str, Any] = {}
    steps: list[Step]


def read(file: Path) -> list[Scene]:
    """Read all scenes. Raises ``msgspec.ValidationError`` for an invalid step."""
    return msgspec.json.decode(file.read_bytes(), type=list[Scene])


def shown(scenes: list[Scene], kind: str, name: str | int) -> Step:
    """The step shown as the example of a method, an event or an error code. Raises ``LookupError`` if there is none."""
    for scene in scenes:
        for step in scene.steps:
            if step.show and name == {"method": _answered(step), "event": step.event, "error": _code(step)}[kind]:
                return step
    raise LookupError(f"docs/examples.json shows no example of the {kind} {name}")


def _answered(step: Step) -> str:
    return step.method if step.result is not msgspec.UNSET else ""


def _code(step: Step) -> int:
    return int(step.error.get("code", 0))


# --- placeholders ----------------------------------------------------------------------------------------------------

PLACEHOLDER: Final = re.compile(r"\$([a-z]+)(?::([\w.'-]+))?")


def _hex(name: str, width: int) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:width]


_SAMPLES: Final[dict[str, Callable[[str], Any]]] = {
    "id": lambda name: _hex(name, 24),
    "epoch": lambda name: _hex(f"epoch {name}", 8),
    "link": lambda name: _hex(name, 32),
    "login": lambda name: _hex(f"login {name}", 24),
    "token": lambda name: f"chat_{_hex(name.partition('.')[0], 24)}{'x' * 33}",
    "code": lambda name: "-".join(_hex(f"{group} {name}", 5).upper() for group in range(5)),
    "time": lambda name: 1_767_280_000_000 + int(_hex(name, 6), 16) % 600_000,
    "place": lambda name: f"{1_767_280_000_000 + int(_hex(name, 6), 16) % 600_000}-0",
    "count": int,
    "seconds": float,
    "version": lambda name: "1.0.0",
    "agent": lambda name: "Mozilla/5.0 (X11; Linux x86_64)",
    "words": lambda name: "…",
}
KINDS: Final = tuple(_SAMPLES)


def believable(value: Any) -> Any:
    """The value with every placeholder replaced by a sample of its kind."""
    if isinstance(value, dict):
        return {believable(key): believable(held) for key, held in value.items()}
    if isinstance(value, list):
        return [believable(item) for item in value]
    if not isinstance(value, str):
        return value
    found = PLACEHOLDER.fullmatch(value)
    if found:
        return _SAMPLES[found[1]](found[2] or "")
    return PLACEHOLDER.sub(lambda within: str(_SAMPLES[within[1]](within[2] or "")), value)


# --- printing --------------------------------------------------------------------------------------------------------


def written(step: Step) -> str:
    """The step as fenced code blocks: request and response, or the event."""
    if step.event:
        return _fence("json", pretty({"jsonrpc": "2.0", "method": step.event, "params": believable(step.params)}))
    if step.http:
        head = f"POST /api/{step.method}\nContent-Type: application/json\n"
        if step.by:
            head += f"Authorization: Bearer {believable('$token:' + step.by)}\n"
        answer = {"error": believable(step.error)} if step.error else believable(step.result)
        asked = _fence("http", f"{head}\n{pretty(believable(step.params))}")
        return f"{asked}\n{_fence('json', pretty(answer))}"
    asked = step.raw or pretty({"jsonrpc": "2.0", "id": 1, "method": step.method, "params": believable(step.params)})
    answer = {"error": believable(step.error)} if step.error else {"result": believable(step.result)}
    id_ = None if step.raw else 1
    return _fence("json", asked) + "\n" + _fence("json", pretty({"jsonrpc": "2.0", "id": id_, **answer}))


def _fence(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```\n"


def pretty(value: Any, indent: int = 0) -> str:
    """JSON on one line if it fits, else one member or item per line."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + 2
    if isinstance(value, dict):
        lines = [f"{json.dumps(key)}: {pretty(held, inner + len(key) + 4)}" for key, held in value.items()]
    else:
        lines = [pretty(item, inner) for item in value]
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    body = ",\n".join(lines).replace("\n", "\n  ")
    return f"{opening}\n  {body}\n{closing}"
