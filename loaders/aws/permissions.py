"""What a policy must allow, asked for by calls that change nothing.

The calls are those that the loaders make. What is asked about a table is asked about one that need not exist:
AWS looks for the permission first, and for the table only then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

from botocore.exceptions import ClientError

from loaders.aws.failures import AWS_ERRORS, code_of, kind_of, sentence
from loaders.aws.sessions import Sessions

Outcome = Literal["allowed", "denied", "unanswered"]

_NAME = "dynamodb-optima-health"
_NOWHERE = "r-none"
# What AWS answers about a table, an export or a unit that is not there, to whoever may ask.
_NOT_THERE = {"ParentNotFoundException"}
# AWS names the kind of policy that is in the way: "… with an explicit deny in a service control policy",
# "… because no permissions boundary allows the … action".
_KIND_OF_POLICY = re.compile(
    r"explicit deny in an? (?P<denying>[A-Za-z -]+?(?:policy|boundary))"
    r"|because no (?P<silent>[A-Za-z -]+?(?:policy|boundary)) allows"
)
_IDENTITY_POLICY = "identity-based policy"
_ACTION = re.compile(r"not authorized to perform: (?P<action>[a-z0-9-]+:[A-Za-z]+)")


@dataclass(frozen=True)
class Place:
    """Where a permission is asked for."""

    account_id: str
    region: str
    partition: str

    @property
    def table_arn(self) -> str:
        """The ARN of a table that need not exist."""
        return f"arn:{self.partition}:dynamodb:{self.region}:{self.account_id}:table/{_NAME}"

    @property
    def export_arn(self) -> str:
        """The ARN of a billing export that need not exist."""
        return f"arn:{self.partition}:bcm-data-exports:us-east-1:{self.account_id}:export/{_NAME}"


@dataclass(frozen=True)
class Permission:
    """One action and the call that asks for it.

    Attributes:
        action: As IAM names it.
        without: What a load lacks without it, to follow "without it, ".
        is_needed: Without it a load fails or its advice is wrong, rather than only poorer.
        region: Where the service is, if it is in one place only.
    """

    action: str
    service: str
    operation: str
    arguments: Callable[[Place], Mapping[str, Any]]
    without: str
    is_needed: bool = True
    region: str | None = None


@dataclass(frozen=True)
class Answer:
    """What AWS answered to one permission in one account.

    Attributes:
        said: AWS's answer in a sentence, None if the action is allowed.
        blocked_by: The kind of policy that denies it whatever an identity's own policies allow ("service
            control policy"), if AWS says so.
    """

    permission: Permission
    account_id: str
    outcome: Outcome
    said: str | None = None
    blocked_by: str | None = None


def _of_table(_: Place) -> Mapping[str, Any]:
    return {"TableName": _NAME}


def _of_dynamodb(_: Place) -> Mapping[str, Any]:
    return {"ServiceNamespace": "dynamodb", "MaxResults": 1}


def _export(arn: str, _: Place) -> Mapping[str, Any]:
    return {"ExportArn": arn}


def _one_metric(_: Place) -> Mapping[str, Any]:
    """One series of five minutes: CloudWatch charges for one metric requested."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    metric = {
        "Namespace": "AWS/DynamoDB",
        "MetricName": "ConsumedReadCapacityUnits",
        "Dimensions": [{"Name": "TableName", "Value": _NAME}],
    }
    query = {"Id": "health", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}}
    return {"StartTime": now - timedelta(minutes=5), "EndTime": now, "MetricDataQueries": [query]}


