"""What if: the build's own plans to the last decimal, cases worked out by hand, what holds of any policy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import cycle, product
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from demo_run import Demo
from exact_cases import ExactCase
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from simulation_cases import KINDS, LEVELS, stretch
from what_if_lines import CLASSES, PLANS, compared
from what_if_marts import ACCOUNT, BASES, IA, NAME, REGION, STANDARD, WINDOW_END, Marts, minutes_at

from optima import published, what_if
from optima.errors import OptimaError
from optima.what_if import Assumption, Capacity, Minutes, Policy, Result, Table, Throttling
from optima.what_if.simulated import is_safe, simulate
from optima.workspace import Workspace

FLAT_70 = {"read": Policy(0.7, 1, 200), "write": Policy(0.7, 1, 10)}


# ---- The build's own plans ----


@pytest.fixture(scope="module")
def of_demo(demo: Demo) -> tuple[duckdb.DuckDBPyConnection, list[Minutes]]:
    """The demo's build, and the window of each of its tables, its files of minutes read at once."""
    workspace = Workspace.at(demo.workspace)
    connection = published.open_build(published.current(workspace))
    files = connection.execute("select distinct file from minute_files").fetchall()
    columns = ["account_id", "region", "resource_name", "day", "reads", "writes"]
    rows = pq.read_table(
        [str(workspace.minutes / file) for (file,) in files], columns=columns, partitioning=None
    )
    places = defaultdict(list)
    for place, (account_id, region, name) in enumerate(
        zip(*(rows[column].to_pylist() for column in columns[:3]), strict=True)
    ):
        places[account_id, region, name.partition("#")[0]].append(place)
    keys = connection.execute("select account_id, region, table_name from dim_tables order by all").fetchall()
    return connection, [
        what_if.minutes_of(what_if.read_table(connection, *key), [rows.take(places[key])]) for key in keys
    ]


def test_every_line_and_total_of_every_plan_of_the_demo_comes_out(
    of_demo: tuple[duckdb.DuckDBPyConnection, list[Minutes]],
) -> None:
    connection, windows = of_demo
    lines: Counter[tuple[str, str]] = Counter()
    others = cycle(("net", "amortized"))
    for number, minutes in enumerate(windows):
        assert minutes.are_complete
        for plan, table_class in product(PLANS, CLASSES):
            lines[plan, "list"] += compared(connection, minutes, plan, table_class, "list")
            # The formulas are the same; what could be wrong is which price goes into them.
            if number % 10 == 0:
                lines[plan, "other"] += compared(connection, minutes, plan, table_class, next(others))
    in_mart = dict(
        connection.execute(
            """
            select plan, count(*) from plan_cost_lines
            semi join (select plan_alternative_key from plan_cost_lines where component <> 'storage')
                using (plan_alternative_key)
            group by plan
            """
        ).fetchall()
    )
    assert set(in_mart) == set(PLANS)
    assert {plan: lines[plan, "list"] for plan in PLANS} == in_mart
    assert all(lines[plan, "other"] for plan in PLANS)


def test_the_published_minutes_are_read_as_the_build_counts_them(demo: Demo) -> None:
    build = published.current(Workspace.at(demo.workspace))
    with published.open_build(build) as connection:
        [key] = connection.execute(
            """
            select account_id, region, table_name from what_if_inputs
            where index_name is not null and existing_from_at > window_start
            limit 1
            """
        ).fetchall()
        table = what_if.read_table(connection, *key)
    minutes = what_if.read_minutes(build, table)
    for resource in table.resources:
        rates = minutes.rates[resource.name]
        for name, dimension in resource.dimensions.items():
            assert np.count_nonzero(~np.isnan(rates[name])) == dimension.known_minutes > 0
            assert np.nansum(rates[name]) * 60 == pytest.approx(dimension.consumed_units, rel=1e-12)
            assert np.nanmax(rates[name]) == dimension.peak_units_per_second


# ---- Cases worked out by hand ----


def asked(
    connection: duckdb.DuckDBPyConnection,
    minutes: Minutes,
    capacities: Mapping[str, Capacity] | None = None,
    table_class: str = STANDARD,
    basis: str = "list",
) -> Result:
    """Ask for capacity of the table itself, or for on-demand."""
    mode = "on_demand" if capacities is None else "provisioned"
    return what_if.cost(connection, minutes, Assumption(table_class, mode, basis, {NAME: capacities or {}}))


def costs(result: Result) -> list[Decimal | None]:
    return [line.cost_usd for line in result.lines]


