"""Organisations drawn at random: tables of every kind, with their demand, their bill and their prices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from billing import IA, OCTOBER_HOURS, STANDARD, BilledTable, Line
from planted_tables import MINUTES, WINDOW_START
from price_list import LIST_PRICES
from small_warehouse import AS_OF, SmallWarehouse

TABLES = 20
BILLED_TABLES = 6
ACCOUNTS = ("200000000001", "200000000002")
PAYER = "200000000000"
REGIONS = ("eu-west-1", "us-east-1")
DIMENSIONS = ("read", "write")

# A resource: account, region, and name as in metrics.
Resource = tuple[str, str, str]


@dataclass(frozen=True)
class Series:
    """Values of a metric, one a period; NaN where nobody collected it."""

    resource: Resource
    metric: str
    values: np.ndarray
    start: datetime = WINDOW_START
    period_seconds: int = 60
    statistic: str = "Sum"

    @property
    def key(self) -> tuple[str, str, str, str, str, int]:
        return (*self.resource, self.metric, self.statistic, self.period_seconds)

    def coarser(self) -> Series:
        """Return five-minute points of other values, only where all five minutes are known."""
        slots = self.values.reshape(-1, 5).sum(axis=1)
        return Series(self.resource, self.metric, 7 * slots + 3, self.start, 300, self.statistic)


@dataclass
class Organisation:
    """What loaders would have left of it, and the rates that the tests know it by."""

    prices: dict[str, dict[str, str]]
    has_free_tier: bool
    tables: list[dict[str, Any]] = field(default_factory=list)
    indexes: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[dict[str, Any]] = field(default_factory=list)
    bills: list[BilledTable] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    rates: dict[Resource, dict[str, np.ndarray]] = field(default_factory=dict)

    def peak(self, resource: Resource, dimension: str) -> float:
        """Return the highest known minute; a minute is known when both dimensions are."""
        reads, writes = (self.rates[resource][each] for each in DIMENSIONS)
        is_known = ~np.isnan(reads) & ~np.isnan(writes)
        return float(max(self.rates[resource][dimension][is_known], default=0.0))

    def put_into(
        self,
        warehouse: SmallWarehouse,
        *,
        price_factor: int = 1,
        disorder: np.random.Generator | None = None,
    ) -> None:
        """Add all of it; with `disorder` in another order of rows, and in loads that were cut elsewhere."""
        for region, prices in self.prices.items():
            listed = {key: str(price_factor * Decimal(price)) for key, price in prices.items()}
            warehouse.price_list(region, prices=listed, has_free_tier=self.has_free_tier)
        members = [{"account_id": name, "management_account_id": PAYER} for name in (*ACCOUNTS, PAYER)]
        warehouse.rows("raw_organizations.aws_accounts", members)
        for number, bill in enumerate(self.bills):
            bill.put_into(warehouse, number)
        step = 1 if disorder is None else -1
        warehouse.rows("raw_dynamodb.table_metadata", self.tables[::step])
        warehouse.rows("raw_dynamodb.gsi_metadata", self.indexes[::step])
        warehouse.rows("raw_dynamodb.table_sizes", self.sizes[::step])
        put_series(warehouse, self.series[::step], disorder)


def put_series(
    warehouse: SmallWarehouse, series: Sequence[Series], disorder: np.random.Generator | None = None
) -> None:
    """Append the points of all series, and the spans that say what is known."""
    known = [np.flatnonzero(~np.isnan(each.values)) for each in series]
    counts = [len(places) for places in known]
    number = np.repeat(np.arange(len(series)), counts)
    instants = [
        np.datetime64(each.start, "us") + places * np.timedelta64(each.period_seconds, "s")
        for each, places in zip(series, known, strict=True)
    ]
    columns = dict(
        zip(
            ("account_id", "region", "resource_name", "metric_name", "statistic", "period_seconds"),
            zip(*(each.key for each in series), strict=True),
            strict=True,
        )
    )
    points = pa.table(
        {name: pa.array(values).take(pa.array(number)) for name, values in columns.items()}
        | {
            "timestamp": pa.array(np.concatenate(instants)),
            "value": np.concatenate(
                [each.values[places] for each, places in zip(series, known, strict=True)]
            ),
        }
    )
    if disorder is not None:
        points = points.take(pa.array(disorder.permutation(points.num_rows)))
    spans = [
        span for each, places in zip(series, known, strict=True) for span in _spans(each, places, disorder)
    ]
    with warehouse.connection() as connection:
        connection.register("points", points)
        connection.execute("insert into raw_cloudwatch.metrics by name select * from points")
        connection.register("spans", pa.Table.from_pylist(spans))
        connection.execute("insert into ops.collected_spans by name select * from spans")


def _spans(series: Series, known: np.ndarray, disorder: np.random.Generator | None) -> list[dict[str, Any]]:
    """Return the runs of known periods as spans, with `disorder` each cut where a load may have ended."""
    names = ("account_id", "region", "resource_name", "metric_name", "statistic", "period_seconds")
    edges = np.flatnonzero(np.diff(known, prepend=-2, append=len(series.values) + 1) != 1)
    spans = []
    for first, after in pairwise(edges):
        start, end = int(known[first]), int(known[after - 1]) + 1
        cuts = [] if disorder is None else disorder.integers(start, end, 3)
        for run, (since, until) in enumerate(pairwise(sorted({start, end, *map(int, cuts)}))):
            period = timedelta(seconds=series.period_seconds)
            spans.append(
                dict(zip(names, series.key, strict=True))
                | {
                    "span_start": series.start + since * period,
                    "span_end": series.start + until * period,
                    "operation_id": f"run {run}",
                }
            )
    return spans


def organisation(seed: int) -> Organisation:
    """Draw one; the same seed draws the same."""
    random = np.random.default_rng(seed)
    drawn = Organisation(
        prices={region: _prices(random) for region in REGIONS}, has_free_tier=bool(random.random() < 0.5)
    )
    for number in range(TABLES):
        _draw_table(random, drawn, number)
    for number in range(BILLED_TABLES):
        _draw_billed_table(random, drawn, number)
    return drawn


def _prices(random: np.random.Generator) -> dict[str, str]:
    """Return the list's prices, each up to twice or down to half as dear."""
    return {
        key: str((Decimal(price) * int(random.integers(50, 200)) / 100).quantize(Decimal("1e-12")))
        for key, price in LIST_PRICES.items()
    }


