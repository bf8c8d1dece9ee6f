"""The policies grant what the loaders call, no more and no less; the templates say the same and deploy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import botocore.handlers
import hcl2
import pytest
import yaml
from typer.testing import CliRunner

from optima.cli.app import app
from optima.cli.demo import environment
from optima.sandbox import Sandbox, SandboxConfig, running

DEPLOY = Path(__file__).parents[2] / "deploy"
TEMPLATES = sorted((DEPLOY / "cloudformation").glob("*.yaml"))
MODULE = DEPLOY / "terraform/member-role"
TRUSTED = "arn:aws:iam::123456789012:role/DynamoDBOptima"
END = datetime(2026, 11, 1)

# What IAM calls an operation, where it is not service:Operation.
SERVICES = {"monitoring": "cloudwatch"}
ACTIONS = {
    "s3:GetObject": "s3:GetObject",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
}
# AWS answers it whatever the policies say.
NEEDS_NO_PERMISSION = "sts:GetCallerIdentity"

Statement = Mapping[str, Any]


def policy(name: str) -> list[Statement]:
    document = json.loads((DEPLOY / "policies" / f"{name}.json").read_text())
    assert document["Version"] == "2012-10-17"
    return list(document["Statement"])


def actions(*names: str) -> set[str]:
    return {action for name in names for statement in policy(name) for action in statement["Action"]}


OF_A_MEMBER = [statement for statement in policy("account") if statement["Sid"] != "ReadPrices"]


@pytest.fixture(scope="module")
def organisation() -> Iterator[Sandbox]:
    # As many tables as it takes for one of them to be autoscaled: its policies are asked for.
    with running(SandboxConfig(accounts=1, tables=20, days=1, end=END)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def called(organisation: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The actions that one load of everything takes, seen where botocore sends them."""
    seen: set[str] = set()

    def see(model: Any, **_: Any) -> None:
        service = SERVICES.get(model.service_model.signing_name, model.service_model.signing_name)
        operation = f"{service}:{model.name}"
        seen.add(ACTIONS[operation] if service == "s3" else operation)

    def go(*command: str) -> int:
        arguments = ["--project-root", str(root), *command, "--as-of", END.isoformat()]
        return CliRunner().invoke(app, arguments).exit_code

    root = tmp_path_factory.mktemp("organisation")
    with pytest.MonkeyPatch.context() as patch:
        handlers = [*botocore.handlers.BUILTIN_HANDLERS, ("before-call", see)]
        patch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
        with environment(organisation.environment()):
            # Complete but for the account that denies access.
            assert go("discover", "--use-org") in (0, 3)
            assert go("collect", "--days", "1") in (0, 3)
            assert go("collect-pricing") == 0
            assert go("collect-cur") == 0
            # Only where there is no export, as in a member, are legacy reports asked for, to explain.
            role = "arn:aws:iam::012345678901:role/MetricsCollectorRole"
            given = client_of(organisation, "sts").assume_role(RoleArn=role, RoleSessionName="member")
            patch.setenv("AWS_ACCESS_KEY_ID", given["Credentials"]["AccessKeyId"])
            assert go("collect-cur") == 1
    return seen


def test_the_policies_grant_what_is_called_and_nothing_else(called: set[str]) -> None:
    assert called - {NEEDS_NO_PERMISSION} == actions("account", "organization", "billing")


def test_every_statement_has_a_name_of_its_own_and_reads() -> None:
    statements = [statement for name in ("account", "organization", "billing") for statement in policy(name)]
    names = [statement["Sid"] for statement in statements]
    assert len(set(names)) == len(names)
    for statement in statements:
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            assert re.fullmatch(r"[a-z0-9-]+:(Get|List|Describe|AssumeRole)[A-Za-z]*", action), action


def test_only_buckets_and_roles_can_be_named_as_resources() -> None:
    named = {
        statement["Sid"]: statement["Resource"]
        for name in ("account", "organization", "billing")
        for statement in policy(name)
        if statement["Resource"] != "*"
    }
    assert named == {
        "AssumeMemberRole": "arn:aws:iam::*:role/MetricsCollectorRole",
        "ListBillingExport": "arn:aws:s3:::YOUR-BUCKET",
        "ReadBillingExport": "arn:aws:s3:::YOUR-BUCKET/*",
    }


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_the_templates_are_lint_free(template: Path) -> None:
    from cfnlint.api import lint

    assert lint(template.read_text()) == []


