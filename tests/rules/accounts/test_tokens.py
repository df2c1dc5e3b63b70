"""Tokens and codes: made of given random bytes, recognised again, refused when mistyped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.errors import Refusal
from chatserver.rules.accounts import tokens

USER = "0123456789abcdef01234567"
secrets = st.binary(min_size=20, max_size=20)
users = st.text("0123456789abcdef", min_size=24, max_size=24)


@given(users, secrets)
def test_a_token_tells_whose_it_is(user, secret):
    token = tokens.new_token(user, secret)
    assert tokens.user_of(token) == user
    assert token.startswith("chat_")
    assert len(token) == 62
    assert token.isascii()


@given(secrets, st.integers(0, 61), st.sampled_from("0123456789abcdefABCDEFxyzXYZ_"))
def test_a_mistyped_token_is_refused_without_a_look_up(secret, place, letter):
    token = tokens.new_token(USER, secret)
    typo = token[:place] + letter + token[place + 1 :]
    if typo != token:
        with pytest.raises(Refusal) as caught:
            tokens.user_of(typo)
        assert caught.value.reason == "bad_token"


@pytest.mark.parametrize("text", ["", "chat_", "x" * 62, "chat_" + "0" * 57, "chat_" + "é" * 57, "chat_" + "٣" * 57])
def test_what_is_no_token_is_refused(text):
    with pytest.raises(Refusal):
        tokens.user_of(text)


def test_white_space_around_a_token_is_not_part_of_one():
    with pytest.raises(Refusal):
        tokens.user_of(tokens.new_token(USER, bytes(20)) + "\n")


@given(secrets, secrets)
def test_different_secrets_make_different_tokens_and_logins(one, other):
    first, second = tokens.new_token(USER, one), tokens.new_token(USER, other)
    assert (first == second) == (one == other)
    assert (tokens.login_id(tokens.digest(first)) == tokens.login_id(tokens.digest(second))) == (one == other)


def test_a_login_id_is_the_head_of_the_tokens_digest():
    digest = tokens.digest("chat_x")
    assert len(digest) == 64
    assert tokens.login_id(digest) == digest[:24]


def test_too_little_randomness_is_a_fault():
    for make in (lambda: tokens.new_token(USER, bytes(19)), lambda: tokens.recovery_code(bytes(15))):
        with pytest.raises(ValueError, match="random bytes"):
            make()


@given(st.binary(min_size=16, max_size=16))
def test_a_code_is_recognised_however_it_is_typed(random):
    for make, groups in ((tokens.recovery_code, 5), (tokens.invite_code, 3), (tokens.room_link, 4)):
        code = make(random)
        assert [len(group) for group in code.split("-")] == [5] * groups
        assert not set(code) & set("ILOU")
        for typed in (code.lower(), code.replace("-", " "), f" {code.replace('-', '')}\n", code.replace("0", "O"),
                      code.replace("1", "l"), code.replace("1", "I")):  # fmt: skip
            assert tokens.normal_code(typed) == code


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_different_random_bytes_make_different_recovery_codes(one, other):
    low = 2**125 - 1
    same = int.from_bytes(one, "big") & low == int.from_bytes(other, "big") & low
    assert (tokens.recovery_code(one) == tokens.recovery_code(other)) == same


@given(st.text(max_size=60))
def test_any_text_at_all_can_be_asked_for_as_a_code(typed):
    assert tokens.digest(tokens.normal_code(typed))
