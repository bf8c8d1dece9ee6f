"""Credentials, roles and regions that are no good, each in one sentence and with nothing stored."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from loading import MEMBERS, query

from loaders import inventory, organizations
from loaders.aws import Access, Sessions
from loaders.errors import LoadError
from loaders.pipeline import Warehouse
from optima.sandbox import Sandbox


def refusal(warehouse: Warehouse, access: Access, sandbox: Sandbox, **options: object) -> str:
    with pytest.raises(LoadError) as refused:
        inventory.load(warehouse, access, now=sandbox.end, **options)  # type: ignore[arg-type]
    stored = query(warehouse, "select count(*) from raw_dynamodb.table_metadata")
    assert stored == [(0,)]
    [(status, message)] = query(warehouse, "select status, message from ops.collection_state")
    assert (status, message) == ("failed", str(refused.value))
    assert "\n" not in message
    return str(message)


def test_the_caller_is_known_by_account_and_partition(organisation: Sandbox) -> None:
    caller = Sessions(Access()).caller
    assert (caller.account_id, caller.partition) == (organisation.management_account_id, "aws")


def test_no_credentials(warehouse: Warehouse, organisation: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    assert refusal(warehouse, Access(), organisation) == (
        "No AWS credentials were found: run `aws configure`, or set AWS_PROFILE."
    )


def test_expired_credentials(
    warehouse: Warehouse, organisation: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "EXPIRED")
    assert refusal(warehouse, Access(), organisation) == (
        "The AWS credentials have expired: sign in again, then repeat the command (discover and collect go "
        "on where they stopped with --resume)."
    )


def test_an_unknown_profile(warehouse: Warehouse, organisation: Sandbox) -> None:
    said = refusal(warehouse, Access(profile="nobody"), organisation)
    assert (
        said == "The config profile (nobody) could not be found: check the profile's name in ~/.aws/config."
    )


def test_an_endpoint_that_does_not_answer(
    warehouse: Warehouse, organisation: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert refusal(warehouse, Access(), organisation).startswith(
        "AWS cannot be reached for the caller's identity: "
    )


def test_a_role_that_no_member_has_is_named(warehouse: Warehouse, organisation: Sandbox) -> None:
    wrong = Access(use_organizations=True, role_name="MetricsColectorRole")
    said = refusal(warehouse, wrong, organisation)
    assert said == (
        "None of the 7 member accounts lets the role MetricsColectorRole be assumed: check the role's name, "
        "its trust policy and the external id."
    )


def test_a_region_that_does_not_exist_is_named(warehouse: Warehouse, organisation: Sandbox) -> None:
    said = refusal(warehouse, MEMBERS, organisation, regions=["us-east-1", "us-est-2"])
    assert said == "AWS has no region called us-est-2: check the names given as regions."


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "AccessDeniedException",
            "Account 123456789012 may not read the organisation (AccessDeniedException): use the management "
            "account or a delegated administrator, with the documented permissions.",
        ),
        (
            "AWSOrganizationsNotInUseException",
            "Account 123456789012 is in no organisation: leave out --use-org to read it by itself.",
        ),
    ],
)
def test_an_organisation_that_may_not_be_read(
    warehouse: Warehouse, organisation: Sandbox, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "ListRoots")

    monkeypatch.setattr(organizations, "_organization", refuse)
    assert refusal(warehouse, MEMBERS, organisation) == said
