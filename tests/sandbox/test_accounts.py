"""Organizations, STS and EC2 as a loader sees them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from optima.sandbox import Sandbox
from tests.sandbox.served import ARCHIVE, DENIED, SHOP, SUSPENDED, Client, clients_of

ROLE = "arn:aws:iam::{}:role/{}"


def paths_below(organizations: Any, parent: str, path: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """Account ids with the names of the units above them."""
    found = {
        account["Id"]: path
        for page in organizations.get_paginator("list_accounts_for_parent").paginate(ParentId=parent)
        for account in page["Accounts"]
    }
    units = organizations.get_paginator("list_organizational_units_for_parent")
    for page in units.paginate(ParentId=parent):
        for unit in page["OrganizationalUnits"]:
            found |= paths_below(organizations, unit["Id"], (*path, unit["Name"]))
    return found


def test_the_tree_of_units_leads_to_every_account(client: Client) -> None:
    organizations = client("organizations")
    (root,) = organizations.list_roots()["Roots"]
    paths = paths_below(organizations, root["Id"])
    assert paths["123456789012"] == ()
    assert paths[SHOP] == ("Workloads", "Production")
    assert paths[ARCHIVE] == ("Infrastructure",)
    assert len(paths) == 9


def test_accounts_have_a_state_and_no_status(client: Client) -> None:
    accounts = {account["Id"]: account for account in client("organizations").list_accounts()["Accounts"]}
    assert (accounts[SHOP]["Name"], accounts[SHOP]["State"]) == ("shop-production", "ACTIVE")
    assert accounts[SUSPENDED]["State"] == "SUSPENDED"
    assert all("Status" not in account for account in accounts.values())
    assert (
        client("organizations").describe_organization()["Organization"]["MasterAccountId"] == "123456789012"
    )


def test_accounts_come_twenty_a_page(empty: Sandbox) -> None:
    organizations = clients_of(empty)("organizations")
    pages = [page["Accounts"] for page in organizations.get_paginator("list_accounts").paginate()]
    assert [len(page) for page in pages] == [20, 20, 8]
    assert len({account["Id"] for page in pages for account in page}) == 48
    with pytest.raises(ClientError, match="ValidationException"):
        organizations.list_accounts(MaxResults=21)
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        organizations.list_accounts(NextToken="elsewhere")


def test_a_member_may_not_list_the_organisation(client: Client) -> None:
    with pytest.raises(ClientError, match="AccessDeniedException"):
        client("organizations", SHOP).list_accounts()


def test_the_role_leads_into_the_member_account(client: Client) -> None:
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    identity = client("sts", SHOP).get_caller_identity()
    assert identity["Account"] == SHOP
    assert identity["Arn"] == f"arn:aws:sts::{SHOP}:assumed-role/MetricsCollectorRole/tests"


@pytest.mark.parametrize(
    ("account", "role"),
    [
        (DENIED, "MetricsCollectorRole"),
        (SUSPENDED, "MetricsCollectorRole"),
        (SHOP, "MetricCollectorRole"),
        ("123456789012", "MetricsCollectorRole"),
        ("999999999999", "MetricsCollectorRole"),
    ],
)
def test_any_other_role_is_denied(client: Client, account: str, role: str) -> None:
    arn = ROLE.format(account, role)
    with pytest.raises(
        ClientError, match="not authorized to perform: sts:AssumeRole on resource: " + arn
    ) as raised:
        client("sts").assume_role(RoleArn=arn, RoleSessionName="tests")
    assert raised.value.response["Error"]["Code"] == "AccessDenied"


def test_a_member_assumes_no_role(client: Client) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        client("sts", SHOP).assume_role(
            RoleArn=ROLE.format(ARCHIVE, "MetricsCollectorRole"), RoleSessionName="tests"
        )


@pytest.mark.parametrize(
    ("service", "call", "expired", "unknown"),
    [
        ("sts", "get_caller_identity", "ExpiredToken", "InvalidClientTokenId"),
        ("dynamodb", "list_tables", "ExpiredTokenException", "UnrecognizedClientException"),
        ("organizations", "list_accounts", "ExpiredTokenException", "UnrecognizedClientException"),
        ("s3", "list_buckets", "ExpiredToken", "InvalidAccessKeyId"),
        ("ec2", "describe_regions", "RequestExpired", "AuthFailure"),
    ],
)
def test_bad_credentials_are_refused_in_the_words_of_each_service(
    sandbox: Sandbox, service: str, call: str, expired: str, unknown: str
) -> None:
    for access_key, code in (("EXPIRED", expired), ("UNKNOWN", unknown)):
        session = boto3.Session(access_key, "secret", "token", region_name="us-east-1")
        with pytest.raises(ClientError) as raised:
            getattr(session.client(service, endpoint_url=sandbox.url), call)()
        assert raised.value.response["Error"]["Code"] == code


def test_three_regions_are_enabled(client: Client) -> None:
    ec2 = client("ec2", SHOP)
    filters = [{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}]
    regions = [region["RegionName"] for region in ec2.describe_regions(Filters=filters)["Regions"]]
    assert regions == ["us-east-1", "us-west-2", "eu-west-1"]
    chosen = ec2.describe_regions(RegionNames=["eu-west-1"])["Regions"]
    assert [region["RegionName"] for region in chosen] == ["eu-west-1"]
