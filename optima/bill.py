"""How the bill is told, by commands and pages alike: its lists in order, amounts, months, commitments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from optima.wording import CLASSES, COMPONENTS, MODES, counted, number, percent, usd

Row = Mapping[str, Any]

NO_BILL = "The published build knows no bill: run `dynamodb-optima collect-cur`, then `dynamodb-optima run`."
CURRENCIES_APART = "Currencies are not added up."
NOTHING_OWNED = "The bill shows no reserved capacity and no Savings Plan of DynamoDB in force."
NOTHING_TO_BUY = "No purchase was considered: nothing that a commitment could cover is used."
AFTERWARDS = (
    "Buy after the recommended changes were made: the advice is worked out on the capacity that they leave."
)
OVERBOUGHT = "Over-bought: share of hours in which less is used. At worst: paid a month if all use vanishes."
ALL_REGIONS = "all regions"

# The marts that each needs, of which builds of older versions may lack some.
COSTS = ("fct_dynamodb_costs", "account_costs")
RECONCILIATION = ("cost_reconciliation", "reconciliation_summary", "account_costs")
COMMITMENTS = (
    "owned_commitments",
    "commitment_utilization",
    "commitment_coverage",
    "commitment_recommendations",
)
# Why a part of a bill was not compared with the model, where no table's explanation says it.
KNOWN_IN_PART = "of these hours model or bill are not known"
NO_TABLE_NAMED = "the bill names no table"
# What has a model; the rest of a bill is not compared.
MODELLED = ("read", "write", "replicated_write", "storage")

# How far each export of a month's bill reaches.
EXPORTS = """
    select
        payer_account_id,
        export_name,
        max(billed_hours) as billed_hours,
        max(billed_until_at) as billed_until_at,
        bool_and(is_complete) as is_complete
    from fct_dynamodb_costs
    where billing_month = ?
    group by payer_account_id, export_name
    order by payer_account_id, export_name
"""
# Payers whose bill of both months is known: what others pay has nothing to be compared with.
COMPARED = """
    select payer_account_id
    from fct_dynamodb_costs
    where billing_month in ($month, $before)
    group by payer_account_id
    having count(distinct billing_month) = 2 and bool_and(net_cost_per_day is not null)
"""
# What was bought ahead, of the payers and regions that are named, or of all. Savings Plans hold everywhere.
OWNED = """
    select *
    from owned_commitments
    where
        (len($payers::varchar[]) = 0 or list_contains($payers::varchar[], payer_account_id))
        and (len($regions::varchar[]) = 0 or region is null or list_contains($regions::varchar[], region))
    order by is_active desc, payer_account_id, kind, region, dimension, ends_at, commitment_key
"""
UTILIZATION = """
    select *
    from commitment_utilization
    where
        (len($payers::varchar[]) = 0 or list_contains($payers::varchar[], payer_account_id))
        and (len($regions::varchar[]) = 0 or region is null or list_contains($regions::varchar[], region))
    order by billing_month desc, commitment_key
"""
COVERAGE = """
    select *
    from commitment_coverage
    where
        (len($payers::varchar[]) = 0 or list_contains($payers::varchar[], payer_account_id))
        and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], region))
    order by billing_month desc, eligible_list_usd desc nulls last, payer_account_id, region, pool
"""
# One decision for each payer, whatever the region.
ADVICE = """
    select *
    from commitment_recommendations
    where len($payers::varchar[]) = 0 or list_contains($payers::varchar[], payer_account_id)
    order by
        payer_account_id,
        is_recommended desc,
        monthly_savings_usd desc nulls last,
        option,
        region nulls last,
        dimension nulls last
