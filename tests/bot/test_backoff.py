from chatserver.bot.backoff import Backoff, span


def test_the_span_doubles_from_one_second_to_thirty():
    assert [span(attempt) for attempt in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert span(10_000) == 30


def test_the_whole_span_is_random():
    waits = []
    for _ in range(200):
        backoff = Backoff()
        backoff.next()
        waits.append(backoff.next())
    assert all(0 <= wait <= 2 for wait in waits)
    assert min(waits) < 0.5 and max(waits) > 1.5


def test_a_success_resets_it():
    backoff = Backoff()
    for _ in range(10):
        backoff.next()
    backoff.succeeded()
    assert backoff.next() <= 1
