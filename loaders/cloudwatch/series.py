"""What is read from CloudWatch: which metrics, of which resources, over which spans, in units of work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, gcd

from loaders.cloudwatch.intervals import Interval, ceiling, common, floor, subtract, union
from loaders.ledger import Kind

MAX_QUERIES = 500  # of one GetMetricData call
MAX_POINTS = 100_800  # of one answer
USD_PER_QUERY = 0.01 / 1000  # per metric requested; there is no free tier
# Points a second that CloudWatch answers an account and region; the second where a call starts within three
# hours. It counts what a span could hold, not what is there, so no call asks for more than a second's worth.
POINTS_PER_SECOND = 396_000
RECENT_POINTS_PER_SECOND = 180_000

# How long CloudWatch keeps points, by their period.
KEPT = {60: timedelta(days=15), 300: timedelta(days=63), 3600: timedelta(days=455)}

# Points arrive late now and then. Points are free and queries are charged, so what is read after a known span
# is read from so much earlier.
_LATE = {60: timedelta(hours=1), 300: timedelta(hours=1), 3600: timedelta(hours=2)}

# A minute within retention, with room for doubts about where it ends, is there if it ever was.
_SURELY_KEPT = KEPT[60] - timedelta(hours=12)

# A unit is fetched whole and held in memory: less than half a batch, and two cents at most.
_UNIT_POINTS = 500_000
_UNIT_QUERIES = 2_000

# A table created on-demand is given its first mode some moments after its creation.
_CREATED_SO = timedelta(minutes=10)


@dataclass(frozen=True)
class Resource:
    """A table, or an index of it (then `index_name` is set), as its metrics are named.

    `created_at` is the table's, for AWS does not tell an index's; `on_demand_since` the instant of its last
    change to on-demand, None if there was none. Naive UTC instants.
    """

    account_id: str
    region: str
    table_name: str
    index_name: str | None
    is_provisioned: bool
    created_at: datetime | None
    on_demand_since: datetime | None = None

    @property
    def name(self) -> str:
        """`table`, or `table#index`."""
        return self.table_name if self.index_name is None else f"{self.table_name}#{self.index_name}"

    def provisioned_until(self, end: datetime) -> datetime | None:
        """Return until when, at most `end`, it may have had provisioned capacity; None if it never had."""
        if self.is_provisioned:
            return end
        since, created = self.on_demand_since, self.created_at
        if since is None or (created is not None and since - created < _CREATED_SO):
            return None
        return min(end, ceiling(since, 300))


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

# The most valuable first: that is the order in which a load with little money reads.
READINGS = (MINUTES, CAPACITY, MEMORY)

# (account, region, resource, metric, statistic, period in seconds)
SeriesKey = tuple[str, str, str, str, str, int]
Known = Mapping[SeriesKey, list[Interval]]

# What resources have in common that are read as one unit: account, region, reading, period, span.
_Together = tuple[str, str, Reading, int, Interval]


def points_in(span: Interval, period: int) -> int:
    """Return how many points a series without gaps has in a span, at least 1."""
    return max(1, int((span[1] - span[0]).total_seconds()) // period)


def dense_series_per_call(points: int) -> int:
    """Return how many series, each of so many points, one answer holds."""
    return max(1, min(MAX_QUERIES, MAX_POINTS // points))


def sparse_series_per_call(points: int) -> int:
    """Return how many series, each of at most so many points and usually of none, one call may ask for."""
    return max(1, min(MAX_QUERIES, POINTS_PER_SECOND // points))


@dataclass(frozen=True)
class Unit:
    """One account and region, one reading and period, one span, and the resources that miss it.

    `coarse` names those that were known at 300 s up to the span, though 60 s are asked for.
    """

    reading: Reading
    account_id: str
    region: str
    period: int
    span: Interval
    resources: tuple[Resource, ...]
    part: int = 1
    coarse: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The unit as the ledger calls it: account, region, reading and period, span, first resource.

        A resumed load that plans what is left gives the same names to the same units.
        """
        start, end = (f"{instant:%Y-%m-%dT%H:%M}" for instant in self.span)
        what = f"{self.reading.name} {self.period}s/{start}–{end}"
        return f"{self.account_id}/{self.region}/{what}/{self.resources[0].name}"

    @property
    def points_per_series(self) -> int:
        """How many points a series without gaps has in the span."""
        return points_in(self.span, self.period)

    @property
    def points(self) -> int:
        """How many points its dense series have; the sparse ones rarely have any."""
        return len(self.resources) * len(self.reading.dense) * self.points_per_series

    @property
    def queries(self) -> int:
        """How many metrics AWS charges for when nothing has to be asked twice."""
        return len(self.resources) * len(self.reading.metrics)

    @property
    def calls(self) -> int:
        """How many calls that takes."""
        dense = len(self.resources) * len(self.reading.dense)
        sparse = len(self.resources) * len(self.reading.sparse)
        points = self.points_per_series
        return ceil(dense / dense_series_per_call(points)) + ceil(sparse / sparse_series_per_call(points))

    def queries_at_most(self, now: datetime) -> int:
        """Return how many metrics AWS charges for at most, as far as it answers each call at once and whole.

        A sparse series that does not fit its answer is asked a second time, and so is silence at the far end
        of retention (once more at 300 s).
        """
        asked = len(self.reading.dense) + 2 * len(self.reading.sparse)
        return len(self.resources) * asked * (2 if self.may_be_forgotten(now) else 1)

    def may_be_forgotten(self, now: datetime) -> bool:
        """Whether its first minutes may be beyond retention, so that silence there proves nothing."""
        return self.reading is MINUTES and self.period == 60 and self.span[0] < now - _SURELY_KEPT


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

    The most valuable come first: minutes, capacity, the long memory; of each the newest. Units of different
    accounts and regions alternate, since each has its own limits.

    Args:
        known: what the warehouse has, by series.
        batch_size: the most series that a unit may hold. Default: what its points allow.
    """
    together: dict[_Together, list[Resource]] = defaultdict(list)
    coarse: dict[_Together, set[str]] = defaultdict(set)
    for resource in resources:
        for reading, period, span in _spans(resource, wanted):
            for missing, is_coarse in _missing(resource, reading, period, span, known):
                place = (resource.account_id, resource.region, reading, period, missing)
                together[place].append(resource)
                if is_coarse:
                    coarse[place].add(resource.name)
    units: list[Unit] = []
    for place, members in together.items():
        account_id, region, reading, period, span = place
        unit = Unit(reading, account_id, region, period, span, tuple(members))
        units.extend(_parts(unit, batch_size, coarse.get(place, set())))
    return sorted(units, key=_worth)


def _worth(unit: Unit) -> tuple[object, ...]:
    start, end = unit.span
    age = (datetime.max - end, datetime.max - start)
    return (READINGS.index(unit.reading), unit.period, *age, unit.part, unit.account_id, unit.region)


def _parts(unit: Unit, batch_size: int | None, coarse: set[str]) -> Iterator[Unit]:
    per_resource = max(1, unit.points_per_series * len(unit.reading.dense))
    most = max(1, min(_UNIT_POINTS // per_resource, _UNIT_QUERIES // len(unit.reading.metrics)))
    if batch_size is not None:
        most = max(1, min(most, batch_size // len(unit.reading.metrics)))
    # As many as fill calls to the brim.
    per_call = dense_series_per_call(unit.points_per_series)
    full = per_call // gcd(per_call, len(unit.reading.dense))
    if full < most:
        most -= most % full
    for part, begin in enumerate(range(0, len(unit.resources), most), start=1):
        members = unit.resources[begin : begin + most]
        names = frozenset(coarse & {resource.name for resource in members})
        yield replace(unit, resources=members, part=part, coarse=names)


def _spans(resource: Resource, wanted: Wanted) -> Iterator[tuple[Reading, int, Interval]]:
    """Yield a resource's readings, each with the span that its age and the retention leave of it."""

    def since(period: int, start: datetime, end: datetime) -> Interval:
        # The edges of retention are cut at whole hours, so that no five minutes are half minutes, half not.
        kept = ceiling(wanted.clock - KEPT[period], 3600)
        born = resource.created_at or start
        return floor(max(start, kept, born), period), floor(end, period)

    fine = since(60, wanted.start, wanted.end)
    yield MINUTES, 60, fine
    # Where nothing is kept by the minute, `fine` begins after its end.
    yield MINUTES, 300, since(300, wanted.start, max(wanted.start, min(fine)))
    until = resource.provisioned_until(wanted.end)
    if until is not None:
        yield CAPACITY, 300, since(300, wanted.start, until)
    if wanted.long_memory:
        yield MEMORY, 3600, since(3600, wanted.clock - KEPT[3600], wanted.end)