"""

_KINDS = {"reserved": "Reserved capacity", "savings_plan": "Savings Plan"}
_OPTIONS = {
    "none": "buy nothing",
    "reserved_1yr": "reserved, 1 year",
    "reserved_3yr": "reserved, 3 years",
    "savings_plan": "Savings Plan, 1 year",
}


def money(amount: Decimal | float | None, currency: str | None = "USD") -> str:
    """Write an amount in its currency, `$12.00`, `12.00 EUR`; of what is not known, nothing."""
    if amount is None:
        return ""
    text = usd(amount)
    return text if currency == "USD" else f"{text.replace('$', '')} {currency_name(currency)}"


def currency_name(currency: str | None) -> str:
    """Name a currency, which an export may leave out."""
    return currency or "(unknown currency)"


def written(month: date) -> str:
    """Write a month: `2026-10`."""
    return f"{month:%Y-%m}"


def share(value: float | Decimal | None) -> str:
    """Write a share in percent, without a sign: `45.6 %`; of what is not known, nothing."""
    return "" if value is None else percent(value).lstrip("+")


def reach(export: Row) -> str:
    """Say how far the bill of a month reaches, of a row of `EXPORTS`."""
    who = f"Payer {export['payer_account_id']}, export {export['export_name']}"
    if export["is_complete"]:
        return f"{who}: the whole month."
    until = export["billed_until_at"]
    if until is None:
        return f"{who}: no usage so far."
    return f"{who}: up to {until:%Y-%m-%d %H:%M} UTC ({counted(round(export['billed_hours']), 'hour')})."


def made_of(amounts: Mapping[str, Decimal], currency: str | None) -> str:
    """Name amounts by their components, the largest first: `commitments $56.00, tax $31.00`."""
    found = sorted((name for name in amounts if amounts[name]), key=lambda name: -abs(amounts[name]))
    return ", ".join(f"{COMPONENTS.get(name, name)} {money(amounts[name], currency)}" for name in found)


def commitment_kind(row: Row) -> str:
    """Name the kind of an owned commitment: `Reserved capacity`."""
    kind: str = row["kind"]
    return _KINDS.get(kind, kind)


def committed(row: Row) -> str:
    """Say what an owned commitment commits to: `100 read units`, `$0.10 an hour`."""
    if row["units"] is not None:
        return f"{number(row['units'])} {row['dimension']} units"
    return f"{money(row['hourly_commitment_usd'])} an hour"


def ends(row: Row) -> str:
    """Write the day on which an owned commitment ends (UTC), which an export may not tell."""
    return f"{row['ends_at']:%Y-%m-%d}" if row["ends_at"] else "unknown"


def pool(row: Row) -> str:
    """Name a pool that commitments may cover: `Provisioned reads, Standard`."""
    return f"{MODES[row['billing_mode']]} {COMPONENTS[row['component']]}, {CLASSES[row['table_class']]}"


def purchase_option(row: Row) -> str:
    """Name an option of buying: `reserved, 1 year`."""
    option: str = row["option"]
    return _OPTIONS.get(option, option)


def purchase_quantity(row: Row) -> str:
    """Write how much of it would be bought: `600 units`; of buying nothing, nothing."""
    return "" if row["option"] == "none" else f"{number(row['quantity'], 3)} {row['unit']}"


def break_even(row: Row) -> str:
    """Write from which use a purchase pays, and when what is paid up front has come back."""
    months = row["break_even_months"]
    return share(row["break_even_utilization_pct"]) + (f", {number(months)} months" if months else "")


def worth_listing(row: Row) -> bool:
    """Whether an option is a row: what pays at no size, or has no price, is told in a sentence instead."""
    return bool(row["quantity"]) or row["option"] == "none"


def not_worth_listing(rows: Sequence[Row]) -> list[str]:
    """Say what became of the options that are no rows: what lacks a price, and how many pay at no size."""
    sentences = [str(row["reason"]) for row in rows if row["quantity"] is None]
    if hidden := sum(row["quantity"] == 0 for row in rows if row["option"] != "none"):
        sentences.append(f"{counted(hidden, 'other option')} would not pay for itself at any size.")
    return sentences
