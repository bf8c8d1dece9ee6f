"""The page of decisions: the whole history, what became of the advice, and how to open it again."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from opening import decide, figures, looked_at, opened, texts
from published_marts import ANALYTICS, ON_DEMAND, PAYMENTS, organisation, publish
from streamlit.testing.v1 import AppTest

from dashboard.data import decided, export
from dashboard.data.decided import Sought
from optima.decisions import standing
from optima.published import Build

PLAN = "best_plan-{}-".format


def history(page: AppTest) -> pd.DataFrame:
    """Return the rows of the history as the page shows them."""
    return next(frame.value for frame in page.dataframe if "became" in frame.value)


@pytest.fixture
def after(workspace: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Build:
    """A build in which advice that was decided on is as it was, another one, over, and gone."""
    monkeypatch.setenv("OPTIMA_DECIDED_BY", "jon")
    before = organisation(now - timedelta(days=3))
    before.table(ANALYTICS, "us-east-1", "dropped")
    before.recommend("best_plan", "dropped", ("9", "4"))
    build = publish(workspace, before, now - timedelta(days=3))
    decide(build, [PLAN("prod-sessions")], "accepted", now=now - timedelta(days=2), by="jon")
    decide(build, [PLAN("prod-orders")], "accepted", now=now - timedelta(days=2))
    decide(build, [PLAN("prod-events")], "implemented", now=now - timedelta(hours=30))
    decide(build, [PLAN("dropped")], "rejected", now=now - timedelta(hours=20), reason="to be deleted")
    decide(
        build, [PLAN("prod-orders")], "snoozed", now=now - timedelta(hours=2), until=now + timedelta(days=9)
    )
    made = organisation(now)
    for row in made.recommendations:
        if row["recommendation_id"] == PLAN("prod-orders"):
            row |= {"recommended_setting": json.dumps(ON_DEMAND), "monthly_savings_usd": Decimal("20.5")}
        if row["recommendation_id"] == PLAN("prod-events"):
            row |= {"advice": "keep", "monthly_savings_usd": Decimal(0)}
    return publish(workspace, made, now)


def test_nothing_decided_says_how_to(full: Build) -> None:
    page = opened("decisions")
    assert "Nothing was decided yet." in texts(page)
    assert "dynamodb-optima decide" in texts(page)
    assert not page.dataframe
    assert looked_at(full).standing.history == ()


@pytest.mark.usefixtures("after")
def test_every_decision_with_what_became_of_it() -> None:
    page = opened("decisions")
    shown = history(page)
    columns = ["table_name", "status", "decided_by", "became", "in_force"]
    assert [tuple(row) for row in shown[columns].itertuples(index=False)] == [
        ("prod-orders", "Snoozed", "maria", "Advice changed", "yes"),
        ("dropped", "Rejected", "maria", "Not in this build", "yes"),
        ("prod-events", "Implemented", "maria", "No longer advised", "yes"),
        ("prod-orders", "Accepted", "maria", "Advice changed", "no, superseded"),
        ("prod-sessions", "Accepted", "jon", "As decided", "yes"),
    ]
    assert [round(value, 4) for value in shown["monthly_savings_usd"]] == [
        13.0305,
        5.0,
        919.2963,
        13.0305,
        1040.0,
    ]
    now = [None if pd.isna(value) else float(value) for value in shown["savings_now_usd"]]
    assert now == [20.5, None, None, 20.5, 1040.0]
    assert shown["reason"].iloc[1] == "to be deleted"
    assert "1 decision was taken on advice that has changed since" in texts(page)
    counts = {name: value for name, (value, _) in figures(page).items()}
    assert counts["Accepted"] == "1"
    assert counts["Snoozed"] == "1"
    assert counts["Implemented"] == "1"
    assert counts["Rejected"] == "0"  # the table is gone
    assert counts["Pending"] == "7"

    page.multiselect("sought-status").set_value(["accepted"]).run()
    assert list(history(page)["table_name"]) == ["prod-orders", "prod-sessions"]
    page.toggle("sought-latest").set_value(True).run()
    assert list(history(page)["table_name"]) == ["prod-sessions"]
    page.multiselect("sought-by").set_value(["maria"]).run()
    assert "No decision fits these filters." in texts(page)


def test_what_was_decided_can_be_opened_again_although_its_table_is_gone(after: Build) -> None:
    page = opened("decisions", table="^dropped$")
    assert list(history(page)["table_name"]) == ["dropped"]
    (key,) = (frame.key for frame in page.dataframe if (frame.key or "").startswith("decisions-"))
    page.session_state[key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page.run()
    page.button("decisions-pending").click().run()
    assert page.toast[0].value == "Reopened 1 recommendation."
    assert list(history(page)["status"]) == ["Reopened", "Rejected"]
    stands = standing(looked_at(after).workspace.decisions, looked_at(after).now)
    assert stands.statuses[PLAN("dropped")] == "pending"
    assert stands.latest[PLAN("dropped")].about["table_name"] == "dropped"


def test_the_side_bar_narrows_the_history_down_and_the_export_holds_the_same(after: Build) -> None:
    found = {
        name: [row["table_name"] for row in decided.rows(looked_at(after, **filters), Sought()).to_pylist()]
        for name, filters in {
            "account": {"accounts": (ANALYTICS,)},
            "region and kind": {"regions": ("us-east-1",), "kinds": ("capacity_mode",)},
            "name": {"table_pattern": "sessions"},
            "status": {"statuses": ("pending",), "min_savings": Decimal(5000)},
        }.items()
    }
    assert found["account"] == ["dropped", "prod-events"]
    assert found["region and kind"] == []
    assert found["name"] == ["prod-sessions"]
    assert len(found["status"]) == 5
    text = export.as_csv(decided.rows(looked_at(after), Sought(became=(decided.CHANGED,)))).decode()
    first, second = csv.DictReader(io.StringIO(text, newline=""))
    assert (first["status"], first["monthly_savings_usd"], first["savings_now_usd"]) == (
        "snoozed",
        "13.0305",
        "20.5",
    )
    assert (second["status"], second["is_latest"]) == ("accepted", "false")


def test_lines_of_other_hands_are_listed_as_far_as_they_go(workspace: Path, now: datetime) -> None:
    build = publish(workspace, organisation(now), now)
    lines = [
        {"recommendation_id": PLAN("prod-orders"), "status": "accepted"},
        {"recommendation_id": "unknown", "status": "rejected", "about": {"monthly_savings_usd": "a lot"}},
    ]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (workspace / "data" / "decisions.jsonl").write_text(text)
    rows = decided.rows(looked_at(build), Sought()).to_pylist()
    assert {(row["recommendation_id"], row["account_id"], row["monthly_savings_usd"]) for row in rows} == {
        (PLAN("prod-orders"), PAYMENTS, None),
        ("unknown", None, None),
    }
    of_account = decided.rows(looked_at(build, accounts=(PAYMENTS,)), Sought()).to_pylist()
    assert [row["recommendation_id"] for row in of_account] == [PLAN("prod-orders")]


def test_a_line_that_is_none_is_one_sentence(workspace: Path, now: datetime) -> None:
    publish(workspace, organisation(now), now)
    (workspace / "data" / "decisions.jsonl").write_text('{"status": "accepted"}\n')
    page = opened("decisions")
    assert "is no decision" in page.error[0].value