def test_case_1_flat_reads(exact_case: ExactCase) -> None:
    marts = Marts()
    marts.resource(70.0, 0.0)
    marts.plan({"read": "22.995", "write": "0"}, is_current=True, is_chosen=True)
    connection = marts.connection()
    minutes = marts.minutes(connection)
    autoscaled = asked(connection, minutes, FLAT_70)
    exact_case(
        1,
        "what if: reads, writes, saves",
        expected=[Decimal("9.49"), Decimal("0.4745"), Decimal("-13.0305")],
        computed=[*costs(autoscaled), autoscaled.to_today_usd],
    )
    reads = autoscaled.simulated[NAME, "read"]
    assert (reads.least, reads.mean, reads.greatest, reads.changes) == (100, 100, 100, 0)
    assert (reads.throttling, reads.is_safe) == (Throttling(0, 0), True)
    on_demand = asked(connection, minutes)
    assert (on_demand.asked.monthly_usd, on_demand.to_today_usd) == (Decimal("22.995"), 0)
    assert not on_demand.simulated
    fixed = asked(connection, minutes, {"read": 88, "write": 1})
    assert fixed.asked.monthly_usd == Decimal("8.8257")
    # Of 100 units in Standard-IA 11.68, and of one write unit 0.5913.
    assert asked(connection, minutes, FLAT_70, IA).asked.monthly_usd == Decimal("12.2713")


@pytest.mark.parametrize(
    ("peak", "units", "saves"), [(950, 1188, Decimal("17.8412")), (700, 875, Decimal("-11.8625"))]
)
def test_case_6_fixed_units_for_a_peak(exact_case: ExactCase, peak: int, units: int, saves: Decimal) -> None:
    marts = Marts()
    rates = np.full(marts.length, (250 * marts.length - peak) / (marts.length - 1))
    rates[5000] = peak
    marts.resource(
        rates, 0.0, billing_mode="PROVISIONED", read={"units": 1000, "fixed_units": units}, write={"units": 1}
    )
    marts.plan({"read": "94.9", "write": "0.4745"}, is_current=True, is_chosen=True)
    connection = marts.connection()
    minutes = marts.minutes(connection)
    result = asked(connection, minutes, {"read": units, "write": 1})
    exact_case(6, f"what if: {units} units against 1000", expected=saves, computed=result.to_today_usd)
    # 300 units hold all but the peak. A full bucket of 60 s serves as much again in its minute; one of 300 s
    # serves all of it.
    short = asked(connection, minutes, {"read": 300, "write": 1}).simulated[NAME, "read"]
    assert short.throttling == Throttling(60.0 * (peak - 600), 1)
    assert short.best_effort == Throttling(0, 0)


def test_case_16_idle_capacity(exact_case: ExactCase) -> None:
    marts = Marts()
    marts.resource(0.0, 0.0, billing_mode="PROVISIONED", units=100)
    marts.plan({"read": "9.49", "write": "47.45"}, is_current=True, is_chosen=True)
    connection = marts.connection()
    minutes = marts.minutes(connection)
    on_demand, one_unit = asked(connection, minutes), asked(connection, minutes, {"read": 1, "write": 1})
    exact_case(
        16,
        "what if: on-demand, one unit each",
        expected=[Decimal("-56.94"), Decimal("-56.3706")],
        computed=[on_demand.to_today_usd, one_unit.to_today_usd],
    )


def test_another_policy_costs_todays_quantity_by_the_ratio_of_simulations() -> None:
    marts = Marts()
    # 73,000 unit-hours were provisioned, where its policy (140 units in the simulation) says 102,200.
    policy = {"is_autoscaled": True, "autoscaling_min": 1, "autoscaling_max": 200, "autoscaling_target": 0.5}
    marts.resource(
        70.0,
        0.0,
        billing_mode="PROVISIONED",
        read={"units": 140, "monthly_unit_hours": 73_000, **policy},
        write={"units": 1},
    )
    connection = marts.connection()
    minutes = marts.minutes(connection)
    own = {"read": Policy(0.5, 1, 200), "write": 1}
    assert costs(asked(connection, minutes, own)) == [Decimal("9.49"), Decimal("0.4745")]
    # 100 units instead of 140: 73,000 × 100 / 140 are 52,142.857143.
    result = asked(connection, minutes, {**own, "read": Policy(0.7, 1, 200)})
    assert result.lines[0].monthly_quantity == Decimal("52142.857143")
    assert costs(result)[0] == Decimal("6.7785714286")
    # Units that stay are known for sure.
    assert costs(asked(connection, minutes, {"read": 100, "write": 1}))[0] == Decimal("9.49")


