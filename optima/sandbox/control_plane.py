"""Application Auto Scaling's targets and policies, and EC2's regions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from optima.sandbox.organisation import DIMENSIONS, REGIONS, Dimension, Resource
from optima.sandbox.present import Present
from optima.sandbox.wire import Call, Handlers, Reply, json_reply, page_of

_SCALING_PAGE = 50
# How long after its table a scalable target was made.
_SCALED_AFTER_MINUTES = 60


class ControlPlane:
    """What is answered from the organisation itself."""

    def __init__(self, present: Present, is_enabled: Callable[[str, str], bool]):
        self._present = present
        self._is_enabled = is_enabled

    def handlers(self) -> Handlers:
        """What is answered here rather than by moto."""
        return {
            ("application-autoscaling", "DescribeScalableTargets"): self.describe_scalable_targets,
            ("application-autoscaling", "DescribeScalingPolicies"): self.describe_scaling_policies,
            ("ec2", "DescribeRegions"): self.describe_regions,
        }

    def describe_scalable_targets(self, call: Call) -> Reply:
        """Fifty a page, per dimension and resource."""
        request = call.json()
        wanted_ids = set(request.get("ResourceIds") or [])
        targets = [
            _scalable_target(resource, dimension)
            for resource, dimension in self._scaled(call, request)
            if not wanted_ids or scaling_resource_id(resource) in wanted_ids
        ]
        return json_reply(page_of(request, "ScalableTargets", targets, _SCALING_PAGE))

    def describe_scaling_policies(self, call: Call) -> Reply:
        """Fifty a page: one per dimension and resource that is scaled by a target."""
        request = call.json()
        policies = [
            _scaling_policy(resource, dimension)
            for resource, dimension in self._scaled(call, request)
            if resource.throughput(dimension).is_autoscaled
            and request.get("ResourceId") in (None, scaling_resource_id(resource))
        ]
        return json_reply(page_of(request, "ScalingPolicies", policies, _SCALING_PAGE))

    def _scaled(self, call: Call, request: Mapping[str, Any]) -> Iterator[tuple[Resource, Dimension]]:
        """The resources and dimensions of the caller's account and region that have a scalable target."""
        if request.get("ServiceNamespace") != "dynamodb":
            return
        for table in self._present.tables(call.account_id, call.region):
            for resource in table.resources:
                for dimension in DIMENSIONS:
                    wanted = request.get("ScalableDimension")
                    if resource.throughput(dimension).min is not None and wanted in (
                        None,
                        scalable_dimension(resource, dimension),
                    ):
                        yield resource, dimension

    def describe_regions(self, call: Call) -> Reply:
        """The three regions that the organisation has enabled, but for those that an account has not."""
        chosen = [value for name, value in call.form().items() if name.startswith("RegionName.")] or REGIONS
        items = "".join(
            f"<item><regionName>{region}</regionName><regionEndpoint>ec2.{region}.amazonaws.com</regionEndpoint>"
            "<optInStatus>opt-in-not-required</optInStatus></item>"
            for region in REGIONS
            if region in chosen and self._is_enabled(call.account_id, region)
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
        "CreationTime": (resource.created_minute + _SCALED_AFTER_MINUTES) * 60.0,
    }


def _scaling_policy(resource: Resource, dimension: Dimension) -> dict[str, Any]:
    name = f"{resource.name}-{dimension}"
    prefix = f"arn:aws:autoscaling:{resource.region}:{resource.account_id}:scalingPolicy"
    policy_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{prefix}:{name}")
    resource_id = scaling_resource_id(resource)
    return {
        "PolicyARN": f"{prefix}:{policy_id}:resource/dynamodb/{resource_id}:policyName/{name}",
        "PolicyName": name,
        "ServiceNamespace": "dynamodb",
        "ResourceId": resource_id,
        "ScalableDimension": scalable_dimension(resource, dimension),
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": resource.throughput(dimension).target,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": f"DynamoDB{dimension.capitalize()}CapacityUtilization"
            },
        },
        "Alarms": [],
        "CreationTime": (resource.created_minute + _SCALED_AFTER_MINUTES) * 60.0,
    }
