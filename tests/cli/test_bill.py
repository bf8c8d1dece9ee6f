"""costs, reconcile, commitments, and list prices beside others: what is said, from one published build."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from bill_rows import COLUMNS
from built_workspace import build
from command_line import Run
from planned_tables import COLUMNS as ALL
from typer.testing import CliRunner, Result

from optima import logs, published, transform
from optima.cli import reports, summary
from optima.cli.app import app
from optima.cli.session import Session
from optima.workspace import Workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("billed")).root


@pytest.fixture
def look(made: Path) -> Iterator[Run]:
    """Run a command that only reads, in the workspace that these tests share."""

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["--project-root", str(made), *arguments])

    yield call
    logs.to_terminal(None)


def lines(result: Result) -> list[str]:
    """What is said, one space between words."""
    assert result.exit_code == 0, result.output
    return [said for line in result.stdout.splitlines() if (said := " ".join(line.split()))]


def rows(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def rebuilt(made: Path, root: Path, *statements: str) -> None:
    """Copy the workspace and change its build, as another build would have it."""
    shutil.copytree(made, root, dirs_exist_ok=True)
    with duckdb.connect(str(published.current(Workspace.at(root)).path)) as connection:
        for statement in statements:
            connection.execute(statement)


def refused(result: Result) -> str:
    assert result.exit_code == 1
    assert result.stdout == ""
    return " ".join(result.stderr.split())


# ---- costs ----


def test_costs_say_the_total_what_it_rests_on_and_what_is_on_no_table(look: Run) -> None:
    assert lines(look("costs")) == [
        "Billed for DynamoDB in 2026-10: $496.00; at list prices $604.50. "
        "$16.00 a day, +6.7 % against 2026-09.",
        "Payer 012345678901, export organisation-hourly: the whole month.",
        "Months at hand: 2026-09, 2026-10.",
        "Account Region Table Net At list prices Net a day Against 2026-09",
        "─" * 157,
        "payments us-east-1 archive $279.00 $348.75 $9.00 +12.5 %",
        "payments us-east-1 orders $124.00 $155.00 $4.00 0.0 %",
        "payments us-east-1 users $31.00 $38.75 $1.00",
        "on no table: commitments $56.00, tax $31.00, credits −$31.00, storage $6.00 $62.00 $62.00 $2.00",
        "total $496.00 $604.50 $16.00 +6.7 %",
    ]


def test_the_rest_below_the_dearest_is_one_row_and_the_total_stays(look: Run) -> None:
    said = lines(look("costs", "--top", "1"))
    assert said[5:7] == [
        "payments us-east-1 archive $279.00 $348.75 $9.00 +12.5 %",
        "2 more $155.00 $193.75 $5.00",
    ]
    assert said[-1] == "total $496.00 $604.50 $16.00 +6.7 %"


def test_costs_by_component_and_by_account_have_the_same_total(look: Run) -> None:
    by_component = lines(look("costs", "--by", "component"))
    assert by_component[5:7] == [
        "storage $346.00 $431.00 $11.16 +11.6 %",
        "reads $79.00 $98.75 $2.55 +27.4 %",
    ]
    by_account = lines(look("costs", "--by", "account"))
    assert by_account[5:] == [
        "payments $496.00 $604.50 $16.00 +6.7 %",
        "total $496.00 $604.50 $16.00 +6.7 %",
    ]
    assert by_component[-1] == by_account[-1]


@pytest.mark.parametrize(
    ("arguments", "tables"),
    [
        (["--month", "2026-09"], ["archive", "orders", None]),
        (["--tables", "orders,users"], ["orders", "users"]),
        (["--region", "us-east-1"], ["archive", "orders", "users"]),
        (["--account", "payments"], ["archive", "orders", "users", None]),
        (["--account", "012345678901", "--top", "2"], ["archive", "orders"]),
    ],
)
def test_costs_are_filtered(look: Run, arguments: list[str], tables: list[str | None]) -> None:
    found = rows(look("costs", "--format", "json", *arguments))
    assert [row["table_name"] for row in found] == tables


def test_a_part_of_the_bill_is_called_one(look: Run) -> None:
    assert lines(look("costs", "--tables", "orders"))[0] == (
        "Billed for DynamoDB in 2026-10, of what was asked for: $124.00; at list prices $155.00. "
        "$4.00 a day, 0.0 % against 2026-09."
    )


def test_costs_as_csv_add_up_to_the_bill_in_every_component(look: Run, tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    result = look("costs", "--format", "csv", "--output", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Wrote 4 rows to" in result.stderr
    found = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [float(row["net_cost"]) for row in found] == [279, 124, 31, 62]
    for row in found:
        parts = [
            float(row[name])
            for name in row
            if name in COLUMNS["fct_dynamodb_costs"]
            and name.endswith("_cost")
            and name.split("_")[0] not in ("net", "list", "unblended", "amortized")
        ]
        assert len(parts) == 16
        assert sum(parts) == float(row["net_cost"])


def test_currencies_are_kept_apart_and_a_running_month_says_how_far_it_reaches(
    run: Run, made: Path, tmp_path: Path
) -> None:
    rebuilt(
        made,
        tmp_path,
        # An export may leave the currency out, and know no hours yet.
        """
        insert into fct_dynamodb_costs by name
        select * replace (
            '888888888888' as payer_account_id, null as currency, 'short' as export_name,
            false as is_complete, null as billed_hours, null as billed_until_at, null as net_cost_per_day
        )
        from fct_dynamodb_costs
        where table_name = 'users'
        """,
        """
        insert into fct_dynamodb_costs by name
        select * replace (
            '999999999999' as payer_account_id, 'EUR' as currency, 'euros' as export_name,
            false as is_complete, 29 as billed_hours,
            timestamp '2026-10-02 05:00' as billed_until_at
        )
        from fct_dynamodb_costs
        where table_name = 'users' and currency = 'USD'
        """,
        # Of this payer no month before was read: what it pays changed by nobody knows how much.
        """
        insert into fct_dynamodb_costs by name
        select * replace ('777777777777' as payer_account_id, 'late' as export_name)
        from fct_dynamodb_costs
        where table_name = 'users' and currency = 'USD'
        """,
    )
    said = lines(run("costs"))
    assert said[:7] == [
        "Billed for DynamoDB in 2026-10: 31.00 (unknown currency); at list prices 38.75 (unknown currency).",
        "Billed for DynamoDB in 2026-10: 31.00 EUR; at list prices 38.75 EUR. 1.00 EUR a day.",
        "Billed for DynamoDB in 2026-10: $527.00; at list prices $643.25. "
        "$17.00 a day, +6.7 % against 2026-09.",
        "Payer 012345678901, export organisation-hourly: the whole month.",
        "Payer 777777777777, export late: the whole month.",
        "Payer 888888888888, export short: no usage so far.",
        "Payer 999999999999, export euros: up to 2026-10-02 05:00 UTC (29 hours).",
    ]
    assert [line for line in said if line.startswith("total")] == [
        "total 31.00 (unknown currency) 38.75 (unknown currency)",
        "total 31.00 EUR 38.75 EUR 1.00 EUR",
        "total $527.00 $643.25 $17.00 +6.7 %",
    ]
    assert said[-1] == "Currencies are not added up."


# ---- reconcile ----


def test_reconcile_begins_with_its_summary_and_ends_with_what_was_not_compared(look: Run) -> None:
    assert lines(look("reconcile")) == [
        "2026-10: 30 % of 199.50 USD compared within 2 %.",
        "Hours that model and bill both know Billed Modelled Error %",
        "─" * 78,
        "reads $29.50 $30.00 $0.50 +1.7 %",
        "storage $170.00 $142.10 −$27.90 −16.4 %",
        "total $199.50 $172.10 −$27.40 −13.7 %",
        "The 2 tables furthest off:",
        "archive · payments · us-east-1",
        "111.60 USD modelled against 139.50 USD billed over 336 of 744 hours.",
        "orders · payments · us-east-1",
        "60.50 USD modelled against 60.00 USD billed over 336 of 744 hours.",
        "Not compared: $236.50 of throughput and storage.",
        "$199.50: of these hours model or bill are not known",
        "$31.00: no hour is known of both its demand and its capacity",
        "$6.00: the bill names no table",
        "Without a model, net: commitments $56.00, credits −$31.00, tax $31.00, backups $4.00.",
    ]


def test_reconcile_shows_as_many_tables_as_are_asked_for_and_those_that_are_named(look: Run) -> None:
    said = lines(look("reconcile", "--worst", "1"))
    assert said[6:9] == [
        "The table furthest off:",
        "archive · payments · us-east-1",
        "111.60 USD modelled against 139.50 USD billed over 336 of 744 hours.",
    ]
    assert "orders · payments · us-east-1" not in said
    assert lines(look("reconcile", "--tables", "users")) == [
        "users · payments · us-east-1",
        "Not compared: no hour is known of both its demand and its capacity.",
    ]


def test_reconcile_as_json_and_csv_holds_every_table(look: Run) -> None:
    found = rows(look("reconcile", "--format", "json"))
    assert [row["table_name"] for row in found["tables"]] == ["archive", "orders", "users"]
    assert found["summary"][0]["not_compared_usd"] == 236.5
    text = look("reconcile", "--format", "csv", "--worst", "1").stdout
    assert [row["error_usd"] for row in csv.DictReader(io.StringIO(text))] == ["-27.9"]


def test_a_month_of_which_nothing_was_compared_is_told(look: Run) -> None:
    assert lines(look("reconcile", "--month", "2026-09"))[0] == (
        "2026-09: Nothing of 360.00 USD billed was compared."
    )


# ---- commitments ----


def test_commitments_say_what_is_owned_used_and_worth_buying(look: Run) -> None:
    said = lines(look("commitments"))
    assert said[0] == "3 commitments in force:"
    assert [line for line in said if "%" in line] == [
        "Reserved capacity 012345678901 012345678901 eu-west-1 100 write units 2027-06-01 "
        "$12.50 0.0 % $12.50",
        "Reserved capacity 012345678901 012345678901 us-east-1 100 read units 2027-03-01 $2.43 75.0 % $0.61",
        "Savings Plan 012345678901 012345678901 all regions $0.10 an hour 2027-01-15 $73.00 100.0 % $0.00",
        "✗ 0 % of it was used.",
        "012345678901 us-east-1 Provisioned reads, Standard $100.00 $30.00 $20.00 $50.00 50.0 %",
        "payments us-east-1 read ✓ reserved, 1 year 100 units $30.00 $4.33 $9.49 $5.17 "
        "45.6 %, 5.5 months 12.5 % $4.33",
    ]
    assert "Because of reserved_1yr." in said
    assert said[-5:] == [
        "payments buy nothing $0.00 $9.49 $9.49 $0.00",
        "Because of savings_plan.",
        "1 other option would not pay for itself at any size.",
        "Over-bought: share of hours in which less is used. At worst: paid a month if all use vanishes.",
        "Buy after the recommended changes were made: the advice is worked out on the capacity that they "
        "leave.",
    ]


def test_commitments_as_json_and_csv_hold_every_list(look: Run) -> None:
    found = rows(look("commitments", "--format", "json"))
    sizes = {"owned": 4, "utilization": 3, "coverage": 1, "advice": 4}
    assert {name: len(each) for name, each in found.items()} == sizes
    text = look("commitments", "--format", "csv").stdout
    listed = [row["list"] for row in csv.DictReader(io.StringIO(text))]
    assert {name: listed.count(name) for name in sizes} == sizes


def test_nothing_owned_and_nothing_to_buy_is_said(run: Run, made: Path, tmp_path: Path) -> None:
    emptied = [f"delete from {mart}" for mart in COLUMNS if "commitment" in mart]
    rebuilt(made, tmp_path, *emptied)
    assert lines(run("commitments")) == [
        "The bill shows no reserved capacity and no Savings Plan of DynamoDB in force.",
        "No purchase was considered: nothing that a commitment could cover is used.",
    ]


# ---- builds of older versions, and without a bill ----


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["costs", "--month", "2025-01"], "The bill of 2025-01 is not known, only that of 2026-09, 2026-10"),
        (["costs", "--tables", "nowhere"], "The bill of 2026-10 has nothing of what was asked for."),
        (["costs", "--by", "component", "--region", "us-east-1"], "leave out --region and --tables"),
        (["reconcile", "--tables", "nowhere"], "has none of these tables: nowhere."),
    ],
)
def test_what_is_not_there_ends_in_a_sentence(look: Run, arguments: list[str], sentence: str) -> None:
    assert sentence in refused(look(*arguments))


def test_a_build_without_a_bill_says_how_to_get_one(run: Run, made: Path, tmp_path: Path) -> None:
    rebuilt(made, tmp_path, *(f"delete from {mart}" for mart in COLUMNS))
    for command in ("costs", "reconcile"):
        assert "run `dynamodb-optima collect-cur`, then `dynamodb-optima run`" in refused(run(command))


def test_a_build_of_an_older_version_is_read_as_far_as_it_goes(run: Run, made: Path, tmp_path: Path) -> None:
    advice = ("best_plans", "recommendations", "plan_alternatives", "plan_cost_lines")
    with_list = [
        f"alter table {mart} drop column {name}"
        for mart in advice
        for name in ("list_monthly_savings_usd", "list_monthly_cost_usd", "list_cost_usd")
        if name in ALL[mart]
    ]
    rebuilt(made, tmp_path, *(f"drop table {mart}" for mart in COLUMNS), *with_list)
    for command, what in (
        ("costs", "costs"),
        ("reconcile", "reconciliation"),
        ("commitments", "commitments"),
    ):
        assert refused(run(command)) == (
            f"Error: The published build holds no {what}: "
            "`dynamodb-optima run` publishes a new one, which does."
        )
    assert rows(run("list-recommendations", "--format", "json"))[0]["list_monthly_savings_usd"] is None
    assert "Best plan: On-Demand → Provisioned" in run("explain", "orders").stdout


# ---- list prices beside others ----


def test_list_prices_stand_beside_what_was_billed(
    run: Run, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dearer = [
        f"update {mart} set {', '.join(f'{name} = {name} * 1.25' for name in ALL[mart] if 'list_' in name)}"
        for mart in ALL
        if any("list_" in name for name in ALL[mart]) and mart not in COLUMNS
    ]
    advice = [mart for mart in ALL if "price_basis" in ALL[mart]]
    net = [f"update {mart} set price_basis = 'net', model_error_pct = -2.5" for mart in advice]
    stranded = "update best_plans set stranded_commitment_usd = 3.5 where table_name = 'orders'"
    rebuilt(made, tmp_path, *dearer, *net, stranded)
    listed = lines(run("list-recommendations", "--type", "plan"))
    assert "At list prices" in listed[0]
    assert "$13.03 $16.29" in " ".join(line for line in listed if "orders" in line)
    assert listed[-2:] == [
        "Prices are net: what each account was billed for a unit, else the list price × the share of list "
        "prices that it pays. What a change saves at list prices stands beside.",
        "Best plans: 2 tables → Save $63.66/month ($763.87/year); at list prices $79.57/month",
    ]
    explained = lines(run("explain", "orders"))
    for line in (
        "Setting Arithmetic USD a month cautious at list prices",
        "total $103.71 storage 93.7500 + throughput 9.9645 103.7145 103.7245 129.6431",
        "✓ 116.7450 − 103.7145 = 13.0305 (saves $13.03), at list prices 16.2881, 1 change; every guard held",
        "Best plan: On-Demand → Provisioned, read 1–200 at 70 %, write 1–10 at 70 %, 1 index; costs $103.71 "
        "instead of $116.75 a month, saves $13.03 a month ($156.37 a year). At list prices it saves $16.29 a "
        "month. It leaves commitments of $3.50 a month without use, which are paid all the same.",
    ):
        assert line in explained, line
    reports.analysed(published.current(Workspace.at(tmp_path)), transform.UTILIZATION, None)
    assert capsys.readouterr().out.splitlines()[4:] == [
        "Reduce capacity:   1 resource → Save $919.30/month, at list prices $1,149.12",
        "",
        "Total Potential Savings, if only this were applied: $919.30/month ($11,031.56/year), "
        "at list prices $1,149.12",
        "Prices are net: what each account was billed for a unit, else the list price × the share of list "
        "prices that it pays.",
    ]
    summary.organisation(Session("run", tmp_path), published.current(Workspace.at(tmp_path)))
    assert capsys.readouterr().out.splitlines()[-1] == (
        "Prices are net: what each account was billed for a unit, else the list price × the share of list "
        "prices that it pays. At list prices the best plans save $79.57/month."
    )