def deploy(sandbox: Sandbox, template: str, **parameters: str) -> dict[str, str]:
    """Make a stack of a template in the sandbox's management account; return its outputs."""
    client = client_of(sandbox, "cloudformation")
    stack = f"{template}-{len(parameters)}"
    client.create_stack(
        StackName=stack,
        TemplateBody=(DEPLOY / "cloudformation" / f"{template}.yaml").read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    [described] = client.describe_stacks(StackName=stack)["Stacks"]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def client_of(sandbox: Sandbox, service: str) -> Any:
    return boto3.client(service, region_name="us-east-1", endpoint_url=sandbox.url)


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        ({"RoleName": "WithoutExternalId"}, None),
        (
            {"RoleName": "WithExternalId", "ExternalId": "optima-5f2c9a"},
            {"StringEquals": {"sts:ExternalId": "optima-5f2c9a"}},
        ),
    ],
)
def test_the_template_of_the_member_role_makes_the_role(
    organisation: Sandbox, given: dict[str, str], condition: object
) -> None:
    outputs = deploy(organisation, "member-role", TrustedPrincipalArn=TRUSTED, **given)
    assert outputs == {"RoleArn": f"arn:aws:iam::123456789012:role/{given['RoleName']}"}
    iam = client_of(organisation, "iam")
    [trust] = iam.get_role(RoleName=given["RoleName"])["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Principal"], trust["Action"]) == ({"AWS": TRUSTED}, "sts:AssumeRole")
    assert trust.get("Condition") == condition
    inline = iam.get_role_policy(RoleName=given["RoleName"], PolicyName="DynamoDBOptimaRead")
    # The sandbox keeps an inline policy as Python writes it, which YAML reads like JSON.
    assert yaml.safe_load(inline["PolicyDocument"])["Statement"] == OF_A_MEMBER


@pytest.mark.parametrize("bucket", ["", "our-bills"])
def test_the_template_of_the_collector_makes_the_policies(organisation: Sandbox, bucket: str) -> None:
    given = {"BillingBucket": bucket} if bucket else {}
    outputs = deploy(
        organisation, "collector-policy", PolicyName=f"Of{bucket}", MemberRoleName="Reader", **given
    )
    iam = client_of(organisation, "iam")
    made = {
        output: iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
        for output, arn in outputs.items()
    }
    expected = {"PolicyArn": [*policy("account"), *policy("organization")]}
    if bucket:
        expected["BillingPolicyArn"] = policy("billing")
    text = json.dumps(expected).replace("YOUR-BUCKET", bucket).replace("MetricsCollectorRole", "Reader")
    assert {output: document["Statement"] for output, document in made.items()} == json.loads(text)


def terraform(file: Path) -> Any:
    """A file of Terraform, its quoted names and strings as they are meant."""

    def plain(node: Any) -> Any:
        if isinstance(node, dict):
            return {plain(key): plain(value) for key, value in node.items() if key != "__is_block__"}
        if isinstance(node, list):
            return [plain(value) for value in node]
        return json.loads(node) if isinstance(node, str) and node.startswith('"') else node

    with file.open() as text:
        return plain(hcl2.load(text))


def test_the_module_says_the_same_as_the_policy() -> None:
    documents = {
        name: document["statement"]
        for block in terraform(MODULE / "main.tf")["data"]
        for name, document in block["aws_iam_policy_document"].items()
    }
    read = [
        {"Sid": said["sid"], "Effect": "Allow", "Action": said["actions"], "Resource": said["resources"]}
        for said in documents["read"]
    ]
    assert read == [{**statement, "Resource": [statement["Resource"]]} for statement in OF_A_MEMBER]
    [trust] = documents["trust"]
    assert trust["actions"] == ["sts:AssumeRole"]
    assert trust["principals"] == [{"type": "AWS", "identifiers": ["${var.trusted_principal_arn}"]}]
    [condition] = [each["condition"] for each in trust["dynamic"]]
    assert condition["content"] == [
        {"test": "StringEquals", "variable": "sts:ExternalId", "values": ["${condition.value}"]}
    ]


def test_the_module_has_the_documented_variables_and_outputs() -> None:
    variables = {
        name: said for block in terraform(MODULE / "variables.tf")["variable"] for name, said in block.items()
    }
    assert variables["role_name"]["default"] == "MetricsCollectorRole"
    assert "default" not in variables["trusted_principal_arn"]
    readme = (MODULE / "README.md").read_text()
    assert set(re.findall(r"^\| `(\w+)`", readme, flags=re.MULTILINE)) == set(variables)
    outputs = {name for block in terraform(MODULE / "outputs.tf")["output"] for name in block}
    assert outputs == {"role_arn", "role_name"}
    [needed] = terraform(MODULE / "versions.tf")["terraform"]
    assert needed["required_providers"][0]["aws"]["source"] == "hashicorp/aws"


def test_the_examples_of_the_module_are_terraform() -> None:
    examples = re.findall(r"```hcl\n(.*?)```", (MODULE / "README.md").read_text(), flags=re.DOTALL)
    assert [sorted(hcl2.loads(example)) for example in examples] == [
        ["module", "provider"],
        ["data", "resource"],
    ]
    variables = (MODULE / "variables.tf").read_text()
    module = hcl2.loads(examples[0])["module"][0]['"optima_in_shop"']
    for name in set(module) - {"source", "providers", "__is_block__"}:
        assert f'variable "{name}"' in variables
