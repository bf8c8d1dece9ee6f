"""explain: every line and total comes out on a pocket calculator; tables are named and missed."""

from __future__ import annotations

import json
import re
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import printed
import pytest
import yaml
from built_workspace import build
from command_line import Run
from planned_tables import COLUMNS

from optima import published
from optima.cli.explain import command_for
from optima.workspace import Workspace

_MARTS = Path(__file__).parents[2] / "models" / "marts"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built")).root


@pytest.fixture(autouse=True)
def _built(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)


def explained(run: Run, *arguments: str) -> str:
    result = run("explain", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def squeezed(text: str) -> list[str]:
    """The lines with one space between words."""
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize("table", ["orders", "archive", "users"])
def test_a_pocket_calculator_gets_every_printed_number(run: Run, table: str) -> None:
    plans = printed.blocks(explained(run, table))
    assert [block.name for block in plans if "today" in block.name]
    for block in plans:
        printed.check(block)


def test_where_four_decimals_would_not_add_up_there_are_more(run: Run, tmp_path: Path) -> None:
    change(
        tmp_path,
        """
        update plan_cost_lines set setting = null, monthly_quantity = 1, paid_quantity = 1,
            price_usd = 0.00003, cost_usd = 0.00003
        where table_name = 'users';
        update plan_alternatives set throughput_cost_usd = 0.00006, monthly_cost_usd = 0.00006
        where table_name = 'users';
        """,
    )
    (plan,) = printed.blocks(explained(run, "users"))
    assert plan.places == 5
    printed.check(plan)


def test_a_plan_is_shown_line_by_line(run: Run) -> None:
    lines = squeezed(explained(run, "orders"))
    start = lines.index("Provisioned, autoscaled · Standard (best plan, no. 3 by cost)")
    assert lines[start : start + 9] == [
        "Provisioned, autoscaled · Standard (best plan, no. 3 by cost)",
        "Setting Arithmetic USD a month cautious",
        "table: reads 1–200 at 70 % 100 on average × 730 = 73,000 unit-hours × 0.00013 9.4900 9.5000",
        "simulated: 80 to 143 units, mean 100, 1 throttled minute",
        "table: writes 1–200 at 70 % 1 on average × 730 = 730 unit-hours × 0.00065 0.4745 0.4745",
        "simulated: always 1 unit, 0 throttled minutes",
        "table and indexes: storage billing export "
        "400 − 25 (free, 6.25 %) = 375 GB-months × 0.25 93.7500 93.7500",
        "total $103.71 storage 93.7500 + throughput 9.9645 103.7145 103.7245",
        "✓ 116.7450 − 103.7145 = 13.0305 (saves $13.03), 1 change; every guard held",
    ]


def test_today_comes_first_then_the_plans_by_cost_with_the_guard_that_failed(run: Run) -> None:
    text = explained(run, "orders")
    assert [block.name for block in printed.blocks(text)] == [
        "As it is (On-Demand) · Standard  (today, no. 4 by cost)",
        "As it is (On-Demand) · Standard-IA  (no. 1 by cost)",
        "Provisioned, fixed · Standard  (no. 2 by cost)",
        "Provisioned, autoscaled · Standard  (best plan, no. 3 by cost)",
    ]
    assert (
        "✗ 116.7450 − 68.5138 = 48.2312 (saves $48.23), 1 change; class_changed_recently: "
        "Its class was changed on 2026-10-20, and AWS allows two changes in 30 days." in text
    )


def test_what_was_seen_leads_to_the_month_and_commitments_are_taken_off(run: Run) -> None:
    assert "84,672,000 seen × 730 / 336 hours known = 183,960,000 request units × 0.000000125" in explained(
        run, "orders"
    )
    assert (
        "1,000 × 730 − 500,000 (reserved) − 57,500 (free, 25.00 %) = 172,500 unit-hours × 0.00013 "
        "− 5 of a Savings Plan" in explained(run, "archive")
    )


def test_the_head_says_what_the_numbers_rest_on(run: Run) -> None:
    assert squeezed(explained(run, "orders"))[:6] == [
        "orders · account payments (012345678901) · OU Root/Shops · us-east-1",
        "On-Demand · Standard · 1 index",
        "Window: 2026-10-18 00:00 to 2026-11-01 00:00 UTC, 100.00 % of it known",
        "Prices: list, from the price list, in force since 2026-10-01. "
        "A month is 730 hours; amounts are USD a month",
        "Model against the bill of 2026-10: "
        "60.50 USD modelled against 60.00 USD billed over 336 of 744 hours.",
        "Confidence high, risk low. Build "
        f"{published.current(Workspace.at(run_root(run))).build_id}, as of 2026-11-01 00:00 UTC",
    ]


def run_root(run: Run) -> Path:
    """The workspace of the fixture `run`, by what it says of itself."""
    return Path(run("status").stdout.splitlines()[0].removeprefix("Workspace "))


def test_every_kind_of_advice_is_explained_with_its_own_figures(run: Run) -> None:
    orders, archive = explained(run, "orders"), explained(run, "archive")
    for line in (
        "Switch to Provisioned: 22.9950 − 9.9645 = 13.0305 (saves $13.03); "
        "confidence high, risk low, pending",
        "on-demand 22.9950, provisioned, autoscaled 9.9645, the same at its most cautious 9.9745",
        "break-even utilisation, above which provisioned is cheaper: reads 28.89 %, writes 28.89 %",
        "simulated reads: 33,600 unit-hours in the window, up to 100",
        "simulated: 0 throttled minutes, 0 units",
        "Utilisation of index by-day (if only this were applied)",
        "Reduce capacity: 949.0000 − 29.7037 = 919.2963 (saves $919.30); confidence high, risk low, pending",
        "reads 2.0 % 2.0 % 2.0 % 2.0 % 2.0 % 2.0 % 250 10,000 313",
        "Because of orders.",
    ):
        assert line in squeezed(orders)
    for line in (
        # Accepted in the copy that the marts have; the file of decisions, which is the truth, says nothing.
        "Switch to Standard-IA: 267.4250 − 216.8000 = 50.6250 (saves $50.63); "
        "confidence high, risk low, pending",
        "Standard: S 250.0000 + T 17.4250 = 267.4250",
        "Standard-IA: S 100.0000 + T 116.8000 = 216.8000",
        "S / T at Standard prices 14.3472, break-even 0.41, 1,000 GB, usage from the billing export",
    ):
        assert line in squeezed(archive)
    assert "Keep (well_used): costs 29.7037 ($29.70)" in explained(run, "users")


def test_it_ends_with_the_outcome_in_a_sentence(run: Run) -> None:
    assert explained(run, "archive").splitlines()[-2:] == [
        "Best plan: Standard → Standard-IA; costs $216.80 instead of $267.43 a month, "
        "saves $50.63 a month ($607.50 a year).",
        "Because of archive.",
    ]
    assert explained(run, "users").splitlines()[-1] == (
        "Best plan: keep it as it is, for $29.70 a month. Because of users."
    )


def test_a_replica_says_what_all_save_together(run: Run, tmp_path: Path) -> None:
    change(tmp_path, "update best_plans set decision_savings_usd = 80 where table_name = 'archive'")
    assert "All replicas of this global table together save $80.00 a month." in explained(run, "archive")


def test_the_command_that_explains_a_recommendation_names_its_table_alone() -> None:
    row = {"table_name": "my.table_1", "region": "eu-west-1", "account_id": "012345678901"}
    assert command_for(row) == "explain my.table_1 --region eu-west-1 --account 012345678901"


def test_units_that_are_taken_away_are_priced(run: Run, tmp_path: Path) -> None:
    change(
        tmp_path,
        """
        update plan_cost_lines set resource_key = 'us-east-1/orders/by-day', unit = 'unit-hours',
            price_usd = 0.00013
        where plan = 'as_is' and table_class = 'STANDARD' and table_name = 'orders' and component = 'read'
        """,
    )
    assert "(10,000 − 313) × 730 × 0.00013 = 919.2963; the peak is 79.87 % of 313" in explained(run, "orders")


def test_another_policy_is_scaled_from_what_today_s_provisions(run: Run, tmp_path: Path) -> None:
    change(
        tmp_path,
        """
        update plan_cost_lines set setting = '{"min":1,"max":9,"target":0.5}', monthly_quantity = 100000
        where table_name = 'orders' and is_today and component = 'read'
        """.replace("is_today", "plan = 'as_is' and table_class = 'STANDARD'"),
    )
    assert "100,000 today × 0.73 by simulation = 73,000 unit-hours × 0.00013" in explained(run, "orders")


def change(root: Path, statement: str) -> None:
    """Change the published build, as another build would have it."""
    with duckdb.connect(str(published.current(Workspace.at(root)).path)) as connection:
        connection.execute(statement)


def test_what_is_unknown_is_said_and_adds_up_to_nothing(run: Run, tmp_path: Path) -> None:
    change(
        tmp_path,
        "update plan_cost_lines set price_usd = null, cost_usd = null where plan = 'provisioned_fixed'",
    )
    change(
        tmp_path,
        """
        update plan_alternatives set monthly_cost_usd = null, monthly_savings_usd = null,
            throughput_cost_usd = null, guard = 'no_price', guard_reason = 'A price is not known.'
        where plan = 'provisioned_fixed'
        """,
    )
    lines = squeezed(explained(run, "orders"))
    assert "table: reads 88 no price of a unit-hour unknown" in lines
    assert "total unknown" in lines
    assert "✗ what it saves is unknown, 1 change; no_price: A price is not known." in lines


def test_a_decision_shows_at_once(run: Run, tmp_path: Path) -> None:
    decision = {"recommendation_id": "a1", "status": "rejected"}
    (tmp_path / "data/decisions.jsonl").write_text(json.dumps(decision) + "\n")
    assert "confidence high, risk low, rejected" in explained(run, "orders")


def test_piped_text_is_plain(run: Run) -> None:
    text = explained(run, "orders")
    assert "\x1b" not in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_json_holds_the_same_rows(run: Run) -> None:
    found = json.loads(explained(run, "orders", "--format", "json"))
    assert found["table"]["table_name"] == "orders"
    assert found["best"]["monthly_savings_usd"] == 13.0305
    assert found["best"]["recommended_setting"]["read"] == {"min": 1, "max": 200, "target": 0.7}
    assert found["outcome"].startswith("Best plan: On-Demand → Provisioned")
    assert [row["kind"] for row in found["advice"]] == ["capacity_mode", "utilization"]
    assert [plan["plan"] for plan in found["plans"]] == [
        "as_is",
        "as_is",
        "provisioned_fixed",
        "provisioned_autoscaled",
    ]
    for plan in found["plans"]:
        costs = [Decimal(str(line["cost_usd"])) for line in plan["lines"]]
        assert sum(costs) == Decimal(str(plan["monthly_cost_usd"]))


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            ["carts"],
            2,
            "Error: 2 tables are called carts: name one with --region and --account: "
            "eu-west-1 in payments (012345678901); us-east-1 in payments (012345678901).",
        ),
        (["carts", "--account", "payments"], 2, "Error: 2 tables are called carts"),
        (
            ["carts", "--region", "sa-east-1"],
            1,
            "Error: There is no table carts there, but in eu-west-1 in payments (012345678901); "
            "us-east-1 in payments (012345678901).",
        ),
        (["ordrs"], 1, "Error: No table is called ordrs: did you mean orders?"),
        (
            ["xyz"],
            1,
            "Error: No table is called xyz: `dynamodb-optima list-recommendations --all` lists "
            "those there are.",
        ),
    ],
)
def test_a_name_that_fits_several_or_none_ends_in_a_sentence(
    run: Run, arguments: list[str], code: int, sentence: str
) -> None:
    result = run("explain", *arguments)
    assert result.exit_code == code
    assert result.stdout == ""
    assert " ".join(result.stderr.split()).startswith(sentence)


