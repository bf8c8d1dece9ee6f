"""What is read from CloudWatch: which metrics, of which resources, over which spans, in units of work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from loaders.cloudwatch.intervals import Interval, ceiling, common, floor, subtract, union
from loaders.ledger import Kind

MAX_QUERIES = 500  # of one GetMetricData call
MAX_POINTS = 100_800  # of one answer
USD_PER_QUERY = 0.01 / 1000  # per metric requested; there is no free tier

# How long CloudWatch keeps points, by their period.
KEPT = {60: timedelta(days=15), 300: timedelta(days=63), 3600: timedelta(days=455)}

# A unit is fetched whole and held in memory: about half a batch.
_UNIT_POINTS = 500_000


@dataclass(frozen=True)
class Resource:
    """A table, or an index of it (then `index_name` is set), as its metrics are named."""

    account_id: str
    region: str
    table_name: str
    index_name: str | None
    is_provisioned: bool
    created_at: datetime | None  # the table's: AWS does not tell an index's

    @property
    def name(self) -> str:
        """`table`, or `table#index`."""
        return self.table_name if self.index_name is None else f"{self.table_name}#{self.index_name}"


@dataclass(frozen=True)
class Reading:
    """Metrics of a resource that are always read together. `sparse` ones have points only when it happens."""

    name: Kind
    statistic: str
    dense: tuple[str, ...]
    sparse: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """All of them."""
        return self.dense + self.sparse


_CONSUMED = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
# Demand, minute by minute: Average and Maximum of these metrics are per request, and no rates.
MINUTES = Reading("minutes", "Sum", _CONSUMED, ("ReadThrottleEvents", "WriteThrottleEvents"))
# What was provisioned: published every five minutes.
CAPACITY = Reading("capacity", "Average", ("ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits"))
# Demand by the hour, as far back as CloudWatch remembers.
MEMORY = Reading("memory", "Sum", _CONSUMED)

# (account, region, resource, metric, statistic, period in seconds)
SeriesKey = tuple[str, str, str, str, str, int]
Known = Mapping[SeriesKey, list[Interval]]


@dataclass(frozen=True)
class Unit:
    """One account and region, one reading and period, one span, and the resources that miss it."""

    reading: Reading
    account_id: str
    region: str
    period: int
    span: Interval
    resources: tuple[Resource, ...]
    part: int = 1

    @property
    def name(self) -> str:
        """The unit as the ledger calls it: account, region, reading and period, span, part."""
        start, end = (f"{instant:%Y-%m-%dT%H:%M}" for instant in self.span)
        return f"{self.account_id}/{self.region}/{self.reading.name} {self.period}s/{start}–{end}/{self.part}"

    @property
    def points_per_series(self) -> int:
        """How many points a series without gaps has in the span."""
        return int((self.span[1] - self.span[0]).total_seconds()) // self.period

    @property
    def queries(self) -> int:
        """How many metrics AWS charges for."""
        return len(self.resources) * len(self.reading.metrics)


@dataclass(frozen=True)
class Wanted:
    """What a load asks for: a span of minutes, and whether the long memory is brought up to date too.

    `clock` is the instant from which CloudWatch's retention is counted back.
    """

    start: datetime
    end: datetime
    clock: datetime
    long_memory: bool


def plan(
    resources: Iterable[Resource], known: Known, wanted: Wanted, batch_size: int | None = None
) -> list[Unit]:
    """Cut what is wanted and not yet known into units, each of full calls as far as possible.

    Args:
        known: what the warehouse has, by series.
        batch_size: the most series that a unit may hold. Default: what its points allow.
    """
    together: dict[tuple[str, str, Kind, int, Interval], list[Resource]] = defaultdict(list)
    readings: dict[Kind, Reading] = {reading.name: reading for reading in (MINUTES, CAPACITY, MEMORY)}
    for resource in resources:
        for reading, period, span in _spans(resource, wanted):
            for missing in _missing(resource, reading, period, span, known):
                place = (resource.account_id, resource.region, reading.name, period, missing)
                together[place].append(resource)
    units: list[Unit] = []
    for (account_id, region, name, period, span), members in together.items():
        unit = Unit(readings[name], account_id, region, period, span, tuple(members))
        units.extend(_parts(unit, batch_size))
    return units


def _parts(unit: Unit, batch_size: int | None) -> Iterator[Unit]:
    per_resource = max(1, unit.points_per_series * len(unit.reading.dense))
    most = max(1, _UNIT_POINTS // per_resource)
    if batch_size is not None:
        most = max(1, min(most, batch_size // len(unit.reading.metrics)))
    for part, begin in enumerate(range(0, len(unit.resources), most), start=1):
        yield Unit(
            unit.reading,
            unit.account_id,
            unit.region,
            unit.period,
            unit.span,
            unit.resources[begin : begin + most],
            part,
        )


def _spans(resource: Resource, wanted: Wanted) -> Iterator[tuple[Reading, int, Interval]]:
    """Yield a resource's readings, each with the span that its age and the retention leave of it."""

    def since(period: int, start: datetime, end: datetime) -> Interval:
        # The edges of retention are cut at whole hours, so that no five minutes are half minutes, half not.
        kept = ceiling(wanted.clock - KEPT[period], 3600)
        born = resource.created_at or start
        return floor(max(start, kept, born), period), floor(end, period)

    fine = since(60, wanted.start, wanted.end)
    yield MINUTES, 60, fine
    yield MINUTES, 300, since(300, wanted.start, max(wanted.start, fine[0]))
    if resource.is_provisioned:
        yield CAPACITY, 300, since(300, wanted.start, wanted.end)
    if wanted.long_memory:
        yield MEMORY, 3600, since(3600, wanted.clock - KEPT[3600], wanted.end)


def _missing(
    resource: Resource, reading: Reading, period: int, span: Interval, known: Known
) -> list[Interval]:
    """Return the parts of a span in which one of the reading's series is not known.

    A minute that is known at 300 s is known: it was read so because nothing finer was kept or published.
    """
    periods = (60, 300) if reading is MINUTES else (period,)
    if span[0] >= span[1]:
        return []
    place = (resource.account_id, resource.region, resource.name)
    have = [
        union([part for p in periods for part in known.get((*place, metric, reading.statistic, p), [])])
        for metric in reading.metrics
    ]
    return subtract(span, common(have))
