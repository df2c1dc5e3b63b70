"""The members of one room who are connected: to this process, by user, and to others, as they publish it."""

from __future__ import annotations

from chatserver.store.rooms.records import HERE_SILENCE_MS, Here, parse_here


class Company:
    """``process`` is this process's id. ``is_due``: presence changed and watchers have to be notified. ``users`` counts
    the connections that follow the room here, by user."""

    def __init__(self, process: str, here: dict[str, Here]) -> None:
        self._process = process
        self.users: dict[str, int] = {}
        self._hidden: set[str] = set()
        self.is_due = False
        self.take(here)

    def take(self, here: dict[str, Here]) -> None:
        """Replace the state of all processes."""
        self._here = here
        self.changed()

    def receive(self, process: str, value: str) -> None:
        """Handle what a process published about its connected members."""
        self._here[process] = parse_here(value.encode())
        self.changed()

    def drop_silent(self, now: int) -> None:
        """Forget processes that published nothing for a minute, or without connected members."""
        for process, here in list(self._here.items()):
            if here.at < now - HERE_SILENCE_MS or here.count == 0:
                del self._here[process]
                self.changed()

    def changed(self) -> None:
        """Note that somebody connected, left, hid or appeared: watchers are notified at the next second."""
        self.is_due = True
        self._named: frozenset[str] | None = None

    # --- here --------------------------------------------------------------------------------------------------------

    def enter(self, user: str, *, hidden: bool) -> None:
        """One more connection of this user follows."""
        self.users[user] = self.users.get(user, 0) + 1
        self.hide(user, hidden=hidden)

    def leave(self, user: str) -> bool:
        """One connection fewer; whether it was the user's last one here."""
        left = self.users.get(user, 0) - 1
        if left > 0:
            self.users[user] = left
            return False
        if self.users.pop(user, None) is None:
            return False
        self._hidden.discard(user)
        self.changed()
        return True

    def hide(self, user: str, *, hidden: bool) -> None:
        """Hide this user's presence, or show it."""
        (self._hidden.add if hidden else self._hidden.discard)(user)
        self.changed()

    def shown(self) -> frozenset[str]:
        """Users who are connected to this process and may be seen."""
        return frozenset(self.users.keys() - self._hidden)

    # --- everywhere --------------------------------------------------------------------------------------------------

    def count(self) -> int:
        return len(self.named()) + self._unnamed()

    def online(self) -> tuple[int, list[str] | None]:
        """How many are connected over all processes, and their ids if every process names them."""
        return self.count(), None if self._unnamed() else sorted(self.named())

    def named(self) -> frozenset[str]:
        """Users who are connected and may be seen, as far as processes name them: each does while they are few."""
        if self._named is None:
            self._named = self.shown().union(*(here.users for here in self._elsewhere()))
        return self._named

    def _unnamed(self) -> int:
        return sum(here.count for here in self._elsewhere() if not here.users)

    def _elsewhere(self) -> list[Here]:
        return [here for process, here in self._here.items() if process != self._process]
