"""Metrics: exactly what CloudWatch answers, once, with an honest account of what is known."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from loading import FEW_TABLES, MEMBERS, Interrupted, interrupt, query, talk_to

from loaders import cloudwatch
from loaders.aws import Sessions
from loaders.cloudwatch import spans
from loaders.cloudwatch.pacing import Pacer
from loaders.cloudwatch.reader import UnitReader
from loaders.cloudwatch.series import MINUTES, Resource, Unit
from loaders.cloudwatch.spending import Allowance, Budget
from loaders.errors import LoadError
from loaders.ledger import Operation
from loaders.pipeline import OpenWarehouse, Warehouse
from loaders.report import LoadReport
from optima.sandbox import Sandbox, running

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
        MEMBERS,
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
from loaders import cloudwatch
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


def test_an_account_that_denies_is_a_problem_of_its_own(
    inventoried: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = UnitReader.read

    def deny_some(self: UnitReader) -> Any:
        if self._unit.account_id == "012345678901":
            said = {"Error": {"Code": "AccessDenied", "Message": "no"}}
            raise ClientError(said, "GetMetricData")  # type: ignore[arg-type]
        return read(self)

    monkeypatch.setattr(UnitReader, "read", deny_some)
    report = collect(inventoried, tables=["carts", "launch-beta"])
    assert report.status == "partial"
    assert {problem.account_id for problem in report.problems} == {"012345678901"}
    assert 0 < report.units_done < report.units_total
    assert query(
        inventoried, "select count(*) from ops.collected_spans where account_id = '012345678901'"
    ) == [(0,)]


def test_the_newest_minutes_are_left_for_the_next_load(small: Warehouse) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    cloudwatch.load(
        small, MEMBERS, start=now - timedelta(hours=2), end=now, now=now, tables=["carts"], long_memory=False
    )
    ends = query(small, "select max(end_at) from (select max(span_end) as end_at from ops.collected_spans)")
    assert ends == [(None,)] or ends[0][0] <= datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=3)


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


def test_the_estimate_is_what_the_load_then_asks(small: Warehouse) -> None:
    estimate = cloudwatch.estimate(
        small, MEMBERS, start=END - DAY, end=END, now=END, tables=["carts"], long_memory=False
    )
    assert estimate.queries > 0
    assert estimate.usd == pytest.approx(estimate.queries * 0.00001)
    report = collect(small, tables=["carts"])
    assert report.units_total == estimate.units
    after = cloudwatch.estimate(
        small, MEMBERS, start=END - DAY, end=END, now=END, tables=["carts"], long_memory=False
    )
    assert (after.units, after.queries, after.usd) == (0, 0, 0)
