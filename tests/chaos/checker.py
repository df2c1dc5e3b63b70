"""What must hold of a room whatever happens to the community: each reader's own copy, held strictly to the protocol,
and a ledger of what was said, acknowledged and deleted, against which every answer is held.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

MOST_REPLAYED = 300
# A process that lost the news of a deletion learns of it from the room's next event, else when it compares heads.
DELETED_FROM_REPLAYS_SECONDS = 6.0


class Broken(AssertionError):
    """A promise of the protocol that was not kept."""


Held = tuple[str, str, bool, int]
"""A message as a reader has it: id, text, whether it is deleted, when it was edited."""

_shared: dict[Held, Held] = {}


def held(message: dict[str, Any], id: str = "") -> Held:
    """Two hundred readers of the same message hold one copy."""
    made = (message.get("id", id), message["text"], message.get("deleted", False), message.get("edited_at", 0))
    return _shared.setdefault(made, made)


class Ledger:
    """All that was said in a run, by whoever knows it first."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, set[str]] = {}
        self.deleted: dict[str, float] = {}
        self.duplicates = 0

    def said(self, client_id: str, text: str) -> None:
        self.texts.setdefault(client_id, set()).add(text)

    def acknowledge(self, client_id: str, room: str, answer: dict[str, Any]) -> None:
        known = self.acknowledged.setdefault(client_id, {"room": room, **answer})
        if (known["seq"], known["id"]) != (answer["seq"], answer["id"]):
            raise Broken(f"{client_id} was acknowledged twice: {known} and {answer}")
        self.duplicates += answer.get("duplicate", False)

    def delete(self, client_id: str) -> None:
        """The deletion was acknowledged: from now on nothing that was ever in that message may be answered."""
        for text in self.texts[client_id]:
            self.deleted.setdefault(text, time.monotonic())

    def check_text(self, text: str, asked: float, what: str) -> None:
        gone = self.deleted.get(text)
        if text and gone is not None and gone < asked:
            raise Broken(f"{what} asked {asked - gone:.3f} s after the deletion of {text!r} holds it")


class Copy:
    """A reader's copy of one room. Every event must be the very next one; ``missing`` says what to read by pages."""

    def __init__(self, room: str, ledger: Ledger) -> None:
        self.room = room
        self.epoch = ""
        self.seq = self.rev = 0
        self.id = ""
        self.messages: dict[int, Held] = {}
        self.missing = 0
        self.resets = 0
        self.promised = False
        self._kept: list[dict[str, Any]] = []
        self._ledger = ledger

    @property
    def place(self) -> tuple[int, int]:
        return self.seq, self.rev

    @property
    def cursor(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "seq": self.seq, "id": self.id, "rev": self.rev}

    def begin(self, state: dict[str, Any]) -> None:
        """Start from a RoomState, or from a reset: drop all and read pages up to there."""
        self.epoch, self.seq, self.rev = state["epoch"], state["last_seq"], state["rev"]
        self.id = state["last_id"]
        self.promised = True
        self.messages = {}
        self._kept = []
        self.missing = self.seq

    def resume(self, state: dict[str, Any]) -> None:
        """A session begins with our cursor: either its events go on from there, or it is too far behind for that."""
        self.promised = state["epoch"] == self.epoch and state["last_seq"] - self.seq <= MOST_REPLAYED

    def reset(self, params: dict[str, Any]) -> None:
        if self.promised:
            raise Broken(f"{self.room}: a reset to {params} where {self.cursor} could be kept")
        self.resets += 1
        self.begin(params)

    def posted(self, params: dict[str, Any], asked: float) -> None:
        if params["seq"] != self.seq + 1:
            raise Broken(f"{self.room}: message {params['seq']} came after {self.seq}")
        self._ledger.check_text(params["text"], asked - DELETED_FROM_REPLAYS_SECONDS, "a replay")
        self.seq, self.id = params["seq"], params["id"]
        self.messages[self.seq] = held(params)

    def changed(self, params: dict[str, Any], asked: float) -> None:
        if params["rev"] != self.rev + 1:
            raise Broken(f"{self.room}: change {params['rev']} came after {self.rev}")
        if params["seq"] > self.seq:
            raise Broken(f"{self.room}: a change of message {params['seq']} came before it, after {self.seq}")
        self._ledger.check_text(params["text"], asked - DELETED_FROM_REPLAYS_SECONDS, "a replay")
        self.rev = params["rev"]
        if self.missing:
            self._kept.append(params)
        self._change(params)

    def _change(self, params: dict[str, Any]) -> None:
        before = self.messages.get(params["seq"])
        if before is not None:
            self.messages[params["seq"]] = held(params, before[0])

    def page(self, answer: dict[str, Any], asked: float) -> None:
        """A page read before ``missing + 1``; changes above its rev were heard meanwhile and stand on top."""
        for message in answer["messages"]:
            self._ledger.check_text(message["text"], asked, "a page")
            if message["seq"] <= self.missing:
                self.messages[message["seq"]] = held(message)
        first = min((message["seq"] for message in answer["messages"]), default=1)
        for change in self._kept:
            if change["rev"] > answer["rev"] and first <= change["seq"] <= self.missing:
                self._change(change)
        self.missing = first - 1


class Truth:
    """A room as a fresh reader finds it, page by page."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.messages: dict[int, Held] = {}
        self.by_client_id: dict[str, int] = {}
        self.place = (0, 0)

    def page(self, answer: dict[str, Any]) -> None:
        for message in answer["messages"]:
            if message["seq"] != len(self.messages) + 1:
                raise Broken(f"{self.room}: the log goes from {len(self.messages)} to {message['seq']}")
            self.messages[message["seq"]] = held(message)
            client_id = message.get("client_id")
            if client_id and self.by_client_id.setdefault(client_id, message["seq"]) != message["seq"]:
                raise Broken(f"{self.room}: {client_id} is in the log twice")
        self.place = (answer["last_seq"], answer["rev"])

    def check_copy(self, copy: Copy, who: str) -> None:
        """State and events gave what a fresh reader finds."""
        if copy.messages != self.messages:
            both = copy.messages.keys() | self.messages.keys()
            wrong = [seq for seq in sorted(both) if copy.messages.get(seq) != self.messages.get(seq)]
            first = wrong[0]
            raise Broken(
                f"{self.room}: {who} differs in {len(wrong)} messages, first {first}: "
                f"{copy.messages.get(first)} and not {self.messages.get(first)}"
            )


def check_ledger(ledger: Ledger, truths: dict[str, Truth]) -> None:
    """Every acknowledged send is in its log once, at its number and under its id; no text is there that nobody said."""
    for client_id, answer in ledger.acknowledged.items():
        truth = truths[answer["room"]]
        there = truth.messages.get(answer["seq"])
        if there is None or there[0] != answer["id"]:
            raise Broken(f"{client_id} was acknowledged as {answer}, but there is {there}")
        if not there[2] and truth.by_client_id.get(client_id) != answer["seq"]:
            raise Broken(f"{client_id} is not at {answer['seq']} but at {truth.by_client_id.get(client_id)}")
        if not there[2] and there[1] not in ledger.texts[client_id]:
            raise Broken(f"{client_id} never said {there[1]!r}")


def check_all(ledger: Ledger, truths: dict[str, Truth], copies: Iterable[tuple[str, Copy]]) -> None:
    check_ledger(ledger, truths)
    for who, copy in copies:
        truths[copy.room].check_copy(copy, who)