# What the role of a member account needs, and the caller in its own.
OF_AN_ACCOUNT = (
    Permission("dynamodb:ListTables", "dynamodb", "list_tables", lambda _: {"Limit": 1}, "no table is found"),
    Permission("dynamodb:DescribeTable", "dynamodb", "describe_table", _of_table, "no table is read"),
    Permission(
        "cloudwatch:GetMetricData", "cloudwatch", "get_metric_data", _one_metric, "no demand is known"
    ),
    Permission(
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling",
        "describe_scalable_targets",
        _of_dynamodb,
        "autoscaling is unknown, and the advice on provisioned tables uncertain",
    ),
    Permission(
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling",
        "describe_scaling_policies",
        _of_dynamodb,
        "autoscaling is unknown, and the advice on provisioned tables uncertain",
    ),
    Permission(
        "ec2:DescribeRegions",
        "ec2",
        "describe_regions",
        lambda _: {},
        "every region there is gets asked for tables",
        is_needed=False,
    ),
    Permission(
        "dynamodb:DescribeTimeToLive",
        "dynamodb",
        "describe_time_to_live",
        _of_table,
        "time to live is unknown",
        is_needed=False,
    ),
    Permission(
        "dynamodb:DescribeContinuousBackups",
        "dynamodb",
        "describe_continuous_backups",
        _of_table,
        "point-in-time recovery is unknown",
        is_needed=False,
    ),
    Permission(
        "dynamodb:ListTagsOfResource",
        "dynamodb",
        "list_tags_of_resource",
        lambda place: {"ResourceArn": place.table_arn},
        "tags are unknown (--skip-tags leaves them out)",
        is_needed=False,
    ),
)

# What only the caller needs, wherever its tables are.
OF_THE_CALLER = (
    Permission(
        "pricing:GetProducts",
        "pricing",
        "get_products",
        lambda _: {"ServiceCode": "AmazonDynamoDB", "MaxResults": 1},
        "advice rests on the prices that came with this version",
        region="us-east-1",
    ),
    Permission(
        "savingsplans:DescribeSavingsPlansOfferingRates",
        "savingsplans",
        "describe_savings_plans_offering_rates",
        lambda _: {"savingsPlanTypes": ["Database"], "maxResults": 1},
        "no savings plan is weighed against reserved capacity",
        is_needed=False,
        region="us-east-1",
    ),
)

_NO_ACCOUNTS = "the organisation's accounts are unknown"
_DESCRIBE_ORGANIZATION = Permission(
    "organizations:DescribeOrganization",
    "organizations",
    "describe_organization",
    lambda _: {},
    _NO_ACCOUNTS,
)
_LIST_ROOTS = Permission("organizations:ListRoots", "organizations", "list_roots", lambda _: {}, _NO_ACCOUNTS)
_BELOW_A_PARENT = (
    ("organizations:ListOrganizationalUnitsForParent", "list_organizational_units_for_parent"),
    ("organizations:ListAccountsForParent", "list_accounts_for_parent"),
)

_EXPORT = "the bill is left out of the advice"
_EXPORTS = "bcm-data-exports"
_LIST_EXPORTS = Permission(
    "bcm-data-exports:ListExports",
    _EXPORTS,
    "list_exports",
    lambda _: {"MaxResults": 1},
    _EXPORT,
    is_needed=False,
    region="us-east-1",
)
_LIST_REPORTS = Permission(
    "cur:DescribeReportDefinitions",
    "cur",
    "describe_report_definitions",
    lambda _: {"MaxResults": 5},
    "legacy reports are not found",
    is_needed=False,
    region="us-east-1",
)

# Asked for by assuming the role itself: `judged` says what a refusal means.
ASSUME_ROLE = Permission(
    "sts:AssumeRole", "sts", "assume_role", lambda _: {}, "nothing is known of the account"
)


def ask(sessions: Sessions, permission: Permission, place: Place) -> Answer:
    """Ask whether an action is allowed in an account and region.

    Raises:
        LoadError: the caller's own credentials are no good, or AWS cannot be reached.
    """
    return _asked(sessions, permission, place)[0]


