"""The page of one table: every figure against the marts it comes from, and every state it may be in."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from drawn import charts, grid, grids, rows
from opening import figures, opened, texts
from published_marts import ADVICE, ANALYTICS, AUTOSCALED, PAYMENTS, Organisation, publish
from rich.console import Console
from streamlit.testing.v1 import AppTest

from dashboard.data.table import Place
from optima import published
from optima.cli import explanation
from optima.explained import table as explained
from optima.wording import COMPONENTS, usd
from optima.workspace import Workspace

if TYPE_CHECKING:
    from demo_run import Demo

_WHERE = "(account_id || '/' || region || '/' || table_name)"
# Of the default organisation: autoscaled with two indexes; a replica of a global table; throttled; young.
AUTOSCALED_TABLE, GLOBAL, THROTTLED, YOUNG = (
    "notifications",
    "user-settings",
    "flash-sales",
    "experiment-results",
)


def squeezed(text: str) -> list[str]:
    """The lines with one space between words."""
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.fixture(scope="module")
def organisation(demo: Demo) -> Iterator[Demo]:
    """The default organisation, as what the pages show."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPTIMA_PROJECT_ROOT", str(demo.workspace))
        yield demo


def place(demo: Demo, name: str) -> str:
    """The address of the first table of that name."""
    return str(
        demo.rows(f"select {_WHERE} as at from dim_tables where table_name = '{name}' order by 1")[0]["at"]
    )


@pytest.fixture(scope="module")
def costs(organisation: Demo) -> AppTest:
    """The page of an autoscaled table as it opens."""
    return opened("table", at=place(organisation, AUTOSCALED_TABLE))


