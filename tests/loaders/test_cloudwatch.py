"""Metrics: exactly what CloudWatch answers, once, with an honest account of what is known."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from loading import FEW_TABLES, MEMBERS, Interrupted, interrupt, query, talk_to

from loaders import batches, cloudwatch, inventory
from loaders.aws import Sessions
from loaders.aws.failures import kind_of
from loaders.cloudwatch import reader, spans
from loaders.cloudwatch.pacing import Pacer
from loaders.cloudwatch.reader import UnitReader
from loaders.cloudwatch.resources import select
from loaders.cloudwatch.series import CAPACITY, MINUTES, Resource, Unit
from loaders.cloudwatch.spending import Allowance, Budget
from loaders.errors import LoadError
from loaders.ledger import Operation
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.report import LoadReport
from optima.sandbox import Fault, Sandbox, SandboxConfig, running

END = datetime(2026, 11, 1)
DAY = timedelta(days=1)

POINTS = (
    "select account_id, region, resource_name, metric_name, statistic, period_seconds, timestamp, value "
    "from raw_cloudwatch.metrics order by all"
)
SPANS = "select * exclude (operation_id) from ops.collected_spans order by all"
DUPLICATES = """
    select count(*) from (
        select 1 from raw_cloudwatch.metrics
        group by account_id, region, resource_name, metric_name, statistic, period_seconds, timestamp
        having count(*) > 1
    )
"""
OVERLAPS = """
    select count(*) from ops.collected_spans as a join ops.collected_spans as b
    using (account_id, region, resource_name, metric_name, statistic, period_seconds)
    where a.span_start < b.span_start and a.span_end >= b.span_start
