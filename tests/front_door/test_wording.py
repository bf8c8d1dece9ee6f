"""How amounts, settings and changes are written, on the terminal and in the dashboard alike."""

from __future__ import annotations

from decimal import Decimal

import pytest

from optima import wording

STANDARD, INFREQUENT = {"table_class": "STANDARD"}, {"table_class": "STANDARD_INFREQUENT_ACCESS"}
ON_DEMAND, PROVISIONED = {"billing_mode": "PAY_PER_REQUEST"}, {"billing_mode": "PROVISIONED"}
FIXED = {"read": {"units": 10_000}, "write": {"units": 10}}
SMALLER = {"read": {"units": 313}, "write": {"units": 10}}
AUTOSCALED = {"read": {"min": 1, "max": 200, "target": 0.7}, "write": {"min": 1, "max": 10, "target": 0.7}}
OTHER_POLICY = {"read": {"min": 4, "max": 200, "target": 0.65}, "write": AUTOSCALED["write"]}


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "$0.00"),
        ("2340", "$2,340.00"),
        ("13.0305", "$13.03"),
        ("4.745", "$4.75"),
        ("4.7449", "$4.74"),
        ("1234567.895", "$1,234,567.90"),
        ("-3.456", "−$3.46"),
        ("-0.001", "$0.00"),
    ],
)
def test_usd(amount: str, written: str) -> None:
    assert wording.usd(Decimal(amount)) == written


def test_a_saving_is_told_by_the_month_and_the_year() -> None:
    assert wording.saving(Decimal("13.0305")) == "Save $13.03/month ($156.37/year)"


def test_kinds_come_in_the_product_s_order_and_unknown_ones_last() -> None:
    kinds = sorted(["reserved_capacity", "utilization", "best_plan", "capacity_mode"], key=wording.kind_order)
    assert [wording.kind_name(kind) for kind in kinds] == [
        "best plan",
        "capacity mode",
        "utilisation",
        "reserved capacity",
    ]


@pytest.mark.parametrize(
    ("setting", "written"),
    [
        ({"units": 1000}, "1,000"),
        ({"min": 1, "max": 1200, "target": 0.7}, "1–1,200 at 70 %"),
        ({"min": 1, "max": 200, "target": 0.57}, "1–200 at 57 %"),
        ({"min": 2, "max": 400, "target": None}, "2–400"),
        ({}, ""),
        (None, ""),
    ],
)
def test_capacity(setting: wording.Setting | None, written: str) -> None:
    assert wording.capacity(setting) == written


@pytest.mark.parametrize(
    ("current", "recommended", "written"),
    [
        (
            {**ON_DEMAND, **STANDARD},
            {**PROVISIONED, **INFREQUENT, **AUTOSCALED},
            "On-Demand → Provisioned, Standard → Standard-IA, read 1–200 at 70 %, write 1–10 at 70 %",
        ),
        ({**PROVISIONED, **FIXED}, {**PROVISIONED, **SMALLER}, "read 10,000 → 313"),
        (
            {**PROVISIONED, **FIXED},
            {**PROVISIONED, **AUTOSCALED},
            "read 10,000 → 1–200 at 70 %, write 10 → 1–10 at 70 %",
        ),
        (
            {**PROVISIONED, "indexes": {"by-day": FIXED, "by-name": FIXED}},
            {**PROVISIONED, "indexes": {"by-day": SMALLER, "by-name": FIXED}},
            "1 index",
        ),
        ({**PROVISIONED, **STANDARD, **FIXED}, {**ON_DEMAND, **STANDARD}, "Provisioned → On-Demand"),
        ({**ON_DEMAND, **STANDARD}, {**ON_DEMAND, **STANDARD}, "keep as it is"),
    ],
)
def test_a_change(current: wording.Setting, recommended: wording.Setting, written: str) -> None:
    assert wording.change(current, recommended) == written


@pytest.mark.parametrize(
    ("kind", "current", "recommended", "expected"),
    [
        ("capacity_mode", {**PROVISIONED, **FIXED}, ON_DEMAND, "Switch to On-Demand"),
        ("capacity_mode", ON_DEMAND, {**PROVISIONED, **AUTOSCALED}, "Switch to Provisioned"),
        (
            "capacity_mode",
            {**PROVISIONED, **AUTOSCALED},
            {**PROVISIONED, **OTHER_POLICY},
            "Change autoscaling",
        ),
        ("capacity_mode", {**PROVISIONED, **FIXED}, {**PROVISIONED, **AUTOSCALED}, "Add autoscaling"),
        ("table_class", STANDARD, INFREQUENT, "Switch to Standard-IA"),
        ("table_class", INFREQUENT, STANDARD, "Switch to Standard"),
        ("utilization", FIXED, SMALLER, "Reduce capacity"),
        (
            "best_plan",
            {**ON_DEMAND, **STANDARD},
            {**PROVISIONED, **INFREQUENT, **AUTOSCALED},
            "Switch to Provisioned and Standard-IA",
        ),
        (
            "best_plan",
            {**PROVISIONED, **STANDARD, **AUTOSCALED},
            {**PROVISIONED, **INFREQUENT, **OTHER_POLICY},
            "Switch to Standard-IA and change autoscaling",
        ),
        ("best_plan", {**PROVISIONED, **FIXED}, {**PROVISIONED, **SMALLER}, "Reduce capacity"),
        ("best_plan", {**PROVISIONED, **AUTOSCALED}, {**PROVISIONED, **SMALLER}, "Fix capacity"),
        (
            "best_plan",
            {**PROVISIONED, "indexes": {"by-day": FIXED}},
            {**PROVISIONED, "indexes": {"by-day": AUTOSCALED}},
            "Add autoscaling",
        ),
        ("best_plan", {**ON_DEMAND, **STANDARD}, {**ON_DEMAND, **STANDARD}, "Keep as it is"),
    ],
)
def test_directions(kind: str, current: wording.Setting, recommended: wording.Setting, expected: str) -> None:
    assert wording.direction(kind, current, recommended) == expected


@pytest.mark.parametrize(
    ("minutes", "written"),
    [
        (0, "0 minutes"),
        (1, "1 minute"),
        (119, "119 minutes"),
        (120, "2 hours"),
        (2879, "47 hours"),
        (2880, "2 days"),
        (20_160, "14 days"),
    ],
)
def test_an_age(minutes: int, written: str) -> None:
    assert wording.age(minutes) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_540_000, "1.5 MB"), (2_000_000_000_000, "2,000.0 GB")],
)
def test_an_amount_of_data(number: int, written: str) -> None:
    assert wording.data_size(number) == written
