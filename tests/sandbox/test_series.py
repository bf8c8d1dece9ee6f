"""Demand and metrics as functions of the minute: patterns, determinism, extension."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from optima.sandbox import SandboxConfig
from optima.sandbox.demand import Batch, Bursts, Demand, Season, wanted_units
from optima.sandbox.metrics import consumed, points, provisioned
from optima.sandbox.organisation import Organisation, Resource, minute_of
from optima.sandbox.planting import build
from tests.sandbox.served import END

DAY = 1440
MONDAY = minute_of(datetime(2026, 10, 19))


def units(
    demand: Demand, start: int = MONDAY, minutes: int = DAY, *, seed: int = 1, key: int = 7
) -> np.ndarray:
    return wanted_units(demand, seed=seed, key=key, founded=minute_of(END), start=start, stop=start + minutes)


def resource(organisation: Organisation, name: str, region: str | None = None) -> Resource:
    return next(
        r
        for table in organisation.tables
        for r in table.resources
        if r.name == name and region in (None, r.region)
    )


def test_a_flat_demand_is_exact() -> None:
    assert np.array_equal(units(Demand(rate=70)), np.full(DAY, 4_200.0))


def test_a_daily_curve_peaks_at_its_hour_and_keeps_its_mean() -> None:
    day = units(Demand(rate=1_000, daily=0.5, peak_hour=18))
    assert day[18 * 60] == day.max()
    assert (day[18 * 60], day[6 * 60]) == (90_000, 30_000)
    assert day.mean() == pytest.approx(60_000, abs=1)


def test_weekends_are_saturday_and_sunday() -> None:
    week = units(Demand(rate=10, weekend=0.5), minutes=7 * DAY).reshape(7, DAY).mean(axis=1)
    assert week.tolist() == [600.0] * 5 + [300.0] * 2


def test_growth_doubles_every_ln_2_over_rate() -> None:
    grown = units(
        Demand(rate=100, growth_per_day=np.log(2) / 7), start=minute_of(END) - 7 * DAY, minutes=7 * DAY + 1
    )
    assert (grown[0], grown[-1]) == (3_000, 6_000)


def test_a_season_multiplies_its_days_alone() -> None:
    start = minute_of(END) - 12 * DAY
    days = units(Demand(rate=1, season=Season(days_ago=10, days=3, factor=5)), start=start, minutes=12 * DAY)
    assert days.reshape(12, DAY).mean(axis=1).tolist() == [60.0] * 2 + [300.0] * 3 + [60.0] * 7


def test_a_batch_may_run_over_midnight() -> None:
    day = units(Demand(batches=(Batch(at=23 * 60 + 30, minutes=60, rate=2),)))
    assert np.flatnonzero(day).tolist() == [*range(30), *range(DAY - 30, DAY)]
    assert day[0] == 120


def test_bursts_come_as_often_and_last_as_long_as_they_are_planted() -> None:
    days = units(Demand(bursts=Bursts(rate=300, minutes=6, per_day=6)), minutes=200 * DAY)
    assert set(np.unique(days)) == {0.0, 18_000.0}
    assert np.count_nonzero(days) / 6 / 200 == pytest.approx(6, rel=0.1)


def test_noise_has_the_planted_spread_and_stays_within_three_of_it() -> None:
    noisy = units(Demand(rate=1_000, noise=0.05), minutes=30 * DAY) / 60_000
    assert noisy.std() == pytest.approx(0.05, rel=0.02)
    assert 0.85 <= noisy.min() < noisy.max() <= 1.15


def test_seed_and_series_make_the_noise_and_nothing_else_does() -> None:
    demand = Demand(rate=100, noise=0.1)
    assert np.array_equal(units(demand), units(demand))
    assert not np.array_equal(units(demand), units(demand, seed=2))
    assert not np.array_equal(units(demand), units(demand, key=8))


@pytest.mark.parametrize(
    "demand",
    [
        Demand(rate=100, daily=0.4, weekend=0.5, noise=0.1, growth_per_day=0.02),
        Demand(rate=1, bursts=Bursts(rate=50, minutes=20, per_day=8)),
        Demand(rate=1, batches=(Batch(at=100, minutes=30, rate=5),)),
        Demand(rate=3, season=Season(days_ago=13, days=2, factor=3)),
    ],
)
def test_any_part_of_a_series_is_the_same_computed_alone(demand: Demand) -> None:
    whole = units(demand, minutes=10 * DAY)
    for begin, minutes in ((0, 1), (1_439, 2), (777, 5_000), (10 * DAY - 61, 61)):
        assert np.array_equal(units(demand, MONDAY + begin, minutes), whole[begin : begin + minutes])


def test_a_later_end_extends_every_series_and_changes_none(organisation: Organisation) -> None:
    later = build(SandboxConfig(end=END + timedelta(days=1), founded=END))
    start, stop = organisation.clock_minute - 14 * DAY, organisation.clock_minute
    for table in organisation.tables:
        for one in table.resources:
            for metric in ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "WriteThrottleEvents"):
                before = points(organisation, one, metric, "Sum", 1, start + DAY, stop)
                after = points(later, one, metric, "Sum", 1, start + DAY, stop + DAY)
                known = len(before.values)
                assert np.array_equal(after.values[:known], before.values), (one.name, metric)
                assert np.array_equal(after.minutes[:known], before.minutes)


def test_a_fixed_capacity_limits_what_is_consumed(organisation: Organisation) -> None:
    sales = resource(organisation, "flash-sales")
    start = organisation.clock_minute - DAY
    used = consumed(organisation, sales, "write", start, start + DAY)
    assert used.max() == 60 * 60
    throttled = points(organisation, sales, "WriteThrottleEvents", "Sum", 1, start, start + DAY)
    assert 0 < len(throttled.values) < DAY
    assert throttled.values.min() >= 1
    assert not points(organisation, sales, "ReadThrottleEvents", "Sum", 1, start, start + DAY).values.size


def test_an_autoscaled_capacity_follows_demand_within_its_bounds(organisation: Organisation) -> None:
    totals = resource(organisation, "basket-totals")
    start = organisation.clock_minute - 14 * DAY
    capacity = provisioned(organisation, totals, "read", start, start + 14 * DAY)
    used = consumed(organisation, totals, "read", start, start + 14 * DAY) / 60
    assert 16 <= capacity.min() < capacity.max() <= 800
    assert 0.8 < (used / capacity).mean() < 0.9
    shadows = resource(organisation, "device-shadows")
    assert set(provisioned(organisation, shadows, "read", start, start + DAY)) == {400.0}


def test_a_capacity_that_was_cut_shows_its_past(organisation: Organisation) -> None:
    rollup = resource(organisation, "metrics-rollup")
    stop = organisation.clock_minute
    found = points(organisation, rollup, "ProvisionedReadCapacityUnits", "Average", 5, stop - 6 * DAY, stop)
    assert len(found.values) == 6 * 288
    assert found.values[:288].tolist() == [1000.0] * 288
    assert found.values[288:].tolist() == [100.0] * 5 * 288


def test_a_new_table_has_no_point_before_its_creation(organisation: Organisation) -> None:
    beta = resource(organisation, "launch-beta")
    stop = organisation.clock_minute
    found = points(organisation, beta, "ConsumedReadCapacityUnits", "Sum", 1, stop - 14 * DAY, stop)
    assert (found.minutes[0], len(found.values)) == (stop - DAY, DAY)


def test_hours_are_the_sums_of_their_minutes(organisation: Organisation) -> None:
    carts = resource(organisation, "carts")
    stop = organisation.clock_minute
    minutes = points(organisation, carts, "ConsumedReadCapacityUnits", "Sum", 1, stop - DAY, stop)
    hours = points(organisation, carts, "ConsumedReadCapacityUnits", "Sum", 60, stop - DAY, stop)
    assert np.array_equal(hours.values, minutes.values.reshape(24, 60).sum(axis=1))