class TestCosts:
    def test_the_head_says_what_where_and_what_to_do(self, organisation: Demo, costs: AppTest) -> None:
        (best,) = organisation.rows(f"select * from best_plans where table_name = '{AUTOSCALED_TABLE}'")
        assert costs.title[0].value == AUTOSCALED_TABLE
        shown = figures(costs)
        assert shown["Costs now, a month"][0] == usd(best["current_monthly_cost_usd"])
        assert shown["With the best plan, a month"][0] == usd(best["projected_monthly_cost_usd"])
        assert shown["Saves a month"] == (
            usd(best["monthly_savings_usd"]),
            f"{usd(best['annual_savings_usd'])} a year",
        )
        said = texts(costs)
        assert f"{best['account_name']} ({best['account_id']}) · {best['ou_path']} · {best['region']}" in said
        assert (
            "**Provisioned · Standard · reads 100–1,000 at 70 % · writes 200–1,000 at 70 %** · 2 indexes"
            in said
        )
        assert "Tags: environment=production · team=mobile" in said
        assert f"Confidence **:green[{best['confidence']}]**" in said
        assert best["reason"] in said

    def test_components_add_up_to_the_plans(self, organisation: Demo, costs: AppTest) -> None:
        lines = organisation.rows(
            f"""
            select index_name, component, is_current, is_chosen, cost_usd
            from plan_cost_lines inner join plan_alternatives using (plan_alternative_key)
            where plan_alternatives.table_name = '{AUTOSCALED_TABLE}' and (is_current or is_chosen)
            """
        )
        *parts, total = grid(costs, "Cost by component")
        assert len(parts) == 7
        for name, now, then, difference in parts:
            who, _, what = name.partition(": ")
            of_it = [
                line
                for line in lines
                if (
                    line["index_name"]
                    or ("table and indexes" if line["component"] == "storage" else "table"),
                    COMPONENTS[line["component"]],
                )
                == (who, what)
            ]
            (paid,) = [line["cost_usd"] for line in of_it if line["is_current"]]
            (planned,) = [line["cost_usd"] for line in of_it if line["is_chosen"]]
            assert (now, then, difference) == (usd(paid), usd(planned), usd(planned - paid)), name
        (best,) = organisation.rows(f"select * from best_plans where table_name = '{AUTOSCALED_TABLE}'")
        assert total == (
            "total",
            usd(best["current_monthly_cost_usd"]),
            usd(best["projected_monthly_cost_usd"]),
            usd(-best["monthly_savings_usd"]),
        )
        drawn = rows(costs, "Cost by component, now and with the best plan, USD a month", "cost")
        assert drawn.groupby("plan")["cost"].sum().to_dict() == {
            "Now": pytest.approx(float(best["current_monthly_cost_usd"])),
            "With the best plan": pytest.approx(float(best["projected_monthly_cost_usd"])),
        }

    def test_every_plan_is_listed_with_its_cost_and_what_speaks_against_it(
        self, organisation: Demo, costs: AppTest
    ) -> None:
        plans = organisation.rows(
            f"""
            select * from plan_alternatives
            where table_name = '{AUTOSCALED_TABLE}'
            order by not is_current, rank_by_cost
            """
        )
        listed = grid(costs, "Plans of this table")
        assert [(row[2], row[3]) for row in listed] == [
            (usd(plan["monthly_cost_usd"]), "" if plan["is_current"] else usd(plan["monthly_savings_usd"]))
            for plan in plans
        ]
        assert [row[5] for row in listed[1:]] == [plan["guard_reason"] or "nothing" for plan in plans[1:]]
        assert [row[0] for row in listed if "best" in row[0]] == ["Provisioned, autoscaled · Standard (best)"]

    def test_the_arithmetic_is_the_command_s(self, organisation: Demo, costs: AppTest) -> None:
        build = published.current(Workspace.at(organisation.workspace))
        printed = io.StringIO()
        with published.open_build(build) as connection:
            found = explained.explain(connection, build, AUTOSCALED_TABLE)
        explanation.show(found, Console(file=printed, width=1000))
        lines = squeezed(printed.getvalue())
        arithmetic = [name for name in grids(costs) if name.startswith("Arithmetic of ")]
        assert len(arithmetic) == len(found.plans) + 3
        for name in arithmetic:
            for row in grid(costs, name):
                assert " ".join(" ".join(row).split()) in lines, row
        for line in squeezed(texts(costs).replace("\\_", "_")):
            if line.startswith(("✓", "✗")):
                assert line in lines

    def test_a_replica_shows_the_others_and_what_all_save(self, organisation: Demo) -> None:
        page = opened("table", at=place(organisation, GLOBAL))
        replicas = organisation.rows(
            f"select * from best_plans where table_name = '{GLOBAL}' order by region"
        )
        assert [row[2:] for row in grid(page, "Replicas of this global table")] == [
            tuple(
                usd(row[f"{name}_usd"])
                for name in ("current_monthly_cost", "projected_monthly_cost", "monthly_savings")
            )
            for row in replicas
        ]
        together = sum(row["monthly_savings_usd"] for row in replicas)
        assert f"its 2 replicas are decided together and save {usd(together)} a month together" in texts(page)
        assert [link.label for link in page.get("page_link")] == ["Open us-west-2"]


