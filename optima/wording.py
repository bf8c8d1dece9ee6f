"""How everything says things: kinds of advice, settings, changes, amounts and counts in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Setting = Mapping[str, Any]

# In the order in which they are shown: the plan, which is all of a table's changes together, then what each
# kind would do by itself. Any other kind follows these, under its own name.
KINDS = {
    "best_plan": "best plan",
    "capacity_mode": "capacity mode",
    "table_class": "table class",
    "utilization": "utilisation",
}
# Kinds are about the same dollars in part: only plans add up, any other total says this.
ALONE = "if only this were applied"
MODES = {"PROVISIONED": "Provisioned", "PAY_PER_REQUEST": "On-Demand"}
CLASSES = {"STANDARD": "Standard", "STANDARD_INFREQUENT_ACCESS": "Standard-IA"}
# What a bill is made of, in the order in which it is shown.
COMPONENTS = {
    "read": "reads",
    "write": "writes",
    "replicated_write": "replicated writes",
    "storage": "storage",
    "pitr": "point-in-time recovery",
    "backup": "backups",
    "restore": "restores",
    "export": "exports to S3",
    "import": "imports from S3",
    "streams": "streams",
    "transfer": "data transfer",
    "commitment": "commitments",
    "discount": "discounts",
    "tax": "tax",
    "credit": "credits",
    "other": "other",
}
# What a unit is valued at, as a sentence goes on after "Prices are".
LIST_PRICES = "list"
_BILLED = (
    "what each account was billed for a unit, else the list price × the share of list prices that it pays"
)
_BASES = {
    LIST_PRICES: "list prices",
    "net": f"net: {_BILLED}",
    "amortized": f"amortised: {_BILLED}",
}

_CENT = Decimal("0.01")
_DIMENSIONS = ("read", "write")


def kind_name(kind: str) -> str:
    """Name a kind of advice: `capacity_mode` is `capacity mode`."""
    return KINDS.get(kind, kind.replace("_", " "))


def kind_order(kind: str) -> tuple[int, str]:
    """Sort key that brings kinds into the order of `KINDS`, unknown ones last and by name."""
    known = list(KINDS)
    return (known.index(kind) if kind in known else len(known), kind)


def price_basis(basis: str) -> str:
    """Say what a price basis values a unit at: `list prices`."""
    return _BASES.get(basis, basis)


def usd(amount: Decimal | float) -> str:
    """Write an amount of USD with separators and cents: `$2,340.00`, `−$3.00`."""
    cents = Decimal(amount).quantize(_CENT, rounding=ROUND_HALF_UP)
    return f"{'−' if cents < 0 else ''}${abs(cents):,.2f}"


def number(value: float | Decimal, places: int = 1) -> str:
    """Write a quantity with a few decimals, if it has any: `1,200`, `3.5`."""
    text = f"{value:,.{places}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def percent(value: float | Decimal | None) -> str:
    """Write percents with their sign: `+3.1 %`; of what is not known, nothing."""
    if value is None:
        return ""
    text = f"{value:+,.1f} %".replace("-", "−")
    return text.lstrip("+−") if text in ("+0.0 %", "−0.0 %") else text


def saving(monthly: Decimal | float) -> str:
    """Write what is saved: `Save $10.00/month ($120.00/year)`."""
    return f"Save {usd(monthly)}/month ({usd(Decimal(monthly) * 12)}/year)"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number of things: `1 table`, `1,204 tables`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def age(minutes: int) -> str:
    """Write an age in the largest unit of which there are two or more: `90 minutes`, `12 days`."""
    for noun, length in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * length:
            return counted(minutes // length, noun)
    return counted(minutes, "minute")


def data_size(number: int) -> str:
    """Write an amount of data: `812 B`, `1.5 MB` (of a million bytes)."""
    amount = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{number} B" if unit == "B" else f"{amount:,.1f} {unit}"


def percent_of_one(ratio: float) -> str:
    """Write a target as a percentage: `70 %`."""
    return f"{ratio * 100:g} %"


def capacity(setting: Setting | None) -> str:
    """Describe one dimension's capacity: `100`, `1–200 at 70 %`; empty where nothing is provisioned."""
    if not setting:
        return ""
    if setting.get("units") is not None:
        return f"{setting['units']:,}"
    if setting.get("min") is None or setting.get("max") is None:
        return ""
    target = setting.get("target")
    return f"{setting['min']:,}–{setting['max']:,}" + (f" at {percent_of_one(target)}" if target else "")


