"""Tables with their demand, as loaders would have left them: a row of inventory and 14 days of minutes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from small_warehouse import AS_OF, SmallWarehouse

DAYS = 14
MINUTES = DAYS * 1440
WINDOW_START = AS_OF - timedelta(days=DAYS)
CREATED_AT = datetime(2026, 1, 1)
ACCOUNT = "012345678901"
REGION = "us-east-1"

Rates = float | np.ndarray
Pair = tuple[int, int]


def with_mean_and_peak(mean: float, peak: float) -> np.ndarray:
    """Rates of a flat demand with one higher minute, whose mean is exact."""
    rates = np.full(MINUTES, (mean * MINUTES - peak) / (MINUTES - 1))
    rates[MINUTES // 2] = peak
    return rates


def in_one_minute(units: float) -> np.ndarray:
    """Rates of a demand of so many units, all in one minute of the window."""
    rates = np.zeros(MINUTES)
    rates[MINUTES // 2] = units / 60
    return rates


def plant(
    warehouse: SmallWarehouse,
    name: str,
    *,
    reads: Rates = 0.0,
    writes: Rates = 0.0,
    units: Pair | None = None,
    policies: dict[str, tuple[int, int, float]] | None = None,
    provisioned: Pair | None = None,
    region: str = REGION,
    account_id: str = ACCOUNT,
    created_at: datetime = CREATED_AT,
    starts_at: datetime = WINDOW_START,
    replica_regions: Sequence[str] | None = None,
    size_gb: int | None = None,
    **columns: Any,
) -> None:
    """Add a table: on-demand without `units` (read, write), else provisioned.

    `policies` maps read or write to (min, max, target in percent). `provisioned` is the capacity that was in
    force over the window, the units themselves by default. `columns` are further ones of the inventory.
    """
    warehouse.rows(
        "raw_dynamodb.table_metadata",
        [
            {
                **_capacity(units, policies),
                "account_id": account_id,
                "region": region,
                "table_name": name,
                "table_status": "ACTIVE",
                "billing_mode": "PAY_PER_REQUEST" if units is None else "PROVISIONED",
                "table_class": "STANDARD",
                "created_at": created_at,
                "replica_regions": json.dumps(replica_regions) if replica_regions else None,
            }
            | columns
        ],
    )
    _add_demand(warehouse, account_id, region, name, reads, writes, starts_at)
    if size_gb is not None:
        plant_size(warehouse, name, size_gb, region=region, account_id=account_id)
    if units is not None:
        _add_capacity(warehouse, account_id, region, name, provisioned or units)


def plant_size(
    warehouse: SmallWarehouse, name: str, gb: float, *, region: str = REGION, account_id: str = ACCOUNT
) -> None:
    """Let AWS report the size of a table, without items so that no overhead comes on top."""
    row = {"account_id": account_id, "region": region, "table_name": name, "resource_name": name}
    size = {"observed_on": AS_OF.date(), "size_bytes": int(gb * 2**30), "item_count": 0}
    warehouse.rows("raw_dynamodb.table_sizes", [row | size])


def plant_index(
    warehouse: SmallWarehouse,
    table: str,
    index: str,
    *,
    reads: Rates = 0.0,
    writes: Rates = 0.0,
    units: Pair | None = None,
    seen_from: datetime = CREATED_AT,
    starts_at: datetime = WINDOW_START,
    region: str = REGION,
    account_id: str = ACCOUNT,
) -> None:
    """Add an index: with `units` (read, write) where its table is provisioned."""
    resource = f"{table}#{index}"
    warehouse.rows(
        "raw_dynamodb.gsi_metadata",
        [
            {
                **_capacity(units, None),
                "account_id": account_id,
                "region": region,
                "table_name": table,
                "gsi_name": index,
                "resource_name": resource,
                "index_status": "ACTIVE",
                "valid_from": seen_from,
            }
        ],
    )
    _add_demand(warehouse, account_id, region, resource, reads, writes, starts_at)
    if units is not None:
        _add_capacity(warehouse, account_id, region, resource, units)


def _capacity(units: Pair | None, policies: dict[str, tuple[int, int, float]] | None) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if units is not None:
        row |= {"read_capacity_units": units[0], "write_capacity_units": units[1]}
    for dimension, (least, greatest, target) in (policies or {}).items():
        row |= {
            f"{dimension}_autoscaling_min": least,
            f"{dimension}_autoscaling_max": greatest,
            f"{dimension}_autoscaling_target_pct": target,
        }
    return row


def _add_demand(
    warehouse: SmallWarehouse,
    account_id: str,
    region: str,
    resource: str,
    reads: Rates,
    writes: Rates,
    starts_at: datetime,
) -> None:
    minutes = int((AS_OF - starts_at) / timedelta(minutes=1))
    warehouse.minutes(
        account_id,
        region,
        resource,
        reads=np.broadcast_to(reads, minutes).astype("float64"),
        writes=np.broadcast_to(writes, minutes).astype("float64"),
        start=starts_at,
    )


def _add_capacity(
    warehouse: SmallWarehouse, account_id: str, region: str, resource: str, provisioned: Pair
) -> None:
    for metric, value in zip(
        ("ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits"), provisioned, strict=True
    ):
        warehouse.series(
            account_id,
            region,
            resource,
            metric,
            np.full(MINUTES // 5, float(value)),
            start=WINDOW_START,
            period_seconds=300,
            statistic="Average",
        )
