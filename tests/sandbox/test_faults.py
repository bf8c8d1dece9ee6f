"""Every fault, over HTTP, as boto3 reports it; which calls are hit; what the organisation's events do."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    PaginationError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from typer.testing import CliRunner

from optima.cli.app import app
from optima.sandbox import Fault, Sandbox, SandboxError
from optima.sandbox.billing.formats.delivery import BUCKET
from optima.sandbox.cloudwatch import CloudWatch
from optima.sandbox.limits import Limits
from optima.sandbox.organisation import Organisation
from optima.sandbox.wire import Call, ServiceError
from tests.sandbox.served import ARCHIVE, END, MOBILE, PAYMENTS, SHOP

MANAGEMENT = "123456789012"
ROLE = f"arn:aws:iam::{SHOP}:role/MetricsCollectorRole"
# One reading call of each service, as (service, operation, arguments).
LIST_TABLES: tuple[str, str, dict[str, Any]] = ("dynamodb", "list_tables", {})
IDENTITY: tuple[str, str, dict[str, Any]] = ("sts", "get_caller_identity", {})
REGIONS: tuple[str, str, dict[str, Any]] = ("ec2", "describe_regions", {})
ACCOUNTS: tuple[str, str, dict[str, Any]] = ("organizations", "list_accounts", {})
PRODUCTS: tuple[str, str, dict[str, Any]] = ("pricing", "get_products", {"ServiceCode": "AmazonDynamoDB"})
TARGETS: tuple[str, str, dict[str, Any]] = (
    "application-autoscaling",
    "describe_scalable_targets",
    {"ServiceNamespace": "dynamodb"},
)
EXPORTS: tuple[str, str, dict[str, Any]] = ("bcm-data-exports", "list_exports", {})
OBJECTS: tuple[str, str, dict[str, Any]] = ("s3", "list_objects_v2", {"Bucket": BUCKET})


def queries(*names: str) -> list[dict[str, Any]]:
    return [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/DynamoDB",
                    "MetricName": "ConsumedReadCapacityUnits",
                    "Dimensions": [{"Name": "TableName", "Value": name}],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for number, name in enumerate(names)
    ]


def points_of(*names: str) -> tuple[str, str, dict[str, Any]]:
    """The last ten minutes of tables, oldest first."""
    span = {"StartTime": END - timedelta(minutes=10), "EndTime": END, "ScanBy": "TimestampAscending"}
    return ("cloudwatch", "get_metric_data", {"MetricDataQueries": queries(*names), **span})


POINTS = points_of("orders", "carts")


class Caller:
    """Makes calls without repeating any; by default with the management account's own credentials."""

    def __init__(self, sandbox: Sandbox):
        self._sandbox = sandbox
        self._models = botocore.session.Session().get_component("data_loader")
        self._own = self._session("AKIASANDBOX000000000")
        self._clients: dict[Any, Any] = {}

    def _session(self, access_key: str) -> boto3.Session:
        core = botocore.session.Session()
        core.register_component("data_loader", self._models)  # reading AWS's models anew takes a second
        return boto3.Session(access_key, "sandbox", "sandbox", botocore_session=core)

    def assume(self, account: str = SHOP) -> boto3.Session:
        arn = f"arn:aws:iam::{account}:role/MetricsCollectorRole"
        answer = self(("sts", "assume_role", {"RoleArn": arn, "RoleSessionName": "tests"}))
        return self._session(answer["Credentials"]["AccessKeyId"])

    def client(
        self,
        service: str,
        session: boto3.Session | None = None,
        *,
        region: str = "us-east-1",
        read_timeout: float = 10,
    ) -> Any:
        session = session or self._own
        key = (session, service, region, read_timeout)
        if key not in self._clients:
            config = Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout)
            self._clients[key] = session.client(
                service, region_name=region, endpoint_url=self._sandbox.url, config=config
            )
        return self._clients[key]

    def __call__(
        self, call: tuple[str, str, dict[str, Any]], session: boto3.Session | None = None, **options: Any
    ) -> Any:
        service, operation, arguments = call
        return getattr(self.client(service, session, **options), operation)(**arguments)