def _rates(random: np.random.Generator, level: float) -> np.ndarray:
    """Units per second in every minute of the window."""
    minute = np.arange(MINUTES)
    day = minute % 1440
    wave = 1 + random.uniform(0, 1) * np.sin(2 * np.pi * minute / 1440 + random.uniform(0, 6))
    match random.choice(["flat", "wave", "noise", "spikes", "office", "idle", "rare", "stairs", "growing"]):
        case "flat":
            return np.full(MINUTES, level)
        case "wave":
            return level * wave
        case "noise":
            return level * wave * random.uniform(0.5, 1.5, MINUTES)
        case "spikes":
            return level * np.where(random.random(MINUTES) < 0.002, random.uniform(2, 40), wave)
        case "office":
            return level * np.where((day > 480) & (day < 1080), wave, random.uniform(0, 0.1))
        case "rare":
            return np.where(random.random(MINUTES) < 0.01, level, 0.0)
        case "stairs":
            return level * random.uniform(0.1, 3, MINUTES // 90 + 1).repeat(90)[:MINUTES]
        case "growing":
            return level * (0.2 + minute / MINUTES)
    return np.zeros(MINUTES)


def _with_gaps(random: np.random.Generator, rates: np.ndarray) -> np.ndarray:
    rates = rates.copy()
    if random.random() < 0.3:
        start = random.integers(0, MINUTES)
        rates[start : start + int(10 ** random.uniform(0, 3.7))] = np.nan
    return rates


def _draw_demand(
    random: np.random.Generator, drawn: Organisation, resource: Resource, starts_after_minutes: int = 0
) -> None:
    level = 10 ** random.uniform(-0.5, 2.9)
    rates = {
        "read": _with_gaps(random, _rates(random, level)),
        "write": _with_gaps(random, _rates(random, level * random.uniform(0, 0.5))),
    }
    drawn.rates[resource] = rates
    for dimension, values in rates.items():
        values[:starts_after_minutes] = np.nan
        metric = f"Consumed{dimension.title()}CapacityUnits"
        drawn.series.append(Series(resource, metric, 60 * values))
        if random.random() < 0.1:
            events = np.where(random.random(MINUTES) < 0.001, 3.0, 0.0)
            drawn.series.append(Series(resource, f"{dimension.title()}ThrottleEvents", events))
        if random.random() < 0.3:
            # Hours of the past that were busier than anything in the window, or less.
            hours = level * 3600 * random.uniform(0, 2, 200)
            since = WINDOW_START - timedelta(hours=200)
            drawn.series.append(Series(resource, metric, hours, since, 3600))


def _draw_capacity(
    random: np.random.Generator, drawn: Organisation, resource: Resource, mode: str
) -> dict[str, Any]:
    """Return the columns of capacity, having drawn what was provisioned over the window."""
    columns: dict[str, Any] = {}
    if mode == "on-demand":
        return columns
    for dimension in DIMENSIONS:
        peak = drawn.peak(resource, dimension)
        units = int(peak * random.uniform(0.5, 6)) + 1
        columns[f"{dimension}_capacity_units"] = units
        provisioned = np.full(MINUTES // 5, float(units))
        if mode == "autoscaled" or (mode == "mixed" and random.random() < 0.5):
            columns[f"{dimension}_autoscaling_min"] = int(random.integers(1, units + 1))
            columns[f"{dimension}_autoscaling_max"] = units + int(random.integers(0, 3 * units))
            columns[f"{dimension}_autoscaling_target_pct"] = float(random.choice([20, 50, 70, 90]))
            provisioned = np.ceil(units * random.uniform(0.3, 1.2, MINUTES // 5 // 12).repeat(12))
        metric = f"Provisioned{dimension.title()}CapacityUnits"
        drawn.series.append(Series(resource, metric, provisioned, WINDOW_START, 300, "Average"))
    return columns


def _draw_table(random: np.random.Generator, drawn: Organisation, number: int) -> None:
    account = str(random.choice(ACCOUNTS))
    name = f"table_{number:02d}"
    mode = str(random.choice(["on-demand", "on-demand", "fixed", "autoscaled", "mixed"]))
    is_global = random.random() < 0.15
    regions = REGIONS if is_global and random.random() < 0.8 else [str(random.choice(REGIONS))]
    starts_after_minutes = int(random.integers(1, 14)) * 1440 if random.random() < 0.1 else 0
    born_at = WINDOW_START + timedelta(minutes=starts_after_minutes)
    indexes = [f"by_{place}" for place in range(random.choice([0, 0, 0, 1, 2]))]
    for region in regions:
        place = {"account_id": account, "region": region, "table_name": name}
        for resource_name in (name, *(f"{name}#{index}" for index in indexes)):
            _draw_demand(random, drawn, (account, region, resource_name), starts_after_minutes)
        common = {
            "billing_mode": "PAY_PER_REQUEST" if mode == "on-demand" else "PROVISIONED",
            "table_status": "ACTIVE",
            "table_class": IA if random.random() < 0.25 else STANDARD,
            "created_at": born_at if starts_after_minutes else datetime(2026, 1, 1),
            "replica_regions": json.dumps(REGIONS) if is_global else None,
        }
        if random.random() < 0.1:
            common["table_class_updated_at"] = AS_OF - timedelta(days=int(random.integers(5, 60)))
        drawn.tables.append(place | common | _draw_capacity(random, drawn, (account, region, name), mode))
        for index in indexes:
            resource = (account, region, f"{name}#{index}")
            row = {"gsi_name": index, "resource_name": resource[2], "valid_from": common["created_at"]}
            drawn.indexes.append(place | row | _draw_capacity(random, drawn, resource, mode))
        if random.random() < 0.75:
            _draw_size(random, drawn, place, [None, *indexes])


def _draw_size(
    random: np.random.Generator, drawn: Organisation, place: dict[str, str], parts: Sequence[str | None]
) -> None:
    for index in parts:
        resource = place["table_name"] + (f"#{index}" if index else "")
        drawn.sizes.append(
            place
            | {
                "gsi_name": index,
                "resource_name": resource,
                "observed_on": AS_OF.date(),
                "size_bytes": int(10 ** random.uniform(8, 12.3)),
                "item_count": int(10 ** random.uniform(0, 8)),
            }
        )


def _draw_billed_table(random: np.random.Generator, drawn: Organisation, number: int) -> None:
    """Draw a table that a payer's export names, with commitments, and with or without known demand."""
    account = f"0{number:011d}"
    resource = (account, "us-east-1", "subject")
    mode = str(random.choice(["on-demand", "fixed"]))
    columns: dict[str, Any] = {"table_class": IA if random.random() < 0.3 else STANDARD}
    if random.random() < 0.6:
        _draw_demand(random, drawn, resource)
        columns |= _draw_capacity(random, drawn, resource, mode)
    elif mode == "fixed":
        columns |= {"read_capacity_units": 50, "write_capacity_units": 50}
    columns["billing_mode"] = "PAY_PER_REQUEST" if mode == "on-demand" else "PROVISIONED"
    prefix = "IA-" if columns["table_class"] == IA else ""
    lines = [Line(f"{prefix}TimedStorage-ByteHrs", 10 ** random.uniform(0, 4))]
    for dimension in DIMENSIONS:
        kind = str(random.choice(["Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"], p=[0.5, 0.3, 0.2]))
        if mode == "fixed":
            amount = columns[f"{dimension}_capacity_units"] * OCTOBER_HOURS
            usage = f"{prefix}{dimension.title()}CapacityUnit-Hrs"
            kind = "Usage" if prefix and kind == "DiscountedUsage" else kind
        else:
            amount, usage = 10 ** random.uniform(4, 9), f"{prefix}{dimension.title()}RequestUnits"
            kind = "Usage" if kind == "DiscountedUsage" else kind
        lines.append(Line(usage, amount, kind=kind))
        if kind != "Usage" and random.random() < 0.5:
            lines.append(Line(usage, amount * random.uniform(0, 2), table="other", is_elsewhere=True))
    drawn.bills.append(BilledTable(tuple(lines), columns))
