"""What health finds: permissions and who grants them, member roles, clocks, versions, the warehouse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import botocore.handlers
import duckdb
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from loaders.aws.permissions import OF_AN_ACCOUNT, Answer, Permission, judged, policy_in_the_way
from loaders.progress import Silent
from loaders.schemas import OPS_TABLES, RAW_TABLES
from optima import writer
from optima.cli.app import app
from optima.cli.demo import environment
from optima.cli.health import Problem, aws, local, shown
from optima.cli.health import Result as Checked
from optima.cli.session import Session
from optima.sandbox import Fault, Sandbox, SandboxConfig, running

ROOT = Path(__file__).parents[2]
MANAGEMENT, BROKEN, DENIED = "123456789012", "111122223333", "666677778888"
NO_METRICS = Fault("denied", account_id=BROKEN, service="monitoring")


@pytest.fixture(scope="module")
def organisation() -> Iterator[Sandbox]:
    with running(SandboxConfig(accounts=5, tables=4, days=1)) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True, scope="module")
def _aws_is_the_sandbox(organisation: Sandbox) -> Iterator[None]:
    with environment(organisation.environment()):
        yield


def health(root: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["--project-root", str(root), "health", *options])


def checks(said: Result) -> dict[str, Any]:
    return {check["name"]: check for check in json.loads(said.stdout)["checks"]}


def actions(name: str) -> dict[str, str]:
    """The Sid under which a policy grants each of its actions."""
    statements = json.loads((ROOT / f"deploy/policies/{name}.json").read_text())["Statement"]
    return {action: statement["Sid"] for statement in statements for action in statement["Action"]}


def test_a_denied_and_a_broken_account_are_named_with_what_would_help(
    organisation: Sandbox, tmp_path: Path
) -> None:
    organisation.set_faults(NO_METRICS)
    said = health(tmp_path, "--use-org", "--verbose")
    assert said.exit_code == 1
    shown_lines = said.stdout.splitlines()
    for expected in (
        "✗ Member roles: 5 of 6 member accounts let the role MetricsCollectorRole be assumed",
        f"    ✗ sts:AssumeRole on the role MetricsCollectorRole is denied in 1 account: {DENIED}",
        f"    ✗ cloudwatch:GetMetricData is denied in 1 account: {BROKEN}",
        "      Without it, no demand is known. "
        "Statement ReadMetrics of deploy/policies/account.json grants it.",
        "      012345678901: all 9 actions allowed",
        f"      {BROKEN}: 8 of 9 actions allowed, not cloudwatch:GetMetricData",
    ):
        assert expected in shown_lines, expected
    assert "✗ Permissions of the role: 44 of 45 actions allowed" in said.stdout
    assert "in each of 5 member accounts. CloudWatch charges $0.00005 for having been asked" in said.stdout
    assert "deploy/cloudformation/member-role.yaml" in said.stdout
    assert "statement AssumeMemberRole of deploy/policies/organization.json" in said.stdout
    for good in ("Credentials", "Clock", "Permissions", "Organisation", "Regions", "Billing export"):
        assert f"✓ {good}: " in said.stdout, good


def test_every_missing_action_is_named_with_its_statement_and_nothing_but_these_is_called(
    organisation: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: set[str] = set()

    def see(model: Any, **_: Any) -> None:
        called.add(f"{model.service_model.signing_name}:{model.name}")

    handlers = [*botocore.handlers.BUILTIN_HANDLERS, ("before-call", see)]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
    services = (
        "monitoring",
        "dynamodb",
        "application-autoscaling",
        "ec2",
        "pricing",
        "savingsplans",
        "bcm-data-exports",
        "cur",
    )
    organisation.set_faults(
        *(Fault("denied", account_id=MANAGEMENT, service=service) for service in services),
        *(Fault("denied", account_id=BROKEN, service=service) for service in services),
    )
    said = health(tmp_path, "--use-org", "--verbose", "--format", "json")
    assert said.exit_code == 1
    found = checks(said)

    def named(check: str) -> dict[str, str]:
        for problem in found[check]["problems"]:
            assert problem["granted_by"]["sid"] in problem["advice"]
        return {problem["action"]: problem["granted_by"]["sid"] for problem in found[check]["problems"]}

    account = actions("account")
    assert named("Permissions") == account
    assert named("Permissions of the role") == {
        action: sid for action, sid in account.items() if sid != "ReadPrices"
    }
    bill = {action: sid for action, sid in actions("billing").items() if not action.startswith("s3:")}
    assert named("Billing export") == bill
    assert found["Billing export"]["outcome"] == "warning"
    optional = {
        problem["action"] for problem in found["Permissions"]["problems"] if problem["outcome"] == "warning"
    }
    assert optional == {
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTimeToLive",
        "dynamodb:ListTagsOfResource",
        "ec2:DescribeRegions",
        "savingsplans:DescribeSavingsPlansOfferingRates",
    }

    organisation.set_faults(
        Fault("denied", service="organizations"), Fault("denied", service="s3", account_id=MANAGEMENT)
    )
    said = health(tmp_path, "--use-org", "--format", "json")
    found = checks(said)
    tree = {action: sid for action, sid in actions("organization").items() if action != "sts:AssumeRole"}
    assert named("Organisation") == tree
    assert "Member roles" not in found
    assert named("Billing export") == {"s3:ListBucket": "ListBillingExport"}

    organisation.set_faults(Fault("denied", service="s3", operation="GetObject"))
    assert named_bill(health(tmp_path, "--format", "json")) == {"s3:GetObject": "ReadBillingExport"}

    wire = {"cloudwatch:": "monitoring:", "s3:ListBucket": "s3:ListObjectsV2"}
    documented = {
        next((action.replace(a, b) for a, b in wire.items() if action.startswith(a)), action)
        for name in ("account", "organization", "billing")
        for action in actions(name)
    }
    assert called == documented | {"sts:GetCallerIdentity"}


def named_bill(said: Result) -> dict[str, str]:
    problems = checks(said)["Billing export"]["problems"]
    return {problem["action"]: problem["granted_by"]["sid"] for problem in problems}


def test_a_sample_is_asked_without_verbose_and_optional_things_only_warn(
    organisation: Sandbox, tmp_path: Path
) -> None:
    tags = Fault("denied", service="dynamodb", operation="ListTagsOfResource")
    closed = Fault("denied", service="dynamodb", operation="ListTables", region="eu-west-1")
    silent = Fault("error", service="ec2", account_id="012345678901")
    organisation.set_faults(tags, closed, silent)
    said = health(tmp_path, "--use-org")
    assert "asked for in 3 of 5 member accounts (--verbose: in all)" in said.stdout
    assert (
        "! dynamodb:ListTagsOfResource is denied in 3 accounts: 012345678901, 222233334444, " in said.stdout
    )
    assert "! dynamodb:ListTables is denied in region eu-west-1 in 3 accounts: " in said.stdout
    assert "! ec2:DescribeRegions was not answered in 1 account: 012345678901" in said.stdout
    assert "! The regions could not be read in 1 account: 012345678901" in said.stdout
    assert said.stdout.count("✗") == 2  # the account that denies the role, and its check
    alone = health(tmp_path, "--no-use-org")
    assert alone.exit_code == 0
    assert "Member roles" not in alone.stdout
    assert alone.stdout.endswith("health: everything that is needed is there\n")
    assert "! Permissions: 10 of 11 actions allowed in account 123456789012." in alone.stdout


def test_a_role_that_no_member_has(organisation: Sandbox, tmp_path: Path) -> None:
    organisation.set_faults()
    said = health(tmp_path, "--use-org", "--role-name", "MetricsColectorRole")
    assert said.exit_code == 1
    assert "✗ Member roles: 0 of 6 member accounts let the role MetricsColectorRole be assumed" in said.stdout
    assert "look at its name first (--role-name)" in said.stdout
    assert "Permissions of the role" not in said.stdout


@pytest.mark.parametrize(
    ("seconds", "credentials", "outcome", "clock"),
    [
        (0, "arn:aws:iam::123456789012:user/optima", "ok", "agrees with AWS's"),
        (-45, "arn:aws:iam::123456789012:user/optima", "warning", r"4\d s ahead of AWS's: set this .*"),
        (270, "arn:aws:iam::123456789012:user/optima", "failed", r"2[67]\d s behind AWS's: set this .*"),
        (900, "This machine's clock is 15 minutes behind AWS's", "failed", r"(89|90)\d s behind AWS's: .*"),
    ],
)
def test_a_clock_that_is_off(
    organisation: Sandbox, tmp_path: Path, seconds: int, credentials: str, outcome: str, clock: str
) -> None:
    organisation.set_faults(*([Fault("skew", seconds=seconds)] if seconds else []))
    who, when = islice(aws.check(Session("health", tmp_path), Silent()), 2)
    organisation.set_faults()
    assert who.finding.startswith(credentials)
    assert who.outcome == ("failed" if seconds == 900 else "ok")
    assert (when.name, when.outcome) == ("Clock", outcome)
    assert re.fullmatch(clock, when.finding)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("… because no identity-based policy allows the dynamodb:ListTables action", None),
        ("… with an explicit deny in a service control policy", "service control policy"),
        ("… because no service control policy allows the sts:AssumeRole action", "service control policy"),
        ("… because no permissions boundary allows the ec2:DescribeRegions action", "permissions boundary"),
        ("… with an explicit deny in an identity-based policy: arn:aws:iam::1:x", "identity-based policy"),
        ("User is not authorized to perform: sts:AssumeRole on resource: x", None),
    ],
)
def test_a_policy_that_no_permission_helps_against(said: str, kind: str | None) -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": said}}, "ListTables")
    assert policy_in_the_way(error) == kind


def test_a_denial_that_no_permission_helps_against_says_whom_to_ask() -> None:
    listing = OF_AN_ACCOUNT[0]
    answers = [
        Answer(listing, BROKEN, "denied", "…", "service control policy"),
        Answer(listing, DENIED, "denied", "…", "service control policy"),
        Answer(listing, MANAGEMENT, "denied", "…", "identity-based policy"),
        Answer(listing, "012345678901", "allowed"),
    ]
    of_organization, own = aws.problems(answers)
    assert of_organization.what == "dynamodb:ListTables is denied by a service control policy"
    assert of_organization.accounts == [BROKEN, DENIED]
    assert of_organization.advice == (
        "Without it, no table is found. "
        "No further permission helps: whoever manages the service control policy must let it through."
    )
    assert own.what == "dynamodb:ListTables is denied by an identity-based policy"


@pytest.mark.parametrize(
    ("code", "said", "outcome"),
    [
        (
            "AccessDenied",
            "x is not authorized to perform: s3:GetObject on resource: y because no …",
            "denied",
        ),
        ("AccessDenied", "Access Denied", "denied"),
        ("AccessDenied", "x is not authorized to perform: kms:Decrypt on resource: y", "unanswered"),
        ("NoSuchKey", "The specified key does not exist.", "allowed"),
        ("NoSuchBucket", "The specified bucket does not exist", "unanswered"),
    ],
)
def test_what_an_error_says_about_a_permission(code: str, said: str, outcome: str) -> None:
    reading = Permission("s3:GetObject", "s3", "get_object", lambda _: {}, "")
    error = ClientError({"Error": {"Code": code, "Message": said}}, "GetObject")
    answer = judged(error, reading, MANAGEMENT)
    assert (answer.outcome, answer.said is None) == (outcome, outcome == "allowed")
    assert answer.said is None or f"AWS answered {code} ({said})" in answer.said


def test_of_many_accounts_some_are_named_and_all_with_verbose() -> None:
    accounts = [f"{number:012}" for number in range(1200)]
    result = Checked(
        "Check", "failed", "found", [Problem("failed", "It is denied", "Help.", accounts=accounts)]
    )
    [_, (_, line), _, (_, end)] = shown.lines([result], verbose=False)
    assert end == "health: 1 check of 1 failed"
    assert line == (f"It is denied in 1,200 accounts: {', '.join(accounts[:10])} and 1,190 more")
    [_, (_, line), *_] = shown.lines([result], verbose=True)
    assert line.endswith(accounts[-1])


def test_a_version_out_of_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert local.versions(Session("health", tmp_path)).outcome == "ok"
    installed = local.version
    monkeypatch.setattr(local, "version", lambda name: "2.0.1" if name == "duckdb" else installed(name))
    found = local.versions(Session("health", tmp_path))
    [problem] = found.problems
    assert (found.outcome, problem.what) == ("failed", "duckdb 2.0.1 is installed")
    assert problem.advice.startswith("This version was made for duckdb <2,>=1.5.6")


def test_the_warehouse_of_an_older_version_and_one_that_is_written_to(tmp_path: Path) -> None:
    session = Session("health", tmp_path)
    session.workspace.create()

    def found() -> str:
        return local.warehouse_file(session).finding

    with duckdb.connect(str(session.workspace.warehouse)) as connection:
        for table in RAW_TABLES:
            connection.execute(f"create schema if not exists {table.dataset}")
            connection.register("columns", table.schema.empty_table())
            connection.execute(f"create table {table.qualified_name} as from columns")
            connection.unregister("columns")
        connection.execute("create schema ops")
        for name, ddl in OPS_TABLES.items():
            connection.execute(f"create table ops.{name} ({ddl})")
    assert re.fullmatch(r"opens, [\d.]+ \w+, nobody writes to it, up to date", found())
    with duckdb.connect(str(session.workspace.warehouse)) as connection:
        connection.execute("alter table ops.collection_state drop column arguments")
        connection.execute("drop table raw_dynamodb.table_sizes")
    assert found().endswith("the next load adds raw_dynamodb.table_sizes, ops.collection_state.arguments")
    with writer.writing(session.workspace, "collect"):
        assert found().startswith("in use. Process ")