"""


def collect(
    warehouse: Warehouse,
    *,
    days: float = 1,
    end: datetime = END,
    tables: Sequence[str] | None = None,
    long_memory: bool = False,
    **options: Any,
) -> LoadReport:
    return cloudwatch.load(
        warehouse,
        options.pop("access", MEMBERS),
        start=end - days * DAY,
        end=end,
        now=options.pop("now", end),
        tables=tables,
        long_memory=long_memory,
        **options,
    )


def spans_of(warehouse: Warehouse, table: str, metric: str) -> list[tuple[Any, ...]]:
    return query(
        warehouse,
        "select distinct period_seconds, span_start, span_end from ops.collected_spans "
        f"where resource_name = '{table}' and metric_name = '{metric}' order by all",
    )


def test_points_are_what_cloudwatch_answers_to_anybody(small: Warehouse) -> None:
    collect(small, tables=["carts"])
    [(account, region)] = query(
        small, "select distinct account_id, region from raw_cloudwatch.metrics where resource_name = 'carts'"
    )
    role = (
        Sessions(MEMBERS)
        .client("sts")
        .assume_role(RoleArn=f"arn:aws:iam::{account}:role/MetricsCollectorRole", RoleSessionName="check")[
            "Credentials"
        ]
    )
    plain = boto3.client(
        "cloudwatch",
        region_name=region,
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )
    answer = plain.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "reads",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/DynamoDB",
                        "MetricName": "ConsumedReadCapacityUnits",
                        "Dimensions": [{"Name": "TableName", "Value": "carts"}],
                    },
                    "Stat": "Sum",
                    "Period": 60,
                },
            }
        ],
        StartTime=END - DAY,
        EndTime=END,
        ScanBy="TimestampAscending",
    )["MetricDataResults"][0]
    stored = query(
        small,
        "select timestamp, value from raw_cloudwatch.metrics where resource_name = 'carts' "
        "and metric_name = 'ConsumedReadCapacityUnits' order by timestamp",
    )
    assert len(stored) == 1440
    assert stored == [
        (instant.astimezone(UTC).replace(tzinfo=None), value)
        for instant, value in zip(answer["Timestamps"], answer["Values"], strict=True)
    ]


def test_each_metric_has_its_statistic_and_period(inventoried: Warehouse) -> None:
    collect(inventoried, tables=["flash-sales", "carts"], long_memory=True)
    kinds = query(
        inventoried,
        "select distinct period_seconds, statistic, metric_name from ops.collected_spans order by all",
    )
    assert kinds == [
        (60, "Sum", "ConsumedReadCapacityUnits"),
        (60, "Sum", "ConsumedWriteCapacityUnits"),
        (60, "Sum", "ReadThrottleEvents"),
        (60, "Sum", "WriteThrottleEvents"),
        (300, "Average", "ProvisionedReadCapacityUnits"),
        (300, "Average", "ProvisionedWriteCapacityUnits"),
        (3600, "Sum", "ConsumedReadCapacityUnits"),
        (3600, "Sum", "ConsumedWriteCapacityUnits"),
    ]
    assert query(
        inventoried,
        "select distinct t.billing_mode from ops.collected_spans as s join raw_dynamodb.table_metadata as t "
        "on s.resource_name = t.table_name where s.metric_name like 'Provisioned%'",
    ) == [("PROVISIONED",)]


def test_indexes_have_series_of_their_own(small: Warehouse) -> None:
    collect(small)
    indexes = query(small, "select resource_name from raw_dynamodb.gsi_metadata order by 1")
    assert indexes
    found = query(
        small,
        "select distinct resource_name from raw_cloudwatch.metrics "
        "where contains(resource_name, '#') order by 1",
    )
    assert found == sorted(set(indexes))


def test_a_second_load_reads_nothing(small: Warehouse) -> None:
    first = collect(small, long_memory=True)
    points, known = query(small, POINTS), query(small, SPANS)
    second = collect(small, long_memory=True)
    assert first.rows == len(points) > 0
    assert (second.status, second.units_total, second.calls, second.rows) == ("complete", 0, 0, 0)
    assert (query(small, POINTS), query(small, SPANS)) == (points, known)


def test_a_later_end_extends_what_is_known(small: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    first = collect(small, tables=["carts"])
    with running(replace(FEW_TABLES, end=END + DAY, founded=END)) as later:
        talk_to(later, monkeypatch)
        second = collect(small, tables=["carts"], days=2, end=END + DAY)
    # The last hour that was known is read again, for points that came late.
    assert second.rows == first.rows * 25 // 24 > 0
    assert spans_of(small, "carts", "ConsumedReadCapacityUnits") == [(60, END - DAY, END + DAY)]
    assert query(small, DUPLICATES) == [(0,)]
    minutes = query(
        small,
        "select count(*) from raw_cloudwatch.metrics where resource_name = 'carts' "
        "and metric_name = 'ConsumedReadCapacityUnits'",
    )
    assert minutes == [(2880,)]


def test_a_gap_and_the_hour_before_it_are_all_that_the_third_load_reads(small: Warehouse) -> None:
    collect(small, tables=["carts"], end=END - 2 * DAY)
    collect(small, tables=["carts"], end=END)
    gap = collect(small, tables=["carts"], days=3)
    in_the_gap = query(
        small,
        "select count(*) from raw_cloudwatch.metrics "
        f"where timestamp >= '{END - 2 * DAY - timedelta(hours=1)}' and timestamp < '{END - DAY}'",
    )
    assert in_the_gap == [(gap.rows,)]
    assert gap.rows >= 2880
    assert spans_of(small, "carts", "WriteThrottleEvents") == [(60, END - 3 * DAY, END)]
    assert query(small, OVERLAPS) == [(0,)]
    whole = query(small, POINTS)
    with small.open() as opened:
        opened.connection.execute("delete from raw_cloudwatch.metrics; delete from ops.collected_spans")
    collect(small, tables=["carts"], days=3)
    assert query(small, POINTS) == whole


def test_a_table_known_at_five_minutes_only_is_entered_so(inventoried: Warehouse) -> None:
    collect(inventoried, tables=["edge-metrics"])
    assert spans_of(inventoried, "edge-metrics", "ConsumedWriteCapacityUnits") == [(300, END - DAY, END)]
    assert query(
        inventoried,
        "select distinct period_seconds, count(*) from raw_cloudwatch.metrics "
        "where metric_name = 'ConsumedWriteCapacityUnits' group by 1",
    ) == [(300, 288)]
    again = collect(inventoried, tables=["edge-metrics"])
    assert again.calls == 0


def test_a_table_used_twice_a_day_is_known_by_the_minute(inventoried: Warehouse) -> None:
    [(name,)] = query(
        inventoried,
        "select table_name from raw_dynamodb.table_metadata where table_name like '%cron%' "
        "or table_name like '%nightly%' order by 1 limit 1",
    )
    collect(inventoried, tables=[name], days=14)
    assert spans_of(inventoried, name, "ConsumedReadCapacityUnits") == [(60, END - 14 * DAY, END)]


def test_a_table_born_in_the_span_is_known_since_then(inventoried: Warehouse) -> None:
    collect(inventoried, tables=["launch-beta"], days=14)
    [(born,)] = query(
        inventoried, "select created_at from raw_dynamodb.table_metadata where table_name = 'launch-beta'"
    )
    assert END - 2 * DAY <= born < END
    assert spans_of(inventoried, "launch-beta", "ConsumedReadCapacityUnits") == [(60, born, END)]


def test_silence_that_five_minutes_break_is_not_taken_for_idleness(small: Warehouse) -> None:
    """Retention is counted from a clock that is a week slow: some minutes asked for are gone already."""
    collect(small, tables=["carts"], days=12, end=END - 8 * DAY)
    edge = END - 15 * DAY
    for metric in ("ConsumedReadCapacityUnits", "ReadThrottleEvents"):
        assert spans_of(small, "carts", metric) == [
            (60, edge, END - 8 * DAY),
            (300, END - 20 * DAY, edge),
        ]
    assert query(
        small,
        "select period_seconds, count(*) from raw_cloudwatch.metrics where resource_name = 'carts' "
        "and metric_name = 'ConsumedReadCapacityUnits' group by 1 order by 1",
    ) == [(60, 7 * 1440), (300, 5 * 288)]


@pytest.mark.parametrize(("now", "is_known"), [(END, True), (END + 60 * DAY, False)])
def test_silence_is_idleness_only_as_far_back_as_cloudwatch_keeps(
    small_organisation: Sandbox, now: datetime, is_known: bool
) -> None:
    span = (END - 30 * DAY, END - 29 * DAY)
    carts = Resource("012345678901", "us-east-1", "carts", None, False, None)
    client = Sessions(MEMBERS).client("cloudwatch", account_id=carts.account_id, region=carts.region)
    unit = Unit(MINUTES, carts.account_id, carts.region, 60, span, (carts,))
    read = UnitReader(client, unit, now=now, pacer=Pacer(), allowance=Allowance(Budget(), 0)).read()
    assert small_organisation.end == END
    assert read.rows == 0
    assert {(key[5], known) for key, known in read.spans} == ({(60, span)} if is_known else set())


def test_throttles_are_loaded(inventoried: Warehouse) -> None:
    collect(inventoried, tables=["flash-sales"])
    [(points, least)] = query(
        inventoried,
        "select count(*), min(value) from raw_cloudwatch.metrics where metric_name like '%ThrottleEvents'",
    )
    assert points > 0
    assert least > 0


@pytest.mark.parametrize(
    ("owner", "step", "after"),
    [
        (spans, "withdraw", True),
        (spans, "delete_rows", True),
        (OpenWarehouse, "load", False),
        (OpenWarehouse, "load", True),
        (spans, "enter", True),
        (Operation, "done", True),
    ],
)
def test_a_load_interrupted_between_any_two_steps_is_made_whole_by_the_next(
    small: Warehouse, monkeypatch: pytest.MonkeyPatch, owner: object, step: str, after: bool
) -> None:
    collect(small, tables=["carts"], end=END - DAY)
    with monkeypatch.context() as broken:
        interrupt(broken, owner, step, after=after)
        with pytest.raises(Interrupted):
            collect(small, tables=["carts"], days=2)
    assert query(small, "select status from ops.collection_state order by started_at desc limit 1") == [
        ("failed",)
    ]
    # What is known has its points, whatever was interrupted: a minute is unknown, never falsely zero.
    for _, start, end in spans_of(small, "carts", "ConsumedReadCapacityUnits"):
        [(points,)] = query(
            small,
            "select count(distinct timestamp) from raw_cloudwatch.metrics where resource_name = 'carts' and "
            f"metric_name = 'ConsumedReadCapacityUnits' and timestamp >= '{start}' and timestamp < '{end}'",
        )
        assert points == (end - start) // timedelta(minutes=1)
    collect(small, tables=["carts"], days=2, resume=True)
    assert query(small, DUPLICATES) == [(0,)]
    assert spans_of(small, "carts", "ConsumedReadCapacityUnits") == [(60, END - 2 * DAY, END)]
    [(points,)] = query(
        small,
        "select count(*) from raw_cloudwatch.metrics where resource_name = 'carts' "
        "and metric_name = 'ConsumedReadCapacityUnits'",
    )
    assert points == 2880


KILLED_AT = {
    "with a package of dlt pending": "from dlt.pipeline.pipeline import Pipeline as owner; name = 'load'",
    "with its rows written and not entered": "from loaders.cloudwatch import spans as owner; name = 'enter'",
}


@pytest.mark.parametrize("step", KILLED_AT)
def test_a_killed_process_leaves_nothing_that_is_loaded_twice(small: Warehouse, step: str) -> None:
    code = f"""
