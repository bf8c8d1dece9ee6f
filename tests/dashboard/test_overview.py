"""The first page as Streamlit draws it: every figure, in full, empty, stale and partial states."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from opening import decide, figures, listed, opened, texts
from published_marts import ANALYTICS, LOCKED, PAYMENTS, Organisation, organisation, publish
from streamlit.testing.v1 import AppTest

from optima.published import Build


def rows(page: AppTest) -> list[tuple[str, str, float]]:
    """Return table, kind and monthly savings of the rows of the list."""
    shown = listed(page)
    return list(zip(shown["table_name"], shown["kind"], shown["monthly_savings_usd"].round(4), strict=True))


def values(page: AppTest) -> dict[str, str]:
    """Return the value of every metric by its label."""
    return {label: value for label, (value, _) in figures(page).items()}


@pytest.fixture(scope="module")
def page(full: Build) -> AppTest:
    """The page of the small organisation, opened once for all who only look at it."""
    shown = opened()
    assert f"build {full.build_id}" in texts(shown)
    return shown


class TestFullBuild:
    def test_the_headline_is_what_the_plans_save(self, page: AppTest) -> None:
        assert [(metric.label, metric.value) for metric in page.metric[:3]] == [
            ("Best plans save a month", "$2,019.39"),
            ("Best plans save a year", "$24,232.67"),
            ("Tables to change", "5"),
        ]

    def test_each_kind_has_its_own_total_and_none_is_added_to_another(self, page: AppTest) -> None:
        shown = figures(page)
        assert shown["Capacity mode, a month"] == ("$913.03", "$10,956.37 a year")
        assert shown["Table class, a month"] == ("$35.20", "$422.40 a year")
        assert shown["Utilisation, a month"] == ("$931.16", "$11,173.91 a year")
        assert not [value for value, _ in shown.values() if "1,879.3" in value or "22,552" in value]

    def test_every_total_says_that_it_stands_alone(self, page: AppTest) -> None:
        captions = [caption.value for caption in page.caption]
        assert [text for text in captions if text.endswith(", if only this were applied")] == [
            "2 recommendations, if only this were applied",
            "1 recommendation, if only this were applied",
            "2 recommendations, if only this were applied",
        ]

    def test_what_was_analysed_and_how_old_it_is(self, page: AppTest) -> None:
        shown = values(page)
        assert shown["Tables analysed"] == "5"
        assert shown["Recommendations"] == "10"
        assert shown["Coverage"] == "100.0 %"
        assert shown["Data until"] == "4 hours ago"
        assert "Published 3 hours ago" in texts(page)
        assert not page.warning

    def test_the_list_holds_what_is_to_change_plans_first_then_the_largest_saving(
        self, page: AppTest
    ) -> None:
        assert rows(page) == [
            ("prod-sessions", "Best plan", 1040.0),
            ("prod-events", "Best plan", 919.2963),
            ("_archive_2019_", "Best plan", 35.2),
            ("prod-orders", "Best plan", 13.0305),
            ("test-events", "Best plan", 11.8625),
            ("prod-events", "Utilisation", 919.2963),
            ("prod-sessions", "Capacity mode", 900.0),
            ("_archive_2019_", "Table class", 35.2),
            ("prod-orders", "Capacity mode", 13.0305),
            ("test-events", "Utilisation", 11.8625),
        ]
        assert "10 rows; 5 best plans among them save $2,019.39 a month" in texts(page)

    def test_settings_are_in_words(self, page: AppTest) -> None:
        shown = listed(page)
        plan = shown[shown["kind"] == "Best plan"].set_index("table_name").loc["prod-orders"]
        assert plan["current_setting"] == "On-Demand · Standard"
        assert plan["recommended_setting"] == (
            "Provisioned · Standard · reads 100–1,200 at 70 % · writes 1–10 at 70 %"
        )

    def test_the_top_tables_are_links_that_name_them(self, page: AppTest) -> None:
        links = [element.proto for element in page.get("page_link")]
        assert [link.query_string for link in links][:2] == [
            f"at={PAYMENTS}%2Fus-east-1%2Fprod-sessions",
            f"at={ANALYTICS}%2Fus-east-1%2Fprod-events",
        ]
        assert len(links) == 5
        assert {link.page for link in links} == {"table"}
        assert "USD a month, all changes of a table together" in texts(page)
        assert "**\\$1,040\\.00**" in [element.value for element in page.markdown]

    def test_the_first_build_has_nothing_before_it(self, page: AppTest) -> None:
        assert "This is the first build that was published here" in texts(page)

    @pytest.mark.usefixtures("full")
    def test_without_plans_tables_rank_by_one_kind(self) -> None:
        assert "USD a month, by the one kind that saves most" in texts(opened(kind="Utilisation"))

    @pytest.mark.usefixtures("full")
    def test_the_list_is_sorted_as_asked_for(self) -> None:
        page = opened(kind="Best plan")
        order = next(box for box in page.selectbox if box.label == "Sort by")
        order.set_value("Table name").run()
        names = [table for table, _, _ in rows(page)]
        assert names == ["_archive_2019_", "prod-events", "prod-orders", "prod-sessions", "test-events"]

    def test_what_stands_at_each_status(self, workspace: Path, now: datetime) -> None:
        made = organisation(now)
        made.recommend("best_plan", "prod-events", ("10", "10"), index_name="done already")
        build = publish(workspace, made, now)
        decide(build, ["best_plan-prod-sessions-", "capacity_mode-prod-sessions-"], "accepted")
        decide(build, ["best_plan-test-events-"], "rejected", reason="too small")
        decide(build, ["best_plan-prod-events-"], "snoozed", until=now + timedelta(days=2))
        decide(build, ["best_plan-prod-orders-"], "implemented")
        page = opened()
        shown = values(page)
        assert {
            name: shown[name] for name in ("Pending", "Accepted", "Rejected", "Snoozed", "Implemented")
        } == {
            "Pending": "$35.20",
            "Accepted": "$1,040.00",
            "Rejected": "$11.86",
            "Snoozed": "$919.30",
            "Implemented": "$13.03",
        }
        assert shown["Best plans save a month"] == "$1,075.20"  # pending and accepted
        assert values(opened(region="eu-west-1"))["Accepted"] == "$0.00"

    def test_what_was_done_saves_what_it_was_to_save_once_it_is_no_longer_advised(
        self, workspace: Path, now: datetime
    ) -> None:
        decide(publish(workspace, organisation(now), now), ["best_plan-prod-orders-"], "implemented")
        made = organisation(now)
        (plan,) = (r for r in made.recommendations if r["recommendation_id"] == "best_plan-prod-orders-")
        plan |= {"advice": "keep", "monthly_savings_usd": Decimal(0)}
        publish(workspace, made, now + timedelta(seconds=1))
        assert values(opened())["Implemented"] == "$13.03"


class TestSinceTheLastBuild:
    def test_the_total_and_what_moved(self, workspace: Path, now: datetime) -> None:
        made = organisation(now)
        made.add("publications", published_at=now - timedelta(days=1), monthly_savings_usd=Decimal("1500"))
        made.previously("best_plan", "prod-orders", "13.0305")
        made.previously("best_plan", "prod-sessions", "1140")
        made.previously("best_plan", "prod-events", "900")
        made.previously("best_plan", "dropped", "50", account_id=PAYMENTS, region="us-east-1")
        build = publish(workspace, made, now)
        page = opened()
        shown = figures(page)
        assert shown["All best plans"] == ("$2,019.39", "-$83.64")
        assert shown["New"] == ("2", "+$47.06")
        assert shown["Gone"] == ("1", "-$50.00")
        assert shown["Saves more"] == ("1", "+$19.30")
        assert shown["Saves less"] == ("1", "-$100.00")
        assert "$2,103.03 before" in texts(page)
        moved = next(frame.value for frame in page.dataframe if "movement" in frame.value)
        assert list(zip(moved["table_name"], moved["movement"], strict=True)) == [
            ("prod-sessions", "Saves less"),
            ("dropped", "Gone"),
            ("_archive_2019_", "New"),
            ("prod-events", "Saves more"),
            ("test-events", "New"),
        ]
        with duckdb.connect(str(build.path), read_only=True) as marts:
            ((then,),) = marts.execute(
                "select sum(monthly_savings_usd) from previous_recommendations"
            ).fetchall()
        assert then == Decimal("2103.0305")

    def test_nothing_moved(self, workspace: Path, now: datetime) -> None:
        made = Organisation(now)
        made.account(PAYMENTS, "payments")
        made.table(PAYMENTS, "us-east-1", "orders")
        made.recommend("best_plan", "orders", ("80", "40"))
        made.add("publications", published_at=now - timedelta(days=1), monthly_savings_usd=Decimal("40"))
        made.previously("best_plan", "orders", "40.005")
        publish(workspace, made, now)
        page = opened()
        assert "Every plan saves what it saved before." in texts(page)
        assert figures(page)["Saves less"] == ("0", "")


class TestOtherStates:
    def test_nothing_published_says_what_to_do(self, workspace: Path) -> None:
        page = opened()
        assert page.title[0].value == "Nothing to show yet"
        assert "dynamodb-optima demo" in texts(page)
        assert f"dynamodb-optima --project-root {workspace} run" in texts(page)

    def test_a_new_build_is_shown_at_the_next_touch(
        self, workspace: Path, build: Build, now: datetime
    ) -> None:
        page = opened()
        assert f"build {build.build_id}" in texts(page)
        made = organisation(now)
        made.recommend("table_class", "test-events", ("100.00", "40.00"))
        newer = publish(workspace, made, now)
        page.run()
        assert f"build {newer.build_id}" in texts(page)
        assert values(page)["Table class, a month"] == "$95.20"

    def test_other_prices_than_the_lists_are_named_and_the_lists_said(
        self, workspace: Path, now: datetime
    ) -> None:
        made = Organisation(now)
        made.account(PAYMENTS, "payments")
        made.table(PAYMENTS, "us-east-1", "orders")
        made.recommend(
            "best_plan", "orders", ("80", "40"), price_basis="net", list_monthly_savings_usd=Decimal(50)
        )
        publish(workspace, made, now)
        assert "At list prices the best plans save $50.00 a month." in texts(opened())

    def test_an_organisation_without_tables(self, workspace: Path, now: datetime) -> None:
        publish(workspace, Organisation(now), now)
        page = opened()
        assert values(page)["Tables analysed"] == "0"
        assert values(page)["Coverage"] == "none"
        assert "Nothing to change" in texts(page)

    def test_old_and_missing_data_are_named(self, workspace: Path, now: datetime) -> None:
        made = organisation(now - timedelta(days=5))
        made.account(LOCKED, "vault", outcome="denied")
        made.account("333333333333", "left", state="SUSPENDED", outcome="denied")
        made.table(PAYMENTS, "us-east-1", "new-yesterday", (1_440, 18_720), is_billed=False)
        publish(workspace, made, now - timedelta(days=5))
        page = opened()
        assert len(page.warning) == 1
        assert "The data ends 5 days ago" in texts(page)
        assert f"1 account could not be read in full: vault ({LOCKED})." in texts(page)
        assert "No billing export names 1 of 6 tables" in texts(page)
        assert "1 table or index of 6 know less than 95 % of their minutes" in texts(page)

    def test_no_billing_export_at_all(self, workspace: Path, now: datetime) -> None:
        made = Organisation(now)
        made.account(PAYMENTS, "payments")
        made.table(PAYMENTS, "us-east-1", "orders", (20_159, 1), is_billed=False)
        publish(workspace, made, now)
        page = opened()
        assert "No billing export names any table" in texts(page)
        assert values(page)["Coverage"] == "99.9 %"  # not rounded up

    def test_of_many_accounts_the_largest_are_drawn_and_the_page_says_so(
        self, workspace: Path, now: datetime
    ) -> None:
        made = organisation(now)
        for number in range(10):
            made.account(f"5000000000{number:02}", f"team-{number}")
            made.table(f"5000000000{number:02}", "us-east-1", f"table-{number}")
            made.recommend("best_plan", f"table-{number}", ("20", "5"))
        publish(workspace, made, now)
        page = opened()
        captions = [caption.value for caption in page.caption]
        assert "USD a month; all changes of a table together, the 10 largest of 12" in captions
        page.button_group(key="savings-by").set_value("region").run()
        assert not [text for text in (caption.value for caption in page.caption) if "largest of" in text]

    def test_a_build_of_an_older_version_lacks_marts_and_columns(
        self, workspace: Path, now: datetime
    ) -> None:
        older = (
            "publication",
            "publications",
            "previous_recommendations",
            "minute_files",
            "account_costs",
            "fct_dynamodb_costs",
            "dim_tables.tags",
            "dim_tables.ou_path",
            "recommendations.decision_key",
            "recommendations.list_monthly_savings_usd",
        )
        build = publish(workspace, organisation(now), now, without=older)
        decide(build, ["best_plan-prod-orders-"], "accepted")
        page = opened()
        assert values(page)["Best plans save a month"] == "$2,019.39"
        assert values(page)["Accepted"] == "$13.03"
        assert "This build was published by an older version" in texts(page)
        assert len(rows(page)) == 10

    def test_a_pointer_to_nothing_is_one_sentence(self, build: Build) -> None:
        build.path.unlink()
        assert "cannot be opened" in opened().error[0].value
