"""How amounts, ages and settings are written."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from dashboard import wording

_NOW = datetime(2026, 11, 1, 12)


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


def test_kinds_have_a_capital() -> None:
    assert wording.kind_name("best_plan") == "Best plan"
    assert wording.kind_name("reserved_capacity") == "Reserved capacity"


@pytest.mark.parametrize(
    ("setting", "written"),
    [
        ({"table_class": "STANDARD_INFREQUENT_ACCESS"}, "Standard-IA"),
        ({"billing_mode": "PAY_PER_REQUEST", "read": None, "write": None}, "On-Demand"),
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
    assert wording.settings(['{"read": {"units": 5}}', None, float("nan")]) == ["reads 5", "", ""]


def test_names_keep_their_special_characters_in_markdown() -> None:
    assert wording.literal("_tmp_*$5") == r"\_tmp\_\*\$5"
