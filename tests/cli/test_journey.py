"""The whole way against a small sandbox organisation, command by command, as the documentation tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import printed
import pytest
from typer.testing import CliRunner, Result

import optima
from optima import logs, published
from optima.cli.app import app
from optima.cli.demo import environment
from optima.sandbox import Fault, Sandbox, SandboxConfig, running
from optima.workspace import Workspace

AS_OF = "2026-11-01"
IN_FORCE = "from raw_dynamodb.table_metadata where _dlt_valid_to is null"


@dataclass
class Journey:
    """A workspace on its way, and what each command said."""

    root: Path
    said: dict[str, Result]

    def go(self, *arguments: str, name: str | None = None) -> Result:
        """Run a command as of the sandbox's end and keep what it said."""
        command = ["--project-root", str(self.root), *arguments, "--as-of", AS_OF]
        result = CliRunner().invoke(app, command)
        self.said[name or arguments[0]] = result
        return result

    def a_table(self) -> str:
        """Return the name of a table that only one account and region has."""
        ((name,),) = self.query(
            f"select min(table_name) from (select table_name {IN_FORCE} group by all having count(*) = 1)"
        )
        return str(name)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the warehouse."""
        with duckdb.connect(str(self.root / "data/optima.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    config = SandboxConfig(accounts=2, tables=16, end=datetime.fromisoformat(AS_OF))
    with running(config) as sandbox, environment(sandbox.environment()):
        yield sandbox


@pytest.fixture(scope="module")
def journey(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """Go the documented way once, from discovery to three analyses."""
    assert served.end == datetime.fromisoformat(AS_OF)
    journey = Journey(tmp_path_factory.mktemp("journey"), {})
    journey.go("discover", "--use-org")
    journey.go("analyze-capacity", name="analyze-capacity without metrics")
    journey.go("collect", "--days", "14")
    journey.go("collect-pricing")
    journey.go("analyze-table-class", name="analyze-table-class without a bill")
    journey.go("collect-cur")
    journey.go("analyze-capacity", "--days", "14")
    journey.go("analyze-table-class", "--min-savings", "100", "--tables", journey.a_table())
    logs.to_terminal(None)
    return journey


def test_discover_counts_tables_by_region(journey: Journey) -> None:
    said = journey.said["discover"]
    assert said.exit_code == 3, said.output  # one account denies access
    first = re.match(r"Discovered 16 DynamoDB tables across (\d+) accounts\n", said.stdout)
    assert first
    by_region = dict(re.findall(r"^  (\S+): (\d+) tables?$", said.stdout, re.MULTILINE))
    assert sum(map(int, by_region.values())) == 16
    accounts = journey.query(f"select count(distinct account_id) {IN_FORCE}")
    assert accounts == [(int(first[1]),)]


def test_an_account_that_denies_access_is_said_and_skipped(journey: Journey) -> None:
    said = journey.said["discover"].stderr
    assert re.search(
        r"^! Account \d{12} does not let the role MetricsCollectorRole be assumed", said, re.MULTILINE
    )
    assert journey.said["discover"].stdout.endswith("\ndiscover: complete but for 1 account\n")


@pytest.mark.parametrize("command", ["collect", "collect-pricing", "collect-cur"])
def test_loads_end_well(journey: Journey, command: str) -> None:
    said = journey.said[command]
    assert said.exit_code == 0, said.output
    assert said.stdout.startswith("✓ Collected ")
    assert said.stdout.endswith(f"\n{command}: complete\n")


def test_what_aws_will_charge_is_said_before_collecting(journey: Journey) -> None:
    assert re.search(
        r"^CloudWatch will charge .*\$0\.0\d for \d+ metrics\.$", journey.said["collect"].stderr, re.M
    )


def test_an_analysis_without_its_data_says_what_to_run(journey: Journey) -> None:
    without_metrics = journey.said["analyze-capacity without metrics"]
    assert without_metrics.exit_code == 1
    assert "No metrics have been collected yet: run `dynamodb-optima collect`." in without_metrics.stderr
    without_bill = journey.said["analyze-table-class without a bill"]
    assert without_bill.exit_code == 1
    assert "No billing export has been collected yet" in without_bill.stderr


@pytest.mark.parametrize("command", ["analyze-capacity", "analyze-table-class"])
def test_analyses_say_what_they_found(journey: Journey, command: str) -> None:
    said = journey.said[command]
    assert said.exit_code == 0, said.output
    assert re.search(r"^Analyzed: \d+ \w+ \| Recommendations: \d+ \w+$", said.stdout, re.MULTILINE)
    assert "Total Potential Savings, if only this were applied: $" in said.stdout


def test_the_totals_said_are_those_of_the_list(journey: Journey) -> None:
    listed = journey.go("list-recommendations", "--format", "json", "--type", "capacity")
    total = sum(row["monthly_savings_usd"] for row in json.loads(listed.stdout))
    assert total > 0
    assert f"if only this were applied: ${total:,.2f}/month" in journey.said["analyze-capacity"].stdout


def test_a_pocket_calculator_gets_every_number_that_is_explained(journey: Journey) -> None:
    tables = journey.query(f"select table_name, region, account_id {IN_FORCE}")
    for name, region, account in tables:
        said = journey.go("explain", str(name), "--region", str(region), "--account", str(account))
        assert said.exit_code == 0, said.output
        plans = printed.blocks(said.stdout)
        assert "today" in plans[0].name
        for plan in plans:
            printed.check(plan)


def test_an_option_of_an_analysis_reaches_its_rows_and_no_others(journey: Journey) -> None:
    listed = json.loads(journey.go("list-recommendations", "--format", "json").stdout)
    least = {
        kind: min((row["monthly_savings_usd"] for row in listed if row["kind"] == kind), default=100)
        for kind in ("capacity_mode", "table_class")
    }
    assert 10 <= least["capacity_mode"] < 100 <= least["table_class"]


def test_the_build_says_what_instant_it_stands_for(journey: Journey) -> None:
    with optima.connect(journey.root) as connection:
        assert connection.execute("select as_of from publication").fetchone() == (datetime(2026, 11, 1),)


def test_tables_narrow_what_is_shown_and_not_what_is_stored(journey: Journey) -> None:
    assert "Analyzed: 1 table |" in journey.said["analyze-table-class"].stdout
    with optima.connect(journey.root) as connection:
        assert connection.execute("select count(*) from table_class_recommendations").fetchone() == (16,)


def test_a_second_collection_reads_nothing_twice(journey: Journey) -> None:
    count = "select count(*) from raw_cloudwatch.metrics"
    before = journey.query(count)
    said = journey.go("collect", name="collect again")
    assert said.stdout.startswith("✓ Collected metrics: nothing new")
    assert journey.query(count) == before


def test_a_load_that_has_nothing_to_resume_says_so(journey: Journey) -> None:
    for command in ("collect", "collect-pricing", "collect-cur"):
        said = journey.go(command, "--resume", name=f"{command} resumed")
        assert said.exit_code == 0, said.output
        assert "There was nothing to resume, so what is due is loaded." in said.stderr


def test_run_goes_on_without_what_is_missing_and_says_so(journey: Journey, served: Sandbox) -> None:
    before = published.current(Workspace.at(journey.root))
    served.set_faults(Fault("denied", service="s3"))
    said = journey.go("run", "--use-org", "--force")
    served.set_faults()
    assert said.exit_code == 3, said.output
    assert said.stdout.endswith("\nrun: complete but for 1 account (discover), the bill\n")
    assert re.search("^! Going on without the bill: ", said.stderr, re.MULTILINE)
    assert published.current(Workspace.at(journey.root)) != before


def test_minutes_are_published_day_by_day(journey: Journey) -> None:
    days = sorted(folder.name for folder in (journey.root / "data/minutes").glob("day=*"))
    assert (days[0], days[-1], len(days)) == ("day=2026-10-18", "day=2026-10-31", 14)


def test_status_and_health_are_content(journey: Journey) -> None:
    assert "Inventory: 16 tables in" in journey.go("status", "--verbose").stdout
    health = journey.go("health")
    assert health.exit_code == 0, health.output


def test_the_log_names_no_account(journey: Journey) -> None:
    text = (journey.root / "logs/dynamodb_optima.log").read_text()
    assert text
    assert not re.search(r"(?<![A-Za-z\d])\d{12}(?![A-Za-z\d])", text)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["discover", "--regions", "mars-north-1"], "AWS has no region called mars-north-1"),
        (["discover", "--use-org", "--role-name", "NoSuchRole"], "NoSuchRole"),
    ],
)
def test_what_aws_refuses_ends_in_a_sentence(journey: Journey, arguments: list[str], sentence: str) -> None:
    before = journey.query(f"select count(*) {IN_FORCE}")
    said = journey.go(*arguments, name="refused")
    assert said.exit_code == 1
    assert said.stdout == "discover: failed\n"
    assert sentence in said.stderr
    assert "Traceback" not in said.output
    assert journey.query(f"select count(*) {IN_FORCE}") == before


@pytest.mark.usefixtures("served")
def test_expired_and_missing_credentials_end_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "EXPIRED")
    said = Journey(tmp_path, {}).go("discover")
    assert said.exit_code == 1
    assert "credentials have expired" in said.stderr
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    said = Journey(tmp_path, {}).go("discover")
    assert said.exit_code == 1
    assert "No AWS credentials were found" in said.stderr


def test_an_empty_organisation_without_a_bill_ends_in_sentences(tmp_path: Path) -> None:
    empty = SandboxConfig(accounts=1, tables=0, billing_export=False, end=datetime.fromisoformat(AS_OF))
    with running(empty) as sandbox, environment(sandbox.environment()):
        journey = Journey(tmp_path, {})
        said = journey.go("discover", "--use-org")
        assert said.exit_code == 1
        assert "No DynamoDB tables were found" in said.stderr
        said = journey.go("collect-cur")
        assert said.exit_code == 1
        assert "billing export" in said.stderr
