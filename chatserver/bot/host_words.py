"""The host's texts in each language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST_NAMES: Final = 5


@dataclass(slots=True, frozen=True)
class Words:
    """``comma`` and ``last`` separate names; ``welcome`` takes names, ``more`` names and how many others,
    ``alone`` a name, ``rooms`` titles, ``question`` a text."""

    comma: str
    last: str
    more: str
    welcome: str
    alone: str
    rooms: str
    question: str

    def names(self, names: Sequence[str]) -> str:
        """``Ann, Bo and Cy``; beyond five, how many others."""
        if len(names) > MOST_NAMES:
            return self.more.format(names=self.comma.join(names[:MOST_NAMES]), count=len(names) - MOST_NAMES)
        if len(names) < 2:
            return "".join(names)
        return self.last.join((self.comma.join(names[:-1]), names[-1]))

    def greeting(self, names: Sequence[str]) -> str:
        return self.welcome.format(names=self.names(names))

    def company(self, name: str, titles: Sequence[str]) -> str:
        """The answer to someone who is alone here: messages stay, and other rooms to look at."""
        hint = self.rooms.format(titles=self.names(titles)) if titles else ""
        return self.alone.format(name=name) + hint


WORDS: Final = {
    "en": Words(
        comma=", ",
        last=" and ",
        more="{names} and {count} more",
        welcome="Welcome, {names}! Take a seat. Say who you are if you like, or just listen for a while.",
        alone="Just the two of us at the moment, {name}, but your words stay here, and people come by during the day.",
        rooms=" While you wait, have a look at {titles}: a step away.",
        question="Today's question: {text} Give your answer, and you read everyone else's.",
    ),
    "zh-Hans": Words(
        comma="、",
        last="和",
        more="{names}和另外{count}位",
        welcome="欢迎{names}！请随便坐。愿意的话说说你是谁，也可以先听一会儿。",
        alone="{name}，这会儿只有你我，不过你说的话会留在这里，白天总有人来坐坐。",
        rooms="等的时候可以去{titles}看看，就在隔壁。",
        question="今天的问题：{text}说说你的答案，就能看到大家的。",
    ),
    "zh-Hant": Words(
        comma="、",
        last="和",
        more="{names}和另外{count}位",
        welcome="歡迎{names}！請隨便坐。願意的話說說你是誰，也可以先聽一會兒。",
        alone="{name}，這會兒只有你我，不過你說的話會留在這裡，白天總有人來坐坐。",
        rooms="等的時候可以去{titles}看看，就在隔壁。",
        question="今天的問題：{text}說說你的答案，就能看到大家的。",
    ),
}

_TRADITIONAL: Final = frozenset("們個這說會來時對開關門問讀學國嗎麼沒為還過裡後見請謝話誰樣點聽")


def language_of(text: str, community: str) -> str:
    """The language in which to answer a text: Chinese for Chinese, in the community's script unless the text uses the
    other."""
    if any(letter in _TRADITIONAL for letter in text):
        return "zh-Hant"
    if any("\u4e00" <= letter <= "\u9fff" for letter in text):
        return community if community.startswith("zh") else "zh-Hans"
    return "en" if any(letter.isascii() and letter.isalpha() for letter in text) else community
