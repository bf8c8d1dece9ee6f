"""GetMetricData: the points of each series, and the limits of the real service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.served import ANALYTICS, END, MOBILE, PAYMENTS, SHOP, Client

START = END - timedelta(days=14)


def query(
    name: str,
    metric: str = "ConsumedReadCapacityUnits",
    *,
    index: str | None = None,
    period: int = 60,
    stat: str = "Sum",
    query_id: str = "q",
    **dimensions: str,
) -> dict[str, Any]:
    names = {"TableName": name, **({"GlobalSecondaryIndexName": index} if index else {}), **dimensions}
    return {
        "Id": query_id,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/DynamoDB",
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in names.items()],
            },
            "Period": period,
            "Stat": stat,
        },
    }


def ask(
    client: Client, account: str, *queries: dict[str, Any], region: str = "us-east-1", **request: Any
) -> dict[str, Any]:
    request = {"StartTime": START, "EndTime": END, "ScanBy": "TimestampAscending", **request}
    answer: dict[str, Any] = client("cloudwatch", account, region).get_metric_data(
        MetricDataQueries=list(queries), **request
    )
    return answer


def values(client: Client, account: str, one: dict[str, Any], **request: Any) -> list[float]:
    (result,) = ask(client, account, one, **request)["MetricDataResults"]
    assert result["StatusCode"] == "Complete"
    return list(result["Values"])


def test_a_flat_table_has_one_sum_a_minute(client: Client) -> None:
    (result,) = ask(client, SHOP, query("orders"))["MetricDataResults"]
    assert result["Values"] == [4_200.0] * 20_160
    assert result["Timestamps"][0] == datetime(2026, 10, 18, tzinfo=UTC)
    assert result["Timestamps"][-1] == datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    assert (result["Label"], result["StatusCode"]) == ("ConsumedReadCapacityUnits", "Complete")


def test_the_newest_point_comes_first_unless_asked_otherwise(client: Client) -> None:
    window = {"StartTime": START, "EndTime": START + timedelta(minutes=3)}
    cloudwatch = client("cloudwatch", SHOP)
    (result,) = cloudwatch.get_metric_data(MetricDataQueries=[query("carts")], **window)["MetricDataResults"]
    (ascending,) = ask(client, SHOP, query("carts"), **window)["MetricDataResults"]
    assert [moment.minute for moment in result["Timestamps"]] == [2, 1, 0]
    assert result["Values"] == ascending["Values"][::-1]
    assert len(set(result["Values"])) == 3


def test_averages_and_maxima_are_per_request(client: Client) -> None:
    one_minute = {"StartTime": START, "EndTime": START + timedelta(minutes=1)}
    for stat, value in (("Sum", 4_200.0), ("SampleCount", 4_200.0), ("Average", 1.0), ("Maximum", 1.0)):
        assert values(client, SHOP, query("orders", stat=stat), **one_minute) == [value]


def test_an_index_has_its_own_series(client: Client) -> None:
    hour = {"StartTime": START, "EndTime": START + timedelta(hours=1)}
    table = values(client, SHOP, query("catalog-by-tag"), **hour)
    index = values(client, SHOP, query("catalog-by-tag", index="by-tag"), **hour)
    assert (set(table), set(index)) == ({267 * 60.0}, {15 * 60.0})


def test_provisioned_capacity_is_published_every_five_minutes(client: Client) -> None:
    found = ask(
        client,
        MOBILE,
        query("device-shadows", "ProvisionedReadCapacityUnits", period=60, stat="Average"),
        EndTime=START + timedelta(hours=1),
    )["MetricDataResults"][0]
    assert found["Values"] == [400.0] * 12
    assert {moment.minute % 5 for moment in found["Timestamps"]} == {0}
    assert (
        values(client, SHOP, query("orders", "ProvisionedReadCapacityUnits", period=300, stat="Average"))
        == []
    )


def test_a_table_known_at_five_minutes_has_no_finer_points(client: Client) -> None:
    hour = {"StartTime": START, "EndTime": START + timedelta(hours=1)}
    for period in (60, 300):
        one = query("edge-metrics", "ConsumedWriteCapacityUnits", period=period)
        assert values(client, ANALYTICS, one, **hour) == [100 * 300.0] * 12


def test_idle_tables_have_zeros_and_sparse_ones_gaps(client: Client) -> None:
    assert values(client, PAYMENTS, query("legacy-sessions")) == [0.0] * 20_160
    sparse = ask(client, "333344445555", query("cron-locks"), region="us-west-2")["MetricDataResults"][0]
    assert sparse["Values"] == [120.0] * 28
    assert {(moment.hour, moment.minute) for moment in sparse["Timestamps"]} == {(0, 0), (12, 0)}


def test_throttle_events_have_points_only_where_there_were_some(client: Client) -> None:
    assert values(client, SHOP, query("orders", "ReadThrottleEvents")) == []
    throttled = values(client, SHOP, query("flash-sales", "WriteThrottleEvents"))
    assert 14 * 60 < len(throttled) < 14 * 1_440
    assert min(throttled) >= 1


@pytest.mark.parametrize(
    ("period", "days_kept", "points_a_day"), [(60, 14, 1_440), (300, 14, 288), (3600, 60, 24)]
)
def test_each_period_is_kept_for_its_time_and_nothing_is_newer_than_the_clock(
    client: Client, period: int, days_kept: int, points_a_day: int
) -> None:
    found = ask(
        client,
        SHOP,
        query("orders", period=period),
        StartTime=END - timedelta(days=500),
        EndTime=END + timedelta(days=5),
    )["MetricDataResults"][0]
    assert len(found["Values"]) == days_kept * points_a_day
    assert found["Timestamps"][0] == (END - timedelta(days=days_kept)).replace(tzinfo=UTC)


def test_the_seasonal_table_remembers_a_year(client: Client) -> None:
    hours = values(client, SHOP, query("holiday-orders", period=3600), StartTime=END - timedelta(days=400))
    assert len(hours) == 365 * 24
    assert (max(hours), hours.count(max(hours)), hours[-1]) == (1500 * 3600.0, 6 * 24, 300 * 3600.0)


def test_unknown_resources_accounts_dimensions_and_metrics_are_empty(client: Client) -> None:
    assert values(client, SHOP, query("ledger")) == []
    assert values(client, ANALYTICS, query("orders")) == []
    assert values(client, SHOP, query("orders"), region="us-west-2") == []
    assert values(client, SHOP, query("orders", Operation="GetItem")) == []
    assert values(client, SHOP, query("orders", "SuccessfulRequestLatency")) == []


def test_a_page_holds_100_800_points_and_the_token_goes_on_from_there(client: Client) -> None:
    queries = [query("orders", query_id=f"q{number}") for number in range(7)]
    first = ask(client, SHOP, *queries)
    assert [len(result["Values"]) for result in first["MetricDataResults"]] == [20_160] * 5
    rest = ask(client, SHOP, *queries, NextToken=first["NextToken"])
    assert [result["Id"] for result in rest["MetricDataResults"]] == ["q5", "q6"]
    assert "NextToken" not in rest


@pytest.mark.parametrize("scan", ["TimestampAscending", "TimestampDescending"])
def test_smaller_pages_cut_series_without_loss(client: Client, scan: str) -> None:
    day = {"StartTime": START, "EndTime": START + timedelta(days=1), "ScanBy": scan}
    queries = [query("carts", query_id="a"), query("carts", "ConsumedWriteCapacityUnits", query_id="b")]
    whole = {result["Id"]: result for result in ask(client, SHOP, *queries, **day)["MetricDataResults"]}
    pages, token = [], {}
    while token is not None:
        page = ask(client, SHOP, *queries, **day, **token, MaxDatapoints=1_000)
        pages.append(
            [(one["Id"], len(one["Values"]), one["StatusCode"]) for one in page["MetricDataResults"]]
        )
        for one in page["MetricDataResults"]:
            expected = whole[one["Id"]]
            taken = expected.setdefault("taken", 0)
            expected["taken"] += len(one["Values"])
            assert one["Values"] == expected["Values"][taken : expected["taken"]]
            assert one["Timestamps"] == expected["Timestamps"][taken : expected["taken"]]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert pages == [
        [("a", 1_000, "PartialData")],
        [("a", 440, "Complete"), ("b", 560, "PartialData")],
        [("b", 880, "Complete")],
    ]


def test_five_hundred_queries_are_answered_and_one_more_is_not(client: Client) -> None:
    minute = {"StartTime": START, "EndTime": START + timedelta(minutes=1)}
    queries = [query("orders", query_id=f"q{number}") for number in range(501)]
    assert len(ask(client, SHOP, *queries[:500], **minute)["MetricDataResults"]) == 500
    with pytest.raises(ClientError, match="must not have a size greater than 500"):
        ask(client, SHOP, *queries, **minute)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"EndTime": START}, "StartTime must be less than"),
        ({"MaxDatapoints": 100_801}, "MaxDatapoints must be between"),
        ({"NextToken": "elsewhere"}, "InvalidNextToken"),
    ],
)
def test_requests_that_make_no_sense_are_refused(client: Client, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        ask(client, SHOP, query("orders"), **wrong)


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([], "MetricDataQueries is required"),
        ([query("orders"), query("orders")], "not unique"),
        ([query("orders", query_id="Q")], "not matching the expected pattern"),
        ([query("orders", period=90)], "must be a multiple of 60"),
        ([query("orders", stat="p99")], "no statistic 'p99'"),
        ([{"Id": "e", "Expression": "a + b"}], "no expressions"),
    ],
)
def test_queries_that_make_no_sense_are_refused(
    client: Client, queries: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        ask(client, SHOP, *queries)
