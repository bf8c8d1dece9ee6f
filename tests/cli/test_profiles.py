"""Profiles: boto3's own chain finds the credentials, and accounts read one by one share a workspace."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import duckdb
import pytest
from typer.testing import CliRunner, Result

from loaders.progress import Silent
from optima.cli.app import app
from optima.cli.demo import environment
from optima.cli.health import aws
from optima.cli.session import Session
from optima.sandbox import Sandbox, SandboxConfig, running

MANAGEMENT, SHOP, PAYMENTS = "123456789012", "012345678901", "111122223333"
SOMEBODY = "assumed-role/MetricsCollectorRole/somebody"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@pytest.fixture(scope="module")
def organisation() -> Iterator[Sandbox]:
    with running(SandboxConfig(accounts=2, tables=12, days=1)) as sandbox:
        yield sandbox


def of_member(sandbox: Sandbox, account_id: str) -> dict[str, str]:
    """A member's own credentials, as somebody has them who signed in there."""
    sts = boto3.client("sts", endpoint_url=sandbox.url, region_name="us-east-1")
    role = f"arn:aws:iam::{account_id}:role/MetricsCollectorRole"
    given = sts.assume_role(RoleArn=role, RoleSessionName="somebody")["Credentials"]
    return {**given, "Expiration": given["Expiration"].isoformat()}


@pytest.fixture
def profiles(organisation: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A configuration of AWS with a profile of each kind, and nothing in the environment but its path."""
    shop = of_member(organisation, SHOP)
    process = tmp_path / "process.py"
    process.write_text(
        f"print({json.dumps(json.dumps({'Version': 1, **of_member(organisation, PAYMENTS)}))})"
    )
    (tmp_path / "config").write_text(
        f"""
        [profile shop]
        aws_access_key_id = {shop["AccessKeyId"]}
        aws_secret_access_key = {shop["SecretAccessKey"]}
        aws_session_token = {shop["SessionToken"]}
        [profile payments]
        credential_process = "{sys.executable}" "{process}"
        [profile signed-out]
        sso_start_url = https://example.awsapps.com/start
        sso_region = us-east-1
        sso_account_id = {SHOP}
        sso_role_name = Reader
        """.replace("\n        ", "\n")
    )
    with environment(organisation.environment()):
        for name in (*KEYS, "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        yield organisation


def test_accounts_read_one_by_one_share_a_workspace(profiles: Sandbox, tmp_path: Path) -> None:
    def go(*command: str) -> Result:
        root = ["--project-root", str(tmp_path / "workspace")]
        return CliRunner().invoke(app, [*root, *command, "--as-of", profiles.end.isoformat()])

    def query(sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(tmp_path / "workspace/data/optima.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    said = []
    for profile in ("shop", "payments"):
        said.append(go("discover", "--profile", profile))
        said.append(go("collect", "--profile", profile, "--days", "1"))
    assert [(each.exit_code, each.stderr) for each in said if each.exit_code] == []
    kept = (
        "select distinct account_id from raw_dynamodb.table_metadata where _dlt_valid_to is null order by 1"
    )
    assert query(kept) == [(SHOP,), (PAYMENTS,)]
    assert query("select distinct account_id, read_by from ops.inventory_reads order by 1") == [
        (SHOP, SHOP),
        (PAYMENTS, PAYMENTS),
    ]
    # Each collection read its own account's metrics, and left the other's to whoever may read it.
    callers = """
        select distinct span.account_id, caller_account_id
        from ops.collected_spans as span join ops.collection_state using (operation_id) order by 1
    """
    assert query(callers) == [(SHOP, SHOP), (PAYMENTS, PAYMENTS)]


def who(root: Path, **options: str) -> tuple[str, str]:
    """Whether credentials are good, and whose they are by health."""
    credentials = next(aws.check(Session("health", root).given(**options), Silent()))
    return credentials.outcome, credentials.finding


@pytest.mark.parametrize(
    ("profile", "found"),
    [
        ("shop", f"{SHOP}:{SOMEBODY}, partition aws, found by config-file"),
        ("payments", f"{PAYMENTS}:{SOMEBODY}, partition aws, found by custom-process"),
    ],
)
@pytest.mark.usefixtures("profiles")
def test_a_profile_is_named_by_option_environment_or_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, found: str
) -> None:
    expected = ("ok", f"arn:aws:sts::{found}, profile {profile}")
    assert who(tmp_path, aws_profile=profile) == expected
    (tmp_path / ".env").write_text(f"AWS_PROFILE={profile}\n")
    assert who(tmp_path) == expected
    (tmp_path / ".env").unlink()
    monkeypatch.setenv("AWS_PROFILE", profile)
    assert who(tmp_path) == expected


@pytest.mark.usefixtures("profiles")
def test_keys_of_the_environment_come_before_its_profile_and_after_a_given_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, "AKIASANDBOX000000000")
    monkeypatch.setenv("AWS_PROFILE", "shop")
    outcome, found = who(tmp_path)
    assert (outcome, found) == (
        "ok",
        f"arn:aws:iam::{MANAGEMENT}:user/optima, partition aws, found by env, no profile",
    )
    assert who(tmp_path, aws_profile="shop")[1].startswith(f"arn:aws:sts::{SHOP}:")
    monkeypatch.delenv("AWS_PROFILE")
    (tmp_path / ".env").write_text("AWS_PROFILE=payments\n")
    assert who(tmp_path)[1].startswith(f"arn:aws:sts::{PAYMENTS}:")


@pytest.mark.usefixtures("profiles")
def test_a_profile_that_is_signed_out_or_unknown(tmp_path: Path) -> None:
    outcome, said = who(tmp_path, aws_profile="signed-out")
    assert outcome == "failed"
    assert said.startswith("The AWS credentials could not be obtained (")
    assert said.endswith("sign in again, then repeat the command.")
    assert who(tmp_path, aws_profile="nobody") == (
        "failed",
        "The config profile (nobody) could not be found: check the profile's name in ~/.aws/config.",
    )
