"""A name is found by what people type for it."""

from __future__ import annotations

import pytest

from chatserver.rules.text.searching import fold
from chatserver.rules.text.spellings import spelled


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
