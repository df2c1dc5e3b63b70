"""A search finds a word in any of its spellings."""

from __future__ import annotations

import pytest

from chatserver.rules.text.searching import fold
from tests.web import simplified


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("讀書", "读书"), ("養花種菜", "养花种菜"), ("臺灣", "台湾"), ("台灣", "台湾"), ("頭髮", "头发"),
        ("發展", "发展"),
        ("裡面", "里面"), ("裏面", "里面"), ("乾坤", "干坤"), ("張小燕 KTV", "张小燕 ktv"), ("ＴＥＡ", "tea"),
        ("Straße", "STRASSE"), ("ﾃｨｰ", "ティー"), ("茶", "茶"), ("", ""),
    ],
)  # fmt: skip
def test_two_writings_of_a_word_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_a_part_of_a_word_is_found_in_the_whole() -> None:
    """What a character becomes does not depend on what stands beside it."""
    text = "乾坤、後來、皇后、頭髮、發現、麵條、面子、隻身、只有、臺北、颱風"
    assert all(fold(char) in fold(text) for char in text)
    assert fold("".join(text)) == "".join(map(fold, text))


def test_the_page_marks_what_was_found_by_the_same_table() -> None:
    assert (simplified.FOLDER / "simplified.js").read_text("utf-8") == simplified.table()


def test_different_words_stay_different() -> None:
    assert fold("茶") != fold("书") and fold("tea") != fold("teas")
