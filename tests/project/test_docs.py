"""What the documents promise is there: settings, commands, policies and links."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer.main

from optima.cli.app import app
from optima.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def fenced(document: Path, language: str) -> list[str]:
    """The blocks of one language in a document."""
    return re.findall(rf"```{language}\n(.*?)```", document.read_text(), flags=re.DOTALL)


def test_every_setting_is_documented() -> None:
    documented = set(
        re.findall(r"^\| `([A-Z0-9_]+)`", (ROOT / "docs/settings.md").read_text(), flags=re.MULTILINE)
    )
    assert documented == {name.upper() for name in Settings.model_fields} | {"OPTIMA_PROJECT_ROOT"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_document_exists_with_its_options(document: Path) -> None:
    root = typer.main.get_command(app)
    global_options = {option for parameter in root.params for option in parameter.opts}
    for block in fenced(document, "bash"):
        for line in re.findall(r"^dynamodb-optima ([^#\n]*)", block, flags=re.MULTILINE):
            words = line.split()
            command, options = root, set(global_options)
            for word in words:
                if word in getattr(command, "commands", {}):
                    command = command.commands[word]
                    options |= {option for parameter in command.params for option in parameter.opts}
            assert command is not root, line
            assert {word for word in words if word.startswith("--")} <= options, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_the_readme_shows_the_policy_of_one_account() -> None:
    [in_readme] = [json.loads(block) for block in fenced(ROOT / "README.md", "json")]
    policy = json.loads((ROOT / "deploy/policies/account.json").read_text())
    granted = [action for statement in policy["Statement"] for action in statement["Action"]]
    assert [action for statement in in_readme["Statement"] for action in statement["Action"]] == sorted(
        granted
    )


def test_the_document_about_access_holds_the_policies_as_they_are() -> None:
    account, organization, trust, billing = fenced(ROOT / "docs/aws-access.md", "json")
    for block, name in ((account, "account"), (organization, "organization"), (billing, "billing")):
        assert block == (ROOT / f"deploy/policies/{name}.json").read_text()
    template = (ROOT / "deploy/cloudformation/member-role.yaml").read_text()
    for said in (json.loads(trust)["Statement"][0]["Sid"], "sts:AssumeRole", "sts:ExternalId"):
        assert said in template
