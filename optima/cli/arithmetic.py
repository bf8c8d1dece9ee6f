"""Arithmetic as a pocket calculator repeats it: with as few decimals as make the printed numbers come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from optima.wording import usd

# Decimals of amounts: cents hide what a single small table costs; the marts hold ten.
LEAST_PLACES, MOST_PLACES = 4, 10
MONTH_HOURS = 730


def decimal(value: Any) -> Decimal:
    """Return a number of the marts as the decimal that it prints as."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def rounded(value: Any, places: int) -> Decimal:
    """Round to a number of decimals."""
    return decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def places_of_sum(parts: Iterable[Any], total: Any) -> int:
    """Return the fewest decimals, four or more, at which the rounded parts add up to the rounded total."""
    exact = [decimal(part) for part in parts]
    for places in range(LEAST_PLACES, MOST_PLACES):
        if sum(rounded(part, places) for part in exact) == rounded(total, places):
            return places
    return MOST_PLACES


def amount(value: Any, places: int = LEAST_PLACES) -> str:
    """Write USD with a number of decimals: `9.4900`."""
    return f"{rounded(value, places):,f}".replace("-", "−")


def cents(value: Any) -> str:
    """Write USD in cents: `$9.49`."""
    return usd(decimal(value))


def number(value: Any, places: int = MOST_PLACES) -> str:
    """Write a quantity or a price with at most that many decimals, without trailing zeros: `0.00013`."""
    text = f"{rounded(value, places):,f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def ratio(value: Any, places: int = 1) -> str:
    """Write a ratio as a percentage: `28.9 %`."""
    return f"{rounded(decimal(value) * 100, places):,f} %"


def cost(line: Mapping[str, Any], places: int) -> str:
    """Write how a line's cost comes about, without the result: `100 × 730 = 73,000 unit-hours × 0.00013`.

    `line` is a row of plan_cost_lines; `places` are those with which its cost is printed.
    """
    if line["price_usd"] is None:
        return f"no price of a {line['unit'].removesuffix('s')}"
    if line["paid_quantity"] is None:
        return "unknown quantity"
    price, paid, plan = decimal(line["price_usd"]), decimal(line["paid_quantity"]), _plan(line)
    digits = next(
        (
            digits
            for digits in range(MOST_PLACES)
            if rounded(rounded(paid, digits) * price - plan, places) == rounded(line["cost_usd"], places)
        ),
        MOST_PLACES,
    )
    text = f"{_paid(line, digits)} {line['unit']} × {number(price, 12)}"
    return f"{text} − {number(plan)} of a Savings Plan" if plan else text


def _plan(line: Mapping[str, Any]) -> Decimal:
    """Return the part of an owned Savings Plan that the line uses up."""
    listed = decimal(line["paid_quantity"]) * decimal(line["price_usd"])
    return min(decimal(line["sunk_plan_usd"] or 0), listed)


def _paid(line: Mapping[str, Any], digits: int) -> str:
    """Write the quantity that is paid for, and how it comes about."""
    whole, paid = decimal(line["monthly_quantity"]), decimal(line["paid_quantity"])
    sunk = min(decimal(line["sunk_quantity"] or 0), whole)
    share = f"free, {ratio(line['free_share'], 2)}" if line["free_share"] else "free"
    parts = [(sunk, "reserved"), (whole - sunk - paid, share)]
    taken = [(quantity, why) for quantity, why in parts if rounded(quantity, 6)]
    if taken:
        digits = max(digits, places_of_difference(whole, [quantity for quantity, _ in taken], paid))
    start = [number(quantity, digits) + f" ({why})" for quantity, why in taken]
    derived = _derived(line, digits)
    if not derived and not taken:
        return number(paid, digits)
    return f"{' − '.join([derived or number(whole, digits), *start])} = {number(paid, digits)}"


def places_of_difference(whole: Any, parts: Iterable[Any], rest: Any) -> int:
    """Return the fewest decimals at which the whole less its parts, as printed, is the rest as printed."""
    taken = [decimal(part) for part in parts]
    for places in range(MOST_PLACES):
        left = rounded(whole, places) - sum(rounded(part, places) for part in taken)
        if left == rounded(rest, places):
            return places
    return MOST_PLACES


def _derived(line: Mapping[str, Any], digits: int) -> str:
    """Write how a month's quantity follows from units or from the window; empty where it does not exactly."""
    quantity = decimal(line["monthly_quantity"])
    units = (line["setting"] or {}).get("units")
    if units is not None and units * MONTH_HOURS == quantity:
        return f"{number(units)} × {MONTH_HOURS}"
    seen, minutes = line.get("window_units"), line.get("known_minutes")
    if line["unit"] != "request units" or not seen or not minutes:
        return ""
    hours, rest = divmod(minutes, 60)
    month = MONTH_HOURS * 60 if rest else MONTH_HOURS
    known = f"{minutes:,} minutes known" if rest else f"{hours:,} hours known"
    for places in range(7):
        scaled = rounded(seen, places) * MONTH_HOURS * 60 / minutes
        if rounded(scaled, digits) == rounded(quantity, digits):
            return f"{number(seen, places)} seen × {month:,} / {known}"
    return ""
