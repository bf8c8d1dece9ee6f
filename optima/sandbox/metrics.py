"""The series that CloudWatch has of a table or an index, computed for the span that is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optima.sandbox.demand import MINUTES_PER_DAY, Values, means, sums, wanted_units
from optima.sandbox.organisation import Dimension, Organisation, Resource, Throughput

_CAPACITY_RESOLUTION = 5
_MINUTES_PER_HOUR = 60
# How long CloudWatch keeps points of 1, 5 and 60 minutes.
_KEPT_DAYS_AT_1, _KEPT_DAYS_AT_5, _KEPT_DAYS_AT_60 = 15, 63, 455
# An autoscaled capacity follows the busiest of the minutes t−18 … t−4: up some minutes late, down after a
# quarter of an hour. That is close to what the service does, and a function of the minute alone.
_SCALING_DELAY = 3
_SCALING_WINDOW = 15
_METRICS: dict[str, tuple[str, Dimension]] = {
    "ConsumedReadCapacityUnits": ("consumed", "read"),
    "ConsumedWriteCapacityUnits": ("consumed", "write"),
    "ProvisionedReadCapacityUnits": ("provisioned", "read"),
    "ProvisionedWriteCapacityUnits": ("provisioned", "write"),
    "ReadThrottleEvents": ("throttled", "read"),
    "WriteThrottleEvents": ("throttled", "write"),
}


@dataclass(frozen=True)
class Points:
    """Values of one series at `minutes` since 1970, ascending; `minutes` is a range where none is missing."""

    minutes: range | np.ndarray
    values: Values


NO_POINTS = Points(range(0), np.empty(0))


def wanted(
    organisation: Organisation, resource: Resource, dimension: Dimension, start: int, stop: int
) -> Values:
    """Units asked for in each minute, zero before the table was created."""
    seed = organisation.config.seed
    units = wanted_units(
        resource.throughput(dimension).demand,
        seed=seed,
        key=resource.key(seed, dimension),
        founded=organisation.founded_minute,
        start=start,
        stop=stop,
    )
    units[: max(0, resource.created_minute - start)] = 0
    return units


def consumed(
    organisation: Organisation, resource: Resource, dimension: Dimension, start: int, stop: int
) -> Values:
    """Units consumed in each minute: what was asked for, up to a fixed capacity."""
    units = wanted(organisation, resource, dimension, start, stop)
    throughput = resource.throughput(dimension)
    if throughput.units is not None and not throughput.is_autoscaled:
        capacity = fixed_capacity(throughput, organisation.founded_minute, start, stop)
        np.minimum(units, 60 * capacity, out=units)
    return units


def fixed_capacity(throughput: Throughput, founded: int, start: int, stop: int) -> Values:
    """Units a second of a fixed dimension, which may have been changed once."""
    capacity = np.full(stop - start, float(throughput.units or 0))
    if throughput.was is not None:
        changed = founded - round(throughput.changed_days_ago * MINUTES_PER_DAY)
        capacity[: max(0, changed - start)] = throughput.was
    return capacity


def provisioned(
    organisation: Organisation, resource: Resource, dimension: Dimension, start: int, stop: int
) -> Values:
    """Units a second provisioned in each minute."""
    throughput = resource.throughput(dimension)
    if throughput.target is None:
        return fixed_capacity(throughput, organisation.founded_minute, start, stop)
    lead = _SCALING_DELAY + _SCALING_WINDOW
    rates = wanted(organisation, resource, dimension, start - lead, stop) / 60
    busiest = np.lib.stride_tricks.sliding_window_view(rates, _SCALING_WINDOW)[: stop - start].max(axis=1)
    capacity: Values = np.ceil(busiest / (throughput.target / 100) - 1e-9)
    return np.clip(capacity, throughput.min, throughput.max, out=capacity)


def points(
    organisation: Organisation,
    resource: Resource,
    metric: str,
    statistic: str,
    period: int,
    start: int,
    stop: int,
) -> Points:
    """What GetMetricData answers for one series.

    `period` is in minutes, `start` and `stop` are multiples of it. Points exist where CloudWatch still keeps
    the period, from the table's creation to the clock. A series published every five minutes has its points
    five minutes apart however short the period asked for.
    """
    if metric not in _METRICS:
        return NO_POINTS
    kind, dimension = _METRICS[metric]
    throughput = resource.throughput(dimension)
    if kind == "provisioned" and throughput.units is None and not throughput.is_autoscaled:
        return NO_POINTS
    published = _CAPACITY_RESOLUTION if kind == "provisioned" else resource.resolution_minutes
    step = max(period, published)
    first, last = _kept(organisation, resource, period, step, start, stop)
    if first >= last:
        return NO_POINTS
    if kind == "provisioned":
        values = means(provisioned(organisation, resource, dimension, first, last), step)
    elif kind == "consumed":
        values = sums(consumed(organisation, resource, dimension, first, last), step)
    else:
        values = sums(_throttled(organisation, resource, dimension, first, last), step)
    found = Points(range(first, last, step), values)
    if kind == "throttled" or (kind == "consumed" and throughput.demand.sparse):
        found = _where_used(found)
    return found if kind == "provisioned" else _as_statistic(found, statistic)


def _throttled(
    organisation: Organisation, resource: Resource, dimension: Dimension, start: int, stop: int
) -> Values:
    asked = wanted(organisation, resource, dimension, start, stop)
    return asked - consumed(organisation, resource, dimension, start, stop)


def _kept(
    organisation: Organisation, resource: Resource, period: int, step: int, start: int, stop: int
) -> tuple[int, int]:
    """The part of [start, stop) that has points, on the grid of `step`."""
    days = organisation.config.days
    if period < _CAPACITY_RESOLUTION:
        kept = min(days, _KEPT_DAYS_AT_1)
    elif period < _MINUTES_PER_HOUR:
        kept = min(days, _KEPT_DAYS_AT_5)
    else:
        kept = min(max(days, resource.memory_days), _KEPT_DAYS_AT_60)
    first = max(start, organisation.clock_minute - kept * MINUTES_PER_DAY, resource.created_minute)
    return -(-first // step) * step, min(stop, organisation.clock_minute) // step * step


def _where_used(found: Points) -> Points:
    used = np.flatnonzero(found.values)
    return Points(np.asarray(found.minutes)[used], found.values[used])


def _as_statistic(found: Points, statistic: str) -> Points:
    """Average, Minimum and Maximum of these metrics are per request, and each request here uses one unit."""
    if statistic in ("Sum", "SampleCount"):
        return found
    return Points(found.minutes, np.minimum(found.values, 1.0))