class TestDemand:
    def test_hours_are_those_of_the_mart(self, organisation: Demo) -> None:
        page = opened(
            "table",
            at=place(organisation, AUTOSCALED_TABLE),
            tab="Demand",
            units="Writes",
            resource="by-user",
        )
        known = organisation.rows(
            f"""
            select * from fct_capacity_hourly
            where table_name = '{AUTOSCALED_TABLE}' and index_name = 'by-user' order by hour_starts_at
            """
        )
        alt = "Consumed, provisioned and simulated write capacity by hour in the window, units a second"
        drawn = rows(page, alt, "consumed")
        for column, of_mart in (
            ("consumed", "write_mean_units_per_second"),
            ("highest", "write_max_units_per_second"),
            ("provisioned", "write_provisioned_units"),
            ("simulated", "write_simulated_units"),
        ):
            assert drawn[column].tolist() == [row[of_mart] for row in known], column
        assert "unknown" not in texts(page)

    def test_minutes_and_percentiles_are_those_that_were_stored(self, organisation: Demo) -> None:
        at = place(organisation, THROTTLED)
        (newest,) = organisation.rows("select max(day) as day from minute_files")
        page = opened("table", at=at, tab="Demand", by="Minutes of a day", units="Writes")
        stored = duckdb.sql(
            f"""
            select day, writes, write_throttles, write_capacity
            from read_parquet('{organisation.workspace}/data/minutes/*/*.parquet', hive_partitioning = false)
            where account_id || '/' || region || '/' || resource_name = '{at}'
            order by day
            """
        ).fetchall()
        day, writes, throttles, capacity = stored[-1]
        assert day == newest["day"]
        drawn = rows(
            page,
            f"Consumed, provisioned and simulated write capacity by minute on {day:%A, %Y-%m-%d}, "
            "units a second",
            "simulated",
        )
        assert drawn["consumed"].tolist() == writes
        assert drawn["provisioned"].tolist() == [capacity[minute // 5] for minute in range(1440)]
        hours = organisation.rows(
            f"select write_simulated_units from fct_capacity_hourly where {_WHERE} = '{at}' "
            f"and index_name is null and hour_starts_at::date = '{day}' order by hour_starts_at"
        )
        simulated = [hour["write_simulated_units"] for hour in hours]
        assert len(set(simulated)) > 1
        assert drawn["simulated"].tolist() == [simulated[minute // 60] for minute in range(1440)]
        marked = drawn[drawn["throttles"] > 0]
        assert {int(minute): events for minute, events in marked["throttles"].items()} == {
            each["minute_of_day"]: each["value"] for each in throttles if each["value"]
        }
        assert drawn["label"].iloc[13 * 60 + 5] == f"{day:%Y-%m-%d} 13:05"
        rates = np.concatenate([each[1] for each in stored])
        (row,) = [row for row in grid(page, "Percentiles of the window") if row[0] == "writes a second"]
        expected = [rates.mean(), *np.percentile(rates, [50, 90, 95, 99]), rates.max()]
        assert [float(cell) for cell in row[1:]] == pytest.approx(expected, abs=0.005)
        (used,) = organisation.rows(
            "select * from utilization_recommendations "
            f"where table_name = '{THROTTLED}' and index_name is null"
        )
        (row,) = [
            row for row in grid(page, "Percentiles of the window") if row[0] == "writes, of provisioned"
        ]
        assert row[1:] == tuple(
            f"{used[f'write_{share}_utilization']:.1%}".replace("%", " %")
            for share in ("mean", "p50", "p90", "p95", "p99", "max")
        )


class TestOtherParts:
    def test_indexes_have_settings_size_cost_and_advice(self, organisation: Demo) -> None:
        page = opened("table", at=place(organisation, AUTOSCALED_TABLE), tab="Indexes")
        costs = organisation.rows(
            f"""
            select index_name, sum(cost_usd) as cost_usd
            from plan_cost_lines
            where
                table_name = '{AUTOSCALED_TABLE}'
                and plan = 'as_is' and table_class = 'STANDARD' and index_name is not null
            group by index_name order by index_name
            """
        )
        listed = grid(page, "Indexes of this table")
        assert [(row[0], row[3]) for row in listed] == [
            (row["index_name"], usd(row["cost_usd"])) for row in costs
        ]
        assert listed[0][1] == "Provisioned · Standard · reads 50–500 at 70 % · writes 200–1,000 at 70 %"
        (advice,) = organisation.rows(
            "select * from utilization_recommendations where index_name = 'by-topic'"
            f" and table_name = '{AUTOSCALED_TABLE}'"
        )
        assert (
            f"saves {usd(advice['monthly_savings_usd'])} a month, if only this were applied" in listed[0][4]
        )

    def test_settings_and_what_was_set_when(self, organisation: Demo) -> None:
        page = opened("table", at=place(organisation, AUTOSCALED_TABLE), tab="Settings")
        (table,) = organisation.rows(f"select * from dim_tables where table_name = '{AUTOSCALED_TABLE}'")
        facts = dict(grid(page, "Settings of this table"))
        assert facts["Size of the table"].startswith(
            f"{table['size_bytes'] / 2**30:.1f} GiB, {table['item_count']:,}"
        )
        assert facts["Created"] == f"{table['created_at']:%Y-%m-%d %H:%M} UTC"
        spans = organisation.rows(
            f"""
            select * from configuration_history
            where table_name = '{AUTOSCALED_TABLE}' order by index_name nulls first, valid_from desc
            """
        )
        assert [(row[0], row[1]) for row in grid(page, "History of settings")] == [
            (span["index_name"] or "table", f"{span['valid_from']:%Y-%m-%d %H:%M} UTC") for span in spans
        ]

    def test_the_bill_is_held_against_the_model(self, organisation: Demo) -> None:
        page = opened("table", at=place(organisation, AUTOSCALED_TABLE), tab="Bill")
        months = organisation.rows(
            f"select * from cost_reconciliation where table_name = '{AUTOSCALED_TABLE}' "
            "order by billing_month desc"
        )
        month = next(month for month in months if month["compared_hours"])
        assert month["explanation"] in texts(page)
        *parts, total = grid(page, f"Model against the bill of {month['billing_month']:%Y-%m}")
        assert parts[1][:3] == ("writes", usd(month["write_billed_usd"]), usd(month["write_modelled_usd"]))
        assert total[1:3] == (usd(month["compared_billed_usd"]), usd(month["modelled_usd"]))
        billed = organisation.rows(
            f"select * from fct_dynamodb_costs where table_name = '{AUTOSCALED_TABLE}' "
            "order by billing_month desc"
        )
        assert grid(page, "Billed by component and month")[-1] == (
            "total",
            *(usd(row["net_cost"]) for row in billed),
        )

    def test_what_was_collected_and_what_is_missing(self, organisation: Demo) -> None:
        page = opened("table", at=place(organisation, YOUNG), tab="Data")
        known = organisation.rows(
            f"select * from collection_coverage where table_name = '{YOUNG}' order by index_name nulls first"
        )
        facts = {row[0]: row[1:] for row in grid(page, "What was collected of this table and its indexes")}
        assert [cell.partition(", ")[2] for cell in facts["Known"]] == [
            f"{row['known_minutes']:,} minutes" for row in known
        ]
        begins = tuple(f"{row['demand_starts_at']:%Y-%m-%d %H:%M} UTC" for row in known)
        assert facts["Demand begins"] == begins
        assert [box.value for box in page.success] == ["Nothing is missing."]


# ---- States, made by hand ----

ORDERS = f"{PAYMENTS}/us-east-1/orders"


def orders(window_end: datetime, **columns: Any) -> Organisation:
    """An account with the table orders, for which nothing is known but its settings and its coverage."""
    made = Organisation(window_end)
    made.account(PAYMENTS, "payments")
    defaults = {
        "billing_mode": "PAY_PER_REQUEST",
        "table_class": "STANDARD",
        "is_replicated": False,
        "index_count": 0,
    }
    made.table(PAYMENTS, "us-east-1", "orders", **defaults | columns)
    made.classes.clear()
    made.coverage[-1].update(
        window_start=made.window_start,
        resource_key="orders",
        coverage_ratio=1.0,
        gaps=0,
        resolution_seconds=60,
    )
    return made


def plan(made: Organisation, costs: tuple[str, str] = ("22.9950", "9.9645"), **columns: Any) -> None:
    """Advise on orders, as its best plan."""
    made.recommend("best_plan", "orders", costs, recommended_setting=json.dumps(AUTOSCALED), **columns)
    of_all = {name: value for name, value in made.recommendations[-1].items() if name in ADVICE}
    made.add("best_plans", **of_all, decision_key="orders")


def at_orders(**address: str) -> AppTest:
    return opened("table", at=ORDERS, **address)


class TestStates:
    def test_no_plan_could_be_priced(self, workspace: Path, now: datetime) -> None:
        made = orders(now)
        plan(made, ("0", "0"), keep_reason="no_price", reason="The price of a read is not known.")
        made.rows["best_plans"][0].update(current_monthly_cost_usd=None, projected_monthly_cost_usd=None)
        publish(workspace, made, now)
        page = at_orders()
        assert figures(page)["Costs now, a month"][0] == "unknown"
        assert "No plan of it could be priced. The price of a read is not known." in texts(page)
        assert not grids(page)

    def test_a_build_of_an_older_version_says_what_it_lacks(self, workspace: Path, now: datetime) -> None:
        older = ["plan_cost_lines", "configuration_history", "cost_reconciliation", "dim_tables.tags"]
        publish(
            workspace,
            orders(now),
            now,
            without=older,
        )
        page = at_orders()
        assert "The published build holds no plans: `dynamodb-optima run` publishes a new one" in texts(page)
        assert "kept no history for reading" in texts(at_orders(tab="Settings"))
        assert "This table has no global secondary index" in texts(at_orders(tab="Indexes"))
        assert "The published build knows no bill" in texts(at_orders(tab="Bill"))

    def test_nothing_is_known_but_settings(self, workspace: Path, now: datetime) -> None:
        publish(workspace, orders(now), now)
        assert "Nothing is known of the table orders beyond its settings." in texts(at_orders())
        assert "No demand is known in the window." in texts(at_orders(tab="Demand"))
        assert "The build has no minutes" in texts(at_orders(tab="Demand", by="Minutes of a day"))
        assert "No billing export names this table" in texts(at_orders(tab="Bill"))

    def test_old_data_and_a_suspended_account_are_said(self, workspace: Path, now: datetime) -> None:
        made = orders(now - timedelta(days=5))
        plan(made, ("9", "9"), keep_reason="account_inactive", reason="Its account is suspended.")
        made.accounts[0].update(state="SUSPENDED", inactive_because="its account is suspended")
        publish(workspace, made, now - timedelta(days=5))
        page = at_orders()
        assert "Nothing is advised on this table: its account is suspended." in texts(page)
        assert "5 days ago: `dynamodb-optima run` loads what came since." in texts(page)
        assert [button.label for button in page.button if button.label == "Accept"] == []

    def test_a_decision_is_shown_with_its_reason(self, workspace: Path, now: datetime) -> None:
        made = orders(now)
        plan(made)
        publish(workspace, made, now)
        page = at_orders()
        assert "Status **pending**" in texts(page)
        page.button(key="plan-accepted").click().run()
        assert not page.exception
        assert "Status **:green[accepted]**" in texts(page)
        (line,) = [json.loads(line) for line in (workspace / "data/decisions.jsonl").read_text().splitlines()]
        assert (line["recommendation_id"], line["status"]) == ("best_plan-orders-", "accepted")

    def test_what_is_unknown_is_not_drawn_and_what_was_throttled_is_marked(
        self, workspace: Path, now: datetime
    ) -> None:
        made = orders(datetime(now.year, now.month, now.day))
        made.coverage[-1].update(known_minutes=120, gap_minutes=20_040, missing="Nothing since is known.")
        day = made.window_start.date()
        where = {"account_id": PAYMENTS, "region": "us-east-1", "table_name": "orders"}
        for hour in (5, 11):
            hour_starts_at = made.window_start + timedelta(hours=hour)
            rate = {"read_mean_units_per_second": float(hour), "read_max_units_per_second": 9.0}
            made.add("fct_capacity_hourly", **where, hour_starts_at=hour_starts_at, known_minutes=60, **rate)
        made.add("fct_capacity_daily", **where, day=day, known_minutes=120, read_mean_units_per_second=8.0)
        file = minutes_of(workspace, day, unknown=range(600, 603), throttled={700: 12.0})
        made.add("minute_files", day=day, file=file)
        publish(workspace, made, now)

        page = at_orders(tab="Demand")
        drawn = rows(page, charts(page)[0], "highest")
        assert len(drawn) == 14 * 24
        assert drawn["consumed"].dropna().to_dict() == {5: 5.0, 11: 11.0}
        assert drawn["throttles"].dropna().to_dict() == {11: 12.0}
        assert "334 hours of 336 unknown: not drawn, and not counted as zero." in texts(page)
        page = at_orders(tab="Demand", by="Days")
        assert rows(page, charts(page)[0], "highest")["consumed"].dropna().to_dict() == {0: 8.0}
        assert "13 days of 14 unknown: not drawn, and not counted as zero." in texts(page)
        page = at_orders(tab="Demand", by="Minutes of a day", day=f"{day}")
        drawn = rows(page, charts(page)[0], "simulated")
        assert drawn["consumed"].isna().to_numpy().nonzero()[0].tolist() == [600, 601, 602]
        assert drawn["consumed"].iloc[[599, 603]].tolist() == [599.0, 603.0]
        assert drawn["throttles"].dropna().to_dict() == {700: 12.0}
        assert "3 minutes of 1,440 unknown: not drawn, and not counted as zero." in texts(page)
        page = at_orders(tab="Data")
        assert "The table: Nothing since is known." in texts(page)
        assert "less than 95 % of its minutes are known, too little to advise on its capacity" in texts(page)
        assert "`dynamodb-optima collect` fetches what CloudWatch still holds." in texts(page)

    def test_minutes_that_are_gone_are_said(self, workspace: Path, now: datetime) -> None:
        made = orders(now)
        day = (now - timedelta(days=1)).date()
        made.add("minute_files", day=day, file=f"day={day}/gone.parquet")
        publish(workspace, made, now)
        said = texts(at_orders(tab="Demand", by="Minutes of a day"))
        assert (
            f"The minutes day={day}/gone.parquet cannot be read: run an analysis to publish new ones." in said
        )


def minutes_of(root: Path, day: date, unknown: range, throttled: dict[int, float]) -> str:
    """Write the minutes of orders: as many reads a second as the minute has behind it; return their file."""
    folder = root / "data" / "minutes" / f"day={day}"
    folder.mkdir(parents=True)
    reads = [None if minute in unknown else float(minute) for minute in range(1440)]
    marked = [{"minute_of_day": minute, "value": events} for minute, events in throttled.items()]
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select
                    '{PAYMENTS}' as account_id, 'us-east-1' as region, 'orders' as resource_name, $day as day,
                    $reads::double[] as reads, $reads::double[] as writes,
                    null::double[] as read_capacity, null::double[] as write_capacity,
                    $marked::struct(minute_of_day usmallint, value double)[] as read_throttles,
                    null::struct(minute_of_day usmallint, value double)[] as write_throttles
            ) to '{folder}/minutes.parquet'
            """,
            {"day": day, "reads": reads, "marked": marked},
        )
    return f"day={day}/minutes.parquet"


class TestChoosing:
    @pytest.fixture
    def chosen(self, workspace: Path, now: datetime) -> Workspace:
        made = orders(now)
        plan(made)
        made.account(ANALYTICS, "analytics")
        for name, region in (("orders-archive", "us-east-1"), ("clicks", "eu-west-1")):
            made.table(ANALYTICS, region, name, billing_mode="PROVISIONED", table_class="STANDARD")
        made.recommend("best_plan", "clicks", ("80", "40"), recommended_setting=json.dumps(AUTOSCALED))
        row = {name: value for name, value in made.recommendations[-1].items() if name in ADVICE}
        made.add("best_plans", **row)
        publish(workspace, made, now)
        return Workspace.at(workspace)

    @pytest.mark.usefixtures("chosen")
    def test_the_list_follows_the_side_bar_and_the_search(self) -> None:
        page = opened("table")
        assert page.dataframe[0].value["table_name"].tolist() == ["clicks", "orders", "orders-archive"]
        assert page.dataframe[0].value["monthly_savings_usd"].iloc[:2].tolist() == [40.0, 13.0305]
        assert "3 tables; the largest savings first." in texts(page)
        page.text_input(key="find").input("ORDER").run()
        assert page.dataframe[0].value["table_name"].tolist() == ["orders", "orders-archive"]
        page.text_input(key="find").input("nothing-like-it").run()
        assert "No table of this build has such a name and passes the filters" in texts(page)
        page = opened("table", min_savings="20")
        assert page.dataframe[0].value["table_name"].tolist() == ["clicks"]

    @pytest.mark.usefixtures("chosen")
    def test_an_unknown_table_is_said_and_the_nearest_are_offered(self) -> None:
        page = opened("table", at=f"{PAYMENTS}/us-east-1/ordrs")
        assert f"has no table {PAYMENTS}/us-east-1/ordrs" in texts(page)
        assert [link.label.replace("\\", "") for link in page.get("page_link")] == [
            f"orders · us-east-1 · payments ({PAYMENTS})",
            f"orders-archive · us-east-1 · analytics ({ANALYTICS})",
        ]
        page.button(key="others").click().run()
        assert len(page.dataframe[0].value) == 3

    @pytest.mark.usefixtures("chosen")
    def test_an_address_is_data(self) -> None:
        page = opened("table", at="'; drop table dim_tables; --/x/y")
        assert "the address may be misspelt (account id/region/table name)" in texts(page)


@pytest.mark.parametrize("text", ["orders", "a/b", "a//b", "/a/b", "a/b/c/d"])
def test_what_is_no_place_is_none(text: str) -> None:
    assert Place.parse(text) is None
    assert Place.parse("1/us-east-1/orders") == Place("1", "us-east-1", "orders")
