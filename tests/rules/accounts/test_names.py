"""A name may be in any language, but may not contain links or telephone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.errors import Refusal
from chatserver.rules.accounts import names

WELCOME = [
    "Łukasz Żak", "王小明", "محمد علي", "Nguyễn Văn An", "Anna", "J.R. Smith", "St.John Rivers", "O’Neill",
    "Jean-Luc",
    "María José", "Zoë 🎈", "小明 (Tom)", "👩‍💻 Mei", "🏳️‍🌈 Sam", "김철수", "すずき 花子", "สมชาย",
    "प्रिया", "ශ්‍රී", "می‌خواهم",
    "דָּוִד", "בְּרֵאשִׁ֖ית", "བསྒྲུབས", "Class of 2019", "Agent 007", "二〇后", "❤️ Lin", "Dr. med. Weiß", "A", "李",
    "1️⃣", "🫨 new",
    "Ålesund", "Θεόδωρος", "Փառանձեմ", "გიორგი", "no.one", "x_X_x", "💃🏽", "👩🏽‍🚀", "C++ fan", "Lin & Bo",
    "林·約翰",
]  # fmt: skip


def refused(text):
    with pytest.raises(Refusal) as caught:
        names.checked(text)
    assert caught.value.data["path"] == "name"
    return caught.value.reason


@pytest.mark.parametrize("name", WELCOME)
def test_a_name_people_really_have_is_accepted_unchanged(name):
    assert names.checked(name) == name


def test_white_space_is_folded_and_accents_are_composed():
    assert names.checked("  Zoe\u0308 \t\u3000 Ma ") == "Zoë Ma"


@pytest.mark.parametrize(
    "name",
    ["see example.com", "WWW.x", "https://x", "t.me/bob", "me@mail.org", "wx：http://a",
     "ｅｘａｍｐｌｅ．ｃｏｍ", "exa\u00admple.com",
     "baidu。com", "我的.中国", "bob@home.x", "EXAMPLE.COM!"],
)  # fmt: skip
def test_a_name_holds_no_link(name):
    assert refused(name) in ("name_link", "name_characters")


@pytest.mark.parametrize(
    "name",
    [
        "wx 123456",
        "13800138000",
        "1-2-3-4-5-6",
        "１２３４５６",
        "١٢٣٤٥٦",
        "१२३४५६",
        "①②③④⑤⑥",
        "一三八零零一",
        "138 001 38",
        "q q 1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣",
    ],
)
def test_a_name_holds_no_run_of_six_digits_of_any_script(name):
    assert refused(name) == "name_digits"


def test_five_digits_are_fine():
    assert names.checked("bob 12345") == "bob 12345"


@pytest.mark.parametrize(
    "name",
    ["bob\u202e", "\u2066bob\u2069", "bo\u200bb", "bob\u200d", "b\u200co", "a\u200db", "bob\ufe0f",
     "a\u0000", "a\ufeffb", "bob\u2800", "bob\u3164",
     "x\ue000", "x\U000e0041", "a\u0378"],
)  # fmt: skip
def test_what_cannot_be_seen_or_turns_the_line_around_is_refused(name):
    assert refused(name) == "name_characters"


@pytest.mark.parametrize(
    "name", ["a\u0301\u0302\u0303\u0304", "Z" + "\u0336\u0337\u0338", "\u0301a", "ส" + "\u0e48" * 5]
)
def test_floods_of_marks_are_refused(name):
    assert refused(name) == "name_marks"


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
def test_a_name_has_one_to_forty_characters(name):
    assert refused(name) == "name_length"


def test_a_name_of_dots_alone_is_refused():
    assert refused("...") == "name_empty"


def test_a_headline_may_be_empty_and_is_held_to_the_same_rules():
    assert names.checked_headline("  ") == ""
    assert names.checked_headline("Reads  too much") == "Reads too much"
    with pytest.raises(Refusal) as caught:
        names.checked_headline("write to me@mail.org")
    assert caught.value.reason == "headline_link"


@pytest.mark.parametrize("name", ["J.de Vries", "M.de Boer", "S.in Chen", "A. J.de Vries"])
def test_a_particle_behind_an_initial_is_no_link(name):
    assert names.checked(name) == name


@pytest.mark.parametrize("name", ["t.me bob", "x.de", "tea.de now", "www.j.de Vries", "a.b.de x"])
def test_an_address_behind_a_letter_is_one_all_the_same(name):
    assert refused(name) == "name_link"


@pytest.mark.parametrize("line", ["2019-2024", "Berlin 2019–2024", "31.12.2019", "2019-12-31", "3.14159"])
def test_a_headline_may_hold_years_a_date_and_a_number(line):
    assert names.checked_headline(line) == line


@pytest.mark.parametrize(
    "line", ["138.001.38000", "2019-2024-13", "wx 123456", "20192024", "一三八零零一", "138 001 38"]
)
def test_a_headline_holds_no_number_to_call(line):
    with pytest.raises(Refusal) as caught:
        names.checked_headline(line)
    assert caught.value.reason == "headline_digits"


def test_a_name_changes_at_most_once_a_week():
    named_at = 1_000_000
    with pytest.raises(Refusal) as caught:
        names.may_change(named_at, named_at + 7 * names.DAY_MS - 1)
    assert (caught.value.reason, caught.value.data["retry_after"]) == ("name_too_soon", 1)
    names.may_change(named_at, named_at + 7 * names.DAY_MS)
    names.may_change(0, 5)


@given(st.text(max_size=45))
def test_an_accepted_name_is_stable_short_and_on_one_line(text):
    try:
        name = names.checked(text)
    except Refusal:
        return
    assert names.checked(name) == name
    assert len(name) <= 40
    assert name.splitlines() == [name]
