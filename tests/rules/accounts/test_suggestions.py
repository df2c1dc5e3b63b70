"""Handles made from names: what people would type themselves, and always valid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.rules.accounts import handles, suggestions


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("王小明", "wangxiaoming"),
        ("陳大文", "chendawen"),
        ("吕布", "lvbu"),
        ("Tom 王小明", "tom.wangxiaoming"),
        ("Ann", "ann"),
        ("Ann Lee", "ann.lee"),
        ("Émile  Žižek", "emile.zizek"),
        ("Łukasz Strauß", "lukasz.strauss"),
        ("J.R. Smith", "j.r.smith"),
        ("Jean-Luc", "jean-luc"),
        ("O’Neill!", "oneill"),
        ("小明 (Tom)", "xiaoming.tom"),
        ("Иван Петров", "иван.петров"),
        ("さくら", "さくら"),
        ("山田 はなこ", "山田.はなこ"),
        ("김철수", "김철수"),
        ("محمد علي", "محمد.علي"),
        ("प्रिया", "प्रिया"),
        ("Agent 007", "agent.007"),
        ("A", "a"),
        ("💃🏽", "guest"),
        ("Ａｎｎ", "ann"),
        ("x" * 40, "x" * 21),
    ],
)
def test_a_name_gives_the_handle_one_would_choose(name, handle):
    assert suggestions.from_name(name) == handle


def test_numbers_stand_behind_and_what_is_no_handle_is_left_out():
    assert suggestions.numbered("ann", 1) == "ann"
    assert suggestions.numbered("ann", 2) == "ann2"
    assert suggestions.numbered("a", 1) == ""
    assert suggestions.numbered("a", 2) == "a2"
    assert suggestions.numbered("admin", 1) == ""


@given(st.text(max_size=60), st.integers(2, 999_999_999))
def test_whatever_the_name_the_numbered_handle_is_one(name, number):
    base = suggestions.from_name(name)
    handle = suggestions.numbered(base, number)
    assert handle and handles.checked(handle) == handle
