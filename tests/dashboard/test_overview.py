"""The page as Streamlit draws it: every figure, in full, empty and partial states, and under filters."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from published_marts import ANALYTICS, LOCKED, PAYMENTS, Organisation, organisation, publish
from streamlit.testing.v1 import AppTest

import dashboard
from optima.published import Build

_APP = Path(dashboard.__file__).with_name("app.py")


def opened(**address: str | list[str]) -> AppTest:
    """Open the page under an address with these parameters."""
    page = AppTest.from_file(_APP, default_timeout=60)
    page.query_params.update(address)
    page.run()
    assert not page.exception
    return page


def figures(page: AppTest) -> dict[str, tuple[str, str]]:
    """Return the value and the second line of every metric by its label."""
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def listed(page: AppTest) -> list[tuple[str, str, float]]:
    """Return table, kind and monthly savings of the rows of the list."""
    rows = page.dataframe[0].value
    return list(zip(rows["table_name"], rows["kind"], rows["monthly_savings_usd"].round(4), strict=True))


def texts(page: AppTest) -> str:
    """Return what the page says outside of its figures, as a reader sees it: without Markdown's escapes."""
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.code]
    return re.sub(r"\\(\W)", r"\1", "\n".join(element.value for element in elements))


@pytest.mark.usefixtures("build")
class TestFullBuild:
    def test_the_headline_is_what_the_plans_save(self) -> None:
        page = opened()
        assert [(metric.label, metric.value) for metric in page.metric[:3]] == [
            ("Best plans save a month", "$2,019.39"),
            ("Best plans save a year", "$24,232.67"),
            ("Tables to change", "5"),
        ]

    def test_each_kind_has_its_own_total_and_none_is_added_to_another(self) -> None:
        shown = figures(opened())
        assert shown["Capacity mode, a month"] == ("$913.03", "$10,956.37 a year")
        assert shown["Table class, a month"] == ("$35.20", "$422.40 a year")
        assert shown["Utilisation, a month"] == ("$931.16", "$11,173.91 a year")
        assert not [value for value, _ in shown.values() if "1,879.3" in value or "22,552" in value]

    def test_every_total_says_that_it_stands_alone(self) -> None:
        captions = [caption.value for caption in opened().caption]
        assert [text for text in captions if text.endswith(", if only this were applied")] == [
            "2 recommendations, if only this were applied",
            "1 recommendation, if only this were applied",
            "2 recommendations, if only this were applied",
        ]

    def test_what_was_analysed_and_how_old_it_is(self) -> None:
        page = opened()
        shown = figures(page)
        assert shown["Tables analysed"][0] == "5"
        assert shown["Recommendations"][0] == "10"
        assert shown["Coverage"][0] == "100.0 %"
        assert shown["Data until"][0] == "4 hours ago"
        assert "Published 3 hours ago" in texts(page)
        assert not page.warning

    def test_the_list_holds_what_is_to_change_plans_first_then_the_largest_saving(self) -> None:
        assert listed(opened()) == [
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

    def test_settings_are_in_words(self) -> None:
        rows = opened(kind="Best plan").dataframe[0].value.set_index("table_name")
        assert rows.loc["prod-orders", "current_setting"] == "On-Demand · Standard"
        assert rows.loc["prod-orders", "recommended_setting"] == (
            "Provisioned · Standard · reads 100–1,200 at 70 % · writes 1–10 at 70 %"
        )


@pytest.mark.usefixtures("build")
class TestFilters:
    @pytest.mark.parametrize(
        ("address", "planned", "others"),
        [
            ({"kind": "Table class"}, [], ["_archive_2019_"]),
            (
                {"account": f"analytics · {ANALYTICS}"},
                ["prod-events", "test-events"],
                ["prod-events", "test-events"],
            ),
            ({"region": "eu-west-1"}, ["_archive_2019_", "test-events"], ["_archive_2019_", "test-events"]),
            ({"status": "Accepted"}, [], ["prod-sessions"]),
            (
                {"min_savings": "35.2"},
                ["prod-sessions", "prod-events", "_archive_2019_"],
                ["prod-events", "prod-sessions", "_archive_2019_"],
            ),
            (
                {"min_savings": "35.21"},
                ["prod-sessions", "prod-events"],
                ["prod-events", "prod-sessions"],
            ),
            (
                {"table": "^prod-.*s$"},
                ["prod-sessions", "prod-events", "prod-orders"],
                ["prod-events", "prod-sessions", "prod-orders"],
            ),
            (
                {"kind": ["Capacity mode", "Utilisation"], "table": "(?i)EVENTS"},
                [],
                ["prod-events", "test-events"],
            ),
        ],
    )
    def test_the_address_selects(
        self, address: dict[str, str | list[str]], planned: list[str], others: list[str]
    ) -> None:
        rows = listed(opened(**address))
        assert [table for table, kind, _ in rows if kind == "Best plan"] == planned
        assert [table for table, _, _ in rows[len(planned) :]] == others

    def test_totals_and_counts_follow_the_selection(self) -> None:
        shown = figures(opened(account=f"payments · {PAYMENTS}", region="us-east-1"))
        assert shown["Best plans save a month"][0] == "$1,053.03"
        assert shown["Best plans save a year"][0] == "$12,636.37"
        assert shown["Tables to change"][0] == "2"
        assert shown["Capacity mode, a month"][0] == "$913.03"
        assert shown["Utilisation, a month"][0] == "$0.00"
        assert shown["Tables analysed"][0] == "2"
        assert shown["Recommendations"][0] == "4"

    def test_the_top_tables_are_those_of_the_plans_where_plans_are_selected(self) -> None:
        planned = "USD a month, all changes of a table together"
        alone = "USD a month, by the one kind that saves most"
        assert planned in texts(opened())
        assert alone not in texts(opened())
        assert alone in texts(opened(kind="Utilisation"))

    def test_what_was_rejected_put_off_or_done_is_left_out_until_asked_for(
        self, workspace: Path, now: datetime
    ) -> None:
        made = organisation(now)
        for status, saving in (("rejected", "1"), ("snoozed", "2"), ("implemented", "4")):
            made.recommend("table_class", "prod-events", (saving, "0"), index_name=status, status=status)
            made.recommend("best_plan", "prod-events", (saving, "0"), index_name=status, status=status)
        publish(workspace, made, now)
        assert figures(opened())["Best plans save a month"][0] == "$2,019.39"
        assert figures(opened(status="Rejected"))["Best plans save a month"][0] == "$1.00"
        assert figures(opened())["Table class, a month"][0] == "$35.20"
        assert figures(opened(status="Implemented"))["Table class, a month"][0] == "$4.00"
        assert figures(opened(status=""))["Table class, a month"][0] == "$42.20"

    def test_what_should_stay_is_listed_on_request_and_saves_nothing(self) -> None:
        page = opened(keep="true")
        assert len(listed(page)) == 12
        assert ("prod-events", "Capacity mode", 0.0) in listed(page)
        assert figures(page)["Recommendations"][0] == "10"

    def test_an_account_that_the_build_does_not_have_selects_nothing(self) -> None:
        page = opened(account="gone · 999999999999")
        assert "No recommendation fits these filters." in texts(page)
        assert figures(page)["Tables analysed"][0] == "0"

    def test_a_bad_pattern_says_why_and_shows_no_figures(self) -> None:
        page = opened(table="prod-[")
        assert "Not a valid regular expression: missing ]: [" in texts(page)
        assert not page.metric

    def test_a_pattern_is_data_and_never_sql(self) -> None:
        page = opened(table="') or true --")
        assert "Not a valid regular expression" in texts(page)
        page = opened(table="'; drop table recommendations; --")
        assert "No recommendation fits these filters." in texts(page)

    def test_clearing_the_filters_shows_everything_again(self) -> None:
        page = opened(table="orders", kind="Capacity mode", min_savings="1", keep="true")
        assert len(listed(page)) == 1
        page.button[0].click().run()
        assert len(listed(page)) == 10
        assert not page.warning


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
        assert figures(page)["Table class, a month"][0] == "$95.20"

    def test_other_prices_than_the_lists_are_named_and_the_lists_said(
        self, workspace: Path, now: datetime
    ) -> None:
        publish(workspace, organisation(now), now - timedelta(hours=1))
        assert "list prices" not in texts(opened())
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
        assert figures(page)["Tables analysed"][0] == "0"
        assert figures(page)["Coverage"][0] == "none"
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
        made.table(PAYMENTS, "us-east-1", "orders", is_billed=False)
        publish(workspace, made, now)
        assert "No billing export names any table" in texts(opened())

    def test_of_many_accounts_the_largest_are_drawn_and_the_page_says_so(
        self, workspace: Path, now: datetime
    ) -> None:
        made = organisation(now)
        for number in range(10):
            made.account(f"5000000000{number:02}", f"team-{number}")
            made.table(f"5000000000{number:02}", "us-east-1", f"table-{number}")
            made.recommend("capacity_mode", f"table-{number}", ("20", "5"))
        publish(workspace, made, now)
        captions = [caption.value for caption in opened().caption]
        assert (
            "USD a month; any kind but the best plan as if only it were applied, the 10 largest of 12"
            in captions
        )
        assert "USD a month; any kind but the best plan as if only it were applied" in captions

    def test_partial_coverage_is_not_rounded_up(self, workspace: Path, now: datetime) -> None:
        made = organisation(now)
        made.table(PAYMENTS, "us-east-1", "nearly", (20_159, 1))
        publish(workspace, made, now)
        assert figures(opened())["Coverage"][0] == "99.9 %"

    def test_a_pointer_to_nothing_is_one_sentence(self, build: Build) -> None:
        build.path.unlink()
        page = AppTest.from_file(_APP, default_timeout=60).run()
        assert "cannot be opened" in page.error[0].value
