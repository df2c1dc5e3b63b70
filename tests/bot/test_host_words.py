"""The host's sentences, in three languages."""

import pytest

from chatserver.bot.host_words import WORDS, language_of


@pytest.mark.parametrize("language", WORDS)
def test_every_sentence_names_who_it_is_for(language):
    words = WORDS[language]
    assert "Ann" in words.greeting(["Ann"]) and "{" not in words.greeting(["Ann"])
    assert words.closing and "{" not in words.closing
    assert "Tea or coffee?" in words.question.format(text="Tea or coffee?")


def test_several_are_named_in_one_line_and_many_are_counted():
    assert WORDS["en"].names(["Ann", "Bo", "Cy"]) == "Ann, Bo and Cy"
    assert WORDS["zh-Hans"].names(["小安", "老白"]) == "小安和老白"
    assert WORDS["en"].names(list("abcdefgh")) == "a, b, c, d, e and 3 more"


@pytest.mark.parametrize(
    ("text", "community", "language"),
    [
        ("hello there", "zh-Hans", "en"),
        ("有人吗", "en", "zh-Hans"),
        ("有人嗎", "en", "zh-Hant"),
        ("你好", "zh-Hant", "zh-Hant"),
        ("你好 friends", "en", "zh-Hans"),
        (":-)", "zh-Hant", "zh-Hant"),
    ],
)
def test_a_text_is_answered_in_its_own_language(text, community, language):
    assert language_of(text, community) == language


def test_names_that_look_like_a_pattern_are_left_alone():
    assert "{names}" in WORDS["en"].greeting(["{names}"])