def _missing(
    resource: Resource, reading: Reading, period: int, span: Interval, known: Known
) -> list[tuple[Interval, bool]]:
    """Return the parts of a span in which a series of the reading is unknown, with the late end before each.

    A minute that is known at 300 s is known: it was read so because nothing finer was kept or published.
    Whether it was is said of each part of 60 s. A part is of whole periods: five minutes of which some are
    known by the minute are not read at 300 s, since their point could not be used beside those minutes.
    """
    if span[0] >= span[1]:
        return []
    periods = (60, 300) if reading is MINUTES else (period,)
    place = (resource.account_id, resource.region, resource.name)
    have = [
        union([part for p in periods for part in known.get((*place, metric, reading.statistic, p), ())])
        for metric in reading.metrics
    ]
    edges = [(ceiling(begin, period), floor(end, period)) for begin, end in subtract(span, common(have))]
    missing = [(begin, end) for begin, end in edges if begin < end]
    if not missing:
        return []
    at_300 = known.get((*place, reading.dense[0], reading.statistic, 300), ()) if period == 60 else ()
    after_300 = [begin for begin, _ in missing if any(start < begin <= end for start, end in at_300)]
    widened = union((_late(begin, span[0], period), end) for begin, end in missing)
    return [(part, any(part[0] <= begin < part[1] for begin in after_300)) for part in widened]


def _late(begin: datetime, earliest: datetime, period: int) -> datetime:
    """Return from when to read what is missing since an instant: earlier, if what lies before it is known."""
    return begin if begin == earliest else max(earliest, floor(begin - _LATE[period], max(300, period)))


def known_queries(resources: Iterable[Resource], wanted: Wanted, units: Iterable[Unit]) -> int:
    """Count the metrics, by period, that are wanted and that no unit asks for because all is known."""
    asked = {(unit.reading.name, unit.period, resource) for unit in units for resource in unit.resources}
    return sum(
        len(reading.metrics)
        for resource in resources
        for reading, period, span in _spans(resource, wanted)
        if span[0] < span[1] and (reading.name, period, resource) not in asked
    )
