"""How amounts, ages and settings are written."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from dashboard import wording

_NOW = datetime(2026, 11, 1, 12)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "$0.00"),
        ("13.0305", "$13.03"),
        ("1234567.895", "$1,234,567.90"),
        ("-3.5", "−$3.50"),
        ("-0.001", "$0.00"),
    ],
)
def test_usd(amount: str, written: str) -> None:
    assert wording.usd(Decimal(amount)) == written


@pytest.mark.parametrize(
    ("ago", "written"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=119), "119 minutes ago"),
        (timedelta(hours=2), "2 hours ago"),
        (timedelta(hours=47, minutes=59), "47 hours ago"),
        (timedelta(hours=48), "2 days ago"),
        (timedelta(days=1500), "1,500 days ago"),
    ],
)
def test_age(ago: timedelta, written: str) -> None:
    assert wording.age(_NOW - ago, _NOW) == written


@pytest.mark.parametrize(
    ("ratio", "written"), [(1.0, "100.0 %"), (0.99999, "99.9 %"), (0.3, "30.0 %"), (0.0, "0.0 %")]
)
def test_a_percentage_is_never_rounded_up_to_all(ratio: float, written: str) -> None:
    assert wording.percent(ratio) == written


def test_unknown_kinds_come_last_under_their_own_name() -> None:
    kinds = sorted(["best_plan", "utilization", "capacity_mode"], key=wording.kind_order)
    assert [wording.kind_name(kind) for kind in kinds] == ["Capacity mode", "Utilisation", "Best plan"]


@pytest.mark.parametrize(
    ("setting", "written"),
    [
        ({"table_class": "STANDARD_INFREQUENT_ACCESS"}, "Standard-IA"),
        ({"billing_mode": "PAY_PER_REQUEST", "read": None, "write": None}, "On-demand"),
        ({"read": {"units": 1000}, "write": {"units": 5}}, "reads 1,000 · writes 5"),
        (
            {"read": {"min": 2, "max": 400, "target": 0.65}, "indexes": {"by-day": {"write": {"units": 3}}}},
            "reads 2–400 at 65 % · by-day: writes 3",
        ),
        ({"read": {"min": 2, "max": 400, "target": None}}, "reads 2–400"),
        ({}, ""),
    ],
)
def test_setting(setting: dict[str, object], written: str) -> None:
    assert wording.setting(json.dumps(setting)) == written


def test_a_missing_setting_is_empty() -> None:
    assert wording.setting(None) == ""


def test_names_keep_their_special_characters_in_markdown() -> None:
    assert wording.literal("_tmp_*$5") == r"\_tmp\_\*\$5"
