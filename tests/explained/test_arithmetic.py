"""Printed arithmetic comes out: what is printed, worked out again, is what is printed as its result."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optima.explained import arithmetic

LINE: dict[str, Any] = {
    "unit": "unit-hours",
    "setting": None,
    "monthly_quantity": Decimal("73000"),
    "sunk_quantity": Decimal("0"),
    "free_share": 0.0,
    "paid_quantity": Decimal("73000"),
    "price_usd": Decimal("0.00013"),
    "sunk_plan_usd": Decimal("0"),
    "cost_usd": Decimal("9.49"),
}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, "73,000 unit-hours × 0.00013"),
        ({"setting": {"units": 100}}, "100 × 730 = 73,000 unit-hours × 0.00013"),
        (
            {"setting": {"units": 100}, "free_share": 0.5, "paid_quantity": 36_500, "cost_usd": "4.745"},
            "100 × 730 − 36,500 (free, 50.00 %) = 36,500 unit-hours × 0.00013",
        ),
        (
            {"setting": {"min": 1, "max": 200, "target": 0.7}},
            "100 on average × 730 = 73,000 unit-hours × 0.00013",
        ),
        (
            {
                "setting": {"min": 1, "max": 200, "target": 0.7},
                "monthly_quantity": Decimal("73000.7"),
                "paid_quantity": Decimal("73000.7"),
                "cost_usd": "9.490091",
            },
            "100.001 on average × 730 = 73,001 unit-hours × 0.00013",
        ),
        (
            {"sunk_quantity": 70_000, "paid_quantity": 3000, "cost_usd": "0.39"},
            "73,000 − 70,000 (reserved) = 3,000 unit-hours × 0.00013",
        ),
        (
            {"sunk_quantity": 90_000, "paid_quantity": 0, "cost_usd": 0},
            "73,000 − 73,000 (reserved) = 0 unit-hours × 0.00013",
        ),
        (
            {"sunk_plan_usd": Decimal("4.5"), "cost_usd": "4.99"},
            "73,000 unit-hours × 0.00013 − 4.5 of a Savings Plan",
        ),
        (
            {"sunk_plan_usd": Decimal("20"), "cost_usd": "0"},
            "73,000 unit-hours × 0.00013 − 9.49 of a Savings Plan",
        ),
        (
            {"scaled_from": Decimal("100000"), "setting": {"min": 1, "max": 200, "target": 0.7}},
            "100,000 today × 0.73 by simulation = 73,000 unit-hours × 0.00013",
        ),
        (
            {
                "unit": "request units",
                "monthly_quantity": Decimal("183960000"),
                "paid_quantity": Decimal("183960000"),
                "price_usd": Decimal("0.000000125"),
                "cost_usd": "22.995",
                "window_units": 84_672_000.0,
                "known_minutes": 20_160,
            },
            "84,672,000 seen × 730 / 336 hours known = 183,960,000 request units × 0.000000125",
        ),
        (
            {
                "unit": "request units",
                "monthly_quantity": Decimal("43800"),
                "paid_quantity": Decimal("43800"),
                "price_usd": Decimal("0.000000125"),
                "cost_usd": "0.005475",
                "window_units": 20_157.0,
                "known_minutes": 20_157,
            },
            "20,157 seen × 43,800 / 20,157 minutes known = 43,800 request units × 0.000000125",
        ),
        ({"window_units": 5.0, "known_minutes": 20_160}, "73,000 unit-hours × 0.00013"),
        ({"price_usd": None, "cost_usd": None}, "no price of a unit-hour"),
        ({"paid_quantity": None, "cost_usd": None}, "unknown quantity"),
    ],
)
def test_how_a_cost_is_written(columns: dict[str, Any], expected: str) -> None:
    assert arithmetic.cost(LINE | columns, 4) == expected


def test_what_was_seen_is_said_only_where_it_scales_to_the_month() -> None:
    line = LINE | {"unit": "request units", "window_units": 33_000.0, "known_minutes": 20_160}
    assert arithmetic.cost(line, 4) == "73,000 request units × 0.00013"


@pytest.mark.parametrize(
    ("parts", "total", "places"),
    [
        (["9.49", "0.4745"], "9.9645", 4),
        # At four decimals 0.0000 + 0.0000 would make 0.0001.
        (["0.00003", "0.00003"], "0.00006", 5),
        (["0.1234567891", "0.1234567894"], "0.2469135785", 6),
        (["0.4444444444", "0.4444444444"], "0.8888888888", 10),
        ([], "0", 4),
    ],
)
def test_as_many_decimals_as_add_up(parts: list[str], total: str, places: int) -> None:
    assert arithmetic.places((map(Decimal, parts), Decimal(total))) == places


def test_several_sums_share_their_decimals() -> None:
    assert arithmetic.places(([1, 2], 3), (["0.00003", "0.00003"], "0.00006")) == 5


@pytest.mark.parametrize(
    ("before", "after", "columns", "written"),
    [
        (1000, 875, {}, "(1,000 − 875) × 730 × 0.00013 = 11.8625"),
        (10_000, 313, {}, "(10,000 − 313) × 730 × 0.00013 = 919.2963"),
        (40, 20, {"free_share": 0.636986301369863}, "(40 − 20) × 730 × 0.00013 × (1 − 0.637 free) = 0.6890"),
        (
            *(40, 20, {"sunk_quantity": 100}),
            "(40 − 20) × 730 × 0.00013, less what owned commitments cover",
        ),
    ],
)
def test_units_that_are_taken_away(before: int, after: int, columns: dict[str, Any], written: str) -> None:
    assert arithmetic.removed_units(before, after, LINE | columns) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [("0.000000125", "0.000000125"), ("0.00013", "0.00013"), ("0.25", "0.25"), ("1200", "1,200"), ("0", "0")],
)
def test_prices_are_written_in_full(value: str, written: str) -> None:
    assert arithmetic.number(Decimal(value), 12) == written


@pytest.mark.parametrize(
    ("value", "cents"), [("4.745", "$4.75"), ("4.7449", "$4.74"), ("-0.005", "−$0.01"), ("0.0049", "$0.00")]
)
def test_cents_are_rounded_as_a_calculator_s_user_does(value: str, cents: str) -> None:
    assert arithmetic.cents(Decimal(value)) == cents


@pytest.mark.parametrize(
    ("value", "written"),
    [("0.00005", "0.0001"), ("0.00004999", "0.0000"), ("-4.336", "−4.3360"), ("1204.5", "1,204.5000")],
)
def test_amounts_have_four_decimals_rounded_half_up(value: str, written: str) -> None:
    assert arithmetic.amount(Decimal(value)) == written


_QUANTITIES = st.decimals(0, 10**10, places=6)
_LINES = st.fixed_dictionaries(
    {
        "quantity": _QUANTITIES,
        "sunk": st.one_of(st.just(Decimal(0)), _QUANTITIES),
        "free": st.one_of(st.just(0.0), st.floats(0, 1)),
        "price": st.sampled_from([Decimal(p) for p in ("0.000000125", "0.00013", "0.00081", "0.25", "0.1")]),
        "plan": st.one_of(st.just(Decimal(0)), st.decimals(0, 1000, places=10)),
    }
)


def priced(quantity: Decimal, sunk: Decimal, free: float, price: Decimal, plan: Decimal) -> dict[str, Any]:
    """A line as the marts hold it: six decimals of quantities, ten of dollars."""
    beyond = max(quantity - sunk, Decimal(0))
    paid = (beyond * (1 - Decimal(free))).quantize(Decimal("1e-6"))
    return LINE | {
        "monthly_quantity": quantity,
        "sunk_quantity": min(sunk, quantity),
        "free_share": free,
        "paid_quantity": paid,
        "price_usd": price,
        "sunk_plan_usd": plan,
        "cost_usd": max(paid * price - plan, Decimal(0)).quantize(Decimal("1e-10")),
    }


def numbers(text: str) -> list[Decimal]:
    """The numbers of a printed equation, without the shares in brackets."""
    return [
        Decimal(found.replace(",", ""))
        for found in re.findall(r"[\d,]+(?:\.\d+)?", re.sub(r"\(.*?\)", "", text))
    ]


@given(st.lists(_LINES, min_size=1, max_size=6))
def test_every_printed_line_and_total_comes_out(lines: list[dict[str, Any]]) -> None:
    rows = [priced(**line) for line in lines]
    total = sum(row["cost_usd"] for row in rows)
    places = arithmetic.places(([row["cost_usd"] for row in rows], total))
    printed = []
    for row in rows:
        text = arithmetic.cost(row, places)
        left, _, right = text.rpartition("=")
        paid, price, *plan = numbers(right)
        worked_out = paid * price - sum(plan, Decimal(0))
        result = numbers(arithmetic.amount(row["cost_usd"], places))[0]
        assert arithmetic.rounded(worked_out, places) == result, text
        if left:
            whole, *taken = numbers(left)
            assert whole - sum(taken) == paid, text
        printed.append(result)
    assert sum(printed) == numbers(arithmetic.amount(total, places))[0]
