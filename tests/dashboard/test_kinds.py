"""The pages of the kinds of advice: figures and charts against the marts they were made from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from opening import figures, opened, texts
from published_marts import ANALYTICS, PAYMENTS, Organisation, Row, publish
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from dashboard.data.kinds import asking, capacity
from dashboard.data.kinds.asking import Place
from dashboard.view import View
from dashboard.views.kinds import registry
from dashboard.views.kinds.sheet import Sheet
from optima import decisions, published
from optima.selection import Filters
from optima.workspace import Workspace

if TYPE_CHECKING:
    from demo_run import Demo

STANDARD, INFREQUENT = "STANDARD", "STANDARD_INFREQUENT_ACCESS"
_STATISTICS = ("mean", "p50", "p90", "p95", "p99", "max")
ORDERS = f"{PAYMENTS}/us-east-1/orders"
SESSIONS = f"{PAYMENTS}/us-east-1/sessions"


def made(window_end: datetime) -> Organisation:
    """Six tables with advice of every kind, and of one that no page knows.

    orders is on-demand at 70 reads a second, sessions provisioned with an index and not simulated, events
    provisioned and best left as it is. archive stores much; idle is never used; new has no known price.
    """
    org = Organisation(window_end)
    org.account(PAYMENTS, "payments")
    org.account(ANALYTICS, "analytics")
    for account_id, region, name, table_class in (
        (PAYMENTS, "us-east-1", "orders", STANDARD),
        (PAYMENTS, "us-east-1", "sessions", STANDARD),
        (ANALYTICS, "us-east-1", "events", STANDARD),
        (PAYMENTS, "eu-west-1", "_archive_", STANDARD),
        (PAYMENTS, "eu-west-1", "idle", INFREQUENT),
        (ANALYTICS, "eu-west-1", "new", STANDARD),
    ):
        org.table(account_id, region, name, table_class=table_class, is_billed=name != "new")
    _modes(org)
    _classes(org)
    _utilisation(org)
    org.recommend("stream_retention", "orders", ("40", "10"), reason="Nobody reads the stream.")
    org.recommend("stream_retention", "events", ("9", "2.5"), index_name="by-day")
    return org


def _advise(org: Organisation, kind: str, table: str, costs: tuple[str, str], **columns: Any) -> Row:
    org.recommend(kind, table, costs, **columns)
    return org.recommendations[-1]


def _modes(org: Organisation) -> None:
    for table, costs, mode, advised, on_demand, provisioned, cautious in (
        ("orders", ("22.9950", "9.9645"), "PAY_PER_REQUEST", "PROVISIONED", "22.9950", "9.9645", "10.1"),
        ("sessions", ("1500", "600"), "PROVISIONED", "PAY_PER_REQUEST", "600", None, None),
        ("events", ("700", "700"), "PROVISIONED", "PROVISIONED", "2000", "695", "699"),
    ):
        row = _advise(org, "capacity_mode", table, costs, reason=f"So it is with {table}*.")
        simulated = provisioned is not None
        org.add(
            "capacity_mode_recommendations",
            **{name: value for name, value in row.items() if name != "status"},
            current_billing_mode=mode,
            recommended_billing_mode=advised,
            on_demand_monthly_cost_usd=Decimal(on_demand),
            provisioned_monthly_cost_usd=provisioned and Decimal(provisioned),
            provisioned_cautious_monthly_cost_usd=cautious and Decimal(cautious),
            break_even_utilization=0.288889,
            write_break_even_utilization=0.2891,
            simulated_read_unit_hours=33_600.0 if simulated else None,
            simulated_write_unit_hours=336.0 if simulated else None,
            simulated_throttled_minutes=3 if simulated else None,
            simulated_throttled_units=1_234.5 if simulated else None,
        )
    for table, index, plan, component, unit, units, cost in (
        ("orders", None, "as_is", "read", "request units", 183_960_000, "22.995"),
        ("orders", None, "as_is", "write", "request units", 0, "0"),
        ("orders", None, "provisioned_autoscaled", "read", "unit-hours", 73_000, "9.49"),
        ("orders", None, "provisioned_autoscaled", "write", "unit-hours", 730, "0.4745"),
        ("sessions", None, "as_is", "read", "unit-hours", 7_000_000, "1000"),
        ("sessions", "by-day", "as_is", "write", "unit-hours", 700_000, "500"),
        ("sessions", None, "on_demand", "read", "request units", 3_200_000_000, "400"),
        ("sessions", "by-day", "on_demand", "write", "request units", 320_000_000, "200"),
        ("events", None, "on_demand", "read", "request units", 16_000_000_000, "2000"),
        ("events", None, "provisioned_autoscaled", "read", "unit-hours", 40_000_000, "695"),
    ):
        where = next(row for row in org.tables if row["table_name"] == table)
        line = {
            **{name: where[name] for name in ("table_key", "account_id", "region", "table_name")},
            "plan": plan,
            "component": component,
            "unit": unit,
            "monthly_quantity": units,
            "cost_usd": Decimal(cost),
        }
        is_policy = plan == "provisioned_autoscaled"
        org.add(
            "plan_cost_lines",
            **line,
            index_name=index,
            table_class=STANDARD,
            setting='{"min":1,"max":1200,"target":0.7}' if is_policy else None,
            least_units=1 if is_policy else None,
            greatest_units=100 if is_policy else None,
            throttled_minutes=3 if is_policy else None,
        )
        # The other class, which is none of the page's business.
        org.add("plan_cost_lines", **line | {"cost_usd": Decimal(99)}, table_class=INFREQUENT)
    for table, index in (("orders", None), ("sessions", None), ("sessions", "by-day"), ("events", None)):
        for hour in range(3):
            org.add(
                "fct_capacity_hourly",
                **{
                    name: next(row for row in org.tables if row["table_name"] == table)[name]
                    for name in ("account_id", "region", "table_name")
                },
                index_name=index,
                hour_starts_at=org.window_end - timedelta(hours=3 - hour),
                known_minutes=60 if hour else 30,
                read_units=float(60 * 60 * 70 if hour else 30 * 60 * 10),
                read_max_units_per_second=80.0 + hour,
                read_provisioned_units=None if table == "orders" else 10_000.0,
                read_simulated_units=100.0 + hour if table == "orders" else None,
                write_units=0.0,
                write_max_units_per_second=7.0 if index else 0.0,
            )


def _classes(org: Organisation) -> None:
    for table, costs, now, standard, infrequent, ratio, breakeven in (
        ("_archive_", ("200", "164.80"), STANDARD, ("100", "100"), ("40", "124.80"), 1.0, 0.4133),
        ("orders", ("32.995", "32.995"), STANDARD, ("10", "22.995"), ("4", "28.5138"), 0.4349, 0.9198),
        ("idle", ("40", "40"), INFREQUENT, ("100", "0"), ("40", "0"), None, None),
        ("new", ("12", "12"), STANDARD, ("2", "10"), ("0.8", None), 0.2, None),
    ):
        row = _advise(
            org, "table_class", table, costs, current_setting=json.dumps({"table_class": now}), reason=table
        )
        columns = {
            "standard_storage_cost_usd": standard[0],
            "standard_throughput_cost_usd": standard[1],
            "ia_storage_cost_usd": infrequent[0],
            "ia_throughput_cost_usd": infrequent[1],
        }
        judged = next(each for each in org.classes if each["table_name"] == table)
        judged |= {name: value and Decimal(value) for name, value in columns.items()}
        judged |= {"recommendation_id": row["recommendation_id"], "ratio": ratio}
        judged |= {"breakeven_ratio": breakeven, "storage_gb": Decimal("1234.5")}


def _utilisation(org: Organisation) -> None:
    policy = {"min": 100, "max": 1_000, "target": 0.7}
    for table, index, costs, now, advised, peak in (
        ("events", None, ("949", "29.7037"), {"units": 10_000}, {"units": 313}, 250.0),
        ("events", "by-day", ("47.45", "35.5875"), policy, policy | {"min": 5}, 21.0),
        ("sessions", None, ("1000", "1000"), {"units": 7_000}, {"units": 7_000}, 6_500.0),
    ):
        unused = {"write": {"units": 1}}
        row = _advise(
            org,
            "utilization",
            table,
            costs,
            index_name=index,
            current_setting=json.dumps({"read": now, **unused}),
            recommended_setting=json.dumps({"read": advised, **unused}),
            reason=f"{table} {index}",
        )
        org.add(
            "utilization_recommendations",
            **{name: value for name, value in row.items() if name != "status"},
            **{f"read_{name}_utilization": 0.01 * place for place, name in enumerate(_STATISTICS, 1)},
            read_stored_peak_units_per_second=peak,
        )


def layers(page: AppTest, said: str) -> list[pd.DataFrame]:
    """Return the rows that each layer of a chart is drawn from; its text alternative begins so."""
    (chart,) = [each.proto for each in page.get("vega_lite_chart") if each.proto.alt.startswith(said)]
    return [convert_arrow_bytes_to_pandas_df(each.data.data) for each in chart.datasets]


def drawn(page: AppTest, said: str) -> pd.DataFrame:
    """Return the rows of a chart's layer that has most columns."""
    return max(layers(page, said), key=lambda rows: rows.shape[1])


