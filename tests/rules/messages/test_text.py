"""Rules for messages, for a room's title and description, and for mentions."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.errors import Refusal
from chatserver.rules.messages import text

PEOPLE = {
    "bob": "B", "bob.smith": "S", "张三": "Z", "张三丰": "F", "محمد": "M", "김철수": "K", "สมชาย": "T",
    "мария": "R", "jean-luc": "J",
}  # fmt: skip


def called(written, members):
    """Whom a text calls in a room of these members (handle: id), as the room decides it in called_in."""
    found = {}
    for name in text.names_called(written).splitlines():
        word, *lengths = name.split(" ")
        handles = (word.encode()[: int(length)].decode() for length in lengths)
        user = next((members[handle] for handle in handles if handle in members), None)
        if user:
            found[user] = None
    return list(found)


def reason_of(call, *arguments, **named):
    with pytest.raises(Refusal) as caught:
        call(*arguments, **named)
    return caught.value.reason


def test_line_ends_become_one_kind_and_the_rest_stays_as_it_was_written():
    assert text.message("a\r\nb\rc\u2028d\u2029e\u0085f\tg  ") == "a\nb\nc\nd\ne\nf\tg  "
    assert text.message("e\u0301 👩‍💻 می‌خواهم") == "e\u0301 👩‍💻 می‌خواهم"


@pytest.mark.parametrize("bad", ["a\0b", "\x1b[31m", "\x0b", "\x7f", "\ud83d", "x\udc00"])
def test_controls_and_halves_of_surrogates_are_refused(bad):
    assert reason_of(text.message, bad) == "text_characters"


@pytest.mark.parametrize("bad", ["", " ", "\n\t\u3000", "\u200b\u200d", "\u2060 \u00ad", "\ufe0f", "\u3164", "\u2800"])
def test_a_message_that_nobody_could_see_is_refused(bad):
    assert reason_of(text.message, bad) == "text_empty"


def test_a_message_has_at_most_four_thousand_characters_and_sixteen_kilobytes():
    assert text.message("x" * 4000)
    assert text.message("😀" * 4000)
    assert reason_of(text.message, "x" * 4001) == "too_large"
    assert reason_of(text.message, "😀" * 26, size=100) == "too_large"
    assert text.message("😀" * 25, size=100)
    assert text.message("x" * 5000, characters=0, size=0)


@given(st.text(max_size=80))
def test_an_accepted_message_is_stable_and_can_be_encoded(written):
    try:
        kept = text.message(written)
    except Refusal:
        return
    assert text.message(kept) == kept
    assert kept.encode()
    assert not set(kept) & set("\r\0\x1b\u2028")


def test_a_title_is_one_line_of_at_most_sixty_characters():
    assert text.checked_title("  Green \n living ") == "Green living"
    assert reason_of(text.checked_title, " \u200b") == "title_empty"
    assert reason_of(text.checked_title, "x" * 61) == "title_length"
    assert reason_of(text.checked_title, "x\u202ey") == "title_characters"
    assert reason_of(text.checked_title, "x" + "\u0301" * 4) == "title_marks"


def test_what_a_room_says_of_itself_may_be_empty_and_has_at_most_five_hundred_characters():
    assert text.checked_about("  a\r\nb ") == "a\nb"
    assert text.checked_about(" ") == ""
    assert reason_of(text.checked_about, "x" * 501) == "about_length"


def test_tags_are_folded_and_each_is_kept_once():
    assert text.checked_tags(["#Green Living", "green living", "读书", "ＫＴＶ"]) == ["green-living", "读书", "ktv"]
    assert reason_of(text.checked_tags, [str(n) for n in range(9)]) == "tags_count"
    assert reason_of(text.checked_tags, ["x" * 25]) == "tags_length"
    assert reason_of(text.checked_tags, ["#"]) == "tags_characters"
    assert reason_of(text.checked_tags, ["a\0"]) == "tags_characters"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("@bob hi", "B"), ("hi @BOB, hi", "B"), ("@bob", "B"), ("(@bob)", "B"), ("@bobby", ""),
        ("@bob_x", ""), ("bob", ""),
        ("mail a@bob", ""), ("hi@bob.com", ""), ("1@bob", ""), ("x@张三", ""), ("@bob.smith.", "S"),
        ("@bob.", "B"), ("@@bob", "B"),
        ("你好@bob你好", "B"), ("@张三你好", "Z"), ("@张三丰你好", "F"), ("叫@张三和@张三丰来", "ZF"),
        ("＠张三", "Z"), ("@محمد، أهلا", "M"),
        ("@محمدي", ""), ("@김철수야", "K"), ("@สมชายครับ", "T"), ("@Мария!", "R"), ("@bob\u0301", ""),
        ("@jean-luc", "J"), ("@jean", ""),
        ("@bob @bob @Bob", "B"), ("@ bob", ""), ("@bob@张三", "B"), ("@张三@bob", "ZB"),
    ],
)  # fmt: skip
def test_a_mention_calls_the_member_with_the_longest_handle(written, expected):
    assert called(written, PEOPLE) == list(expected)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("`@bob`", ""), ("``a ` @bob``", ""), ("` @bob", "B"), ("`a` @bob `b`", "B"), ("`a\n@bob`", ""),
        ("```\n@bob\n```", ""), ("```c#\n@bob\n```\n@张三", "Z"), ("````\n```\n@bob\n````", ""), ("```\n@bob", ""),
        ("`\n```\n@bob\n```\n`@张三", "Z"), ("> `\n@bob `", "B"), ("> @bob", "B"),
        ("- ` x\n- `@bob`", ""), ("1. `\n2. @bob `", "B"), ("# `\n@bob `", "B"), ("- `a\n  @bob`", ""),
        ("- `a\n@bob`", "B"),
        ("https://mastodon.example/@bob", ""), ("mastodon.example/@bob", ""), ("x?u=@bob", ""), ("?a=1&@bob", ""),
        ("@bob/core", ""), ("@bob/核心", ""), ("@bob/", "B"), ("HTTPS://a.b/x?@bob", ""), ("https://a.b/ @bob", "B"),
        ("看https://a.b/x，@bob", "B"), ("C:\\@bob", ""),
        ("_@bob_", "B"), ("**@bob**", "B"), ("*@bob*", "B"), ("__@bob__", "B"), ("_@bob_!", "B"), ("a_@bob", ""),
        ("@bob_x", ""), ("_@bob_x", ""), ("_@张三_", "Z"), ("~@bob~", "B"), ("@bob's", "B"), ("@bob、@张三", "BZ"),
    ],
)  # fmt: skip
def test_nobody_is_called_in_code_addresses_and_paths_but_in_bold_and_italic_words(written, expected):
    assert called(written, PEOPLE) == list(expected)


def test_a_text_gives_at_most_fifty_names_of_at_most_thirty_ends_each():
    names = text.names_called(" ".join(f"@{'人' * 40}{number}" for number in range(80))).splitlines()
    assert len(names) <= 50
    assert len(text.names_called(" ".join(f"@name{number}" for number in range(80))).splitlines()) == 50
    assert all(len(name.split(" ")) <= 31 for name in names)


@pytest.mark.parametrize(
    "piece",
    [
        "@",
        "@b",
        "@bob",
        "@张三",
        "@" + "e\u0301" * 40,
        "@\ufdfa",
        "\u0301@",
        "@" + "x" * 70,
        "`@bob",
        "`` ` ",
        "```\n",
        "_",
        "_@",
        "_@_",
        "https://@",
        "/@",
    ],
)
def test_finding_mentions_takes_time_in_proportion_to_the_text(piece):
    def seconds(length):
        written = (piece * length)[:length]
        started = time.thread_time()  # others' work on the same cores does not count
        text.names_called(written)
        return time.thread_time() - started

    once = min(seconds(4_000) for _ in range(3))
    assert min(seconds(40_000) for _ in range(3)) < 40 * once + 0.01


@given(st.text(alphabet="@ab.张三 \n_-x", max_size=60))
def test_only_members_are_called_each_once_and_only_behind_an_at(written):
    found = called(written, {"ab": "1", "张三": "2", "a.b": "3"})
    assert len(found) == len(set(found))
    assert set(found) <= {"1", "2", "3"}
    assert len(found) <= written.count("@")