def setting(fields: Setting) -> str:
    """Put a setting into a few words: `Provisioned · Standard · reads 1–200 at 70 %`."""
    parts = [*_named(fields), *_throughput(fields)]
    for name, index in (fields.get("indexes") or {}).items():
        if throughput := ", ".join(_throughput(index)):
            parts.append(f"{name}: {throughput}")
    return " · ".join(parts)


def change(current: Setting, recommended: Setting) -> str:
    """Describe what changes from one setting to the other, briefly: mode, class and capacity."""
    parts = []
    for key, names in (("billing_mode", MODES), ("table_class", CLASSES)):
        before, after = current.get(key), recommended.get(key)
        if after != before:
            parts.append(f"{names.get(before or '', before or '?')} → {names.get(after or '', after or '?')}")
    for dimension in _DIMENSIONS:
        after = capacity(recommended.get(dimension))
        before = capacity(current.get(dimension))
        if after and after != before:
            parts.append(f"{dimension} {before + ' → ' if before else ''}{after}")
    indexes = recommended.get("indexes") or {}
    before_indexes = current.get("indexes") or {}
    changed = sum(setting != before_indexes.get(name) for name, setting in indexes.items())
    if changed:
        parts.append(counted(changed, "index", "indexes"))
    return ", ".join(parts) or "keep as it is"


def direction(kind: str, current: Setting, recommended: Setting) -> str:
    """Name the way a recommendation goes, as summaries group by it: `Switch to On-Demand`."""
    if kind == "utilization":
        return "Reduce capacity"
    switched = [
        names.get(recommended.get(key) or "", recommended.get(key) or "?")
        for key, names in (("billing_mode", MODES), ("table_class", CLASSES))
        if recommended.get(key) != current.get(key)
    ]
    if kind == "table_class":
        return f"Switch to {CLASSES.get(recommended.get('table_class') or '', '?')}"
    mode_stays = recommended.get("billing_mode") == current.get("billing_mode")
    tuned = _tuned(current, recommended) if mode_stays else ""
    parts = [f"Switch to {' and '.join(switched)}" if switched else "", tuned]
    text = " and ".join(part for part in parts if part)
    return text[:1].upper() + text[1:] if text else "Keep as it is"


def _tuned(current: Setting, recommended: Setting) -> str:
    """Say how capacity changes while the mode stays; empty where it does not."""
    before, after = _capacities(current), _capacities(recommended)
    if not after or before == after:
        return ""
    was, becomes = (any("min" in capacity for capacity in capacities) for capacities in (before, after))
    if becomes:
        return "change autoscaling" if was else "add autoscaling"
    return "fix capacity" if was else "reduce capacity"


def _capacities(setting: Setting) -> list[Setting]:
    resources = [setting, *(setting.get("indexes") or {}).values()]
    return [
        resource[dimension] for resource in resources for dimension in _DIMENSIONS if resource.get(dimension)
    ]


def _named(fields: Setting) -> list[str]:
    chosen = ((fields.get("billing_mode"), MODES), (fields.get("table_class"), CLASSES))
    return [names.get(value, str(value)) for value, names in chosen if value]


def _throughput(fields: Setting) -> list[str]:
    written = ((f"{dimension}s", capacity(fields.get(dimension))) for dimension in _DIMENSIONS)
    return [f"{noun} {units}" for noun, units in written if units]