import os
from datetime import datetime
from pathlib import Path
from loaders import batches, cloudwatch, inventory
from loaders.aws import Access
from loaders.pipeline import Warehouse
{KILLED_AT[step]}
setattr(owner, name, lambda *arguments, **named: os._exit(9))
warehouse = Warehouse(Path({str(small.path)!r}), Path({str(small.state_dir)!r}))
cloudwatch.load(
    warehouse, Access(use_organizations=True), tables=["carts"], long_memory=False,
    start=datetime.fromisoformat({str(END - DAY)!r}), end=datetime.fromisoformat({str(END)!r}),
)
"""
    killed = subprocess.run([sys.executable, "-c", code], env=os.environ, check=False)
    assert killed.returncode == 9
    assert spans_of(small, "carts", "ConsumedReadCapacityUnits") == []
    report = collect(small, tables=["carts"])
    assert query(small, DUPLICATES) == [(0,)]
    assert query(small, "select count(*) from raw_cloudwatch.metrics") == [(report.rows,)]
    assert spans_of(small, "carts", "ConsumedReadCapacityUnits") == [(60, END - DAY, END)]
    assert query(small, "select status from ops.collection_state where operation = 'collect' order by 1") == [
        ("complete",),
        ("failed",),
    ]


def test_the_newest_minutes_by_the_clock_of_aws_are_left_for_the_next_load(
    small: Warehouse, faulty: Sandbox
) -> None:
    faulty.set_faults(Fault("skew", seconds=-200))
    now = datetime.now(UTC).replace(tzinfo=None)
    collect(small, tables=["signups"], days=1 / 12, end=now)
    [(end,)] = query(small, "select max(span_end) from ops.collected_spans")
    # AWS's date lacks its fraction of a second, and the test may cross a minute.
    assert (
        timedelta()
        <= now - timedelta(seconds=200, minutes=3) - end + timedelta(minutes=1)
        <= timedelta(minutes=2)
    )


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (END, END - DAY, "holds no time"),
        (END, END, "holds no time"),
        (datetime(2999, 1, 1), datetime(2999, 1, 2), "CloudWatch has nothing yet"),
    ],
)
def test_dates_that_make_no_span(small: Warehouse, start: datetime, end: datetime, said: str) -> None:
    with pytest.raises(LoadError, match=said):
        cloudwatch.load(small, MEMBERS, start=start, end=end)


def test_an_unread_inventory(warehouse: Warehouse, small_organisation: Sandbox) -> None:
    with pytest.raises(LoadError, match="No DynamoDB table is known: run `dynamodb-optima discover` first"):
        collect(warehouse, end=small_organisation.end)


def test_tables_that_are_not_known(small: Warehouse) -> None:
    with pytest.raises(LoadError, match="None of the known tables"):
        collect(small, tables=["nowhere"])
    report = collect(small, tables=["carts", "nowhere"])
    assert [problem.message for problem in report.problems] == [
        "No table called nowhere is known: it was left out."
    ]


def provision(warehouse: Warehouse, table: str) -> None:
    """Let a table of the inventory have provisioned capacity, which CloudWatch then has no points of."""
    with warehouse.open() as opened:
        opened.connection.execute(
            "update raw_dynamodb.table_metadata set billing_mode = 'PROVISIONED' where table_name = ?",
            [table],
        )


PLACES = "select distinct account_id, region from raw_dynamodb.table_metadata order by all"


@pytest.fixture
def faulty(small_organisation: Sandbox) -> Iterator[Sandbox]:
    """The small organisation, without faults once the test has ended."""
    yield small_organisation
    small_organisation.set_faults()


@pytest.fixture(scope="module")
def long_kept(declared_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse of two tables whose points are kept as long as CloudWatch keeps any."""
    folder = tmp_path_factory.mktemp("long-kept")
    with (
        running(SandboxConfig(end=END, accounts=1, tables=2, days=70)) as served,
        pytest.MonkeyPatch.context() as patch,
    ):
        talk_to(served, patch)
        warehouse = Warehouse(folder / "optima.duckdb", folder / "state")
        shutil.copy(declared_file, warehouse.path)
        inventory.load(warehouse, MEMBERS, now=END)
        yield warehouse


