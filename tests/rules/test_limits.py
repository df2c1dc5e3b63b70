"""Token buckets: a burst at once, then the rate; the clock is an argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.rules.limits import NEVER_MS, Bucket, Buckets


def test_a_bucket_gives_its_burst_and_then_its_rate():
    bucket = Bucket(3, 2)
    assert [bucket.take(1000) for _ in range(4)] == [0, 0, 0, 500]
    assert bucket.take(1499) == 1
    assert bucket.take(1500) == 0
    assert bucket.take(1500) == 500


def test_waiting_the_returned_time_is_enough():
    bucket = Bucket(1, 3)
    assert bucket.take(0) == 0
    wait = bucket.take(0)
    assert bucket.take(wait) == 0


def test_asking_takes_nothing():
    bucket = Bucket(1, 1)
    assert [bucket.wait(0), bucket.wait(0), bucket.take(0), bucket.wait(0), bucket.take(0)] == [0, 0, 0, 1000, 1000]


def test_a_burst_of_nothing_is_no_limit():
    bucket, buckets = Bucket(0, 0), Buckets(0, 0)
    assert not any(bucket.take(0) for _ in range(1000))
    assert not any(buckets.take("x", 0) + buckets.of("x").wait(0) for _ in range(1000))
    assert len(buckets) == 0


def test_a_bucket_that_never_fills_says_to_come_back_tomorrow():
    bucket = Bucket(1, 0)
    assert [bucket.take(0), bucket.take(0)] == [0, NEVER_MS]


def test_a_clock_that_goes_back_neither_adds_nor_jams():
    bucket = Bucket(1, 1)
    assert bucket.take(10_000_000) == 0
    assert bucket.take(1_000) == 1000
    assert bucket.take(1_500) == 500
    assert bucket.take(2_000) == 0


def test_what_was_seen_to_be_there_can_be_spent():
    buckets = Buckets(2, 1)
    bucket = buckets.of("x")
    assert bucket.wait(0) == 0
    bucket.spend()
    assert [buckets.take("x", 0), buckets.take("x", 0)] == [0, 1000]
    assert Buckets(0, 0).of("x").wait(0) == 0


def test_what_costs_more_than_the_burst_empties_a_full_bucket():
    bucket = Bucket(2, 1)
    assert bucket.take(0, 10) == 0
    assert bucket.take(0, 10) == 2000


def test_each_key_has_a_bucket_of_its_own_and_the_least_recently_used_is_dropped():
    buckets = Buckets(1, 1, most=2)
    assert [buckets.take(key, 0) for key in "aba"] == [0, 0, 1000]
    assert buckets.take("c", 0) == 0
    assert len(buckets) == 2
    assert buckets.take("a", 0) == 1000
    assert buckets.take("b", 0) == 0


@given(st.integers(1, 20), st.floats(0.1, 50), st.lists(st.integers(0, 2000), min_size=1, max_size=200))
def test_no_pattern_of_asking_gets_more_than_burst_plus_rate(burst, per_second, pauses):
    bucket, now, given_out = Bucket(burst, per_second), 0, 0
    for pause in pauses:
        now += pause
        given_out += bucket.take(now) == 0
    assert given_out <= burst + per_second * now / 1000 + 1e-6


@pytest.mark.parametrize("per_second", [0.1, 1 / 3, 1.0, 7.0, 200.0])
def test_after_waiting_the_returned_time_no_further_wait_is_needed(per_second):
    bucket, now = Bucket(1, per_second), 0
    for _ in range(200):
        wait = bucket.take(now)
        now += wait
        assert wait == 0 or bucket.take(now) == 0
