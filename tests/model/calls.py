"""Whom messages of a room call, in a few plain lines: what the server's numbers, and a client's own, have to be."""

from __future__ import annotations

from dataclasses import dataclass, field

HOUR_MS = 3_600_000
FEW = 20
MOST = 10


@dataclass
class Said:
    """A message. ``answers`` is the user whom its reply calls, "" for nobody."""

    author: str
    named: set[str]
    answers: str
    everyone: bool
    deleted: bool = False

    def calls(self, user: str, *, everyone: bool) -> bool:
        if self.deleted or user == self.author:
            return False
        return user in self.named or user == self.answers or (self.everyone and everyone)


@dataclass
class CallsRoom:
    """A room with its members' read markers; ``staff`` moderate. ``blocks`` holds (who, whom), ``deaf`` the users whom
    @everyone does not call."""

    staff: set[str]
    others: int = 0
    read: dict[str, int] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    deaf: set[str] = field(default_factory=set)
    everyone_at: int = -HOUR_MS

    def join(self, user: str) -> None:
        self.read.setdefault(user, len(self.said))

    def leave(self, user: str) -> None:
        self.read.pop(user, None)

    def say(self, user: str, names: list[str], *, everyone: bool, reply_to: int, now: int) -> int:
        target = self.said[reply_to - 1] if reply_to else None
        answers = target.author if target and not target.deleted and target.author in self.read else ""
        everyone = everyone and self._may_call_everyone(user, now)
        if everyone:
            self.everyone_at = now
        self.said.append(Said(user, self._named(user, names), "" if answers == user else answers, everyone))
        self.read[user] = len(self.said)
        return len(self.said)

    def _named(self, user: str, names: list[str]) -> set[str]:
        return {name for name in names if name in self.read and name != user}

    def _may_call_everyone(self, user: str, now: int) -> bool:
        few = len(self.read) + self.others <= FEW
        return (user in self.staff or few) and now >= self.everyone_at + HOUR_MS

    def edit(self, seq: int, names: list[str], *, everyone: bool) -> None:
        said = self.said[seq - 1]
        said.named, said.everyone = self._named(said.author, names), said.everyone and everyone

    def delete(self, seq: int) -> None:
        self.said[seq - 1].deleted = True

    def mark(self, user: str, seq: int) -> None:
        self.read[user] = max(self.read[user], min(seq, len(self.said)))

    def mentions(self, user: str) -> int:
        return sum(
            said.calls(user, everyone=user not in self.deaf)
            for said in self.said[self.read[user] :]
            if (user, said.author) not in self.blocks
        )
