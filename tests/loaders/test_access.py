"""Credentials, roles and regions that are no good, each in one sentence and with nothing stored.

And clients: whom they act for, how many there are, what they repeat and what they give up.
"""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, PaginationError
from loading import MEMBERS, query

from loaders import inventory, organizations
from loaders.aws import Access, Sessions
from loaders.aws import sessions as sessions_module
from loaders.aws.failures import AnswerUnreadable, SessionRefused
from loaders.aws.paging import Calls
from loaders.errors import LoadError
from loaders.pipeline import Warehouse
from optima.sandbox import Fault, Sandbox

SHOP, PAYMENTS = "012345678901", "111122223333"
EXPIRED = (
    "The AWS credentials have expired: sign in again, then repeat the command (discover and collect go on "
    "where they stopped with --resume)."
)


@pytest.fixture
def faulty(small_organisation: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The small organisation, with faults until the test ends; calls are repeated as usual, but at once."""
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    yield small_organisation
    small_organisation.set_faults()


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
    assert refusal(warehouse, Access(), organisation) == EXPIRED


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


def test_one_client_of_a_region_acts_for_every_account(small_organisation: Sandbox) -> None:
    sessions = Sessions(MEMBERS)
    accounts = [SHOP, PAYMENTS, small_organisation.management_account_id] * 8

    def identity(account_id: str) -> str:
        return str(sessions.client("sts", account_id=account_id).get_caller_identity()["Account"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(identity, accounts)) == accounts
    # One of the members and one of the caller, however many accounts there are.
    assert sessions._made.cache_info().currsize == 2


@pytest.mark.usefixtures("small_organisation")
def test_no_more_clients_are_kept_than_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions_module, "_CLIENTS_KEPT", 2)
    sessions = Sessions(Access())
    made = [
        weakref.ref(sessions.client("dynamodb", region=region)._client.meta)
        for region in ("us-east-1", "us-west-2", "eu-west-1")
    ]
    gc.collect()
    assert [reference() is None for reference in made] == [True, False, False]


def test_an_account_that_refuses_its_role_is_asked_once(faulty: Sandbox) -> None:
    faulty.set_faults(Fault("denied", service="sts", operation="AssumeRole", account_id=SHOP))
    sessions = Sessions(MEMBERS)
    for region in ("us-east-1", "us-west-2", "us-east-1"):
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
            sessions.client("dynamodb", account_id=SHOP, region=region)
    assert faulty.faults_injected() == {"denied": 1}


def test_a_member_session_that_expires_is_renewed_and_the_call_repeated(faulty: Sandbox) -> None:
    sessions = Sessions(MEMBERS)
    client = sessions.client("dynamodb", account_id=SHOP)
    names = client.list_tables()["TableNames"]
    faulty.set_faults(Fault("expired", account_id=SHOP))
    assert client.list_tables()["TableNames"] == names
    assert sessions.client("sts", account_id=SHOP).get_caller_identity()["Account"] == SHOP
    assert faulty.faults_injected() == {"expired": 1}


def test_a_member_session_that_no_renewal_helps_is_no_end_of_the_load(
    faulty: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = Sessions(MEMBERS)
    client = sessions.client("dynamodb", account_id=SHOP)
    stale = sessions._role(SHOP).load()
    monkeypatch.setattr(sessions._role(SHOP), "load", lambda: stale)
    faulty.set_faults(Fault("expired", account_id=SHOP))
    with pytest.raises(SessionRefused, match="though it was renewed 3 times"):
        client.list_tables()


def test_own_credentials_that_expire_end_the_load(faulty: Sandbox) -> None:
    sessions = Sessions(MEMBERS)
    client = sessions.client("dynamodb", account_id=faulty.management_account_id)
    faulty.set_faults(Fault("expired", account_id=faulty.management_account_id))
    with pytest.raises(LoadError) as ended:
        client.list_tables()
    assert str(ended.value) == EXPIRED


@pytest.mark.usefixtures("faulty")
def test_own_credentials_that_are_withdrawn_end_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions(MEMBERS)
    assert sessions.client("dynamodb", account_id=SHOP).list_tables()
    own = sessions.client("sts")._client
    monkeypatch.setattr(own._request_signer._credentials, "access_key", "UNKNOWN")
    with pytest.raises(LoadError, match=r"^AWS does not accept these credentials \(InvalidClientTokenId\): "):
        sessions.client("dynamodb", account_id=PAYMENTS)


@pytest.mark.parametrize(
    ("ahead", "said"), [(1200, "20 minutes behind AWS's"), (-7200, "2 hours ahead of AWS's")]
)
def test_a_clock_that_is_off_is_named_with_how_much(faulty: Sandbox, ahead: float, said: str) -> None:
    sessions = Sessions(MEMBERS)
    client = sessions.client("dynamodb", account_id=SHOP)
    regions = sessions.client("ec2", account_id=SHOP)
    faulty.set_faults(Fault("skew", seconds=ahead))
    for refused in (client.list_tables, regions.describe_regions, Sessions(MEMBERS).now):
        with pytest.raises(LoadError) as ended:
            refused()
        assert str(ended.value) == (
            f"This machine's clock is {said}, so that AWS refuses its signatures: set the clock, then repeat "
            "the command."
        )


def test_the_present_is_what_aws_takes_for_it(faulty: Sandbox) -> None:
    def ahead() -> float:
        return (Sessions(Access()).now() - datetime.now(UTC).replace(tzinfo=None)).total_seconds()

    assert abs(ahead()) < 2
    faulty.set_faults(Fault("skew", seconds=200))
    assert 197 < ahead() < 203


def test_a_body_cut_short_is_no_empty_list(faulty: Sandbox) -> None:
    client = Sessions(MEMBERS).client("dynamodb", account_id=SHOP)
    whole = Calls()
    names = list(whole.items(client, "list_tables", "TableNames"))
    assert names
    assert whole.bytes > sum(len(name) for name in names)
    faulty.set_faults(Fault("cut", rate=0.6))
    for _ in range(5):
        assert list(Calls().items(client, "list_tables", "TableNames")) == names
    assert faulty.faults_injected()["cut"] > 0
    faulty.set_faults(Fault("cut"))
    with pytest.raises(AnswerUnreadable, match="list_tables was answered 10 times, each time incompletely"):
        client.list_tables()


def test_a_list_that_goes_in_circles_is_begun_anew(faulty: Sandbox) -> None:
    client = Sessions(MEMBERS).client("dynamodb", account_id=SHOP)
    names = list(Calls().items(client, "list_tables", "TableNames"))
    faulty.set_faults(Fault("repeated_token", rate=0.5, operation="ListTables"))
    for _ in range(5):
        assert list(Calls().items(client, "list_tables", "TableNames")) == names
    assert faulty.faults_injected()["repeated_token"] > 0
    faulty.set_faults(Fault("repeated_token", operation="ListTables"))
    with pytest.raises(PaginationError):
        Calls().pages(client, "list_tables")


def test_attempts_are_as_many_as_is_set(faulty: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    client = Sessions(MEMBERS).client("dynamodb", account_id=SHOP)
    for kind in ("error", "cut", "reset"):
        faulty.set_faults(Fault(kind))  # type: ignore[arg-type]
        with pytest.raises(Exception):  # noqa: B017, PT011 (which error it is, is not the question)
            client.list_tables()
        assert faulty.faults_injected() == {kind: 3}


def test_calls_outlast_the_quota_of_retries_that_botocore_gives_a_client(faulty: Sandbox) -> None:
    client = Sessions(MEMBERS).client("dynamodb", account_id=SHOP)
    faulty.set_faults(Fault("reset", rate=0.5))
    names = [client.list_tables()["TableNames"] for _ in range(60)]
    assert all(names)
    assert faulty.faults_injected()["reset"] > 500 / 14  # as many as empty the quota


def test_an_answer_tells_how_often_it_was_throttled(faulty: Sandbox) -> None:
    client = Sessions(MEMBERS).client("cloudwatch", account_id=SHOP)
    faulty.set_faults(Fault("throttle", rate=0.5, service="monitoring"))
    query = {
        "Id": "q",
        "MetricStat": {
            "Metric": {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits"},
            "Period": 3600,
            "Stat": "Sum",
        },
    }
    answers = [
        client.get_metric_data(
            MetricDataQueries=[query], StartTime=datetime(2026, 10, 31), EndTime=datetime(2026, 11, 1)
        )["ResponseMetadata"]
        for _ in range(8)
    ]
    throttled = sum(answer["ThrottledAttempts"] for answer in answers)
    assert throttled == sum(answer["RetryAttempts"] for answer in answers) > 0
    assert faulty.faults_injected() == {"throttle": throttled}
