"""The questions that charts and export ask, on a small organisation."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from opening import looked_at
from published_marts import ANALYTICS, LOCKED, PAYMENTS, Organisation, contracts, organisation, publish

from dashboard import charts
from dashboard.data import changes, export, listing, savings, scope
from dashboard.data.listing import ORDERS
from dashboard.data.selected import selected
from optima.published import Build

ALONE = ("capacity_mode", "table_class", "utilization")


def exported(build: Build, **filters: Any) -> list[dict[str, str]]:
    """Return the rows of the export."""
    text = export.as_csv(listing.rows(looked_at(build, **filters))).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_export_is_the_selection_with_every_column_and_digit(build: Build) -> None:
    rows = exported(build, kinds=("capacity_mode",))
    assert set(rows[0]) == {*contracts()["recommendations"], "tags", "decision_key"}
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
    rows = exported(build, kinds=("capacity_mode",), table_pattern="orders")
    assert [row["reason"] for row in rows] == ['Flat, at "70" a second,\nall day.']


def test_totals_are_exact(build: Build) -> None:
    totals = {total.kind: total for total in savings.totals(looked_at(build))}
    assert totals["capacity_mode"].monthly_savings_usd == Decimal("913.0305")
    assert totals["capacity_mode"].current_monthly_cost_usd == Decimal("1522.9950")
    assert totals["utilization"].annual_savings_usd == Decimal("11173.9056")
    assert totals["best_plan"].monthly_savings_usd == Decimal("2019.3893")
    assert totals["best_plan"].annual_savings_usd == Decimal("24232.6716")
    assert (totals["best_plan"].recommendations, totals["best_plan"].tables) == (5, 5)


def test_savings_by_account_and_region(build: Build) -> None:
    accounts = savings.by_place(looked_at(build, kinds=ALONE), "account")
    regions = savings.by_place(looked_at(build, kinds=ALONE), "region")
    assert sorted(accounts.round(4).itertuples(index=False, name=None)) == [
        (f"analytics · {ANALYTICS}", "utilization", 931.1588),
        (f"payments · {PAYMENTS}", "capacity_mode", 913.0305),
        (f"payments · {PAYMENTS}", "table_class", 35.2),
    ]
    assert sorted(regions.round(4).itertuples(index=False, name=None)) == [
        ("eu-west-1", "table_class", 35.2),
        ("eu-west-1", "utilization", 11.8625),
        ("us-east-1", "capacity_mode", 913.0305),
        ("us-east-1", "utilization", 919.2963),
    ]


def test_where_plans_are_selected_a_place_saves_what_its_plans_save(workspace: Path, now: datetime) -> None:
    made = organisation(now)
    made.accounts[0]["ou_path"] = made.tables[0]["ou_path"] = "Root/Shops"
    made.recommendations[-5]["ou_path"] = "Root/Shops"  # the plan of prod-orders
    look = looked_at(publish(workspace, made, now))
    found = {place: savings.by_place(look, place) for place in savings.PLACES}
    assert {
        place: sorted(rows.round(4).itertuples(index=False, name=None)) for place, rows in found.items()
    } == {
        "account": [
            (f"analytics · {ANALYTICS}", "best_plan", 931.1588),
            (f"payments · {PAYMENTS}", "best_plan", 1088.2305),
        ],
        "region": [("eu-west-1", "best_plan", 47.0625), ("us-east-1", "best_plan", 1972.3268)],
        "ou": [("Root/Shops", "best_plan", 13.0305), ("no organisational unit", "best_plan", 2006.3588)],
    }


def test_tables_rank_by_what_their_plans_save_whatever_one_kind_would(workspace: Path, now: datetime) -> None:
    made = organisation(now)
    made.recommend("capacity_mode", "test-events", ("5000", "0"))
    top = savings.top_tables(looked_at(publish(workspace, made, now)), most=3)
    assert list(zip(top["table_name"], top["kind"], top["monthly_savings_usd"].round(4), strict=True)) == [
        ("prod-sessions", "best_plan", 1040.0),
        ("prod-events", "best_plan", 919.2963),
        ("_archive_2019_", "best_plan", 35.2),
    ]


def test_without_plans_a_table_ranks_by_the_one_kind_that_saves_most_its_indexes_included(
    workspace: Path, now: datetime
) -> None:
    made = organisation(now)
    made.recommend("utilization", "prod-orders", ("20", "5"))
    made.recommend("utilization", "prod-orders", ("20", "8"), index_name="by-customer")
    top = savings.top_tables(looked_at(publish(workspace, made, now), kinds=ALONE), most=4)
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
    everything = {total.kind: total.monthly_savings_usd for total in savings.totals(looked_at(build))}
    asked = {
        t.kind: t.monthly_savings_usd for t in savings.totals(looked_at(build, min_savings=Decimal("1")))
    }
    assert everything["capacity_mode"] == Decimal("883.0305")
    assert asked["capacity_mode"] == Decimal("913.0305")


def test_coverage_is_of_the_tables_that_are_asked_for(workspace: Path, now: datetime) -> None:
    made = organisation(now)
    made.table(ANALYTICS, "eu-west-1", "test-half", (10_080, 10_080), staleness_minutes=45)
    made.table(ANALYTICS, "eu-west-1", "test-enough", (19_152, 1_008))
    build = publish(workspace, made, now)
    found = scope.scope(looked_at(build, table_pattern="^test-"))
    assert (found.tables, found.resources, found.with_gaps) == (3, 3, 1)
    assert found.coverage_ratio == pytest.approx((20_160 + 10_080 + 19_152) / (3 * 20_160))


def test_a_new_table_has_no_gap_before_its_creation(workspace: Path, now: datetime) -> None:
    made = organisation(now)
    made.table(ANALYTICS, "eu-west-1", "new-yesterday", (1_440, 0))
    found = scope.scope(looked_at(publish(workspace, made, now), table_pattern="^new-"))
    assert (found.coverage_ratio, found.with_gaps) == (1.0, 0)


def test_data_ends_with_the_newest_known_minute_and_not_with_the_window(
    workspace: Path, now: datetime
) -> None:
    made = Organisation(now)
    made.account(PAYMENTS, "payments")
    made.table(PAYMENTS, "us-east-1", "unknown", (0, 20_160), staleness_minutes=None)
    made.table(PAYMENTS, "us-east-1", "old", (20_000, 160), staleness_minutes=160)
    made.table(PAYMENTS, "us-east-1", "newest", (20_115, 45), staleness_minutes=45)
    build = publish(workspace, made, now)
    assert scope.scope(looked_at(build)).known_until == now - timedelta(minutes=45)
    assert scope.scope(looked_at(build, table_pattern="unknown")).known_until is None


def test_one_selection_of_two_builds_is_two_answers(workspace: Path, build: Build, now: datetime) -> None:
    later = publish(workspace, Organisation(now), now)
    assert selected(looked_at(build)).num_rows == 10
    assert selected(looked_at(later)).num_rows == 0


def test_what_is_offered_to_filter_by(build: Build) -> None:
    offered = scope.choices(build)
    assert set(offered.kinds) == {"best_plan", "capacity_mode", "table_class", "utilization"}
    assert offered.accounts == ((ANALYTICS, "analytics"), (PAYMENTS, "payments"))
    assert offered.regions == ("eu-west-1", "us-east-1")


def test_a_kind_keeps_its_colour_whatever_is_filtered(build: Build) -> None:
    all_kinds = charts.by_place(savings.by_place(looked_at(build), "region")).to_dict()
    one_kind = charts.by_place(savings.by_place(looked_at(build, kinds=("utilization",)), "region")).to_dict()
    names = ["Best plan", "Capacity mode", "Table class", "Utilisation"]
    assert all_kinds["layer"][0]["encoding"]["color"]["scale"]["domain"] == names
    assert one_kind["layer"][0]["encoding"]["color"]["scale"]["domain"] == names
    assert ":violet[■] Utilisation" in charts.legend(["utilization"])


def test_pages_of_the_list_hold_every_row_once_in_the_order_asked_for(workspace: Path, now: datetime) -> None:
    made = organisation(now)
    for number in range(2 * listing.ROWS):
        made.table(PAYMENTS, "us-east-1", f"many-{number:03}")
        made.recommend("table_class", f"many-{number:03}", (f"{number + 10}", "9"))
    look = looked_at(publish(workspace, made, now), table_pattern="many")
    size = listing.size(look)
    assert (size.rows, size.plans, size.plan_savings_usd, size.pages) == (200, 0, None, 2)
    names = [name for number in (1, 2) for name in listing.page(look, "Largest saving", number)["table_name"]]
    assert names == [f"many-{number:03}" for number in reversed(range(200))]
    assert listing.page(look, "Table name", 2)["table_name"].iloc[0] == "many-100"
    assert listing.page(look, "Largest share saved", 1)["saved_pct"].iloc[0] == pytest.approx(20000 / 209)


def test_every_order_has_every_row(build: Build) -> None:
    found = {order: sorted(listing.page(looked_at(build), order, 1)["recommendation_id"]) for order in ORDERS}
    assert len(found) == 10
    assert all(ids == found["Region"] and len(set(ids)) == 10 for ids in found.values())


def test_what_is_offered_of_units_and_tags(workspace: Path, now: datetime) -> None:
    made = Organisation(now)
    made.account(PAYMENTS, "payments", ou_path="Root/Workloads/Production")
    made.account(ANALYTICS, "analytics", ou_path="Root/Workloads")
    made.account(LOCKED, "alone")
    made.table(PAYMENTS, "us-east-1", "orders", tags={"team": "checkout", "cost.centre": "12"})
    made.table(PAYMENTS, "us-east-1", "carts", tags={"team": "checkout"})
    made.table(ANALYTICS, "us-east-1", "events", tags={})
    made.table(ANALYTICS, "us-east-1", "untold")
    offered = scope.choices(publish(workspace, made, now))
    assert offered.ous == ("Root", "Root/Workloads", "Root/Workloads/Production")
    assert offered.tags == ("team", "team=checkout", "cost.centre", "cost.centre=12")


def test_tables_and_recommendations_are_filtered_alike(workspace: Path, now: datetime) -> None:
    made = Organisation(now)
    made.account(PAYMENTS, "payments", ou_path="Root/Workloads/Production")
    made.account(ANALYTICS, "analytics", ou_path="Root/Workloads")
    made.table(PAYMENTS, "us-east-1", "orders", tags={"team": "checkout", "stage": "live"})
    made.table(PAYMENTS, "us-east-1", "carts", tags={"team": "checkout"})
    made.table(ANALYTICS, "eu-west-1", "events")
    for name in ("orders", "carts", "events"):
        made.recommend("best_plan", name, ("2", "1"))
    build = publish(workspace, made, now)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"ous": ("Root/Workloads",)}, ["carts", "events", "orders"]),
        ({"ous": ("Root/Work",)}, []),
        ({"ous": ("Root/Workloads/Production",), "accounts": (ANALYTICS,)}, []),
        ({"accounts": ("analytics",)}, ["events"]),
        ({"tags": ("team",)}, ["carts", "orders"]),
        ({"tags": ("team=checkout", "stage=live")}, ["orders"]),
        ({"tags": ("team=checkout", "team=search")}, ["carts", "orders"]),
        ({"regions": ("eu-west-1",)}, ["events"]),
        ({"table_pattern": "^.{5}s?$"}, ["carts", "events", "orders"]),
    ]
    for filters, names in cases:
        look = looked_at(build, **filters)
        assert sorted(scope.tables(look)["table_name"].to_pylist()) == names, filters
        assert sorted(selected(look)["table_name"].to_pylist()) == names, filters


def test_plans_move_by_a_cent_or_more(workspace: Path, now: datetime) -> None:
    made = organisation(now)
    made.previously("best_plan", "prod-orders", "13.0405")  # a cent more than now
    made.previously("best_plan", "prod-sessions", "1040.0099")
    made.previously("best_plan", "prod-events", "919.2863")  # a cent less
    made.previously("best_plan", "test-events", "11.8625", advice="keep")
    made.previously("best_plan", "deleted", "5.5", account_id=ANALYTICS, region="eu-west-1")
    made.previously("capacity_mode", "prod-orders", "1")
    build = publish(workspace, made, now)
    changed = changes.since_last(looked_at(build))
    assert {name: (moved.plans, moved.difference_usd) for name, moved in changed.movements.items()} == {
        "new": (2, Decimal("47.0625")),
        "gone": (1, Decimal("-5.5")),
        "larger": (1, Decimal("0.01")),
        "smaller": (1, Decimal("-0.01")),
    }
    assert changed.total.savings_then_usd == Decimal("1977.8367")
    assert changed.total.savings_now_usd == Decimal("2019.3893")
    assert changed.total.difference_usd == Decimal("41.5526")
    assert list(changed.largest["table_name"]) == [
        "_archive_2019_",
        "test-events",
        "deleted",
        "prod-orders",
        "prod-events",
    ]
    of_account = changes.since_last(looked_at(build, accounts=(ANALYTICS,), regions=("eu-west-1",)))
    assert of_account.total.difference_usd == Decimal("11.8625") - Decimal("5.5")