FAULTS = {
    "a series answered with an error of CloudWatch's own": Fault("internal"),
    "a series answered in part": Fault("partial", operation="GetMetricData"),
    "a series left out": Fault("missing"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_what_is_not_answered_whole_stays_as_it_was_known(
    small: Warehouse, faulty: Sandbox, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(reader, "_ASKED_AT_MOST", 2)
    collect(small, tables=["signups"], end=END - DAY)
    before, known = query(small, POINTS), query(small, SPANS)
    faulty.set_faults(FAULTS[what])
    report = collect(small, tables=["signups"], days=2)
    assert (query(small, POINTS), query(small, SPANS)) == (before, known)
    assert report.status == "failed"
    [problem] = report.problems
    assert (problem.account_id, problem.region) in set(query(small, PLACES))
    assert "for 1 of the tables and indexes, which stay as they were known" in problem.message
    assert report.usd > 0
    faulty.set_faults()
    assert collect(small, tables=["signups"], days=2).status == "complete"
    assert spans_of(small, "signups", "ReadThrottleEvents") == [(60, END - 2 * DAY, END)]
    assert query(small, DUPLICATES) == [(0,)]


def test_what_is_not_answered_at_first_is_asked_for_again(small: Warehouse, faulty: Sandbox) -> None:
    collect(small)
    whole, known = query(small, POINTS), query(small, SPANS)
    with small.open() as opened:
        opened.connection.execute("delete from raw_cloudwatch.metrics; delete from ops.collected_spans")
    faulty.set_faults(Fault("internal", rate=0.3), Fault("missing", rate=0.3))
    report = collect(small)
    assert report.status == "complete"
    assert all(count > 0 for count in faulty.faults_injected().values())
    assert (query(small, POINTS), query(small, SPANS)) == (whole, known)


def test_points_that_came_late_are_picked_up(small: Warehouse) -> None:
    collect(small, days=2)
    whole = query(small, POINTS)
    with small.open() as opened:
        opened.connection.execute("delete from raw_cloudwatch.metrics; delete from ops.collected_spans")
    middle = END - DAY
    collect(small, end=middle)
    with small.open() as opened:
        # As if the last hour had been read too early: some points were missing, others not final.
        opened.connection.execute(
            f"delete from raw_cloudwatch.metrics where timestamp >= '{middle - timedelta(minutes=20)}'"
        )
        opened.connection.execute(
            "update raw_cloudwatch.metrics set value = value / 2 "
            f"where timestamp >= '{middle - timedelta(minutes=55)}'"
        )
    assert collect(small, end=middle).calls == 0
    collect(small, days=2)
    assert query(small, POINTS) == whole
    assert query(small, OVERLAPS) == [(0,)]


def test_more_days_are_filled_in_at_the_resolution_that_is_still_kept(
    long_kept: Warehouse, tmp_path: Path
) -> None:
    scratch = Warehouse(tmp_path / "scratch.duckdb", tmp_path / "scratch")
    shutil.copy(long_kept.path, scratch.path)
    collect(long_kept, days=14)
    more = collect(long_kept, days=70, long_memory=True)
    day, hour = END - 15 * DAY, END - 63 * DAY
    table = "orders"
    assert spans_of(long_kept, table, "ConsumedReadCapacityUnits") == [
        (60, day, END),
        (300, hour, day),
        (3600, END - 400 * DAY, END),
    ]
    assert {
        row[0]: row[1]
        for row in query(
            long_kept,
            "select period_seconds, min(timestamp) from raw_cloudwatch.metrics "
            f"where resource_name = '{table}' and metric_name = 'ConsumedReadCapacityUnits' group by 1",
        )
    } == {60: day, 300: hour, 3600: END - 70 * DAY}
    assert more.rows > 0
    assert collect(long_kept, days=70, long_memory=True).usd == 0
    collect(scratch, days=70, long_memory=True)
    assert query(long_kept, POINTS) == query(scratch, POINTS)
    assert query(long_kept, SPANS) == query(scratch, SPANS)


def test_the_price_is_at_most_as_estimated_and_nothing_is_paid_twice(small: Warehouse) -> None:
    provision(small, "signups")
    asked: dict[str, Any] = {"start": END - 3 * DAY, "now": END, "long_memory": True}
    for end in (END - DAY, END):
        expected = cloudwatch.estimate(small, MEMBERS, end=end, **asked)
        announced: list[cloudwatch.Estimate] = []
        report = cloudwatch.load(small, MEMBERS, end=end, announce=announced.append, **asked)
        assert 0 < expected.usd <= report.usd <= expected.usd_at_most
        assert [part.reading for part in expected.parts] == ["minutes", "capacity", "memory"]
        assert [replace(one, seconds=expected.seconds) for one in announced] == [expected]
        assert report.units_total == expected.units
        again = cloudwatch.load(small, MEMBERS, end=end, announce=announced.append, **asked)
        assert (again.status, again.calls, again.usd, again.rows) == ("complete", 0, 0, 0)
        assert announced[-1].parts == ()
        assert announced[-1].known_queries >= expected.queries
    assert (
        query(
            small,
            "select usd > 0, calls > 0 from ops.collection_state where operation = 'collect' "
            "order by started_at",
        )
        == [(True, True), (False, False)] * 2
    )


def test_the_expected_time_is_from_past_loads_if_there_are_any(small: Warehouse) -> None:
    asked: dict[str, Any] = {"start": END - 2 * DAY, "end": END, "now": END, "long_memory": False}
    assumed = cloudwatch.estimate(small, MEMBERS, **asked)
    assert assumed.is_assumed
    with small.open() as opened:
        # By the assumptions 8 × 1 s / 8 + 600,000 / 200,000 = 4 s; it took ten times that.
        opened.connection.execute(
            "insert into ops.collection_state (operation_id, operation, status, started_at, ended_at, calls, "
            "rows_loaded) values ('1', 'collect', 'complete', '2026-10-01', '2026-10-01 00:00:40', 8, 600000)"
        )
    foreseen = cloudwatch.estimate(small, MEMBERS, **asked)
    assert not foreseen.is_assumed
    assert foreseen.seconds == pytest.approx(10 * assumed.seconds)


def test_a_load_stops_before_it_costs_more_than_allowed_and_the_next_goes_on(small: Warehouse) -> None:
    provision(small, "signups")
    whole = cloudwatch.estimate(small, MEMBERS, start=END - 2 * DAY, end=END, now=END)
    minutes, *others = whole.parts
    assert [part.reading for part in others] == ["capacity", "memory"]
    limit = minutes.usd
    report = collect(small, days=2, long_memory=True, max_usd=limit)
    assert 0 < report.usd <= limit
    assert report.status == "partial"
    assert report.outcome == "complete but for 3 readings"
    assert query(
        small,
        "select distinct kind, status from ops.checkpoints "
        "where kind in ('minutes', 'capacity', 'memory') order by all",
    ) == [("capacity", "skipped"), ("memory", "skipped"), ("minutes", "done"), ("minutes", "skipped")]
    assert query(small, "select distinct period_seconds from ops.collected_spans") == [(60,)]
    spent = report.usd
    rest = collect(small, days=2, long_memory=True)
    assert rest.status == "complete"
    assert whole.usd <= spent + rest.usd <= whole.usd_at_most
    points, spans = query(small, POINTS), query(small, SPANS)
    with small.open() as opened:
        opened.connection.execute("delete from raw_cloudwatch.metrics; delete from ops.collected_spans")
    collect(small, days=2, long_memory=True)
    assert (query(small, POINTS), query(small, SPANS)) == (points, spans)


@pytest.mark.parametrize("limit", [0.00001, 0.0004])
def test_whatever_the_budget_no_more_is_spent(small: Warehouse, limit: float) -> None:
    report = collect(small, max_usd=limit)
    assert report.usd <= limit + 1e-12
    assert report.status == "partial"
    assert report.problems[0].message.startswith("To spend no more than was allowed, not all minutes of ")
    assert (query(small, POINTS) != []) is (limit == 0.0004)


UNITS = """
    select checkpoints.status, attempts, count(*)
    from ops.checkpoints
    join ops.collection_state using (operation_id)
    where operation = 'collect'
    group by all
    order by all
"""


def test_resuming_goes_on_with_what_the_interrupted_load_was_asked_for(
    small: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one: dict[str, Any] = {"batch_size": 4, "access": replace(MEMBERS, concurrency=1)}
    with monkeypatch.context() as broken:
        # A unit for each table and index, in small batches, the third of which is written but not marked.
        broken.setattr(batches, "BATCH_ROWS", 1)
        done, marked = Operation.done, Counter[str]()

        def interrupted_the_third_time(self: Operation, units: Any) -> None:
            marked["batches"] += 1
            if marked["batches"] == 3:
                raise Interrupted
            done(self, units)

        broken.setattr(Operation, "done", interrupted_the_third_time)
        with pytest.raises(Interrupted):
            collect(small, days=2, regions=["us-west-2"], **one_by_one)
    [(known,)] = query(small, "select count(distinct resource_name) from ops.collected_spans")
    assert {status: count for status, _, count in query(small, UNITS)}["done"] < known < 6
    report = collect(small, days=1, end=END - DAY, resume=True, **one_by_one)
    assert report.notes == [
        "Going on with the interrupted collection of 2026-10-30 00:00 to 2026-11-01 00:00 UTC, "
        "only us-west-2."
    ]
    # What was written was known and so not asked for again; the others were, under their names.
    assert report.units_total == 6 - known
    assert query(small, UNITS) == [("done", 1, known), ("done", 2, 6 - known)]
    points, spans_known = query(small, POINTS), query(small, SPANS)
    nothing = collect(small, days=2, regions=["us-west-2"], resume=True)
    assert nothing.notes == ["There was nothing to resume, so what is due is loaded."]
    assert nothing.calls == 0
    with small.open() as opened:
        opened.connection.execute("delete from raw_cloudwatch.metrics; delete from ops.collected_spans")
    collect(small, days=2, regions=["us-west-2"])
    assert (query(small, POINTS), query(small, SPANS)) == (points, spans_known)


def test_accounts_that_have_left_and_places_that_others_read_are_left_out_and_counted(
    inventoried: Warehouse,
) -> None:
    everything = query(inventoried, PLACES)
    [left, suspended] = list(dict.fromkeys(account for account, _ in everything))[:2]
    place_of_others = next(place for place in everything if place[0] not in (left, suspended))
    unknown = next(place for place in everything if place[0] not in (left, suspended, place_of_others[0]))
    with inventoried.open() as opened:
        connection = opened.connection
        accounts = "update raw_organizations.aws_accounts set"
        connection.execute(
            f"{accounts} last_seen_at = last_seen_at - interval 1 day where account_id = ?", [left]
        )
        connection.execute(f"{accounts} state = 'SUSPENDED' where account_id = ?", [suspended])
        connection.execute(
            "update ops.inventory_reads set read_by = '123456789012' "
            "where not (account_id = ? and region = ?)",
            unknown,
        )
        connection.execute("update ops.inventory_reads set read_by = null where account_id = ?", [unknown[0]])
        # A refusal since then changes nothing: what counts is who read it last.
        connection.execute(
            "update ops.inventory_reads set read_by = '999999999999' where account_id = ? and region = ?",
            place_of_others,
        )
        connection.execute(
            "insert into ops.inventory_reads (account_id, region, read_at, outcome, read_by) "
            "values (?, ?, now() + interval 1 day, 'denied', '123456789012')",
            place_of_others,
        )
        selection = select(connection, caller="123456789012", regions=None, tables=None)
        ours = select(connection, caller="999999999999", regions=[place_of_others[1]], tables=None)
    read = {(one.account_id, one.region) for one in selection.resources}
    assert read == {
        place for place in everything if place[0] not in (left, suspended) and place != place_of_others
    }
    assert unknown in read
    assert selection.left_out is not None
    assert re.fullmatch(
        r"Left out: \d+ tables and indexes of 2 accounts that have left the organisation or been suspended, "
        r"and (1 table or index|\d+ tables and indexes) in 1 account and region that other "
        r"credentials read\.",
        selection.left_out,
    )
    assert place_of_others in {(one.account_id, one.region) for one in ours.resources}


def test_a_denied_account_is_not_asked_twice(small: Warehouse, faulty: Sandbox) -> None:
    [(account, region)] = query(
        small, "select account_id, region from raw_dynamodb.table_metadata where table_name = 'carts'"
    )
    faulty.set_faults(Fault("denied", operation="GetMetricData", account_id=account, region=region))
    one_at_a_time = replace(MEMBERS, concurrency=1)
    report = cloudwatch.load(
        small, one_at_a_time, start=END - DAY, end=END, now=END, batch_size=4, long_memory=True
    )
    assert report.status == "partial"
    assert report.units_failed > 2
    assert faulty.faults_injected() == {"denied": 1}
    [problem] = report.problems
    assert (problem.account_id, problem.region) == (account, region)
    assert query(
        small,
        "select distinct status from ops.checkpoints "
        f"where account_id = '{account}' and region = '{region}' and kind <> 'inventory'",
    ) == [("denied",)]


class Paging:
    """CloudWatch as a client sees it, with answers of so many results a page."""

    def __init__(self, results_per_page: int, statuses: dict[str, str] | None = None) -> None:
        self.asked: list[list[str]] = []
        self._size = results_per_page
        self._statuses = statuses or {}

    def get_metric_data(self, **request: Any) -> Any:
        queries, begin = request["MetricDataQueries"], int(request.get("NextToken", 0))
        names = [query["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for query in queries]
        self.asked.append(names)
        first = int(request["StartTime"].timestamp())
        page = list(zip(queries, names, strict=True))[begin : begin + self._size]
        results = [
            {
                "Id": query["Id"],
                "StatusCode": self._statuses.get(name, "Complete"),
                "Timestamps": [first + 300 * number for number in range(3)],
                "Values": [float(len(name))] * 3,
            }
            for query, name in page
        ]
        answer = {"MetricDataResults": results, "ResponseMetadata": {}}
        if begin + len(page) < len(queries):
            answer["NextToken"] = str(begin + self._size)
        return answer


def read_unit(client: Any, *names: str) -> tuple[Any, Budget]:
    tables = tuple(Resource("012345678901", "us-east-1", name, None, True, None) for name in names)
    unit = Unit(CAPACITY, "012345678901", "us-east-1", 300, (END - DAY, END), tables)
    budget = Budget()
    allowance = Allowance(budget, 0)
    return UnitReader(client, unit, now=END, pacer=Pacer(), allowance=allowance).read(), budget


def test_of_an_answer_that_goes_on_only_what_it_has_not_finished_is_asked_again() -> None:
    client = Paging(results_per_page=5)
    read, budget = read_unit(client, "a", "b", "c", "d")
    # Eight series, of which the first answer has five: the next call asks for three, not for eight.
    assert [len(names) for names in client.asked] == [8, 3]
    assert (budget.spent, budget.calls, read.rows) == (11, 2, 24)
    assert len({(one.resource.name, one.metric) for one in read.points}) == 8


def test_a_series_that_is_forbidden_is_a_denial() -> None:
    with pytest.raises(ClientError) as raised:
        read_unit(Paging(500, {"b": "Forbidden"}), "a", "b")
    assert kind_of(raised.value) == "denied"


def test_of_a_resource_without_a_whole_answer_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_ASKED_AT_MOST", 2)
    client = Paging(500, {"b": "InternalError", "c": "PartialData"})
    read, budget = read_unit(client, "a", "b", "c")
    assert {one.resource.name for one in read.points} == {key[2] for key, _ in read.spans} == {"a"}
    assert {one.name: said for one, said in read.unanswered.items()} == {
        "b": "InternalError",
        "c": "PartialData",
    }
    assert [len(names) for names in client.asked] == [6, 4]
    assert budget.spent == 10


def test_tokens_that_repeat_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_ASKED_AT_MOST", 1)

    class Circling(Paging):
        def get_metric_data(self, **request: Any) -> Any:
            answer = super().get_metric_data(**{**request, "NextToken": "0"})
            return {**answer, "MetricDataResults": [], "NextToken": "again"}

    client = Circling(500)
    read, _ = read_unit(client, "a")
    assert (read.rows, read.spans, list(read.unanswered.values())) == (0, [], ["RepeatedToken"])
    assert len(client.asked) == 2
