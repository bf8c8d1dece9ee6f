"""What the organisation is billed for, hour by hour, by rules of its own.

These rules share nothing with the models that are checked against them, except the price list:

- provisioned throughput: the mean capacity of each hour of table and indexes, in unit-hours;
- on-demand throughput: the units of each hour; the writes of a replicated table as replicated writes, those
  of its indexes as plain ones;
- storage: each hour its part of a month's GB; continuous backups: the month's GB at once, on the 1st;
- free of charge, for all accounts of a payer together, in each region and month: 18,600 unit-hours each of
  read and of write capacity and 25 GB-months of storage, of Standard tables, used up in the order of time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from optima.sandbox.bill_lines import DYNAMODB, Lines, Month
from optima.sandbox.demand import Values, means, sums
from optima.sandbox.metrics import consumed, provisioned
from optima.sandbox.organisation import DIMENSIONS, Organisation, Table, minute_of
from optima.sandbox.other_lines import other_lines
from optima.sandbox.prices import PRODUCTS, REGION_CODES, price_list

_TAX_RATE = 0.08


@dataclass(frozen=True)
class Usage:
    """A table's use of one product in each billed hour of a month."""

    table: Table
    price_key: str
    amounts: Values


def months(organisation: Organisation) -> list[Month]:
    """The months that the data covers and at least two, the current one up to the clock. Oldest first."""
    clock = organisation.config.clock
    found: list[Month] = []
    end = _next_month(clock)
    while len(found) < 2 or (clock - end).days < organisation.config.days:
        start = _month_start(end)
        billed = (min(end, clock) - start).total_seconds() // 3600
        if billed > 0:
            found.append(Month(start, end, int(billed)))
        end = start
    return found[::-1]


def bill(organisation: Organisation, month: Month) -> Iterator[Lines]:
    """All lines of a month: DynamoDB's, the taxes on them, and those of other services."""
    taxable: dict[tuple[str, str, str], float] = defaultdict(float)
    for lines in _dynamodb(organisation, month):
        taxable[lines.account_id, lines.region, lines.usage_type] += float(lines.costs.sum())
        yield lines
    yield from _taxes(taxable, month)
    yield from other_lines(organisation, month)


def _dynamodb(organisation: Organisation, month: Month) -> Iterator[Lines]:
    usages = [usage for table in organisation.tables for usage in _usages(organisation, table, month)]
    free = _free_shares(usages)
    for usage in usages:
        share = free.get((usage.table.region, usage.price_key))
        if share is None:
            yield _usage_lines(usage, usage.amounts, paid=True)
        else:
            yield _usage_lines(usage, usage.amounts * share, paid=False)
            yield _usage_lines(usage, usage.amounts * (1 - share), paid=True)


def _usages(organisation: Organisation, table: Table, month: Month) -> Iterator[Usage]:
    """By product; hours before the table was created are zero."""
    start = minute_of(month.start)
    stop = start + 60 * month.billed_hours
    if table.resource.created_minute >= stop:
        return
    amounts: dict[str, Values] = defaultdict(lambda: np.zeros(month.billed_hours))
    for resource in table.resources:
        exists = np.arange(start, stop) >= resource.created_minute
        for dimension in DIMENSIONS:
            is_replicated = (
                dimension == "write" and bool(table.replica_regions) and resource.index_name is None
            )
            name = "replicated_write" if is_replicated else dimension
            if table.on_demand:
                hourly = sums(consumed(organisation, resource, dimension, start, stop), 60)
                amounts[f"ondemand.{name}"] += hourly
            else:
                hourly = means(provisioned(organisation, resource, dimension, start, stop) * exists, 60)
                amounts[f"provisioned.{name}"] += hourly
    amounts["storage"] = table.total_gb * means(exists.astype(float), 60) / month.hours
    for name, values in amounts.items():
        yield from _by_class(organisation, table, name, values, start)
    if table.point_in_time_recovery:
        amount = np.zeros(month.billed_hours)
        amount[0] = table.total_gb
        yield Usage(table, "backup.pitr", amount)


def _by_class(
    organisation: Organisation, table: Table, name: str, amounts: Values, start: int
) -> Iterator[Usage]:
    """Under the class of today, and before a change of class under the other one."""
    today, before = ("ia", "standard") if table.infrequent_access else ("standard", "ia")
    changed = table.class_change_minute(organisation.founded_minute)
    hours_before = 0 if changed is None else max(0, (changed - start) // 60)
    for suffix, hours in ((before, slice(None, hours_before)), (today, slice(hours_before, None))):
        values = np.zeros_like(amounts)
        values[hours] = amounts[hours]
        if values.any():
            yield Usage(table, f"{name}.{suffix}", values)


def _free_shares(usages: Iterable[Usage]) -> dict[tuple[str, str], Values]:
    """The part of each hour that is free, by region and product, where a product has a free tier."""
    totals: dict[tuple[str, str], Values] = {}
    for usage in usages:
        key = (usage.table.region, usage.price_key)
        if float(price_list()[key][0].usd) == 0.0:
            totals[key] = totals.get(key, 0) + usage.amounts
    shares = {}
    for key, total in totals.items():
        free_units = float(price_list()[key][0].end)
        used_before = np.cumsum(total) - total
        with np.errstate(invalid="ignore", divide="ignore"):
            shares[key] = np.nan_to_num(((free_units - used_before) / total).clip(0, 1))
    return shares


def _usage_lines(usage: Usage, amounts: Values, *, paid: bool) -> Lines:
    product = PRODUCTS[usage.price_key]
    tiers = price_list()[usage.table.region, usage.price_key]
    tier = tiers[-1] if paid else tiers[0]
    hours = np.flatnonzero(amounts)
    return Lines(
        account_id=usage.table.account_id,
        region=usage.table.region,
        resource_id=usage.table.arn,
        product_code=DYNAMODB,
        product_family=product.family,
        usage_type=REGION_CODES[usage.table.region] + product.usage_type,
        operation=product.operation or "StandardStorage",
        unit=tier.unit,
        rate=float(tier.usd),
        line_type="Usage",
        hours=hours,
        amounts=amounts[hours],
    )


def _taxes(taxable: Mapping[tuple[str, str, str], float], month: Month) -> Iterator[Lines]:
    """One line a month for each account and usage type, under the very usage type that is taxed."""
    for (account_id, region, usage_type), cost in taxable.items():
        if cost > 0:
            yield Lines(
                account_id=account_id,
                region=region,
                resource_id=None,
                product_code=DYNAMODB,
                product_family="",
                usage_type=usage_type,
                operation="",
                unit="",
                rate=cost * _TAX_RATE,
                line_type="Tax",
                hours=np.zeros(1, dtype=np.int64),
                amounts=np.ones(1),
                duration_hours=month.hours,
            )


def _month_start(end: datetime) -> datetime:
    """The first of the month before `end`, which is the first of a month itself."""
    return end.replace(year=end.year - (end.month == 1), month=(end.month - 2) % 12 + 1)


def _next_month(instant: datetime) -> datetime:
    first = instant.replace(day=1, hour=0, minute=0)
    return first.replace(year=first.year + (first.month == 12), month=first.month % 12 + 1)
