"""Arguments by the function's signature, and usage lines that help."""

import pytest

from chatserver.bot.commands import BadArgumentError, describe, split


def roll(event, dice: int, sides: int = 6): ...
def say(event, times: int, text: str): ...
def add(event, *numbers: float): ...
def mute(event, who: str, quiet: bool = True): ...


@pytest.mark.parametrize(
    ("function", "text", "expected"),
    [
        (roll, "2", [2]),
        (roll, "２", [2]),
        (roll, "2  20", [2, 20]),
        (say, "3 hello  there, world", [3, "hello  there, world"]),
        (say, "3 two\nlines", [3, "two\nlines"]),
        (add, "1 2.5 -3", [1.0, 2.5, -3.0]),
        (add, "", []),
        (mute, "ann no", ["ann", False]),
        (mute, "ann 是", ["ann", True]),
    ],
)
def test_words_become_what_the_signature_asks_for(function, text, expected):
    assert describe("x", function).read(text) == expected


@pytest.mark.parametrize(
    ("function", "text", "sentence"),
    [
        (roll, "", "dice is missing"),
        (roll, "two", "'two' is not a whole number"),
        (roll, "2 6 7", "'7' is more than"),
        (add, "1 x", "'x' is not a number"),
        (add, "1 nan", "'nan' is not a number"),
        (add, "-inf", "'-inf' is not a number"),
        (add, "1e999", "'1e999' is not a number"),
        (roll, "9" * 41, "is not a whole number"),
        (mute, "ann perhaps", "'perhaps' is not yes or no"),
        (say, "3", "text is missing"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(function, text, sentence):
    with pytest.raises(BadArgumentError, match=sentence):
        describe("x", function).read(text)


def test_usage_shows_what_is_needed_and_what_may_be_left_out():
    assert describe("roll", roll, "Roll dice.").usage() == "Usage: /roll <dice> [sides]: Roll dice."
    assert describe("say", say).usage("!") == "Usage: !say <times> <text …>"
    assert describe("add", add).usage() == "Usage: /add [numbers …]"


def test_other_types_are_refused_when_the_command_is_made():
    def wrong(event, when: bytes): ...

    with pytest.raises(TypeError, match="when must be"):
        describe("wrong", wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/Roll 2 6", ("roll", "2 6")),
        ("/roll", ("roll", "")),
        ("/roll\n2", ("roll", "2")),
        ("roll 2", ("", "")),
        ("/ roll", ("", "roll")),
        ("／roll ２", ("roll", "２")),
        ("", ("", "")),
    ],
)
def test_a_command_begins_with_the_prefix(text, expected):
    assert split(text, "/") == expected
