"""What the fault matrix is made of: the loaders, and how what they wrote is held to an undisturbed load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from loaders import billing, cloudwatch, inventory, pricing
from loaders.aws import Access
from loaders.pipeline import Warehouse
from loaders.report import LoadReport
from loaders.schemas import (
    AWS_ACCOUNTS,
    CUR_DATA,
    CUR_METADATA,
    CUR_PERIODS,
    GSI_METADATA,
    METRICS,
    ORGANIZATIONAL_UNITS,
    PRICING_DATA,
    TABLE_METADATA,
    TABLE_SIZES,
    RawTable,
)

# On the third of a month, of which the bill has two days.
END = datetime(2026, 11, 3)
REGIONS = ("us-east-1", "us-west-2", "eu-west-1")


@dataclass(frozen=True)
class Loader:
    """One loader: how it is run, and what of the warehouse it is responsible for, as (table, columns)."""

    name: str
    load: Callable[[Warehouse, Access], LoadReport]
    writes: tuple[tuple[str, str], ...]


def _columns(table: RawTable, *further: str) -> tuple[str, str]:
    return table.qualified_name, ", ".join([*table.schema.names, *further])


def _collect(warehouse: Warehouse, access: Access) -> LoadReport:
    # Small units, so that there are calls enough for a twentieth of them to be some.
    start = END - timedelta(hours=6)
    return cloudwatch.load(warehouse, access, start=start, end=END, now=END, batch_size=4, long_memory=False)


_IS_OPEN = "_dlt_valid_to is null as is_open"
LOADERS = {
    loader.name: loader
    for loader in (
        Loader(
            "inventory",
            lambda warehouse, access: inventory.load(warehouse, access, now=END),
            (
                _columns(AWS_ACCOUNTS),
                _columns(ORGANIZATIONAL_UNITS),
                _columns(TABLE_METADATA, _IS_OPEN),
                _columns(GSI_METADATA, _IS_OPEN),
                _columns(TABLE_SIZES),
            ),
        ),
        Loader(
            "metrics",
            _collect,
            (_columns(METRICS), ("ops.collected_spans", "* exclude (operation_id)")),
        ),
        Loader(
            "prices",
            lambda warehouse, access: pricing.load(warehouse, access, regions=REGIONS, now=END),
            (_columns(PRICING_DATA),),
        ),
        Loader(
            "bill",
            lambda warehouse, access: billing.load(warehouse, access, now=END),
            (_columns(CUR_METADATA), _columns(CUR_PERIODS), _columns(CUR_DATA)),
        ),
    )
}


@dataclass(frozen=True)
class Comparison:
    """Rows that both have, that are missing from a warehouse, and that it has besides."""

    rows: int
    lost: int
    surplus: int


def compare(warehouse: Warehouse, reference: Path, loader: Loader, where: str = "true") -> Comparison:
    """Hold the rows that a loader wrote, as far as a condition reaches, to those of another warehouse."""
    with duckdb.connect(str(warehouse.path), read_only=True) as connection:
        connection.execute(f"attach '{reference}' as reference (read_only)")
        counts = [
            connection.execute(
                f"""
                with found as (select {columns} from {table} where {where}),
                expected as (select {columns} from reference.{table} where {where})
                select
                    (select count(*) from found),
                    (select count(*) from (from expected except all from found)),
                    (select count(*) from (from found except all from expected))
                """
            ).fetchall()[0]
            for table, columns in loader.writes
        ]
    return Comparison(*(sum(column) for column in zip(*counts, strict=True)))
