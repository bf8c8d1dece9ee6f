"""The questions that charts and export ask, on a small organisation."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from published_marts import ANALYTICS, COLUMNS, PAYMENTS, Organisation, organisation, publish

from dashboard import charts, data
from dashboard.data import Filters
from optima.published import Build


def exported(build: Build, filters: Filters) -> list[dict[str, str]]:
    """Return the rows of the export."""
    text = data.as_csv(data.selected(build, filters)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_export_is_the_selection_with_every_column_and_digit(build: Build) -> None:
    rows = exported(build, Filters(kinds=("capacity_mode",)))
    assert list(rows[0]) == list(COLUMNS["recommendations"])
    assert [(row["table_name"], row["monthly_savings_usd"]) for row in rows] == [
        ("prod-sessions", "900"),
        ("prod-orders", "13.0305"),
    ]
    assert rows[1]["account_id"] == PAYMENTS
    assert rows[1]["current_monthly_cost_usd"] == "22.995"
    assert rows[1]["index_name"] == ""


def test_the_export_quotes_what_csv_separates(workspace: Path, now: datetime) -> None:
    made = organisation(now)
    made.recommendations[0]["reason"] = 'Flat, at "70" a second,\nall day.'
    build = publish(workspace, made, now)
    rows = exported(build, Filters(kinds=("capacity_mode",), table_pattern="orders"))
    assert [row["reason"] for row in rows] == ['Flat, at "70" a second,\nall day.']


def test_totals_are_exact(build: Build) -> None:
    totals = {total.kind: total for total in data.totals(build, Filters())}
    assert totals["capacity_mode"].monthly_savings_usd == Decimal("913.0305")
    assert totals["capacity_mode"].current_monthly_cost_usd == Decimal("1522.9950")
    assert totals["utilization"].annual_savings_usd == Decimal("11173.9056")
    assert totals["best_plan"].monthly_savings_usd == Decimal("2019.3893")
    assert totals["best_plan"].annual_savings_usd == Decimal("24232.6716")
    assert (totals["best_plan"].recommendations, totals["best_plan"].tables) == (5, 5)


def test_savings_by_account_and_region(build: Build) -> None:
    accounts = data.by_account(build, Filters())
    regions = data.by_region(build, Filters())
    assert sorted(accounts.round(4).itertuples(index=False, name=None)) == [
        (f"analytics · {ANALYTICS}", "best_plan", 931.1588),
        (f"analytics · {ANALYTICS}", "utilization", 931.1588),
        (f"payments · {PAYMENTS}", "best_plan", 1088.2305),
        (f"payments · {PAYMENTS}", "capacity_mode", 913.0305),
        (f"payments · {PAYMENTS}", "table_class", 35.2),
    ]
    assert sorted(regions.round(4).itertuples(index=False, name=None)) == [
        ("eu-west-1", "best_plan", 47.0625),
        ("eu-west-1", "table_class", 35.2),
        ("eu-west-1", "utilization", 11.8625),
        ("us-east-1", "best_plan", 1972.3268),
        ("us-east-1", "capacity_mode", 913.0305),
        ("us-east-1", "utilization", 919.2963),
    ]


def test_tables_rank_by_what_their_plans_save_whatever_one_kind_would(workspace: Path, now: datetime) -> None:
    made = organisation(now)
    made.recommend("capacity_mode", "test-events", ("5000", "0"))
    top = data.top_tables(publish(workspace, made, now), Filters(), most=3)
    assert list(zip(top["table_name"], top["kind"], top["monthly_savings_usd"].round(4), strict=True)) == [
        ("prod-sessions", "best_plan", 1040.0),
        ("prod-events", "best_plan", 919.2963),
        ("_archive_2019_", "best_plan", 35.2),
    ]


def test_without_plans_a_table_ranks_by_the_one_kind_that_saves_most_its_indexes_included(
    workspace: Path, now: datetime
) -> None:
    alone = ("capacity_mode", "table_class", "utilization")
    made = organisation(now)
    made.recommend("utilization", "prod-orders", ("20", "5"))
    made.recommend("utilization", "prod-orders", ("20", "8"), index_name="by-customer")
    top = data.top_tables(publish(workspace, made, now), Filters(kinds=alone), most=4)
    assert list(zip(top["table_name"], top["kind"], top["monthly_savings_usd"].round(4), strict=True)) == [
        ("prod-events", "utilization", 919.2963),
        ("prod-sessions", "capacity_mode", 900.0),
        ("_archive_2019_", "table_class", 35.2),
        ("prod-orders", "utilization", 27.0),
    ]


def test_a_replica_that_gets_dearer_counts_unless_a_minimum_is_asked_for(
    workspace: Path, now: datetime
) -> None:
    made = organisation(now)
    made.recommend("capacity_mode", "test-events", ("10", "40"))
    build = publish(workspace, made, now)
    everything = {total.kind: total.monthly_savings_usd for total in data.totals(build, Filters())}
    asked = {t.kind: t.monthly_savings_usd for t in data.totals(build, Filters(min_savings=Decimal("1")))}
    assert everything["capacity_mode"] == Decimal("883.0305")
    assert asked["capacity_mode"] == Decimal("913.0305")


def test_coverage_is_of_the_tables_that_are_asked_for(workspace: Path, now: datetime) -> None:
    made = organisation(now)
    made.table(ANALYTICS, "eu-west-1", "test-half", (10_080, 10_080), staleness_minutes=45)
    made.table(ANALYTICS, "eu-west-1", "test-enough", (19_152, 1_008))
    build = publish(workspace, made, now)
    scope = data.scope(build, Filters(table_pattern="^test-"))
    assert (scope.tables, scope.resources, scope.with_gaps) == (3, 3, 1)
    assert scope.coverage_ratio == pytest.approx((20_160 + 10_080 + 19_152) / (3 * 20_160))


def test_a_new_table_has_no_gap_before_its_creation(workspace: Path, now: datetime) -> None:
    made = organisation(now)
    made.table(ANALYTICS, "eu-west-1", "new-yesterday", (1_440, 0))
    scope = data.scope(publish(workspace, made, now), Filters(table_pattern="^new-"))
    assert (scope.coverage_ratio, scope.with_gaps) == (1.0, 0)


def test_data_ends_with_the_newest_known_minute_and_not_with_the_window(
    workspace: Path, now: datetime
) -> None:
    made = Organisation(now)
    made.account(PAYMENTS, "payments")
    made.table(PAYMENTS, "us-east-1", "unknown", (0, 20_160), staleness_minutes=None)
    made.table(PAYMENTS, "us-east-1", "old", (20_000, 160), staleness_minutes=160)
    made.table(PAYMENTS, "us-east-1", "newest", (20_115, 45), staleness_minutes=45)
    build = publish(workspace, made, now)
    assert data.scope(build, Filters()).known_until == now - timedelta(minutes=45)
    assert data.scope(build, Filters(table_pattern="unknown")).known_until is None


def test_one_selection_of_two_builds_is_two_answers(workspace: Path, build: Build, now: datetime) -> None:
    later = publish(workspace, Organisation(now), now)
    assert data.selected(build, Filters()).num_rows == 10
    assert data.selected(later, Filters()).num_rows == 0


def test_what_is_offered_to_filter_by(build: Build) -> None:
    offered = data.choices(build)
    assert set(offered.kinds) == {"best_plan", "capacity_mode", "table_class", "utilization"}
    assert offered.accounts == ((ANALYTICS, "analytics"), (PAYMENTS, "payments"))
    assert offered.regions == ("eu-west-1", "us-east-1")


@pytest.mark.parametrize("pattern", ["(?!x)", "a{2000}", "*", "\\"])
def test_patterns_that_re2_refuses(pattern: str) -> None:
    assert data.pattern_problem(pattern)


@pytest.mark.parametrize("pattern", ["", "^a.*(b|c)$", r"\d{4}", "(?i)x"])
def test_patterns_that_re2_knows(pattern: str) -> None:
    assert data.pattern_problem(pattern) is None


def test_a_kind_keeps_its_colour_whatever_is_filtered(build: Build) -> None:
    all_kinds = charts.by_place(data.by_region(build, Filters())).to_dict()
    one_kind = charts.by_place(data.by_region(build, Filters(kinds=("utilization",)))).to_dict()
    names = ["Best plan", "Capacity mode", "Table class", "Utilisation"]
    assert all_kinds["encoding"]["color"]["scale"]["domain"] == names
    assert one_kind["encoding"]["color"]["scale"]["domain"] == names
    assert ":violet[■] Utilisation" in charts.legend(["utilization"])