@pytest.fixture(scope="session")
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


@pytest.fixture
def calling(sandbox: Sandbox, caller: Caller) -> Iterator[Caller]:
    """A caller, and no fault left when the test is over."""
    yield caller
    sandbox.set_faults()


def refused(caller: Caller, call: tuple[str, str, dict[str, Any]], **options: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as raised:
        caller(call, **options)
    answer = raised.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


@pytest.mark.parametrize(
    ("call", "code", "status"),
    [
        (LIST_TABLES, "ThrottlingException", 400),
        (POINTS, "Throttling", 400),
        (IDENTITY, "Throttling", 400),
        (REGIONS, "RequestLimitExceeded", 503),
        (ACCOUNTS, "TooManyRequestsException", 400),
        (TARGETS, "ThrottlingException", 400),
        (PRODUCTS, "ThrottlingException", 400),
        (EXPORTS, "ThrottlingException", 400),
        (OBJECTS, "SlowDown", 503),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_each_service_throttles_in_its_own_words(
    sandbox: Sandbox, calling: Caller, call: Any, code: str, status: int
) -> None:
    sandbox.set_faults(Fault("throttle"))
    assert refused(calling, call)[:2] == (code, status)
    assert sandbox.faults_injected() == {"throttle": 1}


@pytest.mark.parametrize(
    ("call", "codes"),
    [
        (LIST_TABLES, {("InternalServerError", 500), ("ServiceUnavailable", 503)}),
        (POINTS, {("InternalServiceFault", 500), ("ServiceUnavailable", 503)}),
        (REGIONS, {("InternalError", 500), ("Unavailable", 503)}),
        (PRODUCTS, {("InternalErrorException", 500), ("ServiceUnavailable", 503)}),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_services_fail_with_500_and_with_503(
    sandbox: Sandbox, calling: Caller, call: Any, codes: set[tuple[str, int]]
) -> None:
    sandbox.set_faults(Fault("error"))
    assert {refused(calling, call)[:2] for _ in range(12)} == codes


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        (
            ("dynamodb", "describe_table", {"TableName": "orders"}),
            "AccessDeniedException",
            "User: {user} is not authorized to perform: dynamodb:DescribeTable on resource: "
            f"arn:aws:dynamodb:us-east-1:{MANAGEMENT}:table/orders because no identity-based policy allows "
            "the dynamodb:DescribeTable action",
        ),
        (
            POINTS,
            "AccessDenied",
            "User: {user} is not authorized to perform: cloudwatch:GetMetricData because no identity-based "
            "policy allows the cloudwatch:GetMetricData action",
        ),
        (
            OBJECTS,
            "AccessDenied",
            'User: {user} is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::'
            f'{BUCKET}" because no identity-based policy allows the s3:ListBucket action',
        ),
        (
            ("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "tests"}),
            "AccessDenied",
            f"User: {{user}} is not authorized to perform: sts:AssumeRole on resource: {ROLE}",
        ),
        (
            REGIONS,
            "UnauthorizedOperation",
            "You are not authorized to perform this operation. User: {user} is not authorized to perform: "
            "ec2:DescribeRegions because no identity-based policy allows the ec2:DescribeRegions action",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_denial_names_the_action_and_the_resource(
    sandbox: Sandbox, calling: Caller, call: Any, code: str, words: str
) -> None:
    sandbox.set_faults(Fault("denied"))
    found = refused(calling, call)
    assert (found[0], found[2]) == (code, words.format(user=f"arn:aws:iam::{MANAGEMENT}:user/optima"))


def test_a_role_is_denied_by_its_session(sandbox: Sandbox, calling: Caller) -> None:
    session = calling.assume()
    sandbox.set_faults(Fault("denied", service="dynamodb", account_id=SHOP))
    _, _, words = refused(calling, LIST_TABLES, session=session)
    assert words.startswith(f"User: arn:aws:sts::{SHOP}:assumed-role/MetricsCollectorRole/tests is not")


def test_a_fault_hits_what_it_names_and_nothing_else(sandbox: Sandbox, calling: Caller) -> None:
    shop, payments = calling.assume(), calling.assume(PAYMENTS)
    sandbox.set_faults(
        Fault("denied", service="dynamodb", operation="ListTables", account_id=SHOP, region="us-west-2")
    )
    assert refused(calling, LIST_TABLES, session=shop, region="us-west-2")[0] == "AccessDeniedException"
    calling(LIST_TABLES, shop)
    calling(LIST_TABLES, payments, region="us-west-2")
    calling(("dynamodb", "describe_limits", {}), shop, region="us-west-2")
    calling(TARGETS, shop, region="us-west-2")
    assert sandbox.faults_injected() == {"denied": 1}


def test_the_account_of_assuming_a_role_is_the_one_that_owns_it(sandbox: Sandbox, calling: Caller) -> None:
    sandbox.set_faults(Fault("denied", service="sts", account_id=SHOP))
    assert calling.assume(PAYMENTS) is not None
    calling(IDENTITY)
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole on resource: " + ROLE):
        calling.assume(SHOP)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (LIST_TABLES, "UnrecognizedClientException"),
        (TARGETS, "UnrecognizedClientException"),
        (POINTS, "InvalidClientTokenId"),
        (IDENTITY, "InvalidClientTokenId"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_region_that_is_not_enabled_knows_no_credentials(
    sandbox: Sandbox, calling: Caller, call: Any, code: str
) -> None:
    sandbox.set_faults(Fault("region_not_enabled", region="eu-west-1"))
    assert refused(calling, call, region="eu-west-1")[0] == code
    calling(call, region="us-west-2")


def test_a_region_that_is_not_enabled_is_missing_from_the_list(sandbox: Sandbox, calling: Caller) -> None:
    shop, payments = calling.assume(), calling.assume(PAYMENTS)

    def listed(session: boto3.Session) -> list[str]:
        return [region["RegionName"] for region in calling(REGIONS, session)["Regions"]]

    sandbox.set_faults(Fault("region_not_enabled", region="eu-west-1", account_id=SHOP))
    assert (listed(shop), len(listed(payments))) == (["us-east-1", "us-west-2"], 3)
    sandbox.set_faults(Fault("region_not_enabled", region="eu-west-1", service="dynamodb"))
    assert len(listed(shop)) == 3


def test_an_answer_comes_too_late_for_a_client_in_a_hurry(sandbox: Sandbox, calling: Caller) -> None:
    sandbox.set_faults(Fault("timeout", seconds=0.5))
    with pytest.raises(ReadTimeoutError):
        calling(LIST_TABLES, read_timeout=0.1)
    assert calling(LIST_TABLES)["TableNames"] == ["organisation-log"]


def test_a_connection_is_closed_without_an_answer(sandbox: Sandbox, calling: Caller) -> None:
    sandbox.set_faults(Fault("reset", service="dynamodb"))
    with pytest.raises(ConnectionClosedError, match="closed"):
        calling(LIST_TABLES)
    calling(IDENTITY)


def test_a_body_ends_before_its_length(sandbox: Sandbox, calling: Caller) -> None:
    client = calling.client("dynamodb")
    whole = client.list_tables()
    length = int(whole["ResponseMetadata"]["HTTPHeaders"]["content-length"])
    sandbox.set_faults(Fault("cut"))
    # botocore does not hold a body to its length: it takes this one for an answer without members.
    cut = client.list_tables()
    assert int(cut["ResponseMetadata"]["HTTPHeaders"]["content-length"]) == length
    assert "TableNames" not in cut
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"))
    credential = "Credential=AKIA/20261101/us-east-1/dynamodb/aws4_request"
    headers = {"Authorization": credential, "X-Amz-Target": "DynamoDB_20120810.ListTables"}
    connection.request("POST", "/", "{}", headers)
    with pytest.raises(http.client.IncompleteRead) as raised:
        connection.getresponse().read()
    assert len(raised.value.partial) == length // 2
    sandbox.set_faults()
    assert client.list_tables()["TableNames"] == whole["TableNames"]


def test_a_file_ends_before_its_length(sandbox: Sandbox, calling: Caller) -> None:
    key = calling(OBJECTS)["Contents"][0]["Key"]
    sandbox.set_faults(Fault("cut", service="s3", operation="GetObject"))
    body = calling(("s3", "get_object", {"Bucket": BUCKET, "Key": key}))["Body"]
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        body.read()


def results(answer: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(one["Id"], one["StatusCode"], len(one["Values"])) for one in answer["MetricDataResults"]]


def test_series_are_answered_in_part_or_not_at_all(sandbox: Sandbox, calling: Caller) -> None:
    shop = calling.assume()
    call = points_of("orders", "no-such-table")  # the one with points is the one that is hurt
    whole = ("q1", "Complete", 0)
    assert results(calling(call, shop)) == [("q0", "Complete", 10), whole]
    for kind, hurt in (
        ("partial", [("q0", "PartialData", 5), whole]),
        ("internal", [("q0", "InternalError", 0), whole]),
        ("missing", [whole]),
    ):
        sandbox.set_faults(Fault(kind))  # type: ignore[arg-type]
        answer = calling(call, shop)
        assert results(answer) == hurt
        assert "NextToken" not in answer
        assert sandbox.faults_injected() == {kind: 1}


def test_partial_points_have_no_token_where_there_was_one(sandbox: Sandbox, calling: Caller) -> None:
    shop = calling.assume()
    service, operation, arguments = POINTS
    paged = (service, operation, {**arguments, "MaxDatapoints": 15})
    assert "NextToken" in calling(paged, shop)
    sandbox.set_faults(Fault("partial"))
    assert "NextToken" not in calling(paged, shop)


def test_names_are_left_out_of_a_list_of_tables(sandbox: Sandbox, calling: Caller) -> None:
    shop = calling.assume()
    whole = calling(LIST_TABLES, shop)["TableNames"]
    sandbox.set_faults(Fault("partial", service="dynamodb"))
    answer = calling(("dynamodb", "list_tables", {"Limit": 6}), shop)
    assert (answer["TableNames"], "LastEvaluatedTableName" in answer) == (whole[:3], False)
    calling(LIST_TABLES, calling.assume(ARCHIVE), region="eu-west-1")  # has no table: nothing is left out
    assert sandbox.faults_injected() == {"partial": 1}


@pytest.mark.parametrize(
    "call",
    [
        ("dynamodb", "list_tables", {}),
        ("organizations", "list_accounts", {}),
        ("pricing", "get_products", PRODUCTS[2]),
        ("application-autoscaling", "describe_scaling_policies", TARGETS[2]),
        ("cloudwatch", "get_metric_data", POINTS[2]),
        ("bcm-data-exports", "list_exports", {}),
    ],
    ids=lambda value: value[0],
)
def test_a_list_goes_round_in_circles_while_the_fault_is_set(
    sandbox: Sandbox, calling: Caller, call: Any
) -> None:
    service, operation, arguments = call
    client = calling.client(service)
    pages = client.get_paginator(operation).paginate
    whole = pages(**arguments).build_full_result()
    sandbox.set_faults(Fault("repeated_token"))
    with pytest.raises(PaginationError, match="same next token was received twice"):
        list(pages(**arguments))
    sandbox.set_faults()
    assert pages(**arguments).build_full_result() == whole


def test_a_token_that_was_asked_with_is_answered_again(sandbox: Sandbox, calling: Caller) -> None:
    shop = calling.assume()
    first = calling(("dynamodb", "list_tables", {"Limit": 3}), shop)
    token = {"ExclusiveStartTableName": first["LastEvaluatedTableName"]}
    sandbox.set_faults(Fault("repeated_token"))
    again = calling(("dynamodb", "list_tables", {"Limit": 3, **token}), shop)
    assert again["LastEvaluatedTableName"] == first["LastEvaluatedTableName"]


def test_a_session_expires_and_the_next_one_lasts(sandbox: Sandbox, calling: Caller) -> None:
    shop, twin, payments = calling.assume(), calling.assume(), calling.assume(PAYMENTS)
    sandbox.set_faults(Fault("expired", account_id=SHOP))
    assert refused(calling, LIST_TABLES, session=shop)[0] == "ExpiredTokenException"
    assert refused(calling, POINTS, session=twin)[0] == "ExpiredToken"
    new = calling.assume()
    calling(LIST_TABLES, new)
    calling(LIST_TABLES, payments)
    assert refused(calling, REGIONS, session=shop)[0] == "RequestExpired"
    assert sandbox.faults_injected() == {"expired": 3}
    sandbox.set_faults()
    calling(LIST_TABLES, shop)


def test_the_callers_own_credentials_expire_where_the_fault_names_them(
    sandbox: Sandbox, calling: Caller
) -> None:
    sandbox.set_faults(Fault("expired"))
    calling(IDENTITY)
    sandbox.set_faults(Fault("expired", account_id=MANAGEMENT))
    assert refused(calling, IDENTITY)[:2] == ("ExpiredToken", 403)
    assert refused(calling, ACCOUNTS)[0] == "ExpiredTokenException"


@pytest.mark.parametrize("seconds", [120, -120])
def test_a_clock_that_is_a_little_off_shows_in_the_date(
    sandbox: Sandbox, calling: Caller, seconds: float
) -> None:
    sandbox.set_faults(Fault("skew", seconds=seconds))
    for call in (LIST_TABLES, IDENTITY, OBJECTS):
        date = calling(call)["ResponseMetadata"]["HTTPHeaders"]["date"]
        ahead = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
        assert ahead == pytest.approx(seconds, abs=30)


@pytest.mark.parametrize(
    ("call", "seconds", "code", "words"),
    [
        (IDENTITY, 600, "SignatureDoesNotMatch", r"Signature expired: \d{8}T\d{6}Z is now earlier than"),
        (IDENTITY, -600, "SignatureDoesNotMatch", r"Signature not yet current: \d{8}T\d{6}Z is still later"),
        (LIST_TABLES, 600, "InvalidSignatureException", r"earlier than \d{8}T\d{6}Z \(- 5 min\.\)"),
        (OBJECTS, 1200, "RequestTimeTooSkewed", "difference between the request time and the current time"),
        (REGIONS, 1200, "RequestExpired", "Request has expired"),
    ],
)
def test_a_clock_that_is_far_off_is_refused(
    sandbox: Sandbox, calling: Caller, call: Any, seconds: float, code: str, words: str
) -> None:
    sandbox.set_faults(Fault("skew", seconds=seconds))
    found = refused(calling, call)
    assert found[0] == code
    assert re.search(words, found[2])


def test_s3_forgives_a_quarter_of_an_hour(sandbox: Sandbox, calling: Caller) -> None:
    sandbox.set_faults(Fault("skew", seconds=600))
    calling(OBJECTS)


def hits(caller: Caller, times: int = 1) -> list[bool]:
    """Which of two hundred different calls are throttled, each made so often."""
    client = caller.client("dynamodb")
    found = []
    for _ in range(times):
        for number in range(200):
            try:
                client.describe_table(TableName=f"table-{number}")
            except ClientError as error:
                found.append(error.response["Error"]["Code"] == "ThrottlingException")
    return found


def test_a_fifth_of_the_calls_is_hit_and_the_same_ones_again(sandbox: Sandbox, calling: Caller) -> None:
    sandbox.set_faults(Fault("throttle", rate=0.2))
    twice = hits(calling, times=2)
    first, second = twice[:200], twice[200:]
    assert 25 <= sum(first) <= 55
    assert first != second  # a call that is made again is drawn anew
    assert sandbox.faults_injected() == {"throttle": sum(twice)}
    sandbox.set_faults(Fault("throttle", rate=0.2))
    assert hits(calling) == first


def test_the_first_fault_that_hits_a_call_is_the_one_it_meets(sandbox: Sandbox, calling: Caller) -> None:
    sandbox.set_faults(Fault("denied", rate=0.5), Fault("throttle"))
    seen = hits(calling)
    assert sandbox.faults_injected() == {"denied": 200 - sum(seen), "throttle": sum(seen)}
    assert 60 <= sum(seen) <= 140


def test_an_account_leaves_and_joins_again(sandbox: Sandbox, calling: Caller) -> None:
    sandbox.leave(ARCHIVE)
    try:
        assert ARCHIVE not in {account["Id"] for account in calling(ACCOUNTS)["Accounts"]}
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
            calling.assume(ARCHIVE)
        with pytest.raises(SandboxError, match=f"account {ARCHIVE} is no member of the organisation"):
            sandbox.leave(ARCHIVE)
    finally:
        sandbox.join(ARCHIVE)
    assert ARCHIVE in {account["Id"] for account in calling(ACCOUNTS)["Accounts"]}
    calling(LIST_TABLES, calling.assume(ARCHIVE))


def test_an_account_that_was_never_there_joins_without_tables(sandbox: Sandbox, calling: Caller) -> None:
    newcomer = "999900001111"
    sandbox.join(newcomer)
    try:
        (account,) = [one for one in calling(ACCOUNTS)["Accounts"] if one["Id"] == newcomer]
        assert account["State"] == "ACTIVE"
        assert calling(LIST_TABLES, calling.assume(newcomer))["TableNames"] == []
    finally:
        sandbox.leave(newcomer)


def test_a_table_is_deleted_and_restored(sandbox: Sandbox, calling: Caller) -> None:
    shop = calling.assume()
    whole = calling(LIST_TABLES, shop)["TableNames"]
    sandbox.delete_table(SHOP, "us-east-1", "orders")
    try:
        assert calling(LIST_TABLES, shop)["TableNames"] == [name for name in whole if name != "orders"]
        for operation in ("describe_table", "describe_time_to_live", "describe_continuous_backups"):
            with pytest.raises(ClientError, match="NotFoundException"):
                calling(("dynamodb", operation, {"TableName": "orders"}), shop)
        assert results(calling(points_of("orders"), shop)) == [("q0", "Complete", 10)]
    finally:
        sandbox.restore_table(SHOP, "us-east-1", "orders")
    assert calling(LIST_TABLES, shop)["TableNames"] == whole


def test_the_scaling_of_a_deleted_table_goes_with_it(sandbox: Sandbox, calling: Caller) -> None:
    mobile = calling.assume(MOBILE)
    targets = calling(TARGETS, mobile)["ScalableTargets"]
    name = targets[0]["ResourceId"].split("/")[1]
    sandbox.delete_table(MOBILE, "us-east-1", name)
    try:
        left = calling(TARGETS, mobile)["ScalableTargets"]
        assert {target["ResourceId"].split("/")[1] for target in targets} - {name} == {
            target["ResourceId"].split("/")[1] for target in left
        }
    finally:
        sandbox.restore_table(MOBILE, "us-east-1", name)


@pytest.mark.parametrize(
    ("method", "arguments", "sentence"),
    [
        ("join", (SHOP,), f"account {SHOP} belongs to the organisation already"),
        ("leave", (MANAGEMENT,), f"account {MANAGEMENT} is no member of the organisation"),
        ("delete_table", (SHOP, "us-east-1", "nought"), f"account {SHOP} has no table nought in us-east-1"),
        ("restore_table", (SHOP, "us-east-1", "orders"), "no table orders was deleted"),
    ],
)
def test_an_event_that_cannot_be_is_refused(
    sandbox: Sandbox, method: str, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(SandboxError, match=sentence):
        getattr(sandbox, method)(*arguments)


def test_a_sandbox_that_is_gone_cannot_be_told_anything() -> None:
    with pytest.raises(SandboxError, match=r"the sandbox at http://127\.0\.0\.1:9 does not answer"):
        Sandbox("http://127.0.0.1:9", END).set_faults()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("throttle=0.2", Fault("throttle", rate=0.2)),
        (
            "denied:account=111122223333:service=monitoring",
            Fault("denied", account_id="111122223333", service="monitoring"),
        ),
        (
            "timeout=0.05:seconds=2.5:operation=ListTables",
            Fault("timeout", 0.05, None, "ListTables", seconds=2.5),
        ),
        ("region_not_enabled:region=eu-west-1", Fault("region_not_enabled", region="eu-west-1")),
        ("skew:seconds=-600", Fault("skew", seconds=-600.0)),
    ],
)
def test_a_fault_can_be_written_in_one_word(text: str, fault: Fault) -> None:
    assert Fault.parse(text) == fault


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("slow", "there is no fault 'slow': it is one of throttle, error, timeout"),
        ("", "there is no fault ''"),
        ("throttle=often", "'often' in 'throttle=often' is no rate"),
        ("throttle=0", "lies above 0 and is at most 1, not 0"),
        ("throttle=1.5", "not 1.5"),
        (
            "denied:acount=1",
            "'acount=1' in 'denied:acount=1' is none of service=…, operation=…, account=…, region",
        ),
        ("denied:service", "'service' in 'denied:service' is none of"),
        ("timeout:seconds=soon", "'soon' in 'timeout:seconds=soon' is no number of seconds"),
        ("region_not_enabled", "region_not_enabled needs a region"),
        ("reset:seconds=3", "seconds mean nothing to reset, only to timeout and skew"),
    ],
)
def test_a_fault_that_makes_no_sense_is_explained(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Fault.parse(text)
    result = CliRunner().invoke(app, ["sandbox", "serve", "--fault", text], env={"COLUMNS": "400"})
    assert result.exit_code == 2
    assert sentence in result.output


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_fifty_calls_a_second_are_answered_in_each_account_and_region() -> None:
    clock = Clock()
    limits = Limits(clock)

    def admitted(calls: int, account: str = SHOP, region: str = "us-east-1") -> int:
        return sum(limits.admits(account, region, 1, is_recent=False) for _ in range(calls))

    assert admitted(60) == 50
    assert (admitted(60, PAYMENTS), admitted(60, region="us-west-2")) == (50, 50)
    clock.now += 0.1
    assert admitted(60) == 5
    clock.now += 100
    assert admitted(60) == 50


@pytest.mark.parametrize(("is_recent", "points"), [(False, 396_000), (True, 180_000)])
def test_points_a_second_are_limited_by_how_recent_they_are(is_recent: bool, points: int) -> None:
    clock = Clock()
    limits = Limits(clock)
    share = points // 4
    answers = [limits.admits(SHOP, "us-east-1", share, is_recent=is_recent) for _ in range(5)]
    assert answers == [True] * 4 + [False]
    clock.now += 0.25
    assert [limits.admits(SHOP, "us-east-1", share, is_recent=is_recent) for _ in range(2)] == [True, False]


def test_a_call_counts_the_points_that_its_span_could_hold(organisation: Organisation) -> None:
    clock = Clock()
    cloudwatch = CloudWatch(organisation, Limits(clock))

    def ask(tables: int, start: datetime) -> Call:
        request = {
            "MetricDataQueries": queries(*(f"no-such-table-{number}" for number in range(tables))),
            "StartTime": start.timestamp(),
            "EndTime": END.replace(tzinfo=UTC).timestamp(),
        }
        body = json.dumps(request).encode()
        return Call("monitoring", "GetMetricData", "us-east-1", "", SHOP, "/", body)

    fortnight = ask(500, (END - timedelta(days=14)).replace(tzinfo=UTC))  # no more than a page's worth
    for _ in range(3):
        cloudwatch.get_metric_data(fortnight)
    with pytest.raises(ServiceError, match="Rate exceeded"):
        cloudwatch.get_metric_data(fortnight)
    clock.now += 1
    recent = ask(500, (END - timedelta(hours=3)).replace(tzinfo=UTC))  # 90,000, and half as many are allowed
    cloudwatch.get_metric_data(recent)
    cloudwatch.get_metric_data(recent)
    with pytest.raises(ServiceError, match="Rate exceeded"):
        cloudwatch.get_metric_data(recent)
