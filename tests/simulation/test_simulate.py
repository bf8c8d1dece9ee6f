"""Cases of the simulation worked out by hand."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest

from optima.simulation import Policy, simulate

INF = math.inf
MIDNIGHT = datetime(2026, 11, 1)
FORTNIGHT = 14 * 1440
HOURS_A_MONTH = 730
# us-east-1, Standard, per unit-hour.
READ_USD, WRITE_USD = Decimal("0.00013"), Decimal("0.00065")


def flat(rate: float, minutes: int = FORTNIGHT) -> np.ndarray:
    return np.full(minutes, float(rate))


def steps(*stretches: tuple[float, int]) -> np.ndarray:
    """Rates, each for its minutes."""
    return np.concatenate([flat(rate, minutes) for rate, minutes in stretches])


def monthly_usd(unit_hours: float, known_minutes: int, price: Decimal) -> Decimal:
    return Decimal(unit_hours) * HOURS_A_MONTH * 60 / known_minutes * price


def changes_at(capacity: np.ndarray) -> dict[int, int]:
    """Minutes in which another capacity comes into force, and which."""
    return {int(t) + 1: int(capacity[t + 1]) for t in np.flatnonzero(np.diff(capacity))}


# ---- Whole fortnights ----


def test_flat_reads_are_provisioned_at_the_target() -> None:
    simulation = simulate(flat(70), flat(0), start=MIDNIGHT)
    assert (simulation.read.least, simulation.read.greatest) == (100, 100)
    assert (simulation.write.least, simulation.write.greatest) == (1, 1)
    assert simulation.read.unit_hours == simulation.read.unit_hours_upper == 100 * 336
    assert simulation.known_minutes == FORTNIGHT
    read_usd = monthly_usd(simulation.read.unit_hours, FORTNIGHT, READ_USD)
    write_usd = monthly_usd(simulation.write.unit_hours, FORTNIGHT, WRITE_USD)
    assert (read_usd, write_usd) == (Decimal("9.49"), Decimal("0.4745"))


def test_an_idle_table_stays_at_its_minimum() -> None:
    simulation = simulate(flat(0), flat(0), start=MIDNIGHT)
    assert (simulation.read.unit_hours, simulation.write.unit_hours) == (336, 336)
    assert simulation.read.changes == simulation.write.changes == 0


def test_a_fixed_capacity_is_a_policy_with_both_bounds_at_it() -> None:
    noise = np.random.default_rng(1).gamma(2, 100, FORTNIGHT)
    result = simulate(noise, flat(0), start=MIDNIGHT, read=Policy(min_capacity=250, max_capacity=250)).read
    assert (result.unit_hours, result.changes) == (250 * 336, 0)


def test_a_steep_morning_throttles_until_the_minimum_is_high_enough() -> None:
    day = flat(1, 1440)
    day[6 * 60 : 10 * 60] = 1 + 699 * np.arange(240) / 240
    day[10 * 60 : 12 * 60] = 700
    writes = np.tile(day, 14)

    def throttled(minimum: int, burst_seconds: int) -> tuple[int, float]:
        policy = Policy(min_capacity=minimum)
        result = simulate(flat(0), writes, start=MIDNIGHT, write=policy, burst_seconds=burst_seconds).write
        return result.throttled_minutes, result.throttled_units / (60 * writes.sum())

    assert throttled(1, 300)[0] == 14 * 14
    # Safe is at most one throttled minute a day and 0.1 % of units, with a minute of burst.
    assert [throttled(minimum, 60)[0] / 14 for minimum in (1, 2, 4, 8, 16, 32)] == [15, 15, 14, 13, 9, 1]
    assert throttled(32, 60)[1] < 0.001


# ---- Alarms ----


def test_an_increase_needs_two_minutes_and_comes_after_the_delay() -> None:
    reads = steps((7, 60), (9, 1), (7, 29), (9, 1), (12, 59))
    result = simulate(reads, flat(0, reads.size), start=MIDNIGHT, delay_minutes=3).read
    # 9 > 0.7 × 10 for one minute only, then in minutes 90 and 91: decided after 91, in force from 95.
    assert changes_at(result.capacity) == {95: math.ceil(12 / 0.7)}
    assert (result.increases, result.decreases) == (1, 0)


def test_a_dimension_decides_nothing_while_a_change_is_pending() -> None:
    reads = steps((7, 60), (14, 3), (70, 57))
    result = simulate(reads, flat(0, reads.size), start=MIDNIGHT, delay_minutes=3).read
    # Decided after minute 61 for 14/s, in force from 65; two more minutes, then after 66 for 70/s.
    assert changes_at(result.capacity) == {65: 20, 70: 100}


def test_a_decrease_needs_fifteen_minutes_below_the_target_less_twenty_points() -> None:
    reads = steps((70, 60), (49.9, 14), (50, 1), (49.9, 45))
    result = simulate(reads, flat(0, reads.size), start=MIDNIGHT, delay_minutes=3).read
    # 50 is not below 0.5 × 100. Fifteen minutes from 75 end with 89; in force from 93.
    assert changes_at(result.capacity) == {93: math.ceil(49.9 / 0.7)}


def test_twelve_is_not_below_sixty_percent_of_twenty() -> None:
    reads = steps((16, 30), (12, 300))
    result = simulate(reads, flat(0, 330), start=MIDNIGHT, read=Policy(target=0.8)).read
    assert result.capacity.tolist() == [20] * 330


def test_an_unknown_minute_ends_a_run_but_not_a_pending_change() -> None:
    reads = steps((7, 60), (14, 1), (np.nan, 1), (14, 2), (np.nan, 36))
    result = simulate(reads, flat(0, 100), start=MIDNIGHT, delay_minutes=3).read
    # Minutes 60 and 61 would do, but 61 is unknown: 62 and 63 do. In force from 67, itself unknown.
    assert changes_at(result.capacity) == {67: 20}
    assert result.unit_hours == 63 * 10 / 60


def test_a_minute_is_known_only_when_both_dimensions_are() -> None:
    reads, writes = flat(70, 60), flat(7, 60)
    writes[30:] = np.nan
    simulation = simulate(reads, writes, start=MIDNIGHT)
    assert simulation.known_minutes == 30
    assert (simulation.read.unit_hours, simulation.write.unit_hours) == (50, 5)


def test_the_opening_is_the_highest_of_thirty_known_minutes() -> None:
    for seven, expected in ((29, 100), (30, 10)):
        reads = steps((np.nan, 100), (7, seven), (70, 1))
        result = simulate(reads, flat(0, reads.size), start=MIDNIGHT).read
        assert result.capacity[0] == expected


def test_holding_at_zero_ends_the_lower_run() -> None:
    reads = steps((70, 30), *[(1, 14), (0, 1)] * 20)
    results = [
        simulate(reads, flat(0, reads.size), start=MIDNIGHT, hold_at_zero=hold).read for hold in (False, True)
    ]
    assert [result.decreases for result in results] == [1, 0]


def test_the_maximum_bounds_an_increase() -> None:
    reads = steps((7, 60), (700, 60))
    result = simulate(reads, flat(0, 120), start=MIDNIGHT, read=Policy(max_capacity=50)).read
    assert (result.greatest, result.increases) == (50, 1)


# ---- The allowance of decreases ----


def test_the_days_last_quick_decrease_goes_to_the_reads() -> None:
    reads = steps((70, 15), (28, 15), (11, 15), (4, 60))
    writes = steps((70, 30), (28, 15), (4, 60))
    simulation = simulate(reads, writes, start=MIDNIGHT, delay_minutes=0)
    # Reads after 29, both after 44: three. After 59 both want the fourth.
    assert changes_at(simulation.read.capacity) == {30: 40, 45: 16, 60: 6}
    assert changes_at(simulation.write.capacity) == {45: 40}


def test_after_the_quick_ones_a_decrease_waits_an_hour_and_reads_go_first() -> None:
    rates = np.concatenate([flat(7_000, 30), *(flat(7_000 * 0.4**step, 15) for step in range(1, 12))])
    simulation = simulate(rates, rates, start=MIDNIGHT, delay_minutes=0)
    # Both after 44 and 59: four. Refused after 74, asked every minute until 119, an hour after the last.
    assert list(changes_at(simulation.read.capacity)) == [45, 60, 120, 180]
    assert list(changes_at(simulation.write.capacity)) == [45, 60]


def test_the_hour_of_the_quick_decreases_is_over_after_sixty_minutes() -> None:
    reads = steps((70, 60), (28, 30), (11, 30), (4, 60))
    result = simulate(reads, flat(0, reads.size), start=MIDNIGHT - timedelta(hours=1), delay_minutes=0).read
    # After 00:14 and 00:44; asked again after 01:14, sixty minutes after the first: only after 01:44.
    assert changes_at(result.capacity[60:]) == {15: 40, 45: 16, 105: 6}


def test_a_day_has_twenty_seven_decreases_and_the_next_its_own() -> None:
    start = MIDNIGHT - timedelta(minutes=15)
    fall = np.concatenate([flat(0.97, 75), flat(0.99, 1320), flat(0.97, 60)])
    reads = np.concatenate([[1e13], 1e12 * np.cumprod(fall)])
    policy = Policy(max_capacity=10**14)
    result = simulate(reads, flat(0, reads.size), start=start, read=policy, delay_minutes=0).read
    decided = np.array(list(changes_at(result.capacity))) - 15 - 1
    # At 00:00, 00:15, 00:30 and 00:45, then once an hour until 23:45. The next midnight's is the series' last
    # minute and so never in force.
    assert decided.tolist() == [0, 15, 30, *range(45, 1440, 60)]
    assert decided.size == 27
    assert result.decreases == 28


# ---- Burst, billing, edges ----


def test_burst_serves_what_the_bucket_holds_and_no_more() -> None:
    reads = steps((60, 30), (160, 1), (60, 29))
    fixed = Policy(min_capacity=100, max_capacity=100)
    for burst_seconds, throttled in ((60, 0.0), (59, 0.0), (30, 600.0), (0, 3_600.0)):
        result = simulate(reads, flat(0, 60), start=MIDNIGHT, read=fixed, burst_seconds=burst_seconds).read
        assert (burst_seconds, result.throttled_units) == (burst_seconds, throttled)


def test_each_utc_hour_costs_at_most_its_greatest_capacity() -> None:
    reads = steps((7, 30), (70, 60))
    result = simulate(reads, flat(0, 90), start=MIDNIGHT + timedelta(minutes=30), delay_minutes=3).read
    # 00:30 to 01:00 at 10; decided after minute 31, in force from 35: five minutes of 10, 55 of 100.
    assert result.unit_hours == (35 * 10 + 55 * 100) / 60
    assert result.unit_hours_upper == (30 * 10 + 60 * 100) / 60
    assert (result.least, result.greatest, result.mean) == (10, 100, (35 * 10 + 55 * 100) / 90)


def test_nothing_known_yields_nothing() -> None:
    for length in (0, 100):
        simulation = simulate(flat(np.nan, length), flat(1, length), start=MIDNIGHT)
        assert simulation.known_minutes == 0
        assert (simulation.read.unit_hours, simulation.read.least, simulation.read.mean) == (0, None, None)
        assert simulation.read.capacity.tolist() == [1] * length


def test_the_start_is_an_instant_of_utc() -> None:
    reads = steps((7, 30), (70, 60))
    zone = timezone(timedelta(hours=5, minutes=30))
    starts = [
        MIDNIGHT + timedelta(minutes=30),
        datetime(2026, 11, 1, 0, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 6, 0, tzinfo=zone),
    ]
    assert len({simulate(reads, flat(0, 90), start=start).read.unit_hours_upper for start in starts}) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"read": Policy(target=70)}, "the read target must be a ratio above 0 and at most 1, but is 70"),
        ({"write": Policy(target=0)}, "the write target must be a ratio above 0 and at most 1, but is 0"),
        ({"write": Policy(min_capacity=0)}, "the write minimum must be a whole number from 1, but is 0"),
        ({"read": Policy(0.7, 9, 8)}, "the read maximum must be whole, from the minimum, but is 8"),
        ({"delay_minutes": -1}, "the delay must be a whole number of minutes from 0, but is -1"),
        ({"burst_seconds": math.nan}, "the burst must be a number of seconds from 0, but is nan"),
        ({"reads": [1, -2]}, "a read rate must be a number of units per second from 0, but one is -2.0"),
        ({"writes": [1, INF]}, "a write rate must be a number of units per second from 0, but one is inf"),
        ({"reads": [1]}, "reads and writes must be two series of one length, but have shapes (1,) and (2,)"),
        ({"start": datetime(2026, 11, 1, 0, 0, 7)}, "start must be a whole minute, not 2026-11-01T00:00:07"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_one_sentence(change: dict, sentence: str) -> None:
    arguments = {"reads": [1, 2], "writes": [1, 2], "start": MIDNIGHT, **change}
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        simulate(arguments.pop("reads"), arguments.pop("writes"), **arguments)
