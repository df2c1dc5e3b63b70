"""Whatever a text contains is found by the tokens of the index, in any writing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatserver.rules.text.tokens import parse_query, tokens_of


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("我在臺灣用 Python3.11", "我在 在台 台湾 湾用 用 python3 11"), ("上海东站", "上海 海东 东站 站"),
        ("C++ 😀!", "c 😀"), ("one_two foo-bar", "one two foo bar"), ("ありがとう", "あり りが がと とう う"),
        ("नमस्ते दुनिया", "नमस्ते दुनिया"), ("สวัสดี", "สว วั ัส สด ดี ี"), ("", ""),
    ],
)  # fmt: skip
def test_runs_without_spaces_become_pairs_and_others_words(text: str, tokens: str) -> None:
    assert tokens_of(text) == tokens.split()


SPACED = "abC3न्"
CHARS = st.sampled_from('重慶庆海东a bC+3.😀あน्न"“')


@given(text=st.text(CHARS, min_size=1, max_size=12), place=st.integers(0, 11), length=st.integers(1, 6))
def test_any_part_of_chinese_and_any_beginning_of_words_is_found(text: str, place: int, length: int) -> None:
    part = text.replace('"', " ").replace("“", " ")[place : place + length]
    begins = not 0 < place <= len(text) or text[place - 1] not in SPACED
    if begins and part.strip():
        assert parse_query(f'"{part}"').is_met_by(text.replace("“", " ").replace('"', " ")), part


@settings(max_examples=50)
@given(text=st.text(max_size=20), query=st.text(max_size=20))
def test_no_text_makes_it_fail_and_what_is_quoted_is_contained(text: str, query: str) -> None:
    parse_query(query).is_met_by(text)
    assert not parse_query('"zz zz"').is_met_by(text.replace("z", ""))
