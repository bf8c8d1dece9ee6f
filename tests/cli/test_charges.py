"""What is said before CloudWatch is asked: how much, at what price, for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from loaders.cloudwatch import Estimate
from loaders.cloudwatch.estimate import Part
from loaders.report import LoadReport
from optima.cli import charges

EXPECTED = Estimate(
    start=datetime(2026, 10, 18),
    end=datetime(2026, 11, 1),
    resources=1200,
    parts=(
        Part("minutes", units=120, calls=720, queries=4800, queries_at_most=7200, points=48_384_000),
        Part("capacity", units=1, calls=4, queries=100, queries_at_most=100, points=403_200),
    ),
    known_queries=2400,
    seconds=246.0,
    is_assumed=True,
)


def test_every_reading_with_its_price_and_the_time() -> None:
    assert charges.lines(EXPECTED) == [
        "To read of 1,200 tables and indexes, 2026-10-18 00:00 to 2026-11-01 00:00 UTC:",
        "  minutes   120 units  720 calls  4,800 metrics  $0.0480",
        "  capacity     1 unit    4 calls    100 metrics  $0.0010",
        "Known already and not asked for: 2,400 metrics.",
        "CloudWatch will charge about $0.05 for 4,900 metrics.",
        "It may be about $0.07, if what does not fit its answer, or is silent where it may have been "
        "forgotten, is asked for twice. What AWS fails to answer comes on top.",
        "Expected time: about 4 min (assumed, for want of past loads).",
    ]


@pytest.mark.parametrize(("limit", "is_said"), [(None, False), (0.0731, False), (0.07, True), (0.01, True)])
def test_a_limit_is_said_if_it_may_be_reached(limit: float | None, is_said: bool) -> None:
    said = "\n".join(charges.lines(replace(EXPECTED, max_usd=limit)))
    assert (f"It stops before it has cost more than ${limit}." in said) is is_said


def test_an_estimate_from_experience_says_so() -> None:
    assert (
        charges.lines(replace(EXPECTED, is_assumed=False))[-1]
        == "Expected time: about 4 min (as past loads here)."
    )


def test_nothing_due() -> None:
    assert charges.lines(replace(EXPECTED, parts=(), resources=1)) == [
        "Nothing is due of 1 table or index, 2026-10-18 00:00 to 2026-11-01 00:00 UTC: all of it is known, "
        "and nothing is charged."
    ]


def test_a_dry_run_answers_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    charges.dry_run(replace(EXPECTED, left_out="Left out: 3 tables and indexes of 1 account that has left."))
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines() == [
        *charges.lines(EXPECTED),
        "Left out: 3 tables and indexes of 1 account that has left.",
        "This was a dry run: CloudWatch was asked for nothing.",
    ]


def test_first_lines_and_what_was_spent_leave_standard_output_to_the_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    charges.announce(EXPECTED)
    charges.spent(LoadReport("1", "collect", usd=0.0521))
    charges.spent(LoadReport("2", "collect", usd=0.0))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        *charges.lines(EXPECTED),
        "CloudWatch charges about $0.05 for that.",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "about 1 s"),
        (89, "about 89 s"),
        (100, "about 2 min"),
        (5399, "about 90 min"),
        (9000, "about 2.5 h"),
    ],
)
def test_lengths_of_time(seconds: float, said: str) -> None:
    assert charges.duration(seconds) == said
