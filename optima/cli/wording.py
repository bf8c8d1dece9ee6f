"""Settings, money and counts in words: what a change is called, and how an amount reads."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Setting = Mapping[str, Any]

KINDS = {
    "capacity_mode": "capacity mode",
    "table_class": "table class",
    "utilization": "utilisation",
    "best_plan": "best plan",
}

_MODES = {"PROVISIONED": "Provisioned", "PAY_PER_REQUEST": "On-Demand"}
_CLASSES = {"STANDARD": "Standard", "STANDARD_INFREQUENT_ACCESS": "Standard-IA"}


def usd(amount: Decimal | float) -> str:
    """Write an amount with separators and cents: $2,340.00."""
    amount = Decimal(amount)
    sign = "-" if round(amount, 2) < 0 else ""
    return f"{sign}${abs(amount):,.2f}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: 1 table, 2 tables."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def direction(kind: str, current: Setting, recommended: Setting) -> str:
    """Name the way a recommendation goes, as its analysis' summary groups by it."""
    if kind == "capacity_mode" and recommended.get("billing_mode") != current.get("billing_mode"):
        return f"Switch to {_named(_MODES, recommended.get('billing_mode'))}"
    if kind == "capacity_mode":
        return "Change autoscaling" if _is_autoscaled(current) else "Add autoscaling"
    if kind == "table_class":
        return f"Switch to {_named(_CLASSES, recommended.get('table_class'))}"
    return "Reduce capacity"


def change(current: Setting, recommended: Setting) -> str:
    """Describe what changes from one setting to the other, briefly."""
    parts = []
    for key, names in (("billing_mode", _MODES), ("table_class", _CLASSES)):
        if recommended.get(key) != current.get(key):
            parts.append(f"{_named(names, current.get(key))} → {_named(names, recommended.get(key))}")
    for dimension in ("read", "write"):
        if recommended.get(dimension) and recommended.get(dimension) != current.get(dimension):
            before = f"{capacity(current[dimension])} → " if current.get(dimension) else ""
            parts.append(f"{dimension} {before}{capacity(recommended[dimension])}")
    indexes = recommended.get("indexes") or {}
    before_indexes = current.get("indexes") or {}
    changed = sum(setting != before_indexes.get(name) for name, setting in indexes.items())
    if changed:
        parts.append(counted(changed, "index", "indexes"))
    return ", ".join(parts) or "keep as it is"


def capacity(setting: Mapping[str, Any]) -> str:
    """Describe one dimension's capacity: 100, or 1-200 at 70%."""
    if "units" in setting:
        return f"{setting['units']:,}"
    target = f" at {setting['target']:.0%}" if setting.get("target") else ""
    return f"{setting['min']:,}-{setting['max']:,}{target}"


def _is_autoscaled(setting: Setting) -> bool:
    return any("min" in (setting.get(dimension) or {}) for dimension in ("read", "write"))


def _named(names: Mapping[str, str], value: str | None) -> str:
    return names.get(value or "", value or "?")
