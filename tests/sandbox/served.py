"""Where things are in the served organisation, and plain boto3 clients of any of its accounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3

from optima.sandbox import Sandbox

Client = Callable[..., Any]

SHOP = "012345678901"
PAYMENTS = "111122223333"
ANALYTICS = "222233334444"
MOBILE = "444455556666"
ARCHIVE = "555566667777"
DENIED = "666677778888"
SUSPENDED = "777788889999"
END = datetime(2026, 11, 1)


def clients_of(sandbox: Sandbox) -> Client:
    """Clients of a sandbox: of its management account, or of a member through the role there."""
    environment = sandbox.environment()
    management = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment["AWS_SESSION_TOKEN"],
        region_name="us-east-1",
    )
    sessions = {None: management}

    def client(service: str, account: str | None = None, region: str = "us-east-1") -> Any:
        if account not in sessions:
            given = management.client("sts", endpoint_url=sandbox.url).assume_role(
                RoleArn=f"arn:aws:iam::{account}:role/MetricsCollectorRole", RoleSessionName="tests"
            )["Credentials"]
            sessions[account] = boto3.Session(
                given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
            )
        return sessions[account].client(service, region_name=region, endpoint_url=sandbox.url)

    return client
