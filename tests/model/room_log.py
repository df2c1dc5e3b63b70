"""What a room's messages are after a number of steps, each of which was answered with its place: the simplest model."""

from __future__ import annotations

from typing import Any

Shown = dict[str, Any]
MOST_KINDS = 20


class RoomLog:
    """Messages by seq; a message's reactions are, for each emoji in order, the users in order."""

    def __init__(self) -> None:
        self.messages: dict[int, Shown] = {}
        self.rev = 0

    @property
    def undeleted(self) -> list[int]:
        return [seq for seq, message in self.messages.items() if not message["deleted"]]

    def post(self, seq: int, author: str, text: str) -> None:
        self.messages[seq] = {"author": author, "text": text, "deleted": False, "pinned": False, "reactions": {}}

    def change(self, rev: int, step: str, seq: int, **given: Any) -> None:
        """A step that was answered with this rev; those of one rev are in any order, all but one changed nothing."""
        self.rev = max(self.rev, rev)
        getattr(self, f"_{step}")(self.messages[seq], **given)

    def _edit(self, message: Shown, text: str) -> None:
        message["text"] = text

    def _delete(self, message: Shown) -> None:
        message |= {"text": "", "deleted": True, "pinned": False, "reactions": {}}

    def _pin(self, message: Shown, pinned: bool) -> None:
        message["pinned"] = pinned

    def _react(self, message: Shown, emoji: str, user: str) -> None:
        users = message["reactions"].setdefault(emoji, [])
        if user not in users:
            users.append(user)

    def _unreact(self, message: Shown, emoji: str, user: str) -> None:
        users = message["reactions"].get(emoji, [])
        if user in users:
            users.remove(user)
        if not users:
            message["reactions"].pop(emoji, None)

    def _clear(self, message: Shown, emoji: str = "") -> None:
        for one in [emoji] if emoji else [*message["reactions"]]:
            message["reactions"].pop(one, None)

    def summary(self, seq: int, viewer: str) -> Shown:
        message = self.messages[seq]
        return {
            "text": message["text"],
            "deleted": message["deleted"],
            "pinned": message["pinned"],
            "reactions": [(emoji, len(users), users) for emoji, users in message["reactions"].items()],
            "mine": {emoji for emoji, users in message["reactions"].items() if viewer in users},
        }
