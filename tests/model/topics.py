"""A room with topics, and what each of its readers has not read, in a few plain lines."""

from __future__ import annotations

from dataclasses import dataclass, field

MAIN = ""
WHOLE = None


@dataclass
class Said:
    """A message; ``line`` is the topic that it is in now, or the main line."""

    author: str
    line: str
    text: str
    named: set[str]
    deleted: bool = False


@dataclass
class Reader:
    """A member's markers, what they chose for the room and for topics, and the topics they wrote in."""

    read_seq: int = 0
    markers: dict[str, int] = field(default_factory=dict)
    level: str = "all"
    levels: dict[str, str] = field(default_factory=dict)
    wrote: set[str] = field(default_factory=set)

    def marker(self, line: str | None) -> int:
        return self.read_seq if line is WHOLE else max(self.read_seq, self.markers.get(line, 0))

    def level_of(self, topic: str) -> str:
        return self.levels.get(topic) or ("all" if topic in self.wrote else self.level)

    def counts(self, line: str) -> bool:
        return line == MAIN or self.level_of(line) != "none"


@dataclass
class TopicsRoom:
    """Numbers begin at 1. ``topical`` is the highest that was ever in a topic: beyond it the main line is all."""

    readers: dict[str, Reader]
    said: list[Said] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    topical: int = 0

    def undeleted(self, line: str | None = WHOLE) -> list[int]:
        return [
            seq for seq, one in enumerate(self.said, 1) if not one.deleted and (line is WHOLE or one.line == line)
        ]  # fmt: skip

    # --- steps

    def say(self, user: str, line: str, text: str, named: set[str]) -> int:
        self.said.append(Said(user, line, text, named - {user}))
        seq = len(self.said)
        self._file(seq, line)
        self._advance(self.readers[user], line, seq, own=True)
        return seq

    def _file(self, seq: int, line: str) -> None:
        if line != MAIN:
            self.topical = max(self.topical, seq)
            self.readers[self.said[seq - 1].author].wrote.add(line)

    def begin(self, user: str, topic: str, title: str, text: str, named: set[str]) -> int:
        self.titles[topic] = title
        return self.say(user, topic, text, named)

    def move(self, seqs: list[int], line: str) -> None:
        for seq in seqs:
            if self.said[seq - 1].line != line:
                self.said[seq - 1].line = line
                self._file(seq, line)
        self._settle()

    def delete(self, seq: int) -> None:
        self.said[seq - 1].deleted = True
        self._settle()

    def delete_topic(self, topic: str) -> None:
        for seq in self.undeleted(topic):
            self.said[seq - 1].deleted = True
        self._settle()

    def _settle(self) -> None:
        """A topic without an undeleted message is gone."""
        self.titles = {topic: title for topic, title in self.titles.items() if self.undeleted(topic)}

    def mark(self, user: str, line: str | None, seq: int) -> None:
        reader = self.readers[user]
        self._advance(reader, line, min(seq, len(self.said)), own=False)
        if not self.unread(user):
            reader.read_seq = len(self.said)
        self._drop_markers(reader)

    def _advance(self, reader: Reader, line: str | None, seq: int, *, own: bool) -> None:
        """``own``: the message with this number is in that line."""
        if seq <= reader.marker(line):
            return
        is_whole = line is WHOLE or (own and seq == reader.read_seq + 1)
        if line is WHOLE or is_whole or (line == MAIN and self.topical <= reader.read_seq):
            reader.read_seq = seq
        else:
            reader.markers[line] = seq
        self._drop_markers(reader)

    @staticmethod
    def _drop_markers(reader: Reader) -> None:
        reader.markers = {line: seq for line, seq in reader.markers.items() if seq > reader.read_seq}

    # --- what is left

    def left(self, user: str, line: str | None = WHOLE) -> list[int]:
        """The messages that this reader has not read, of the room only those that count."""
        reader = self.readers[user]
        return [
            seq
            for seq in self.undeleted(line)
            if seq > reader.marker(self.said[seq - 1].line)
            and (line is not WHOLE or reader.counts(self.said[seq - 1].line))
        ]

    def unread(self, user: str) -> int:
        return len(self.left(user))

    def mentions(self, user: str, line: str | None = WHOLE) -> int:
        return sum(user in self.said[seq - 1].named for seq in self.left(user, line))
