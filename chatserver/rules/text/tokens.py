"""Cuts text into the tokens of the search index, and a query into what must be found.

A run of Chinese, Japanese or another script without spaces becomes its overlapping pairs of characters, and its last
character alone; a run of any other script is a word; a symbol such as an emoji is a token. Everything is folded first:
我在臺灣用 Python3.11 becomes 我在 在台 台湾 湾用 用 python3 11. Segmenting Chinese into words would lose names and
slang; pairs find every part of a text of two characters or more, and the beginnings of pairs every single character.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from chatserver.rules.text.searching import fold

VERSION: Final = 1
"""Changes with how text is cut; an index made by another version is made again."""
LONGEST_TOKEN: Final = 64
MOST_TOKENS: Final = 64
"""Of a query; what is behind them is compared with the text only."""

# Han, kana, and the blocks of Thai, Lao, Tibetan, Myanmar and Khmer, marks included.
_UNSPACED: Final = (
    r"\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    r"\u0e01-\u0e4e\u0e81-\u0ede\u0f40-\u0fbc\u1000-\u1049\u1050-\u109f\u1780-\u17d3"
)
# Marks that belong to the letter before them; `\w` leaves them out.
_MARKS: Final = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06dc\u06df-\u06e4\u06e7-\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0\u0900-\u0963\u0966-\u0dff"
)
_SYMBOLS: Final = r"[\u2600-\u27bf\U0001f000-\U0001faff]"
_RUN: Final = re.compile(rf"([{_UNSPACED}]+)|((?:(?![{_UNSPACED}])(?:[^\W_]|[{_MARKS}]))+)|{_SYMBOLS}")
_WORDS_OF_QUERY: Final = re.compile(r'["“”„]([^"“”„]*)["“”„]?|([^\s"“”„]+)')


class Phrase(NamedTuple):
    """Tokens that must follow each other; with ``begins`` the last is only the beginning of one."""

    tokens: tuple[str, ...]
    begins: bool


class Query(NamedTuple):
    """All of ``phrases`` must be among a text's tokens, and all of ``literals``, which are folded, in the text."""

    phrases: tuple[Phrase, ...]
    literals: tuple[str, ...]

    def is_met_by(self, text: str) -> bool:
        """Whether the text has everything that was asked for."""
        folded = fold(text)
        if not all(literal in folded for literal in self.literals):
            return False
        joined = f" {' '.join(_tokens(folded))} "
        return all(_has(joined, phrase) for phrase in self.phrases)

    @property
    def is_empty(self) -> bool:
        return not self.phrases and not self.literals

    @property
    def proposing(self) -> list[Phrase]:
        """The phrases that an engine looks for: not more tokens than it takes, of the length that it knows. With none,
        only the text itself can tell."""
        found: list[Phrase] = []
        left = MOST_TOKENS
        for tokens, begins in self.phrases:
            some = tuple(token[:LONGEST_TOKEN] for token in tokens[:left])
            left -= len(some)
            if some:
                found.append(Phrase(some, begins and len(some) == len(tokens)))
        return found


def tokens_of(text: str) -> list[str]:
    """The tokens of a text, in order."""
    return _tokens(fold(text))


def parse_query(text: str) -> Query:
    """Words, and what stands in double quotes literally. The last word may be only begun, unless it is quoted."""
    found = [(quoted, word) for quoted, word in _WORDS_OF_QUERY.findall(fold(text)) if quoted.strip() or word]
    phrases: list[Phrase] = []
    literals: list[str] = []
    for place, (quoted, word) in enumerate(found):
        begins = bool(quoted) or place == len(found) - 1
        phrase = _phrase(quoted or word, begins=begins)
        if quoted or not phrase.tokens:
            literals.append(quoted.strip() or word)
        if phrase.tokens:
            phrases.append(phrase)
    return Query(tuple(dict.fromkeys(phrases)), tuple(dict.fromkeys(literals)))


def _tokens(folded: str) -> list[str]:
    found: list[str] = []
    for run in _RUN.finditer(folded):
        unspaced = run.group(1)
        if unspaced is None:
            found.append(run.group()[:LONGEST_TOKEN])
        else:
            found += [unspaced[place : place + 2] for place in range(len(unspaced))]
    return found


def _phrase(folded: str, *, begins: bool) -> Phrase:
    """What a text that contains ``folded`` has among its tokens. Its last run may go on in the text: of an unspaced one
    then only the pairs are certain, and a single character is the beginning of a pair."""
    found = _tokens(folded)
    runs = list(_RUN.finditer(folded))
    if runs and runs[-1].group(1):
        if len(runs[-1].group(1)) > 1:
            return Phrase(tuple(found[:-1]), begins=False)
        return Phrase(tuple(found), begins=True)
    return Phrase(tuple(found), begins=begins)


def _has(joined: str, phrase: Phrase) -> bool:
    wanted = " " + " ".join(phrase.tokens)
    return wanted + " " in joined if not phrase.begins else wanted in joined
