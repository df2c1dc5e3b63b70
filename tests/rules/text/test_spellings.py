"""A name is found by what people type for it."""

from __future__ import annotations

import random

import pytest

from chatserver.rules.text.searching import fold
from chatserver.rules.text.spellings import is_meant, spelled, typed


@pytest.mark.parametrize(
    ("name", "handle", "typed", "not_typed"),
    [
        (
            "王小明", "m-w", "小明 王小 明 王小明 wangxiaoming wangxm wxm wxiaom xm xiaom w m 王xm ming m-w mw",
            "明小 wm wxx angx wangxmm 王明",
        ),
        ("陳靜宜", "chen", "陈静 静宜 陳靜 cjy chenjy jingyi", "陈宜 jc"),
        ("吕布", "lb", "吕 呂布 lv lu lvbu lubu lb", "bl"),
        ("重庆", "x", "cq zq chongq zhongqing", "qc"),
        ("曾Ada小", "x", "zeng cengada zax 曾ada ada ax", "za小x"),
        ("Ada Lovelace", "ada_l", "a al adal adalove lo love ove lace ada_l l", "la ov ve da adai"),
        ("Zoë Müller", "z.m", "zo zoe zoë mü mu muller zm z.m ller", "zz"),
        ("山田さくら", "yamada", "さ さくら 山田 田さ ya yamada mada", "らく xsak"),
        ("김철수", "kim", "김 철수 kim", "수철"),
        ("O'Neill-Ray", "o", "o on onr neill onra 'nei", "no"),
    ],
)  # fmt: skip
def test_a_name_is_found_by_part_pinyin_initials_or_a_mixture(
    name: str, handle: str, typed: str, not_typed: str
) -> None:
    known = spelled(name, handle)
    assert [word for word in typed.split() if not known.is_meant_by(fold(word))] == []
    assert [word for word in not_typed.split() if known.is_meant_by(fold(word))] == []


def test_one_or_two_latin_letters_begin_a_word_and_more_are_found_anywhere() -> None:
    known = spelled("Charlie", "charlie")
    assert [word for word in ("li", "lie", "ch", "arl", "rl") if known.is_meant_by(word)] == ["lie", "ch", "arl"]


def test_a_name_that_repeats_itself_costs_little() -> None:
    known = spelled(" ".join("a" * 20), "a" * 30)
    assert known.is_meant_by("a" * 20) and not known.is_meant_by("a" * 50 + "b")


def test_whatever_means_a_title_is_made_of_what_it_may_be_typed_as() -> None:
    seed, parts = random.Random(3), ["王", "重庆", "绿色", "Ada", "Zoë", "O'Neill", "茶1", "abcж", "2nd", "さ", "曾"]
    for _ in range(300):
        title = "".join(seed.choice(parts) + seed.choice(["", " "]) for _ in range(seed.randrange(1, 5)))
        starts, threes = typed(title)
        for word in some_ways_to_type(title, seed):
            if is_meant(title, word) and word not in fold(title):
                assert word[:2] in starts, (title, word)
                assert {word[place : place + 3] for place in range(len(word) - 2)} <= threes, (title, word)
        for start in starts:
            assert not start.isascii() or is_meant(title, start), (title, start)


def some_ways_to_type(title: str, seed: random.Random) -> list[str]:
    """Beginnings of parts of the title that follow each other, and some that nobody means."""
    words = []
    for part in spelled(title, "").parts:
        for first in range(len(part)):
            some = [seed.choice(sorted(typed)) for typed in part[first : first + seed.randrange(1, 5)]]
            words.append("".join(text[: seed.randrange(1, len(text) + 1)] for text in some))
    return [*words, *("".join(seed.choices("abcwzoq1", k=3)) for _ in range(3))]
