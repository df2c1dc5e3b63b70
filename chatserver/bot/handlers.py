"""Which functions an event calls: its command if it is one, else everything registered for its kind."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chatserver.bot import commands
from chatserver.bot.commands import BadArgumentError, Command
from chatserver.bot.events import MessageChanged, MessagePosted, MessageReacted, MessagesPurged

Function = Callable[..., Any]


@dataclass(slots=True, frozen=True)
class Handler:
    """A registered function. Events of ``gather`` seconds are passed as one list; 0: one by one."""

    kind: type[Any]
    function: Function
    gather: float = 0

    @property
    def name(self) -> str:
        return getattr(self.function, "__qualname__", type(self.function).__qualname__)


@dataclass(slots=True, frozen=True)
class Call:
    """A function to call for an event, with its arguments after the event."""

    name: str
    function: Function
    arguments: tuple[Any, ...] = ()


@dataclass(slots=True, frozen=True)
class Wrong:
    """A command with wrong arguments: ``answer`` is the reply to the person who typed it."""

    name: str
    answer: str


async def run(function: Function, *arguments: Any) -> Any:
    """Call a handler, which may be a coroutine function or a plain one."""
    answer = function(*arguments)
    return await answer if inspect.isawaitable(answer) else answer


@dataclass(slots=True)
class Handlers:
    """All handlers and commands of a bot."""

    prefix: str = "/"
    on_error: Function | None = None
    handlers: list[Handler] = field(default_factory=list)
    commands: dict[str, tuple[Command, Function]] = field(default_factory=dict)

    def add_command(self, name: str, function: Function, help: str) -> None:
        """Raises ``ValueError`` if the name is taken or is not a single word."""
        folded = name.removeprefix(self.prefix).casefold()
        if not folded or len(folded.split()) != 1:
            raise ValueError(f"a command is one word, not {name!r}")
        if folded in self.commands:
            raise ValueError(f"{self.prefix}{folded} is already a command of this bot")
        self.commands[folded] = commands.describe(folded, function, help), function

    def add_handler(self, kind: type[Any], function: Function, gather: float) -> None:
        """Raises ``TypeError`` for gathering messages: their place is saved after each one."""
        if gather and issubclass(kind, MessagePosted | MessageChanged | MessageReacted | MessagesPurged):
            raise TypeError("messages cannot be gathered: they are handled one by one")
        self.handlers.append(Handler(kind, function, gather))

    def gathering(self, event: Any) -> list[Handler]:
        return [handler for handler in self.handlers if handler.gather and isinstance(event, handler.kind)]

    def calls(self, event: Any) -> list[Call | Wrong]:
        """The calls for an event. A message that is one of the bot's commands goes to that command only."""
        if isinstance(event, MessagePosted):
            name, rest = commands.split(event.text, self.prefix)
            if name in self.commands:
                return [self._command(name, rest)]
        return [
            Call(handler.name, handler.function)
            for handler in self.handlers
            if not handler.gather and isinstance(event, handler.kind)
        ]

    def _command(self, name: str, rest: str) -> Call | Wrong:
        command, function = self.commands[name]
        try:
            return Call(name, function, tuple(command.read(rest)))
        except BadArgumentError as error:
            return Wrong(name, f"{error} {command.usage(self.prefix)}")
