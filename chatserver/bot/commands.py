"""Parses commands: ``/roll 2 6`` becomes ``roll(event, 2, 6)``, with the types of the function's signature. Pure."""

from __future__ import annotations

import inspect
import math
import re
import typing
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

MOST_DIGITS: Final = 40
"""The longest whole number: one of 3,900 digits was accepted before, and calculating with it took long."""
_TRUE: Final = frozenset({"true", "yes", "on", "1", "是", "对", "對"})
_FALSE: Final = frozenset({"false", "no", "off", "0", "否", "不"})


class BadArgumentError(Exception):
    """The arguments are wrong; the message is a sentence for the person who typed them."""


def _truth(word: str) -> bool:
    if word.casefold() in _TRUE:
        return True
    if word.casefold() in _FALSE:
        return False
    raise ValueError(word)


def _whole(word: str) -> int:
    if len(word) > MOST_DIGITS:
        raise ValueError(word)
    return int(word)


def _number(word: str) -> float:
    if not math.isfinite(number := float(word)):
        raise ValueError(word)
    return number


_READERS: Final[dict[Any, tuple[Callable[[str], Any], str]]] = {
    str: (str, "a word"),
    int: (_whole, "a whole number"),
    float: (_number, "a number"),
    bool: (_truth, "yes or no"),
}


@dataclass(slots=True, frozen=True)
class Parameter:
    """One parameter: ``rest`` takes all remaining words, ``remainder`` the rest of the line unchanged."""

    name: str
    kind: Any
    required: bool
    rest: bool = False
    remainder: bool = False

    def read(self, word: str) -> Any:
        reader, noun = _READERS[self.kind]
        try:
            return reader(word)
        except ValueError:
            raise BadArgumentError(f"{word[:40]!r} is not {noun}.") from None

    def __str__(self) -> str:
        name = f"{self.name} …" if self.rest or self.remainder else self.name
        return f"<{name}>" if self.required else f"[{name}]"


@dataclass(slots=True, frozen=True)
class Command:
    """A command's name and its parameters."""

    name: str
    parameters: tuple[Parameter, ...]
    help: str = ""

    def usage(self, prefix: str = "/") -> str:
        """``Usage: /roll [dice] [sides]``, followed by its help."""
        line = " ".join(("Usage:", prefix + self.name, *map(str, self.parameters)))
        return f"{line}: {self.help}" if self.help else line

    def read(self, text: str) -> list[Any]:
        """Parse the arguments in ``text``, which follows the command's name. Raises ``BadArgumentError``."""
        values: list[Any] = []
        left = text.strip()
        for parameter in self.parameters:
            if not left:
                if parameter.required:
                    raise BadArgumentError(f"{parameter.name} is missing.")
                break
            if parameter.remainder:
                return [*values, left]
            if parameter.rest:
                return [*values, *map(parameter.read, left.split())]
            word, _, left = _cut(left)
            values.append(parameter.read(word))
        if left:
            raise BadArgumentError(f"{left[:40]!r} is more than I understand.")
        return values


def _cut(text: str) -> tuple[str, str, str]:
    found = re.search(r"\s+", text)
    return (text[: found.start()], " ", text[found.end() :]) if found else (text, "", "")


def describe(name: str, function: Callable[..., Any], help: str = "") -> Command:
    """The command of a function, whose first parameter is the event. Raises ``TypeError`` for unsupported types."""
    hints = typing.get_type_hints(function)
    given = list(inspect.signature(function).parameters.values())[1:]
    parameters = [_parameter(name, each, hints.get(each.name, str)) for each in given]
    if parameters and parameters[-1].kind is str and not parameters[-1].rest:
        last = parameters[-1]
        parameters[-1] = Parameter(last.name, str, last.required, remainder=True)
    return Command(name, tuple(parameters), help)


def _parameter(command: str, given: inspect.Parameter, kind: Any) -> Parameter:
    if kind not in _READERS or given.kind in {given.KEYWORD_ONLY, given.VAR_KEYWORD}:
        raise TypeError(f"/{command}: {given.name} must be a positional str, int, float or bool")
    rest = given.kind is given.VAR_POSITIONAL
    return Parameter(given.name, kind, required=given.default is given.empty and not rest, rest=rest)


def split(text: str, prefix: str) -> tuple[str, str]:
    """The command's name in lower case and the rest; the name is empty if the text is not a command."""
    if unicodedata.normalize("NFKC", text[: len(prefix)]) != prefix:  # some input methods turn / into ／
        return "", ""
    word, _, rest = _cut(text[len(prefix) :])
    return word.casefold(), rest
