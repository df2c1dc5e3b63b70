"""The host's texts in each language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST_NAMES: Final = 5


@dataclass(slots=True, frozen=True)
class Words:
    """``comma`` and ``last`` separate names; ``welcome`` takes names, ``more`` names and how many others,
    ``question`` a text; ``closing`` is what the host says to who writes to it."""

    comma: str
    last: str
    more: str
    welcome: str
    question: str
    closing: str

    def names(self, names: Sequence[str]) -> str:
        """``Ann, Bo and Cy``; beyond five, how many others."""
        if len(names) > MOST_NAMES:
            return self.more.format(names=self.comma.join(names[:MOST_NAMES]), count=len(names) - MOST_NAMES)
        if len(names) < 2:
            return "".join(names)
        return self.last.join((self.comma.join(names[:-1]), names[-1]))

    def greeting(self, names: Sequence[str]) -> str:
        return self.welcome.format(names=self.names(names))


WORDS: Final = {
    "en": Words(
        comma=", ",
        last=" and ",
        more="{names} and {count} more",
        welcome="Welcome, {names}! Take a seat. Say who you are if you like, or just listen for a while.",
        question="Today's question: {text} Answer it to read what others said.",
        closing="That's all there is to the practice. I'm a program, and nobody reads this chat. Say hi to someone "
        "from a room you're both in, and you can talk on from here.",
    ),
    "zh-Hans": Words(
        comma="、",
        last="和",
        more="{names}和另外{count}位",
        welcome="欢迎{names}！请随便坐。愿意的话说说你是谁，也可以先听一会儿。",
        question="今天的问题：{text}说说你的答案，就能看到大家的。",
        closing="练习到这里就结束了。我是个程序，这里的消息没有人看。去和同一个房间里的人招招手，接下来就能聊了。",
    ),
    "zh-Hant": Words(
        comma="、",
        last="和",
        more="{names}和另外{count}位",
        welcome="歡迎{names}！請隨便坐。願意的話說說你是誰，也可以先聽一會兒。",
        question="今天的問題：{text}說說你的答案，就能看到大家的。",
        closing="練習到這裡就結束了。我是個程式，這裡的訊息沒有人看。去和同一個房間裡的人揮揮手，接下來就能聊了。",
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
