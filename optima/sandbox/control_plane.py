"""Calls of Organizations, Application Auto Scaling and EC2 whose paging or answers are not AWS's in moto."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.demand import MINUTES_PER_DAY
from optima.sandbox.organisation import (
    DIMENSIONS,
    REGIONS,
    Dimension,
    Organisation,
    Resource,
    minute_of,
)
from optima.sandbox.wire import Call, Handlers, Reply, ServiceError, json_reply

_ACCOUNTS_PAGE = 20
_TARGETS_PAGE = 50


class ControlPlane:
    """What is answered from the organisation itself."""

    def __init__(self, organisation: Organisation):
        self._organisation = organisation

    def handlers(self) -> Handlers:
        """What is answered here rather than by moto."""
        return {
            ("organizations", "ListAccounts"): self.list_accounts,
            ("application-autoscaling", "DescribeScalableTargets"): self.describe_scalable_targets,
            ("ec2", "DescribeRegions"): self.describe_regions,
        }

    def list_accounts(self, call: Call) -> Reply:
        """Twenty a page; for the management account only."""
        if call.account_id != MANAGEMENT_ACCOUNT_ID:
            raise ServiceError("AccessDeniedException", "You don't have permissions to access this resource.")
        request = call.json()
        accounts = [
            {
                "Id": account.id,
                "Arn": f"arn:aws:organizations::{MANAGEMENT_ACCOUNT_ID}:account/o-sandbox000/{account.id}",
                "Email": f"{account.name}@example.com",
                "Name": account.name,
                # `Status` was retired in favour of `State` in September 2026.
                "State": account.state,
                "JoinedMethod": "CREATED",
                "JoinedTimestamp": minute_of(account.joined_at) * 60.0,
            }
            for account in self._organisation.accounts
        ]
        return json_reply(_page(request, "Accounts", accounts, _ACCOUNTS_PAGE))

    def describe_scalable_targets(self, call: Call) -> Reply:
        """Fifty a page, per dimension and resource."""
        request = call.json()
        if request.get("ServiceNamespace") != "dynamodb":
            return json_reply({"ScalableTargets": []})
        wanted_ids = set(request.get("ResourceIds") or [])
        wanted_dimension = request.get("ScalableDimension")
        targets = [
            target
            for table in self._organisation.tables_of(call.account_id, call.region)
            for resource in table.resources
            for dimension in DIMENSIONS
            if resource.throughput(dimension).min is not None
            for target in [_scalable_target(resource, dimension)]
            if (not wanted_ids or target["ResourceId"] in wanted_ids)
            and wanted_dimension in (None, target["ScalableDimension"])
        ]
        return json_reply(_page(request, "ScalableTargets", targets, _TARGETS_PAGE))

    def describe_regions(self, call: Call) -> Reply:
        """The three regions that the organisation has enabled."""
        chosen = [value for name, value in call.form().items() if name.startswith("RegionName.")] or REGIONS
        items = "".join(
            f"<item><regionName>{region}</regionName><regionEndpoint>ec2.{region}.amazonaws.com</regionEndpoint>"
            "<optInStatus>opt-in-not-required</optInStatus></item>"
            for region in REGIONS
            if region in chosen
        )
        text = (
            '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
            f"<requestId>sandbox</requestId><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
        )
        return Reply(text.encode(), "text/xml")


def scaling_resource_id(resource: Resource) -> str:
    """The resource as Application Auto Scaling names it."""
    index = f"/index/{resource.index_name}" if resource.index_name else ""
    return f"table/{resource.table_name}{index}"


def scalable_dimension(resource: Resource, dimension: Dimension) -> str:
    """`dynamodb:table:ReadCapacityUnits` and its three siblings."""
    kind = "index" if resource.index_name else "table"
    return f"dynamodb:{kind}:{dimension.capitalize()}CapacityUnits"


def _scalable_target(resource: Resource, dimension: Dimension) -> dict[str, Any]:
    throughput = resource.throughput(dimension)
    return {
        "ServiceNamespace": "dynamodb",
        "ResourceId": scaling_resource_id(resource),
        "ScalableDimension": scalable_dimension(resource, dimension),
        "MinCapacity": throughput.min,
        "MaxCapacity": throughput.max,
        "RoleARN": f"arn:aws:iam::{resource.account_id}:role/DynamoDBAutoscaleRole",
        "CreationTime": (resource.created_minute + MINUTES_PER_DAY // 24) * 60.0,
    }


def _page(request: dict[str, Any], name: str, everything: Sequence[Any], greatest: int) -> dict[str, Any]:
    """One page of a list; the token is the position to go on from."""
    size = request.get("MaxResults") or greatest
    token = request.get("NextToken") or "0"
    if not token.isdigit():
        raise ServiceError("InvalidNextTokenException", "The next token specified is invalid.")
    if not 1 <= size <= greatest:
        raise ServiceError("ValidationException", f"MaxResults must be between 1 and {greatest}.")
    start = int(token)
    answer: dict[str, Any] = {name: everything[start : start + size]}
    if start + size < len(everything):
        answer["NextToken"] = str(start + size)
    return answer
