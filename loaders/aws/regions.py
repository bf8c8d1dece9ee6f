"""Which regions to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import boto3

from loaders.aws.failures import AWS_ERRORS, kind_of
from loaders.aws.paging import Calls
from loaders.aws.sessions import Sessions
from loaders.errors import LoadError


def known_regions() -> set[str]:
    """Every region that this version of boto3 has DynamoDB in, of all partitions."""
    return {
        region
        for partition in _session().get_available_partitions()
        for region in _session().get_available_regions("dynamodb", partition)
    }


def check_names(regions: Sequence[str], sessions: Sessions) -> None:
    """Refuse a region that neither boto3 nor the caller's account knows.

    Raises:
        LoadError: naming the region.
    """
    unknown = set(regions) - known_regions()
    if unknown:
        unknown -= set(enabled_regions(sessions, sessions.caller.account_id))
    if unknown:
        raise LoadError(
            f"AWS has no region called {', '.join(sorted(unknown))}: check the names given as regions."
        )


@dataclass(frozen=True)
class Regions:
    """The regions of an account, sorted. `are_guessed`: they are all there are, as it would not tell."""

    names: tuple[str, ...]
    are_guessed: bool = False


def regions_of(sessions: Sessions, account_id: str, calls: Calls) -> Regions:
    """Return the regions that an account has enabled.

    An account whose role may not ask gets all regions of the caller's partition: those that it has not
    enabled then answer that they do not know it.

    Raises:
        ClientError, BotoCoreError: anything but a refusal.
    """
    client = sessions.client("ec2", account_id=account_id)
    try:
        answer = calls.one(
            client.describe_regions,
            Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}],
        )
    except AWS_ERRORS as error:
        if kind_of(error) != "denied":
            raise
        every = _session().get_available_regions("dynamodb", sessions.caller.partition)
        return Regions(tuple(sorted(every)), are_guessed=True)
    return Regions(tuple(sorted(str(region["RegionName"]) for region in answer["Regions"])))


def enabled_regions(sessions: Sessions, account_id: str) -> list[str]:
    """Return the names alone of what `regions_of` finds, and raise what it raises."""
    return list(regions_of(sessions, account_id, Calls()).names)


@cache
def _session() -> boto3.Session:
    """A session that knows AWS's regions. Making one takes longer than a call."""
    return boto3.Session(region_name="us-east-1")
