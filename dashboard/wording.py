"""How the pages say things: names of kinds and settings, amounts, ages. Pure functions, no Streamlit."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

# In the order in which pages show them. Any other kind appears after these, under its own name.
KIND_NAMES = {
    "capacity_mode": "Capacity mode",
    "table_class": "Table class",
    "utilization": "Utilisation",
}
_SETTING_NAMES = {
    "PAY_PER_REQUEST": "On-demand",
    "PROVISIONED": "Provisioned",
    "STANDARD": "Standard",
    "STANDARD_INFREQUENT_ACCESS": "Standard-IA",
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>:])")
CENT = Decimal("0.01")


def kind_name(kind: str) -> str:
    """Name a kind of recommendation as the pages do: `capacity_mode` is `Capacity mode`."""
    return KIND_NAMES.get(kind, kind.replace("_", " ").capitalize())


def kind_order(kind: str) -> tuple[int, str]:
    """Sort key that brings kinds into the order of `KIND_NAMES`, unknown ones last and by name."""
    known = list(KIND_NAMES)
    return (known.index(kind) if kind in known else len(known), kind)


def usd(amount: Decimal) -> str:
    """Write an amount of USD with thousands separators and cents: `$1,234.50`, `−$3.00`."""
    cents = amount.quantize(CENT, rounding=ROUND_HALF_EVEN)
    return f"{'−' if cents < 0 else ''}${abs(cents):,.2f}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number of things: `1 table`, `1,204 tables`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def age(then: datetime, now: datetime) -> str:
    """Say how long ago `then` was, in the largest unit that leaves at least two, else the next smaller one.

    Both are UTC without a zone. A moment in the future, after a clock was set back, reads `just now`.
    """
    seconds = (now - then).total_seconds()
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size or (unit == "minute" and seconds >= size):
            return f"{count(int(seconds // size), unit)} ago"
    return "just now"


def instant(moment: datetime) -> str:
    """Write a UTC instant to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def percent(ratio: float) -> str:
    """Write a ratio as a percentage, never rounded up to a full 100 %."""
    tenths = int(ratio * 1_000 + 1e-9)
    return f"{tenths / 10:.1f} %"


def literal(text: str) -> str:
    """Escape text so that Markdown shows it as it is: names may hold its special characters."""
    return _MARKDOWN.sub(r"\\\1", text)


def setting(text: str | None) -> str:
    """Put a setting, JSON as the marts hold it, into a few words: `Provisioned · reads 1–200 at 70 %`."""
    if not text:
        return ""
    fields: dict[str, Any] = json.loads(text)
    chosen = (fields.get("billing_mode"), fields.get("table_class"))
    parts = [_SETTING_NAMES.get(name, name) for name in chosen if name]
    parts += _throughput(fields)
    for name, index in (fields.get("indexes") or {}).items():
        throughput = ", ".join(_throughput(index))
        if throughput:
            parts.append(f"{name}: {throughput}")
    return " · ".join(parts)


def _throughput(fields: dict[str, Any]) -> list[str]:
    written = ((noun, _units(fields.get(key))) for key, noun in (("read", "reads"), ("write", "writes")))
    return [f"{noun} {units}" for noun, units in written if units]


def _units(capacity: dict[str, Any] | None) -> str:
    if not capacity:
        return ""
    if capacity.get("units") is not None:
        return f"{capacity['units']:,}"
    if capacity.get("min") is None or capacity.get("max") is None:
        return ""
    target = f" at {capacity['target']:.0%}".replace("%", " %") if capacity.get("target") is not None else ""
    return f"{capacity['min']:,}–{capacity['max']:,}{target}"