def ask_organization(sessions: Sessions, place: Place) -> list[Answer]:
    """Ask whether the organisation's tree may be read, at its root."""
    described, _ = _asked(sessions, _DESCRIBE_ORGANIZATION, place)
    listed, found = _asked(sessions, _LIST_ROOTS, place)
    roots = found["Roots"] if found else []
    parent = roots[0]["Id"] if roots else _NOWHERE
    below = [
        Permission(action, "organizations", operation, lambda _: {"ParentId": parent}, _NO_ACCOUNTS)
        for action, operation in _BELOW_A_PARENT
    ]
    return [described, listed, *(ask(sessions, permission, place) for permission in below)]


def ask_exports(sessions: Sessions, place: Place) -> list[Answer]:
    """Ask whether the caller's billing exports may be found. Without one, none can be asked for."""
    listed, found = _asked(sessions, _LIST_EXPORTS, place)
    exports = [export["ExportArn"] for export in found["Exports"]] if found else [place.export_arn]
    describing = [
        Permission(
            "bcm-data-exports:GetExport",
            _EXPORTS,
            "get_export",
            partial(_export, arn),
            _EXPORT,
            is_needed=False,
            region="us-east-1",
        )
        for arn in exports[:1]
    ]
    return [listed, *(ask(sessions, each, place) for each in (*describing, _LIST_REPORTS))]


def ask_bucket(
    sessions: Sessions, place: Place, bucket: str, prefix: str, region: str | None = None
) -> list[Answer]:
    """Ask whether what lies under a prefix of a bucket may be listed, and one byte of its first object read.

    Of an empty folder nothing can be read, so that only the list is asked for.
    """
    listing = Permission(
        "s3:ListBucket",
        "s3",
        "list_objects_v2",
        lambda _: {"Bucket": bucket, "Prefix": prefix, "MaxKeys": 1},
        _EXPORT,
        is_needed=False,
        region=region,
    )
    listed, found = _asked(sessions, listing, place)
    objects = found.get("Contents", []) if found else []
    if not objects:
        return [listed]
    reading = Permission(
        "s3:GetObject",
        "s3",
        "get_object",
        lambda _: {"Bucket": bucket, "Key": objects[0]["Key"], "Range": "bytes=0-0"},
        _EXPORT,
        is_needed=False,
        region=region,
    )
    return [listed, ask(sessions, reading, place)]


def _asked(sessions: Sessions, permission: Permission, place: Place) -> tuple[Answer, Any]:
    """Return the answer, and what AWS returned if the action is allowed and what was asked for is there."""
    try:
        client = sessions.client(
            permission.service, account_id=place.account_id, region=permission.region or place.region
        )
        returned = getattr(client, permission.operation)(**permission.arguments(place))
    except AWS_ERRORS as error:
        return judged(error, permission, place.account_id), None
    return Answer(permission, place.account_id, "allowed"), returned


def judged(error: Exception, permission: Permission, account_id: str) -> Answer:
    """Return what an error of AWS says about a permission: what is not there may be asked about.

    A refusal may be of another action, such as decrypting a bucket's objects: then it answers nothing about
    this one, and AWS's own words say it best.
    """
    if kind_of(error) == "gone" or code_of(error) in _NOT_THERE:
        return Answer(permission, account_id, "allowed")
    refused = _ACTION.search(_message(error))
    is_other = refused is not None and refused["action"] != permission.action
    outcome: Outcome = "denied" if kind_of(error) == "denied" and not is_other else "unanswered"
    return Answer(
        permission, account_id, outcome, sentence(error, permission.action), policy_in_the_way(error)
    )


def policy_in_the_way(error: Exception) -> str | None:
    """Return the kind of policy that denies an action against an identity's own policies, if AWS says so."""
    found = _KIND_OF_POLICY.search(_message(error))
    if found is None or found["silent"] == _IDENTITY_POLICY:
        return None
    return found["denying"] or found["silent"]


def _message(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Message", "")) if isinstance(error, ClientError) else ""
