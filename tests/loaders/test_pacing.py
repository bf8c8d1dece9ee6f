"""The pace at which CloudWatch is asked, by a clock that only goes on while somebody waits."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from loaders.cloudwatch.pacing import Pacer, Pacers, is_recent

NOW = datetime(2026, 11, 1, 12)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pacer(clock: Clock) -> Pacer:
    return Pacer(clock=clock.read, sleep=clock.sleep)


@pytest.mark.parametrize(
    ("points", "recent", "a_second"),
    [
        (1, False, 50),
        (7_920, False, 50),
        (100_800, False, 396_000 / 100_800),
        (100_800, True, 180_000 / 100_800),
        (3_600, True, 50),
        (18_000, True, 10),
    ],
)
def test_calls_and_points_a_second(
    pacer: Pacer, clock: Clock, points: int, recent: bool, a_second: float
) -> None:
    for _ in range(101):
        pacer.wait(points, is_recent=recent)
    assert clock.now == pytest.approx(100 / a_second)


def test_time_that_passed_anyway_is_not_waited_for(pacer: Pacer, clock: Clock) -> None:
    pacer.wait(396_000, is_recent=False)
    clock.now += 0.75
    pacer.wait(1, is_recent=False)
    assert clock.now == pytest.approx(1)
    clock.now += 60
    pacer.wait(1, is_recent=False)
    assert clock.now == pytest.approx(61)  # a pause saves up nothing, and costs nothing


def test_throttling_halves_the_pace_once_a_second_and_answers_restore_it(pacer: Pacer, clock: Clock) -> None:
    pacer.answered(throttled=3)
    pacer.answered(throttled=1)
    assert (pacer.share, pacer.throttles) == (0.5, 4)
    clock.now += 1
    pacer.answered(throttled=1)
    assert pacer.share == 0.25
    pacer.wait(1, is_recent=False)
    pacer.wait(1, is_recent=False)
    assert clock.now == pytest.approx(1 + 4 / 50)
    for _ in range(61):
        pacer.answered(throttled=0)
    assert pacer.share == 1


def test_the_pace_never_stops(pacer: Pacer, clock: Clock) -> None:
    for _ in range(20):
        pacer.answered(throttled=1)
        clock.now += 1
    assert pacer.share == 1 / 16


def test_each_account_and_region_has_its_own() -> None:
    pacers = Pacers()
    assert pacers.of("111122223333", "us-east-1") is pacers.of("111122223333", "us-east-1")
    assert pacers.of("111122223333", "us-east-1") is not pacers.of("111122223333", "eu-west-1")
    assert pacers.of("111122223333", "us-east-1") is not pacers.of("012345678901", "us-east-1")


@pytest.mark.parametrize(("hours", "expected"), [(2.9, True), (3, False), (24, False)])
def test_which_calls_have_the_lower_limit(hours: float, expected: bool) -> None:
    assert is_recent(NOW - timedelta(hours=hours), NOW) is expected