def grid(page: AppTest, column: str) -> pd.DataFrame:
    """Return the grid that has this column."""
    return next(each.value for each in page.dataframe if column in each.value.columns)


def listed(page: AppTest) -> list[tuple[str, float]]:
    """Return table and saving of the rows of the list."""
    rows = grid(page, "recommendation_id")
    return list(zip(rows["table_name"], rows["monthly_savings_usd"].round(4), strict=True))


def box(page: AppTest) -> Any:
    """Return the box in which a table is chosen."""
    return next(each for each in page.selectbox if each.label == "Table")


@pytest.fixture(scope="module", autouse=True)
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace with all of it published, which the pages show where a test makes none of its own."""
    folder = tmp_path_factory.mktemp("kinds")
    now = datetime.now(UTC).replace(tzinfo=None)
    publish(folder, made(now - timedelta(hours=4)), now - timedelta(hours=3))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OPTIMA_PROJECT_ROOT", str(folder))
        yield folder


@pytest.fixture(scope="module")
def capacity_page() -> AppTest:
    return opened("capacity")


@pytest.fixture(scope="module")
def class_page() -> AppTest:
    return opened("table-class")


@pytest.fixture(scope="module")
def utilisation_page() -> AppTest:
    return opened("utilisation")


def seen(root: Path, **filters: Any) -> View:
    """Look at the build that is current in a workspace."""
    workspace, now = Workspace.at(root), datetime.now(UTC).replace(tzinfo=None)
    standing = decisions.standing(workspace.decisions, now)
    return View(workspace, published.current(workspace), standing, Filters(**filters), now)


class TestCapacity:
    def test_the_total_is_of_this_kind_alone(self, capacity_page: AppTest) -> None:
        shown = [(metric.label, metric.value) for metric in capacity_page.metric[:4]]
        assert shown == [
            ("Saves a month", "$913.03"),
            ("Saves a year", "$10,956.37"),
            ("Costs now, a month", "$1,523.00"),
            ("Would cost, a month", "$609.96"),
        ]
        assert (
            "2 recommendations on 2 tables, if only this were applied; 1 more should stay as they are"
            in texts(capacity_page)
        )
        assert listed(capacity_page) == [("sessions", 900.0), ("orders", 13.0305)]

    def test_it_says_what_is_flagged_how_it_is_computed_how_to_act_and_when_not_to(
        self, capacity_page: AppTest
    ) -> None:
        said = texts(capacity_page)
        for text in (
            "On-demand bills each request",
            "computed.**",
            "**How to act.**",
            "**When to ignore it.**",
        ):
            assert text in said

    def test_both_modes_of_the_dearest_tables_with_todays_cost(self, capacity_page: AppTest) -> None:
        rows = drawn(capacity_page, "Cost of the largest tables")
        assert list(rows["label"]) == ["sessions", "orders"] * 2
        assert list(rows["mode"]) == ["On-Demand"] * 2 + ["Provisioned"] * 2
        assert list(rows["cost"].astype(object).where(rows["cost"].notna(), None)) == [
            600,
            22.995,
            None,
            9.9645,
        ]
        assert list(rows["current_monthly_cost_usd"][:2]) == [1500, 22.995]
        assert "1 table without a bar for Provisioned, autoscaled" in texts(capacity_page)

    def test_utilisation_is_that_of_simulated_capacity_and_what_stays_is_drawn_too(
        self, capacity_page: AppTest
    ) -> None:
        rows = drawn(capacity_page, "Utilisation of reads").set_index("table_name")
        assert dict(rows["utilization"].round(6)) == {"events": 0.111111, "orders": 0.7}
        assert dict(rows["advice"]) == {"events": "keep", "orders": "change"}
        assert "1 table above the break-even of 28.8 %, 1 at or below it" in texts(capacity_page)

    def test_the_largest_saving_is_looked_at_first(self, capacity_page: AppTest) -> None:
        assert box(capacity_page).value == SESSIONS
        assert box(capacity_page).options == [
            "sessions · us-east-1 · payments · saves $900.00 a month",
            "orders · us-east-1 · payments · saves $13.03 a month",
            "events · us-east-1 · analytics · should stay",
        ]
        assert "So it is with sessions*." in texts(capacity_page)
        assert "at" not in capacity_page.query_params

    def test_what_was_not_simulated_says_so(self, capacity_page: AppTest) -> None:
        shown = figures(capacity_page)
        assert shown["Provisioned, autoscaled, a month"][0] == "not simulated"
        assert shown["The same, cautiously"][0] == "not simulated"
        assert "Throttled minutes" not in shown
        assert "Not simulated: provisioned capacity cannot be advised here" in texts(capacity_page)

    def test_costs_are_broken_down_by_reads_and_writes_table_and_indexes(
        self, capacity_page: AppTest
    ) -> None:
        costs = grid(capacity_page, "Now, Provisioned")
        assert costs.to_dict("index") == {
            "table reads": {"Now, Provisioned": 1000, "On-Demand, advised": 400},
            "index writes": {"Now, Provisioned": 500, "On-Demand, advised": 200},
        }
        bars = drawn(capacity_page, "Cost of reads and writes")
        assert bars["cost_usd"].sum() == 2100

    def test_hours_weigh_by_what_is_known_of_them(self, capacity_page: AppTest) -> None:
        hours = drawn(capacity_page, "Reads consumed, provisioned and simulated")
        assert list(hours["mean"]) == [10, 70, 70]
        assert list(hours["highest"]) == [80, 81, 82]
        assert list(hours["provisioned"]) == [10_000] * 3
        assert hours["simulated"].isna().all()
        assert "by the hour of the window (UTC)" in texts(capacity_page)

    def test_a_table_of_the_address_is_looked_at_and_another_goes_there(self) -> None:
        page = opened("capacity", at=ORDERS)
        assert box(page).value == ORDERS
        shown = figures(page)
        assert shown["Provisioned, autoscaled, a month"][0] == "$9.96"
        assert shown["The same, cautiously"][0] == "$10.10"
        assert shown["Throttled minutes"][0] == "3"
        assert shown["Throttled units"][0] == "1,234.5"
        assert shown["Read unit-hours"][0] == "33,600"
        assert shown["Write unit-hours"][0] == "336"
        policies = grid(page, "policy")
        assert list(policies["policy"]) == ["1–1,200 at 70 %"] * 2
        assert list(policies["cost_usd"]) == [9.49, 0.4745]
        assert list(drawn(page, "Reads consumed, provisioned")["simulated"]) == [100, 101, 102]
        box(page).set_value(SESSIONS).run()
        assert page.query_params["at"] == SESSIONS
        assert "So it is with sessions*." in texts(page)
        (resource,) = [each for each in page.button_group if "index" in each.label]
        resource.set_value("by-day").run()
        assert list(drawn(page, "Writes consumed, provisioned")["highest"]) == [7, 7, 7]
        assert page.query_params["at"] == SESSIONS

    def test_filters_hold_for_charts_and_for_the_chosen_table(self) -> None:
        page = opened("capacity", account=f"payments · {PAYMENTS}", min_savings="100", at=ORDERS)
        assert set(drawn(page, "Cost of the largest tables")["table_name"]) == {"sessions"}
        assert [option.split(" · ")[0] for option in box(page).options] == ["sessions"]
        assert box(page).value == SESSIONS
        assert figures(page)["Saves a month"][0] == "$900.00"
        assert "No table of this selection was simulated." in texts(page)

    def test_what_should_stay_has_bars_on_request(self) -> None:
        page = opened("capacity", keep="true")
        assert list(drawn(page, "Cost of the largest tables")["label"][:3]) == [
            "sessions",
            "events",
            "orders",
        ]
        assert figures(page)["Saves a month"][0] == "$913.03"

    def test_a_long_window_is_drawn_in_fewer_points(
        self, full: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(capacity, "MOST_HOURS", 2)
        hours = capacity.hours(seen(full), Place(*ORDERS.split("/")), "")
        assert list(hours["hours"]) == [2, 1]
        # Thirty minutes at 10 and sixty at 70.
        assert list(hours["read_mean_units_per_second"]) == [50, 70]
        assert list(hours["read_simulated_units"].round(6)) == [100.666667, 102]


class TestTableClass:
    def test_each_table_lies_on_its_side_of_its_own_line(self, class_page: AppTest) -> None:
        rows = drawn(class_page, "Ratio of storage").set_index("table_name")
        assert dict(rows["side"]) == {"_archive_": "above", "orders": "below", "idle": "no throughput"}
        # Without a ratio: ten times above the highest that there is.
        assert dict(rows["shown_ratio"].round(4)) == {"_archive_": 1, "orders": 0.4349, "idle": 10}
        said = texts(class_page)
        assert (
            "1 table above the line (break-even at 0.41 to 0.92), 1 below, 1 without throughput to pay for, "
            "1 not drawn, because a price or an amount is not known" in said
        )

    def test_the_source_of_the_amounts_is_counted(self, class_page: AppTest) -> None:
        assert (
            "Amounts: as billed for 3 tables; modelled from size and demand, with low confidence, for 1 "
            "table that no billing export names" in texts(class_page)
        )

    def test_of_many_tables_those_that_save_or_cost_most_are_drawn(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in ("dashboard.data.kinds.table_class", "dashboard.views.kinds.table_class"):
            monkeypatch.setattr(f"{module}.MOST_POINTS", 2)
        page = opened("table-class")
        assert list(drawn(page, "Ratio of storage")["table_name"]) == ["_archive_", "idle"]
        assert "drawn: the 2 of 3 that save or cost most" in texts(page)
        assert "1 table above the line" in texts(page)

    def test_storage_and_throughput_in_both_classes(self, class_page: AppTest) -> None:
        rows = drawn(class_page, "Storage and throughput of the largest")
        assert [
            (row.table_class, row.part, row.cost)
            for row in rows.itertuples()
            if row.table_name == "_archive_"
        ] == [
            ("Standard", "storage", 100),
            ("Standard", "throughput", 100),
            ("Standard-IA", "storage", 40),
            ("Standard-IA", "throughput", 124.8),
        ]

    def test_of_a_class_that_is_not_known_no_part_is_drawn(self) -> None:
        page = opened("table-class", keep="true", at=f"{ANALYTICS}/eu-west-1/new")
        rows = drawn(page, "Storage and throughput of the largest")
        assert set(rows[rows["table_name"] == "new"]["table_class"]) == {"Standard"}
        assert "1 table with a bar missing" in texts(page)
        costs = grid(page, "storage_cost_usd")
        assert list(costs["storage_cost_usd"]) == [2, 0.8]
        assert list(costs["throughput_cost_usd"].isna()) == [False, True]
        assert list(costs["cost_usd"].isna()) == [False, True]
        assert figures(page)["Stored, with indexes"] == ("1,234.5 GB", "usage: modelled")

    def test_the_chosen_table_in_figures(self, class_page: AppTest) -> None:
        shown = figures(class_page)
        assert shown["Costs now in Standard"][0] == "$200.00"
        assert shown["Storage / throughput"] == ("1", "break-even 0.413")
        assert shown["Saves a year"][0] == "$422.40"
        assert list(grid(class_page, "storage_cost_usd")["cost_usd"]) == [200, 164.8]


class TestUtilisation:
    def test_capacity_now_recommended_and_the_peak_by_table_and_by_index(
        self, utilisation_page: AppTest
    ) -> None:
        rows = drawn(utilisation_page, "Reads: capacity").set_index("label")
        assert list(rows.index) == ["events", "events · by-day"]
        assert list(rows["read_current_units"]) == [10_000, 100]
        assert list(rows["read_recommended_units"]) == [313, 5]
        assert list(rows["read_stored_peak_units_per_second"]) == [250, 21]

    def test_mean_percentiles_and_maximum_of_each_dimension(self, utilisation_page: AppTest) -> None:
        shown = grid(utilisation_page, "p99")
        assert list(shown["resource"]) == ["table", "table", "by-day", "by-day"]
        assert list(shown["dimension"]) == ["Reads", "Writes"] * 2
        assert list(shown.loc[0, list(_STATISTICS)]) == [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]
        assert shown.loc[1, list(_STATISTICS)].isna().all()
        assert list(shown["now"]) == ["10,000", "1", "100–1,000 at 70 %", "1"]
        assert list(shown["recommended"]) == ["313", "1", "5–1,000 at 70 %", "1"]
        points = layers(utilisation_page, "Reads: mean")[-1]
        assert list(points[points["label"] == "events"]["value"]) == [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]

    def test_what_is_not_known_of_writes_is_said(self, utilisation_page: AppTest) -> None:
        assert "No utilisation is known." in texts(utilisation_page)

    def test_what_would_be_enough_and_the_peak_lie_over_the_hours(self, utilisation_page: AppTest) -> None:
        found = layers(utilisation_page, "Reads consumed")
        assert sorted(rows["level"].iloc[0] for rows in found if "level" in rows) == [250, 313]

    def test_an_index_of_the_table_is_looked_at(self) -> None:
        page = opened("utilisation", at=f"{ANALYTICS}/us-east-1/events")
        (resource,) = [each for each in page.button_group if "index" in each.label]
        resource.set_value("by-day").run()
        assert "events by-day" in texts(page)
        assert "Nothing is known of its capacity in the window." in texts(page)


class TestOtherAdvice:
    def test_a_kind_that_nobody_registered_has_its_total_a_chart_and_its_list(self) -> None:
        page = opened("advice")
        assert page.title[0].value == "Other advice"
        assert page.subheader[0].value == "Stream retention"
        assert figures(page)["Saves a month"][0] == "$36.50"
        assert "2 recommendations on 2 tables, if only this were applied" in texts(page)
        rows = drawn(page, "Cost now and after")
        assert [(row.label, row.what, row.cost) for row in rows.itertuples()] == [
            ("orders", "now", 40),
            ("events · by-day", "now", 9),
            ("orders", "after", 10),
            ("events · by-day", "after", 2.5),
        ]
        assert listed(page) == [("orders", 30.0), ("events", 6.5)]

    def test_a_kind_that_is_registered_later_brings_its_own_words_and_charts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked_at: list[tuple[str, ...]] = []
        sheet = Sheet(
            kind="stream_retention",
            title="Streams",
            flagged="Streams that nobody reads.",
            details=(),
            draw=lambda view: looked_at.append(view.filters.kinds),
        )
        monkeypatch.setitem(registry.SHEETS, sheet.kind, sheet)
        page = opened("advice")
        assert "Streams" in [heading.value for heading in page.subheader]
        assert "Streams that nobody reads." in texts(page)
        assert looked_at == [()]
        assert not page.get("vega_lite_chart")

    def test_of_several_such_kinds_one_is_chosen_and_the_filter_on_kinds_holds(
        self, workspace: Path, now: datetime
    ) -> None:
        org = made(now)
        org.recommend("backup_retention", "orders", ("5", "1"))
        publish(workspace, org, now)
        page = opened("advice")
        assert figures(page)["Saves a month"][0] == "$4.00"
        page.button_group[0].set_value("Stream retention").run()
        assert figures(page)["Saves a month"][0] == "$36.50"
        assert "leaves out every kind of this page" in texts(opened("advice", kind="Table class"))


class TestOtherStates:
    def test_no_row_of_the_kind(self, workspace: Path, now: datetime) -> None:
        org = Organisation(now)
        org.account(PAYMENTS, "payments")
        org.table(PAYMENTS, "us-east-1", "orders")
        publish(workspace, org, now)
        for path in ("capacity", "table-class", "utilisation"):
            page = opened(path)
            assert not page.get("vega_lite_chart")
            assert "Saves a month" not in figures(page)
            assert "Nothing to change" in texts(page)

    def test_nothing_to_change_is_drawn_with_what_stays(self, workspace: Path, now: datetime) -> None:
        org = made(now)
        for name in ("recommendations", "capacity_mode_recommendations"):
            org.rows[name] = [row for row in org.rows[name] if row["table_name"] == "events"]
        publish(workspace, org, now)
        page = opened("capacity")
        assert "Nothing to change: 1 table or index should stay." in texts(page)
        assert set(drawn(page, "Cost of the largest tables")["table_name"]) == {"events"}
        assert box(page).options == ["events · us-east-1 · analytics · should stay"]

    def test_costs_and_demand_that_are_not_known(self, workspace: Path, now: datetime) -> None:
        org = made(now)
        for row in [*org.rows["capacity_mode_recommendations"], *org.recommendations]:
            if row["kind"] in ("capacity_mode", "stream_retention"):
                row.update(
                    advice="keep",
                    current_monthly_cost_usd=None,
                    projected_monthly_cost_usd=None,
                    monthly_savings_usd=Decimal(0),
                    annual_savings_usd=Decimal(0),
                    on_demand_monthly_cost_usd=None,
                    provisioned_monthly_cost_usd=None,
                )
        org.rows["plan_cost_lines"].clear()
        org.rows["fct_capacity_hourly"].clear()
        publish(workspace, org, now)
        page = opened("capacity", at=ORDERS)
        shown = figures(page)
        assert shown["Costs now, a month"][0] == "unknown"
        assert shown["On-Demand, a month"][0] == "unknown"
        said = texts(page)
        assert "This build holds no lines of cost of this table." in said
        assert "Nothing is known of this table's capacity in the window." in said
        assert "Of none of them both costs are known." in texts(opened("advice"))

    def test_an_older_build_says_what_it_lacks_and_shows_the_rest(
        self, workspace: Path, now: datetime
    ) -> None:
        lacking = [
            "plan_cost_lines",
            "fct_capacity_hourly.read_simulated_units",
            "table_class_recommendations.breakeven_ratio",
            "utilization_recommendations",
        ]
        publish(workspace, made(now), now, without=lacking)
        pages = {path: opened(path) for path in ("capacity", "table-class", "utilisation")}
        for path, what in (
            ("capacity", "costs of plans by line"),
            ("capacity", "capacity by the hour"),
            ("table-class", "comparison of table classes"),
            ("utilisation", "utilisation of capacity"),
        ):
            sentence = f"The published build holds no {what}: `dynamodb-optima run` publishes a new one"
            assert sentence in texts(pages[path])
        assert not drawn(pages["capacity"], "Cost of the largest tables").empty
        assert [len(listed(page)) for page in pages.values()] == [2, 1, 2]

    def test_of_many_tables_the_largest_are_sent_and_the_page_says_so(
        self, full: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        view = seen(full)
        monkeypatch.setattr(asking, "MOST_CHOICES", 2)
        offered = asking.tables(view, "capacity_mode")
        assert list(offered["table_name"]) == ["sessions", "orders"]
        events = asking.tables(view, "capacity_mode", Place(ANALYTICS, "us-east-1", "events"))
        assert list(events["table_name"]) == ["events"]
        narrowed = replace(view, filters=Filters(accounts=(PAYMENTS,)))
        assert asking.tables(narrowed, "capacity_mode", Place(ANALYTICS, "us-east-1", "events")).empty


class TestTheDemo:
    def test_the_parts_of_each_setting_add_up_to_what_the_comparison_says(self, demo: Demo) -> None:
        view = seen(demo.workspace)
        rows = demo.rows(
            "select account_id, region, table_name, current_billing_mode, current_monthly_cost_usd as now, "
            "on_demand_monthly_cost_usd as on_demand, provisioned_monthly_cost_usd as provisioned_autoscaled "
            "from capacity_mode_recommendations"
        )
        assert len(rows) == 60
        for row in rows:
            lines = capacity.lines(view, Place(row["account_id"], row["region"], row["table_name"]))
            sums = lines.groupby("plan")["cost_usd"].sum()
            assert sums["as_is"] == pytest.approx(float(row["now"]), abs=1e-9)
            for plan in {"on_demand", "provisioned_autoscaled"} & set(lines["plan"]):
                assert sums[plan] == pytest.approx(float(row[plan]), abs=1e-9), (row["table_name"], plan)
            if row["provisioned_autoscaled"] is not None:
                assert "provisioned_autoscaled" in sums
