"""What the demo prints and leaves, and that a second one reads only what is new."""

from __future__ import annotations

import json
import re

from demo_run import END, Demo, dynamodb_optima

LISTED = [
    "recommendation_id",
    "kind",
    "account_id",
    "account_name",
    "region",
    "table_name",
    "index_name",
    "current_setting",
    "recommended_setting",
    "current_monthly_cost_usd",
    "projected_monthly_cost_usd",
    "monthly_savings_usd",
    "annual_savings_usd",
    "confidence",
    "risk",
    "reason",
    "status",
    "window_start",
    "window_end",
    "price_basis",
    "list_current_cost_usd",
    "list_projected_cost_usd",
    "list_monthly_savings_usd",
    "model_error_pct",
    "stranded_commitment_usd",
]


def test_the_output_tells_what_was_found_and_how_to_go_on(demo: Demo) -> None:
    assert "Discovered 60 DynamoDB tables across 7 accounts" in demo.output
    totals = demo.rows("select sum(monthly_savings_usd) as usd from recommendations group by kind")
    assert len(totals) == 4
    for total in totals:
        assert f"Save ${total['usd']:,.2f}/month" in demo.output
    assert re.search(r"dynamodb-optima --project-root \S+ gui", demo.output)


def test_the_list_as_json_has_the_promised_columns(demo: Demo) -> None:
    listed = dynamodb_optima(
        "--project-root", str(demo.workspace), "list-recommendations", "--format", "json"
    )
    rows = json.loads(listed.stdout)
    assert len(rows) == 78
    for row in rows:
        assert list(row) == LISTED
        assert isinstance(row["recommended_setting"], dict)
        assert row["status"] == "pending"


def test_every_table_has_an_answer_of_each_kind_in_a_sentence(demo: Demo) -> None:
    rows = demo.rows("select kind, table_name, reason from recommendations")
    answered = {
        kind: [row for row in rows if row["kind"] == kind]
        for kind in ("best_plan", "capacity_mode", "table_class")
    }
    assert {kind: len(answers) for kind, answers in answered.items()} == {
        "best_plan": 60,
        "capacity_mode": 60,
        "table_class": 60,
    }
    for row in rows:
        assert re.fullmatch(r"[A-Z0-9].*\.", row["reason"]), row
        assert not re.search(r" [,;:.)]|\( |NULL|None|nan", row["reason"]), row


def test_a_second_demo_reads_nothing_twice_and_changes_nothing(demo: Demo) -> None:
    query = "select * exclude (reason) from recommendations order by recommendation_id"
    before = demo.rows(query)
    again = dynamodb_optima("--project-root", str(demo.workspace.parent), "demo", "--as-of", END)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Collected metrics: nothing new, 0 calls to CloudWatch" in again.stdout
    assert "Collected the billing export: nothing new" in again.stdout
    assert demo.rows(query) == before
