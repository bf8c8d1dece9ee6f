"""DynamoDB and Application Auto Scaling as a loader sees them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from optima.sandbox import SandboxConfig
from optima.sandbox.control_plane import ControlPlane
from optima.sandbox.organisation import Organisation
from optima.sandbox.planting import build
from optima.sandbox.present import Present
from optima.sandbox.wire import Call
from tests.sandbox.served import ANALYTICS, ARCHIVE, END, MOBILE, PAYMENTS, SHOP, Client


def described(client: Client, name: str, account: str, region: str = "us-east-1") -> dict[str, Any]:
    table: dict[str, Any] = client("dynamodb", account, region).describe_table(TableName=name)["Table"]
    return table


def test_each_account_and_region_lists_its_own_tables(client: Client, organisation: Organisation) -> None:
    for account in {table.account_id for table in organisation.tables} - {"123456789012"}:
        for region in ("us-east-1", "us-west-2", "eu-west-1"):
            listed = client("dynamodb", account, region).list_tables()["TableNames"]
            assert listed == [table.name for table in organisation.tables_of(account, region)]
    assert client("dynamodb").list_tables()["TableNames"] == ["organisation-log"]


def test_a_list_of_tables_is_paged(client: Client) -> None:
    pages = client("dynamodb", SHOP).get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 3})
    names = [page["TableNames"] for page in pages]
    assert [len(page) for page in names] == [3, 3, 1]
    assert len({name for page in names for name in page}) == 7


def test_an_on_demand_table(client: Client) -> None:
    orders = described(client, "orders", SHOP)
    assert orders["BillingModeSummary"] == {
        "BillingMode": "PAY_PER_REQUEST",
        "LastUpdateToPayPerRequestDateTime": datetime(2025, 9, 27, tzinfo=UTC),
    }
    assert orders["CreationDateTime"] == datetime(2025, 9, 27, tzinfo=UTC)
    assert orders["TableArn"] == f"arn:aws:dynamodb:us-east-1:{SHOP}:table/orders"
    assert orders["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert "TableClassSummary" not in orders
    assert "GlobalSecondaryIndexes" not in orders


def test_bytes_and_the_billed_overhead_of_items_make_up_the_planted_size(client: Client) -> None:
    orders = described(client, "orders", SHOP)
    assert (orders["TableSizeBytes"] + 100 * orders["ItemCount"]) / 2**30 == pytest.approx(8, abs=1e-6)
    settings = described(client, "user-settings", MOBILE)
    assert (settings["TableSizeBytes"] + 148 * settings["ItemCount"]) / 2**30 == pytest.approx(7, abs=1e-6)


def test_the_same_name_in_two_regions_is_two_tables(client: Client) -> None:
    here, there = described(client, "orders", SHOP), described(client, "orders", SHOP, "eu-west-1")
    assert here["TableId"] != there["TableId"]
    assert "Replicas" not in here


def test_a_provisioned_table_has_no_billing_mode(client: Client) -> None:
    by_tag = described(client, "catalog-by-tag", SHOP)
    assert "BillingModeSummary" not in by_tag
    assert by_tag["ProvisionedThroughput"]["ReadCapacityUnits"] == 300
    (index,) = by_tag["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["ProvisionedThroughput"]["WriteCapacityUnits"]) == ("by-tag", 100)
    assert (index["IndexSizeBytes"] + 100 * index["ItemCount"]) / 2**30 == pytest.approx(2, abs=1e-6)


def test_an_autoscaled_table_has_the_capacity_of_the_moment(client: Client) -> None:
    throughput = described(client, "device-shadows", MOBILE)["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (400, 6)


def test_a_capacity_that_was_cut_says_when(client: Client) -> None:
    throughput = described(client, "metrics-rollup", ANALYTICS)["ProvisionedThroughput"]
    assert throughput["ReadCapacityUnits"] == 100
    assert throughput["LastDecreaseDateTime"] == datetime(2026, 10, 27, tzinfo=UTC)
    assert "LastIncreaseDateTime" not in throughput


def test_a_table_shows_its_class_and_when_that_changed(client: Client) -> None:
    assert described(client, "cold-exports", ARCHIVE)["TableClassSummary"] == {
        "TableClass": "STANDARD_INFREQUENT_ACCESS"
    }
    assert described(client, "scans", ARCHIVE, "us-west-2")["TableClassSummary"] == {
        "TableClass": "STANDARD",
        "LastUpdateDateTime": datetime(2026, 10, 22, tzinfo=UTC),
    }


def test_a_global_table_names_its_other_replicas(client: Client) -> None:
    settings = described(client, "user-settings", MOBILE)
    assert settings["Replicas"] == [{"RegionName": "us-west-2", "ReplicaStatus": "ACTIVE"}]
    assert settings["GlobalTableVersion"] == "2019.11.21"


def test_what_else_is_set_on_a_table(client: Client) -> None:
    carts = described(client, "carts", SHOP)
    assert carts["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert described(client, "profiles", MOBILE)["DeletionProtectionEnabled"] is True
    assert described(client, "api-quota", MOBILE, "us-west-2")["OnDemandThroughput"] == {
        "MaxReadRequestUnits": 2000,
        "MaxWriteRequestUnits": 1000,
    }
    assert described(client, "telemetry-latest", ANALYTICS)["BillingModeSummary"][
        "LastUpdateToPayPerRequestDateTime"
    ] == datetime(2026, 4, 15, tzinfo=UTC)


def test_tags_ttl_and_continuous_backups(client: Client) -> None:
    dynamodb = client("dynamodb", SHOP)
    tags = dynamodb.list_tags_of_resource(ResourceArn=f"arn:aws:dynamodb:us-east-1:{SHOP}:table/carts")[
        "Tags"
    ]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "checkout", "environment": "production"}
    assert dynamodb.describe_time_to_live(TableName="carts")["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires_at",
    }
    for name, status in (("orders", "ENABLED"), ("carts", "DISABLED")):
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == status


def test_an_unknown_table_is_not_found(client: Client) -> None:
    with pytest.raises(ClientError) as raised:
        client("dynamodb", SHOP).describe_table(TableName="ledger")
    assert raised.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_quotas_are_the_default_ones(client: Client) -> None:
    limits = client("dynamodb", SHOP).describe_limits()
    assert (limits["TableMaxReadCapacityUnits"], limits["AccountMaxWriteCapacityUnits"]) == (40_000, 80_000)


def test_targets_and_policies_per_dimension_of_tables_and_indexes(client: Client) -> None:
    scaling = client("application-autoscaling", MOBILE, "us-west-2")
    targets = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    policies = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    bounds = {
        (target["ResourceId"], target["ScalableDimension"]): (target["MinCapacity"], target["MaxCapacity"])
        for target in targets
    }
    aims = {
        (policy["ResourceId"], policy["ScalableDimension"]): policy[
            "TargetTrackingScalingPolicyConfiguration"
        ]["TargetValue"]
        for policy in policies
    }
    assert bounds[("table/notifications", "dynamodb:table:WriteCapacityUnits")] == (200, 1000)
    assert bounds[("table/notifications/index/by-user", "dynamodb:index:ReadCapacityUnits")] == (50, 500)
    assert aims[("table/rate-limits", "dynamodb:table:ReadCapacityUnits")] == 85.0
    assert set(bounds) == set(aims)
    assert len(bounds) == 8


def test_targets_come_fifty_a_page() -> None:
    present = Present(build(SandboxConfig(end=END, tables=1_200, accounts=1)))
    plane = ControlPlane(present, lambda _account, _region: True)
    seen: list[tuple[str, str]] = []
    sizes, token = [], None
    while token != "end":
        request = {"ServiceNamespace": "dynamodb", **({"NextToken": token} if token else {})}
        call = Call(
            "application-autoscaling",
            "DescribeScalableTargets",
            "us-west-2",
            "",
            SHOP,
            "/",
            json.dumps(request).encode(),
        )
        page = json.loads(plane.describe_scalable_targets(call).body)
        sizes.append(len(page["ScalableTargets"]))
        seen += [(target["ResourceId"], target["ScalableDimension"]) for target in page["ScalableTargets"]]
        token = page.get("NextToken", "end")
    assert sizes == [50, 50, 50, 10]  # 20 copies of two tables with eight targets between them
    assert len(set(seen)) == 160


def test_targets_can_be_asked_for_by_resource(client: Client) -> None:
    scaling = client("application-autoscaling", SHOP)
    answer = scaling.describe_scalable_targets(
        ServiceNamespace="dynamodb",
        ResourceIds=["table/basket-totals"],
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
    )
    (target,) = answer["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (16, 800)
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []


def test_a_table_in_another_account_is_not_seen(client: Client) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client("dynamodb", PAYMENTS).describe_table(TableName="carts")
