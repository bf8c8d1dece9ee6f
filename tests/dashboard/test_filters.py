"""The side bar: each filter, the address that keeps them, patterns that are none; deciding on the rest."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from opening import decide, figures, listed, looked_at, opened, texts
from published_marts import ANALYTICS, PAYMENTS, Organisation, organisation, publish
from streamlit.testing.v1 import AppTest

from dashboard import pages
from dashboard.data import export, listing
from optima.decisions import standing
from optima.published import Build


def names(page: AppTest) -> list[str]:
    """Return the tables of the list, in its order."""
    return list(listed(page)["table_name"])


def units(now: datetime) -> Organisation:
    """Three accounts in units, of which one is below another, and tables with tags; a best plan each."""
    made = Organisation(now)
    made.account(PAYMENTS, "payments", ou_path="Root/Workloads/Production")
    made.account(ANALYTICS, "analytics", ou_path="Root/Workloads")
    made.account("333333333333", "sandbox", ou_path="Root/Sandbox")
    made.table(PAYMENTS, "us-east-1", "orders", tags={"team": "checkout"})
    made.table(ANALYTICS, "eu-west-1", "events", tags={"team": "data"})
    made.table("333333333333", "us-east-1", "play")
    for name, costs in (("orders", ("90", "50")), ("events", ("60", "40")), ("play", ("30", "20"))):
        made.recommend("best_plan", name, costs)
    return made


class TestEachFilter:
    def test_widgets_narrow_the_page_down(self, workspace: Path, now: datetime) -> None:
        build = publish(workspace, units(now), now)
        page = opened()
        assert names(page) == ["orders", "events", "play"]
        for key, chosen, left in (
            ("account", [f"analytics · {ANALYTICS}"], ["events"]),
            ("ou", ["Root/Workloads"], ["orders", "events"]),
            ("region", ["us-east-1"], ["orders", "play"]),
            ("tag", ["team=checkout"], ["orders"]),
            ("tag", ["team"], ["orders", "events"]),
            ("kind", ["Best plan"], ["orders", "events", "play"]),
        ):
            page.multiselect(key).set_value(chosen).run()
            assert names(page) == left, (key, chosen)
            page.multiselect(key).set_value([]).run()
        page.number_input("min_savings").set_value(20.0).run()
        assert names(page) == ["orders", "events"]
        assert figures(page)["Best plans save a month"][0] == "$60.00"
        page.number_input("min_savings").set_value(20.01).run()
        assert names(page) == ["orders"]
        page.text_input("table").set_value("nts$").run()
        assert "No recommendation fits these filters." in texts(page)
        page.button("clear-filters").click().run()
        assert names(page) == ["orders", "events", "play"]
        decide(build, ["best_plan-events-"], "rejected", reason="no")
        page.multiselect("status").set_value(["Rejected"]).run()
        assert names(page) == ["events"]

    def test_the_address_selects_and_is_kept(self, workspace: Path, now: datetime) -> None:
        publish(workspace, units(now), now)
        asked: dict[str, str | list[str]] = {
            "ou": "Root/Workloads",
            "region": ["us-east-1", "eu-west-1"],
            "min_savings": "20",
            "table": "^[oe]",
            "status": "",
        }
        page = opened(**asked)
        assert names(page) == ["orders", "events"]
        assert page.query_params == asked
        assert opened("decisions", **asked).query_params == asked

    def test_an_account_that_the_build_does_not_have_selects_nothing(
        self, workspace: Path, now: datetime
    ) -> None:
        publish(workspace, units(now), now)
        page = opened(account="gone · 999999999999")
        assert "No recommendation fits these filters." in texts(page)
        assert figures(page)["Tables analysed"][0] == "0"

    def test_what_should_stay_is_listed_on_request_and_saves_nothing(
        self, workspace: Path, now: datetime
    ) -> None:
        publish(workspace, organisation(now), now)
        page = opened(keep="true", table="^prod-events$")
        shown = listed(page)
        kept = shown[shown["kind"] == "Capacity mode"]
        assert list(kept["monthly_savings_usd"]) == [0.0]
        assert figures(page)["Recommendations"][0] == "2"

    def test_what_was_rejected_put_off_or_done_is_left_out_until_asked_for(
        self, workspace: Path, now: datetime
    ) -> None:
        build = publish(workspace, organisation(now), now)
        decide(build, ["table_class-_archive_2019_-", "best_plan-_archive_2019_-"], "rejected", reason="no")
        assert figures(opened())["Best plans save a month"][0] == "$1,984.19"
        assert figures(opened(status="Rejected"))["Best plans save a month"][0] == "$35.20"
        everything = opened(status="")
        assert figures(everything)["Best plans save a month"][0] == "$2,019.39"
        assert list(listed(everything)["status"]).count("Rejected") == 2


class TestPatterns:
    @pytest.mark.parametrize(("pattern", "why"), [("prod-[", "missing ]: ["), ("(?!x)", "invalid perl")])
    @pytest.mark.usefixtures("full")
    def test_one_that_is_none_says_why_and_shows_no_figures(self, pattern: str, why: str) -> None:
        page = opened(table=pattern)
        assert f"Not a valid regular expression: {why}" in texts(page)
        assert "Correct it to see figures." in texts(page)
        assert not page.metric
        assert not page.dataframe

    @pytest.mark.usefixtures("full")
    def test_no_page_shows_figures_for_one_that_is_none(self) -> None:
        page = opened("decisions", table="*")
        assert page.title[0].value == "Decisions"
        assert "Correct it to see figures." in texts(page)
        page.text_input("table").set_value("prod").run()
        assert "Correct it to see figures." not in texts(page)

    @pytest.mark.usefixtures("full")
    def test_it_is_data_and_never_sql(self) -> None:
        page = opened(table="'; drop table recommendations; --")
        assert "No recommendation fits these filters." in texts(page)
        assert page.text_input("table").set_value("").run().metric[0].value == "$2,019.39"


class TestDeciding:
    """What the buttons of the list decide; rows are chosen as a browser says they are."""

    def test_chosen_rows_are_decided_at_once(
        self, workspace: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPTIMA_DECIDED_BY", "maria")
        build = publish(workspace, organisation(now), now)
        page = opened(kind="Best plan")
        choose(page, [0, 3])
        assert page.button("list-None-pending").disabled  # both are open
        page.button("list-None-implemented").click().run()
        assert page.toast[0].value == "Noted as done: 2 recommendations."
        assert names(page) == ["prod-events", "_archive_2019_", "test-events"]
        assert figures(page)["Implemented"][0] == "$1,053.03"
        stands = standing(looked_at(build).workspace.decisions, now + timedelta(hours=1))
        assert {key: (each.status, each.decided_by) for key, each in stands.latest.items()} == {
            "best_plan-prod-sessions-": ("implemented", "maria"),
            "best_plan-prod-orders-": ("implemented", "maria"),
        }
        assert stands.latest["best_plan-prod-orders-"].about["monthly_savings_usd"] == "13.0305000000"

    def test_a_rejection_asks_why_and_all_rows_are_asked_about(self, workspace: Path, now: datetime) -> None:
        build = publish(workspace, organisation(now), now)
        page = opened(kind="Table class")
        page.button_group(key="of-which-None").set_value("All rows").run()
        page.button("list-None-rejected").click().run()
        self.submit(page, "Reject 1 recommendation")
        assert "Rejecting needs a reason" in texts(page)
        page.text_area("deciding-reason").set_value("read every day")
        self.submit(page, "Reject 1 recommendation")
        (decision,) = standing(looked_at(build).workspace.decisions, now + timedelta(hours=1)).history
        assert (decision.status, decision.reason) == ("rejected", "read every day")
        assert "Nothing is open: all that is advised was rejected, put off or done." in texts(page)

    @staticmethod
    def submit(page: AppTest, label: str) -> None:
        """Press the button of the dialog; the whole page runs, where a browser runs the dialog alone."""
        page.button("list-None-rejected").click()
        next(button for button in page.button if button.label == label).click().run()

    def test_replicas_of_a_global_table_are_decided_together(self, workspace: Path, now: datetime) -> None:
        made = Organisation(now)
        made.account(PAYMENTS, "payments")
        for region in ("us-east-1", "eu-west-1"):
            made.table(PAYMENTS, region, f"orders-{region}")
            made.recommend("best_plan", f"orders-{region}", ("90", "50"), decision_key="orders")
        build = publish(workspace, made, now)
        page = opened(region="eu-west-1")
        choose(page, [0])
        page.button("list-None-accepted").click().run()
        assert page.toast[0].value == (
            "Accepted 1 recommendation. 1 replica of global tables is decided with them."
        )
        stands = standing(looked_at(build).workspace.decisions, now + timedelta(hours=1))
        assert set(stands.statuses.values()) == {"accepted"}
        assert len(stands.statuses) == 2

    def test_a_decision_on_the_command_line_is_shown_at_the_next_touch(
        self, workspace: Path, now: datetime
    ) -> None:
        build = publish(workspace, organisation(now), now)
        page = opened(kind="Best plan")
        decide(build, ["best_plan-prod-sessions-"], "snoozed", until=now + timedelta(days=1))
        page.run()
        assert names(page) == ["prod-events", "_archive_2019_", "prod-orders", "test-events"]
        assert figures(page)["Snoozed"][0] == "$1,040.00"


def choose(page: AppTest, places: list[int]) -> None:
    """Choose rows of the list by their places."""
    (key,) = (frame.key for frame in page.dataframe if (frame.key or "").startswith("rows-"))
    page.session_state[key] = {"selection": {"rows": places, "columns": [], "cells": []}}
    page.run()


def test_the_export_is_exactly_what_is_filtered(full: Build) -> None:
    look = looked_at(full, kinds=("capacity_mode",), min_savings=Decimal(20))
    text = export.as_csv(listing.rows(look)).decode()
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["table_name"], row["monthly_savings_usd"], row["status"]) == (
        "prod-sessions",
        "900",
        "pending",
    )


def test_addresses_of_tables_say_which_one() -> None:
    parts = urlsplit(pages.link_to_table(PAYMENTS, "us-east-1", "a.b_c-d"))
    assert parts.path == "table"
    assert parse_qs(parts.query) == {"at": [f"{PAYMENTS}/us-east-1/a.b_c-d"]}