def test_free_tier_and_owned_commitments_are_counted_where_they_serve() -> None:
    marts = Marts()
    marts.resource(100.0, 0.0, billing_mode="PROVISIONED", read={"units": 300}, write={"units": 1})
    for row in marts.rows["what_if_inputs"]:
        if (row["dimension"], row["table_class"]) == ("read", STANDARD):
            row |= {"free_share": 0.5, "free_unit_hours": 18_600, "sunk_unit_hours": 73_000}
            row["list_sunk_plan_usd"] = Decimal("5")
    marts.storage(gb=100, paid_gb=80)
    connection = marts.connection()
    minutes = marts.minutes(connection)
    fixed = {"read": 300, "write": 1}
    # 219,000 unit-hours less 73,000 reserved; half would be free, but the pool has only 18,600: 127,400 to
    # pay, 16.562 USD, of which a savings plan pays 5.
    assert costs(asked(connection, minutes, fixed)) == [Decimal("11.562"), Decimal("0.4745"), 20]
    # 150 units: 36,500 unit-hours are left, of which half, 18,250, is free: 2.3725 USD, all paid by the plan.
    assert costs(asked(connection, minutes, {**fixed, "read": 150}))[0] == 0
    assert costs(asked(connection, minutes, {**fixed, "read": 100}))[0] == 0
    # 262,800,000 requests a month cost 32.85, and the plan pays 5; reservations and the free tier serve none.
    assert costs(asked(connection, minutes)) == [Decimal("27.85"), 0, 20]
    # Nothing of all that serves Standard-IA.
    assert costs(asked(connection, minutes, fixed, IA)) == [Decimal("35.04"), Decimal("0.5913"), 10]


def test_a_size_that_is_not_known_leaves_the_throughput_and_a_missing_price_the_total_unknown() -> None:
    marts = Marts()
    marts.resource(70.0, 0.0)
    marts.storage(gb=None)
    for row in marts.rows["what_if_inputs"]:
        if (row["dimension"], row["table_class"]) == ("write", IA):
            row["list_unit_hour_price_usd"] = None
    connection = marts.connection()
    minutes = marts.minutes(connection)
    total = asked(connection, minutes, FLAT_70).asked
    assert (total.storage_usd, total.monthly_usd) == (None, Decimal("9.9645"))
    in_ia = asked(connection, minutes, FLAT_70, IA)
    assert costs(in_ia) == [Decimal("11.68"), None, None]
    assert (in_ia.asked.throughput_usd, in_ia.asked.monthly_usd, in_ia.to_today_usd) == (None, None, None)


def test_an_index_has_its_own_capacity_and_its_own_throttling() -> None:
    marts = Marts(days=7)
    marts.resource(70.0, 0.0)
    marts.resource(35.0, 0.0, index_name="by-day")
    connection = marts.connection()
    minutes = marts.minutes(connection)
    index = f"{NAME}#by-day"
    result = what_if.cost(
        connection,
        minutes,
        Assumption(STANDARD, "provisioned", "list", {NAME: FLAT_70, index: {"read": 30, "write": 1}}),
    )
    assert costs(result) == [Decimal("9.49"), Decimal("0.4745"), Decimal("2.847"), Decimal("0.4745")]
    assert result.simulated[NAME, "read"].throttling.minutes == 0
    # 5 units a second too few; the full bucket of the start serves six minutes with 60 s of burst, thirty
    # with 300 s.
    throttled = result.simulated[index, "read"]
    assert throttled.throttling == Throttling(5 * 60.0 * (minutes.known(index) - 6), 10_080 - 6)
    assert throttled.best_effort == Throttling(5 * 60.0 * (minutes.known(index) - 30), 10_080 - 30)
    assert throttled.is_safe is False


def test_the_cautious_cost_takes_each_hour_at_its_highest() -> None:
    marts = Marts(days=1)
    # 14 units a second, and from 00:40 on 28: 20 units, and 40 from 00:45 on, two minutes and a delay of 3
    # later.
    rates = np.full(marts.length, 14.0)
    rates[40:] = 28.0
    marts.resource(rates, 0.0)
    connection = marts.connection()
    result = asked(connection, marts.minutes(connection), FLAT_70)
    line = result.lines[0]
    unit_hours = (45 * 20 + (1440 - 45) * 40) / 60
    assert line.monthly_quantity == Decimal(str(round(unit_hours * 43_800 / 1440, 6)))
    assert line.cautious_cost_usd == Decimal("40") * 730 * Decimal("0.00013")
    assert result.asked.cautious_usd == line.cautious_cost_usd + Decimal("0.4745")