@pytest.mark.parametrize("account", ["012345678901", "payments"])
def test_region_and_account_single_out_a_table(run: Run, tmp_path: Path, account: str) -> None:
    change(
        tmp_path,
        """
        insert into best_plans by name
        select * replace ('carts' as table_name, 'eu-west-1' as region)
        from best_plans
        where table_name = 'users'
        """,
    )
    text = explained(run, "carts", "--region", "eu-west-1", "--account", account)
    assert text.startswith("carts · account payments (012345678901) · eu-west-1\n")
    assert "replica of a global table" in text
    assert "No plan of it could be priced." in text


def test_a_build_of_before_there_were_plans_is_named(run: Run, tmp_path: Path) -> None:
    change(tmp_path, "drop table plan_cost_lines")
    result = run("explain", "orders")
    assert result.exit_code == 1
    assert "The published build holds no plans: `dynamodb-optima run` publishes" in result.stderr


@pytest.mark.parametrize("mart", COLUMNS)
def test_the_marts_have_the_columns_that_are_read(mart: str) -> None:
    (file,) = _MARTS.glob(f"*/{mart}.yml")
    models = {model["name"]: model for model in yaml.safe_load(file.read_text())["models"]}
    contract = {column["name"]: column["data_type"].replace(" ", "") for column in models[mart]["columns"]}
    for name, kind in COLUMNS[mart].items():
        assert contract.get(name) == kind.replace(" ", ""), name
