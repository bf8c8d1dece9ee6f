"""What each table used in each hour of a month, before anybody pays for it.

- provisioned throughput: the mean capacity of each hour of table and indexes, in unit-hours;
- on-demand throughput: the units of each hour; the writes of a replicated table as replicated writes, those
  of its indexes as plain ones;
- storage: each hour its part of a month's GB; continuous backups: the month's GB at once, on the 1st;
- backups, restores, exports, imports, streams, transfer: as planted, for a few tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import yaml

from optima.sandbox.billing.lines import DYNAMODB, Month, Origin
from optima.sandbox.demand import Values, means, sums
from optima.sandbox.metrics import consumed, provisioned
from optima.sandbox.organisation import DIMENSIONS, Organisation, Table, minute_of
from optima.sandbox.prices import PRODUCTS, REGION_CODES, price_list


@dataclass(frozen=True)
class Usage:
    """A table's use of one product in each billed hour of a month.

    `rate` is the price of a unit beyond the free ones, `free_units` what a payer has for nothing in a region
    and month. `price_key` is empty where the price list has no price.
    """

    origin: Origin
    price_key: str
    amounts: Values
    rate: float
    free_units: float = 0.0


def usages(organisation: Organisation, month: Month) -> list[Usage]:
    """All use of DynamoDB in a month, table by table."""
    return [
        usage
        for table in organisation.tables
        for usage in (*_of_table(organisation, table, month), *_occasional(organisation, table, month))
    ]


def _of_table(organisation: Organisation, table: Table, month: Month) -> Iterator[Usage]:
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
        yield _priced(table, "backup.pitr", _at_once(table.total_gb, 0, month))


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
            yield _priced(table, f"{name}.{suffix}", values)


def _priced(table: Table, price_key: str, amounts: Values, resource: str = "") -> Usage:
    product = PRODUCTS[price_key]
    tiers = price_list()[table.region, price_key]
    is_storage = price_key.startswith(("storage.", "backup.pitr"))
    origin = Origin(
        account_id=table.account_id,
        region=table.region,
        resource_id=table.arn + resource,
        product_code=DYNAMODB,
        product_family=product.family,
        usage_type=REGION_CODES[table.region] + product.usage_type,
        operation="StandardStorage" if is_storage else product.operation,
        unit=tiers[-1].unit,
        tags=table.tags,
    )
    free_units = float(tiers[0].end) if float(tiers[0].usd) == 0.0 else 0.0
    return Usage(origin, price_key, amounts, float(tiers[-1].usd), free_units)


@lru_cache
def _planted() -> list[dict[str, Any]]:
    file = resources.files("optima.sandbox").joinpath("planted", "occasional.yaml")
    entries: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return entries


def _occasional(organisation: Organisation, table: Table, month: Month) -> Iterator[Usage]:
    """What is planted for this very table beside its throughput and storage."""
    account = organisation.account_by_id[table.account_id].name
    for entry in _planted():
        if (entry["account"], entry["region"], entry["table"]) != (account, table.region, table.name):
            continue
        amounts = _planted_amounts(entry, month)
        if not amounts.any():
            continue
        if "price_key" in entry:
            yield _priced(table, entry["price_key"], amounts, entry.get("resource", ""))
        else:
            yield Usage(_unlisted(table, entry), "", amounts, entry["rate"])


def _unlisted(table: Table, entry: Mapping[str, Any]) -> Origin:
    return Origin(
        account_id=table.account_id,
        region=table.region,
        resource_id=table.arn,
        product_code=DYNAMODB,
        product_family=entry["family"],
        usage_type=REGION_CODES[table.region] + entry["usage_type"],
        operation="",
        unit=entry["unit"],
        tags=table.tags,
    )


def _planted_amounts(entry: Mapping[str, Any], month: Month) -> Values:
    if "gb" in entry:
        return _at_once(entry["gb"], entry["hour"], month)
    (hourly,) = (value for name, value in entry.items() if name.endswith("_per_hour"))
    return np.full(month.billed_hours, float(hourly))


def _at_once(amount: float, hour: int, month: Month) -> Values:
    amounts = np.zeros(month.billed_hours)
    amounts[hour : hour + 1] = amount
    return amounts