# ---- What is safe ----


@pytest.mark.parametrize(
    ("units", "minutes", "expected"),
    [
        (999.9, 13, True),
        (1000.0, 14, True),
        (1000.1, 14, False),
        (1000.0, 15, False),
    ],
)
def test_safe_is_what_the_build_calls_safe(units: float, minutes: int, expected: bool) -> None:
    """Of a million units in 14 days 1,000 may be throttled, in 14 minutes."""
    marts = Marts()
    marts.resource(70.0, 0.0)
    table = marts.minutes(marts.connection()).table
    assert is_safe(table, Throttling(units, minutes), 1e6, 20_160) is expected


def test_of_what_is_not_known_nothing_is_called_safe() -> None:
    marts = Marts(days=1)
    marts.resource(np.nan, np.nan)
    connection = marts.connection()
    result = asked(connection, marts.minutes(connection), FLAT_70)
    reads = result.simulated[NAME, "read"]
    assert (reads.is_safe, reads.least, reads.mean, reads.changes_per_day) == (None, None, None, None)
    assert costs(result) == [None, None]
    # What stays needs no demand.
    assert asked(connection, marts.minutes(connection), {"read": 1, "write": 1}).asked.monthly_usd == Decimal(
        "0.5694"
    )


# ---- Minutes ----


@pytest.fixture
def table() -> Table:
    """One that exists since 06:00 of the first of two days; the window ends at noon of the second."""
    marts = Marts(days=2)
    since = WINDOW_END - timedelta(days=2)
    marts.resource(
        1.0,
        1.0,
        existing_from_at=since + timedelta(hours=6),
        window_start=since,
        window_end=WINDOW_END - timedelta(hours=12),
    )
    return what_if.read_table(marts.connection(), ACCOUNT, REGION, NAME)


def test_minutes_outside_the_window_and_before_the_table_existed_are_left_out(table: Table) -> None:
    first = table.window_start.date()
    rows = [(NAME, first + timedelta(days=day), [float(day)] * 1440, [0.0] * 1440) for day in (1, -1, 0, 2)]
    minutes = minutes_at(table, rows)
    reads = minutes.rates[NAME]["read"]
    assert reads.size == 36 * 60
    assert np.isnan(reads[:360]).all()
    assert (reads[360:1440] == 0).all()
    assert (reads[1440:] == 1).all()
    assert minutes.start_minute == (datetime(2026, 10, 30) - datetime(1970, 1, 1)) // timedelta(minutes=1)


def test_hours_are_gathered_over_their_known_minutes(table: Table) -> None:
    reads = [float(minute % 60) for minute in range(1440)]
    reads[7 * 60 : 7 * 60 + 30] = [np.nan] * 30
    minutes = minutes_at(table, [(NAME, date(2026, 10, 30), reads, [0.0] * 1440)])
    hours = what_if.hours(minutes, NAME, minutes.rates[NAME]["read"])
    assert hours.starts[0] == np.datetime64("2026-10-30T00")
    assert hours.mean.size == 36
    assert np.isnan(hours.mean[:6]).all()
    assert (hours.mean[6], hours.highest[6]) == (29.5, 59)
    assert (hours.mean[7], hours.highest[7]) == (44.5, 59)
    assert np.isnan(hours.mean[24:]).all()


# ---- What holds of any policy ----


