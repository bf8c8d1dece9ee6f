"""Application Auto Scaling's targets and policies of a region, by table or index and dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loaders.aws.paging import Calls
from loaders.aws.sessions import Sessions


@dataclass(frozen=True)
class Target:
    """A scalable target; `target_pct` is its target-tracking policy's, None without one."""

    minimum: int
    maximum: int
    target_pct: float | None


# True in the row of a table or index whose autoscaling could never be read: it may be autoscaled or not.
UNKNOWN = "autoscaling_unknown"

# Keyed by resource id ("table/orders", "table/orders/index/by-day") and dimension ("read", "write").
Targets = dict[tuple[str, str], Target]


def read_targets(sessions: Sessions, account_id: str, region: str, calls: Calls) -> Targets:
    """Read every scalable target of DynamoDB in a region, with its policy.

    Raises:
        ClientError, BotoCoreError: AWS refused.
    """
    client = sessions.client("application-autoscaling", account_id=account_id, region=region)
    of_dynamodb = {"ServiceNamespace": "dynamodb"}
    # Without a target there is no policy that could matter: most regions take one call.
    targets = list(calls.items(client, "describe_scalable_targets", "ScalableTargets", **of_dynamodb))
    policies: dict[tuple[str, str], float] = {}
    if targets:
        for policy in calls.items(client, "describe_scaling_policies", "ScalingPolicies", **of_dynamodb):
            tracking = policy.get("TargetTrackingScalingPolicyConfiguration")
            if tracking is not None:
                policies[_key(policy)] = float(tracking["TargetValue"])
    return {
        _key(target): Target(
            int(target["MinCapacity"]), int(target["MaxCapacity"]), policies.get(_key(target))
        )
        for target in targets
    }


def columns(targets: Targets, resource_id: str) -> dict[str, object]:
    """Return the autoscaling columns of a table or index: all null where a dimension has no target.

    `UNKNOWN` is left to whoever knows that they could not be read.
    """
    result: dict[str, object] = {}
    for dimension in ("read", "write"):
        target = targets.get((resource_id, dimension))
        result[f"{dimension}_autoscaling_min"] = target.minimum if target else None
        result[f"{dimension}_autoscaling_max"] = target.maximum if target else None
        result[f"{dimension}_autoscaling_target_pct"] = target.target_pct if target else None
    return result


def _key(described: Any) -> tuple[str, str]:
    dimension = "read" if described["ScalableDimension"].endswith("ReadCapacityUnits") else "write"
    return described["ResourceId"], dimension
