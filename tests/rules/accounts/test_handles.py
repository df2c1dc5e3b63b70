"""Handles in all scripts are accepted; those that look like somebody else's are refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.errors import Refusal
from chatserver.rules.accounts import handles

WELCOME = """
łukasz 王小明 محمد nguyễn anna bob jean-luc o.neill maría josé françois zoë jürgen søren åsa björk þóra đặng trần
phạm šárka čeněk ștefan ğülşen ömer ayşe çağla иван мария дмитрий алексей ольга юлія київ ђорђе њивa2 γιώργος ελένη
νίκος արամ դավիթ דוד שרה יעקב أحمد فاطمة عبدالله علی پروین رضا محمدرضا मोहन प्रिया राजेश অনন্যা রহিম ਗੁਰਪ੍ਰੀਤ પ્રિયા
அருண் தமிழ் రాము ಕೃಷ್ಣ മോഹൻ නිමල් สมชาย สุดา ສົມພອນ အောင် គឹម སྒྲོལ་མ გიორგი ნინო አበበ ሰላም 김철수 이영희 박지성
田中太郎 すずき タナカ ジョン 山田はなこ 陈伟 李娜 張偉 林美玲 歐陽修 司马光 小明tom 阿bob 二〇后 han_meimei lilei2020
user_42 a.b.c x-y-z 42 r2d2 émilie noël ñandú ірина ґанна óscar ýmir žofie ľudmila győző ķirsis ūla ėglė õie
""".replace("њивa2", "њива").replace("སྒྲོལ་མ", "སྒྲོལ").split()  # fmt: skip


def refused(text):
    with pytest.raises(Refusal) as caught:
        handles.checked(text)
    assert caught.value.data["path"] == "handle"
    return caught.value.reason


def test_there_are_a_hundred_welcome_handles_and_no_two_look_alike():
    assert len(WELCOME) >= 100
    assert len({handles.skeleton(handle) for handle in WELCOME}) == len(WELCOME)


@pytest.mark.parametrize("handle", WELCOME)
def test_a_handle_people_really_have_is_accepted_unchanged(handle):
    assert handles.checked(handle) == unicodedata.normalize("NFKC", handle)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Łukasz", "łukasz"),
        ("  @BOB ", "bob"),
        ("ＢＯＢ", "bob"),
        ("Straße", "strasse"),
        ("İpek", "ipek"),
        ("ΝΊΚΟΣ", "νίκος"),
        ("𝓑𝓸𝓫", "bob"),
    ],
)
def test_a_handle_is_folded(typed, stored):
    assert handles.checked(typed) == stored


@pytest.mark.parametrize(
    ("victim", "attack"),
    [
        ("paypal", "раураӏ"), ("bob", "b0b"), ("bill", "bi11"), ("ian", "ıan"), ("anna", "ɑnnɑ"), ("morn", "rnorn"),
        ("сосо", "coco"), ("kolo", "κolo"), ("ооо", "ooo"), ("王小明", "王⼩明"), ("エ王", "工王"),
        ("raura", "раura"), ("bob", "bоb"), ("bob", "bo\u200bb"), ("bob", "bob\u200d"), ("bob", "\u202ebob"),
        ("bob", "bo\u00adb"), ("bob", "bob\u3164"), ("bob", "bob\u115f"), ("bob", "bob\ufe0f"), ("bob", "b\u034fob"),
        ("bob", "bobʼ"), ("bob", "bob\u0301\u0301\u0301"), ("bob", "bob\u2800"), ("bob", "b\u17b4ob"),
        ("bob", "bob\U000e0041"),
        ("paul", "pau1"), ("محمد", "محـمد"), ("bob", "bob\u20dd"), ("bob", "bob\u0000"), ("host", "hоst"),
    ],
)  # fmt: skip
def test_a_look_alike_is_refused_or_counts_as_the_same(victim, attack):
    try:
        stored = handles.checked(attack)
    except Refusal:
        return
    assert handles.skeleton(stored) == handles.skeleton(victim)


@pytest.mark.parametrize("text", ["", " ", "a", "x" * 31, "@"])
def test_a_handle_has_two_to_thirty_characters(text):
    assert refused(text) == "handle_length"


@pytest.mark.parametrize(
    "text", ["_bob", "bob.", "-bob", "bo..b", "bo_-b", "bo b", "bo/b", "bo@b", "bo😀b", "bob!", "b{o}b"]
)
def test_only_single_separators_inside_and_nothing_else_stand_in_a_handle(text):
    assert refused(text) == "handle_characters"


@pytest.mark.parametrize("text", ["\u0301bob", "1\u0301x", "a_\u0301b", "มี\u0e48\u0e48\u0e48\u0e48\u0e48"])
def test_marks_stand_on_letters_and_never_in_floods(text):
    assert refused(text) == "handle_marks"


@pytest.mark.parametrize("text", ["bobи", "αlpha", "王и", "a٣b4", "1٢٣"])
def test_alphabets_and_number_systems_that_look_alike_do_not_mix(text):
    assert refused(text) == "handle_mixed_scripts"


@pytest.mark.parametrize(
    "text", ["host", "HOST", "Admin", "everyone", "here", "全体", "管理員", "h0st", "ноst".replace("но", "ho")]
)
def test_names_of_the_server_are_kept_for_the_server(text):
    assert refused(text) == "handle_reserved"
    assert handles.checked(text, may_be_reserved=True)


@given(st.text(max_size=40))
def test_whatever_is_accepted_is_stable_visible_and_safe_as_a_key(text):
    try:
        handle = handles.checked(text)
    except Refusal:
        return
    assert handles.checked(handle) == handle
    skeleton = handles.skeleton(handle)
    assert skeleton == handles.skeleton(skeleton)
    assert skeleton and not set("{}\0\n ") & set(skeleton)
    assert all(unicodedata.category(char)[0] not in "CZ" for char in handle)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=2, max_size=12), st.data())
def test_putting_a_cyrillic_or_greek_twin_into_a_latin_handle_gains_nothing(handle, data):
    twins = {"a": "аα", "c": "с", "e": "е", "o": "оο", "p": "рρ", "x": "х", "y": "у", "i": "іι", "s": "ѕ", "j": "ј"}
    forged = "".join(data.draw(st.sampled_from(char + twins.get(char, ""))) for char in handle)
    try:
        stored = handles.checked(forged, may_be_reserved=True)
    except Refusal:
        return
    assert handles.skeleton(stored) == handles.skeleton(handle)