@st.composite
def demands(draw: st.DrawFn) -> np.ndarray:
    """Two days of stretches of every kind."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parts = draw(st.lists(st.tuples(KINDS, LEVELS), min_size=1, max_size=4))
    length = 2880 // len(parts) + 1
    rates = np.concatenate([stretch(kind, length, level, random) for kind, level in parts])[:2880]
    return rates if not np.isnan(rates).all() else np.zeros(2880)


POLICIES = st.builds(
    lambda target, least, more: Policy(target / 100, least, least + more),
    st.integers(20, 90),
    st.integers(1, 500),
    st.integers(0, 5_000),
)


@pytest.fixture(scope="module")
def of_two_days() -> tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection, Table]:
    """A table at three prices, its marts once more in another order."""
    marts = Marts(days=2, factors={"net": 2, "amortized": 3})
    marts.resource(1.0, 1.0)
    marts.plan({"read": "5", "write": "7"}, is_current=True, is_chosen=True)
    connection = marts.connection()
    shuffled = marts.connection(np.random.default_rng(1))
    return connection, shuffled, what_if.read_table(connection, ACCOUNT, REGION, NAME)


@given(reads=demands(), writes=demands(), policy=POLICIES, more=st.integers(0, 200))
@settings(
    # A smaller demand would show a failure no better.
    max_examples=12,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_what_holds_of_any_demand_and_policy(
    of_two_days: tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection, Table],
    reads: np.ndarray,
    writes: np.ndarray,
    policy: Policy,
    more: int,
) -> None:
    connection, shuffled, table = of_two_days
    start = (table.window_start - datetime(1970, 1, 1)) // timedelta(minutes=1)
    minutes = Minutes(table, start, {NAME: {"read": reads, "write": writes}})
    both: dict[str, Capacity] = {"read": policy, "write": policy}
    listed, *others = (asked(connection, minutes, both, basis=basis) for basis in BASES)
    # Dearer units cost as much more as they are dearer, but for what is rounded once or twice.
    for factor, result in enumerate(others, start=2):
        for dear, line in zip(costs(result), costs(listed), strict=True):
            assert dear is not None
            assert line is not None
            assert dear >= line
            assert abs(dear - factor * line) <= factor * Decimal("1e-10")
    # Nothing depends on the order of rows.
    again = asked(shuffled, minutes, {"write": policy, "read": policy})
    assert (again.lines, again.asked, again.to_today_usd) == (
        listed.lines,
        listed.asked,
        listed.to_today_usd,
    )
    # A policy that cannot move is fixed capacity.
    least = policy.min_capacity
    still = asked(connection, minutes, {"read": Policy(policy.target, least, least), "write": policy})
    fixed = asked(connection, minutes, {"read": least, "write": policy})
    assert costs(still) == costs(fixed)
    # The minimum is there all the time: never is more throttled than by so many units that stay, of which
    # more throttle less.
    of_policy, of_least, of_more = (
        simulate(minutes, {NAME: {"read": capacity, "write": 1}})[NAME, "read"].throttling.units
        for capacity in (policy, least, least + more)
    )
    assert of_policy <= of_least * (1 + 1e-12) + 1e-6
    assert of_more <= of_least * (1 + 1e-12) + 1e-6


# ---- The kernel's machine code ----


def test_machine_code_is_kept_in_the_workspace(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from optima import what_if
what_if.keep_compiled(Path(sys.argv[1]))
assert "numba" not in sys.modules, "loaded before anything is simulated"
from optima.simulation import kernel
print(kernel.simulate_many.stats.cache_path)
"""
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    command = [sys.executable, "-c", script, str(tmp_path / "numba")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.strip()).is_relative_to(tmp_path / "numba")


# ---- What cannot be asked ----


def test_what_makes_no_sense_is_said_in_a_sentence() -> None:
    marts = Marts(days=1)
    marts.resource(1.0, 1.0)
    marts.resource(1.0, 1.0, index_name="by-day")
    connection = marts.connection()
    minutes = marts.minutes(connection)
    wrong = Assumption(
        "GLACIER",
        "provisioned",
        "list",
        {NAME: {"read": Policy(0.7, 10, 9), "write": Policy(0.0, 0, 5)}, f"{NAME}#by-day": {"read": 0}},
    )
    sentences = [
        "There is no table class GLACIER.",
        "The maximum of the reads of the table is 9, below the minimum of 10: raise the one or lower the "
        "other.",
        "The target of the writes of the table must be above 0 and at most 100 %.",
        "The minimum of the writes of the table must be at least 1 unit.",
        "The reads of index by-day need at least 1 unit.",
        "The writes of index by-day have no capacity: give them units, or a policy.",
    ]
    assert what_if.problems(minutes.table, wrong) == sentences
    with pytest.raises(OptimaError, match="no table class GLACIER"):
        what_if.cost(connection, minutes, wrong)


def test_a_build_without_the_mart_or_the_table_says_so() -> None:
    marts = Marts()
    marts.resource(1.0, 1.0)
    connection = marts.connection()
    with pytest.raises(OptimaError, match="holds no table nothing in us-east-1"):
        what_if.read_table(connection, ACCOUNT, REGION, "nothing")
    connection.execute("drop table what_if_inputs")
    with pytest.raises(OptimaError, match="holds no prices and settings to ask what if with"):
        what_if.read_table(connection, ACCOUNT, REGION, NAME)
