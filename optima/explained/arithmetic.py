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


def places(*equations: tuple[Iterable[Any], Any]) -> int:
    """Return the fewest decimals, four or more, at which each sum's rounded parts make its rounded total."""
    sums = [([decimal(part) for part in parts], decimal(total)) for parts, total in equations]
    for places in range(LEAST_PLACES, MOST_PLACES):
        if all(
            sum(rounded(part, places) for part in parts) == rounded(total, places) for parts, total in sums
        ):
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
    taken = _taken(line)
    digits = next(
        (
            digits
            for digits in range(MOST_PLACES)
            if rounded(rounded(paid, digits) * price - plan, places) == rounded(line["cost_usd"], places)
            and _comes_out(line["monthly_quantity"], taken, paid, digits)
        ),
        MOST_PLACES,
    )
    minus = [f"{number(quantity, digits)} ({why})" for quantity, why in taken]
    derived = _derived(line, digits)
    how = " − ".join([derived or number(line["monthly_quantity"], digits), *minus]) + " = "
    text = f"{how if derived or taken else ''}{number(paid, digits)} {line['unit']} × {number(price, 12)}"
    return f"{text} − {number(plan)} of a Savings Plan" if plan else text


def _plan(line: Mapping[str, Any]) -> Decimal:
    """Return the part of an owned Savings Plan that the line uses up."""
    listed = decimal(line["paid_quantity"]) * decimal(line["price_usd"])
    return min(decimal(line["sunk_plan_usd"] or 0), listed)


def _taken(line: Mapping[str, Any]) -> list[tuple[Decimal, str]]:
    """Return what is taken off the quantity until what is paid for is left, and why."""
    whole, paid = decimal(line["monthly_quantity"]), decimal(line["paid_quantity"])
    reserved = min(decimal(line["sunk_quantity"] or 0), whole)
    free = f"free, {ratio(line['free_share'], 2)}" if line["free_share"] else "free"
    parts = [(reserved, "reserved"), (whole - reserved - paid, free)]
    return [(quantity, why) for quantity, why in parts if rounded(quantity, 6)]


def _comes_out(whole: Any, taken: Iterable[tuple[Decimal, str]], rest: Decimal, places: int) -> bool:
    """Tell whether the whole less what is taken is the rest, each as it is printed."""
    left = rounded(whole, places) - sum(rounded(quantity, places) for quantity, _ in taken)
    return left == rounded(rest, places)


def _derived(line: Mapping[str, Any], digits: int) -> str:
    """Write how a month's quantity follows from units or from the window; empty where it does not exactly."""
    quantity = decimal(line["monthly_quantity"])
    units = (line["setting"] or {}).get("units")
    if units is not None and units * MONTH_HOURS == quantity:
        return f"{number(units)} × {MONTH_HOURS}"
    if line.get("scaled_from"):
        return _scaled(decimal(line["scaled_from"]), quantity, digits)
    if "min" in (line["setting"] or {}):
        return _averaged(quantity, digits)
    seen, minutes = line.get("window_units"), line.get("known_minutes")
    if not seen or not minutes:
        return ""
    hours, rest = divmod(minutes, 60)
    month = MONTH_HOURS * 60 if rest else MONTH_HOURS
    known = f"{minutes:,} minutes known" if rest else f"{hours:,} hours known"
    for places in range(7):
        scaled = rounded(seen, places) * MONTH_HOURS * 60 / minutes
        if rounded(scaled, digits) == rounded(quantity, digits):
            return f"{number(seen, places)} seen × {month:,} / {known}"
    return ""


def _averaged(quantity: Decimal, digits: int) -> str:
    """Write unit-hours as their mean capacity over a month, where that is a short number."""
    for places in range(LEAST_PLACES + 1):
        mean = rounded(quantity / MONTH_HOURS, places)
        if rounded(mean * MONTH_HOURS, digits) == rounded(quantity, digits):
            return f"{number(mean)} on average × {MONTH_HOURS}"
    return ""


def _scaled(today: Decimal, quantity: Decimal, digits: int) -> str:
    """Write a quantity as today's times the ratio of two simulations, with as many decimals as it takes."""
    for places in range(1, 16):
        shown = rounded(quantity / today, places)
        if rounded(rounded(today, digits) * shown, digits) == rounded(quantity, digits):
            return f"{number(today, digits)} today × {number(shown, places)} by simulation"
    return ""


def removed_units(before: int, after: int, line: Mapping[str, Any]) -> str:
    """Write what units cost that are taken away: `(1,000 − 875) × 730 × 0.00013 = 11.8625`.

    `line` is the row of plan_cost_lines of the units there are today. Where owned commitments cover some of
    them, the product is not what is saved.
    """
    price = decimal(line["price_usd"])
    product = (before - after) * MONTH_HOURS * price
    text = f"({before:,} − {after:,}) × {MONTH_HOURS} × {number(price, 12)}"
    if line["sunk_quantity"] or line["sunk_plan_usd"]:
        return f"{text}, less what owned commitments cover"
    share = decimal(line["free_share"] or 0)
    saved = product * (1 - share)
    for places in range(2, 16):
        shown = rounded(share, places)
        if rounded(product * (1 - shown), LEAST_PLACES) == rounded(saved, LEAST_PLACES):
            break
    free = f" × (1 − {number(shown, 15)} free)" if share else ""
    return f"{text}{free} = {amount(saved)}"
