"""What a client holds of a room, by docs/protocol.md alone: pages, and events applied to them."""

from __future__ import annotations

from typing import Any

Shown = dict[str, Any]
WHOLE = ("text", "edited_at", "pinned", "topic", "attachments", "mentions", "everyone", "previews")
FIRST = 100


class RoomCopy:
    """One reader's copy. ``place`` is the cursor; ``messages`` by seq; each is as of some rev."""

    def __init__(self, me: str) -> None:
        self.me = me
        self.messages: dict[int, Shown] = {}
        self.as_of: dict[int, int] = {}
        self.changes: list[tuple[str, Shown]] = []
        self.place: Shown = {}
        self.resets = 0

    def begin(self, state: Shown) -> None:
        """The room is new to this client: the place is that of its RoomState."""
        self.place = {"epoch": state["epoch"], "seq": state["last_seq"], "id": state["last_id"], "rev": state["rev"]}

    def hear(self, name: str, params: Shown) -> None:
        """Apply one event of the room. Checks that numbers rise by one."""
        if name == "room.reset":
            self.resets += 1
            self.messages.clear()
            self.as_of.clear()
            self.begin(params)
        elif name == "message.posted":
            assert params["seq"] == self.place["seq"] + 1, (params, self.place)
            assert not {"reactions", "mine"} & params.keys()
            self.place |= {"seq": params["seq"], "id": params["id"]}
            self._hold(params, self.place["rev"])
        elif name in {"message.changed", "message.reacted"}:
            assert params["rev"] == self.place["rev"] + 1, (params, self.place)
            self.place["rev"] = params["rev"]
            self.changes.append((name, params))
            self._apply(name, params)
        elif name == "messages.purged":
            assert params["rev"] == self.place["rev"] + 1, (params, self.place)
            self.place["rev"] = params["rev"]
            for first, last in params["seqs"]:
                for seq in range(first, last + 1):
                    change = {"seq": seq, "rev": params["rev"]}
                    self.changes.append((name, change))
                    self._apply(name, change)

    def take(self, page: Shown) -> None:
        """A page: messages as of its rev, to which what came later is applied."""
        if page["epoch"] != self.place["epoch"]:
            return
        for message in page["messages"]:
            if message["seq"] <= self.place["seq"]:
                self._hold(message, page["rev"])

    def _hold(self, message: Shown, rev: int) -> None:
        seq = message["seq"]
        if self.as_of.get(seq, -1) >= rev:
            return
        reactions = {kind["emoji"]: {**kind, "users": [*kind["users"]]} for kind in message.get("reactions", [])}
        self.messages[seq] = {**message, "reactions": reactions, "mine": set(message.get("mine", []))}
        self.as_of[seq] = rev
        for name, params in self.changes:
            if params["seq"] == seq and params["rev"] > rev:
                self._apply(name, params)

    def _apply(self, name: str, params: Shown) -> None:
        message = self.messages.get(params["seq"])
        if message is None or self.as_of[params["seq"]] >= params["rev"]:
            return
        self.as_of[params["seq"]] = params["rev"]
        if name == "message.reacted":
            self._react(message, params)
        elif name == "messages.purged" or params.get("deleted"):
            kept = {name: message[name] for name in ("room", "seq", "id", "at", "author")}
            line = message if name == "messages.purged" else params
            kept |= {"topic": line["topic"]} if "topic" in line else {}
            self.messages[params["seq"]] = {**kept, "text": "", "deleted": True, "reactions": {}, "mine": set()}
        else:
            for name in WHOLE:
                message.pop(name, None)
            message.update({name: params[name] for name in WHOLE if name in params})

    def _react(self, message: Shown, params: Shown) -> None:
        if params.get("cleared"):
            kinds = [params["emoji"]] if "emoji" in params else [*message["reactions"]]
            for emoji in kinds:
                message["reactions"].pop(emoji, None)
                message["mine"].discard(emoji)
        elif "emoji" in params:
            self._count(message, **{name: params[name] for name in ("emoji", "user", "added", "count")})

    def _count(self, message: Shown, emoji: str, user: str, added: bool, count: int) -> None:
        kind = message["reactions"].setdefault(emoji, {"emoji": emoji, "count": 0, "users": []})
        kind["count"] = count
        kind["users"] = [one for one in kind["users"] if one != user] + [user] * added
        if user == self.me:
            (message["mine"].add if added else message["mine"].discard)(emoji)
        if not count:
            del message["reactions"][emoji]

    def summary(self, seq: int) -> Shown:
        """The message as the model shows it, too."""
        message = self.messages[seq]
        return {
            "text": message["text"],
            "deleted": message.get("deleted", False),
            "pinned": message.get("pinned", False),
            "reactions": [(kind["emoji"], kind["count"], kind["users"]) for kind in message["reactions"].values()],
            "mine": message["mine"],
        }
