"""What if on a table's page: what the controls ask for is what the engine says, to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil
from pathlib import Path

import pytest
from demo_run import Demo
from opening import figures, texts
from published_marts import Organisation, publish
from streamlit.testing.v1 import AppTest
from what_if_marts import ACCOUNT, NAME, REGION, Marts

from optima import published, what_if
from optima.published import Build
from optima.what_if import Assumption, Capacity, Minutes, Policy, Result
from optima.wording import usd
from optima.workspace import Workspace

_INDEXED = """
    select inputs.account_id, inputs.region, inputs.table_name
    from what_if_inputs as inputs
    inner join best_plans on inputs.table_key = best_plans.table_key
    where
        best_plans.plan = 'provisioned_autoscaled'
        and inputs.billing_mode = 'PROVISIONED'
        and inputs.index_name is not null
        and not inputs.is_replicated
    order by best_plans.monthly_savings_usd desc, inputs.table_name
    limit 1
"""
_ON_DEMAND = """
    select inputs.account_id, inputs.region, inputs.table_name
    from what_if_inputs as inputs
    inner join best_plans on inputs.table_key = best_plans.table_key
    where best_plans.advice = 'keep' and inputs.billing_mode = 'PAY_PER_REQUEST' and inputs.is_replicated
    order by inputs.table_name
    limit 1
"""


def _part() -> None:
    """Draw the part alone, for the table that the address names."""
    import streamlit as st
    from opening import looked_at

    from dashboard.views.table import what_if as part
    from optima import published
    from optima.workspace import Workspace, find_root

    account_id, region, name = st.query_params["at"].split("/")
    view = looked_at(published.current(Workspace.at(find_root())))
    part.render(view, {"account_id": account_id, "region": region, "table_name": name})


@dataclass
class Asking:
    """The part of one table, and the engine beside it."""

    page: AppTest
    build: Build
    minutes: Minutes

    @classmethod
    def of(cls, workspace: Path, key: tuple[str, str, str]) -> Asking:
        """Open the part of a table in a workspace, which OPTIMA_PROJECT_ROOT names."""
        build = published.current(Workspace.at(workspace))
        page = AppTest.from_function(_part, default_timeout=60)
        page.query_params["at"] = "/".join(key)
        page.run()
        assert not page.exception, page.exception
        with published.open_build(build) as connection:
            table = what_if.read_table(connection, *key)
        return cls(page, build, what_if.read_minutes(build, table))

    def engine(self, assumption: Assumption) -> Result:
        """Ask the engine."""
        with published.open_build(self.build) as connection:
            return what_if.cost(connection, self.minutes, assumption)

    def shows(self, assumption: Assumption) -> Result:
        """Hold the figures of the page to the engine's answer, and return it."""
        assert not self.page.exception, self.page.exception
        result = self.engine(assumption)
        shown = {label: value for label, (value, _) in figures(self.page).items()}
        assert shown["Costs a month"] == usd(result.asked.monthly_usd or 0)
        assert shown["Against today"].lstrip("+") == usd(result.to_today_usd or 0)
        assert shown["Against the best plan"].lstrip("+") == usd(result.to_best_plan_usd or 0)
        return result

    def slide(self, label: str, percent: int) -> None:
        next(slider for slider in self.page.slider if slider.label.startswith(label)).set_value(percent).run()

    def put(self, label: str, units: int) -> None:
        next(field for field in self.page.number_input if field.label == label).set_value(units).run()

    def choose(self, label: str, value: str) -> None:
        next(group for group in self.page.segmented_control if group.label == label).set_value(value).run()

    def press(self, label: str) -> None:
        next(button for button in self.page.button if button.label == label).click().run()


def _found(demo: Demo, query: str) -> tuple[str, str, str]:
    [row] = demo.rows(query)
    return row["account_id"], row["region"], row["table_name"]


def _with(
    assumption: Assumption, name: str, dimension: str, capacity: Capacity
) -> Mapping[str, Mapping[str, Capacity]]:
    capacities = assumption.capacities
    return {**capacities, name: {**capacities[name], dimension: capacity}}


def test_what_is_moved_is_what_the_engine_is_asked(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMA_PROJECT_ROOT", str(demo.workspace))
    key = _found(demo, _INDEXED)
    asking = Asking.of(demo.workspace, key)
    table = asking.minutes.table
    [best] = demo.rows(
        f"""select current_monthly_cost_usd, projected_monthly_cost_usd from best_plans
        where account_id = '{key[0]}' and region = '{key[1]}' and table_name = '{key[2]}'"""
    )
    # It begins with the best plan.
    plan = what_if.best_plan(table)
    asking.shows(plan)
    assert figures(asking.page)["Costs a month"][0] == usd(best["projected_monthly_cost_usd"])
    assert f"today {usd(best['current_monthly_cost_usd'])}" in texts(asking.page)
    assert f"best plan {usd(best['projected_monthly_cost_usd'])}" in texts(asking.page)

    # The target alone, then the minimum above what is needed, then units that stay.
    reads = plan.capacities[table.name]["read"]
    assert isinstance(reads, Policy)
    asking.slide("Reads: target", 45)
    lower = Policy(0.45, reads.min_capacity, reads.max_capacity)
    moved = Assumption(table.table_class, "provisioned", "list", _with(plan, table.name, "read", lower))
    assert asking.shows(moved).to_best_plan_usd > 0
    higher = Policy(0.45, reads.max_capacity, reads.max_capacity)
    asking.put("Reads: minimum", reads.max_capacity)
    moved = Assumption(table.table_class, "provisioned", "list", _with(plan, table.name, "read", higher))
    result = asking.shows(moved)
    assert result.simulated[table.name, "read"].least == reads.max_capacity
    asking.choose("Writes", "Fixed")
    asking.put("Writes: units", 1)
    moved = Assumption(table.table_class, "provisioned", "list", _with(moved, table.name, "write", 1))
    result = asking.shows(moved)
    throttled = sum(simulated.throttling.minutes for simulated in result.simulated.values())
    assert throttled > 0
    assert figures(asking.page)["Throttled minutes"][0] == f"{throttled:,}"
    assert "not safe: more than 0.1 % of units and 1 minute a day, with 60 s of burst" in texts(asking.page)
    grid = asking.page.table[1].value
    assert list(grid["What"])[:2] == ["reads", "writes"]
    assert list(grid["Safe"])[:2] == ["yes", "no"]

    # Class and prices.
    asking.choose("Table class", "STANDARD_INFREQUENT_ACCESS")
    asking.choose("Prices", "net")
    asking.shows(Assumption("STANDARD_INFREQUENT_ACCESS", "provisioned", "net", moved.capacities))

    # What makes no sense is said, and nothing is computed.
    asking.choose("Writes", "Autoscaled")
    asking.put("Writes: minimum", 9_000_000)
    assert not asking.page.metric
    [warning] = asking.page.warning
    assert "of the writes of the table is" in warning.value
    assert "below the minimum of 9,000,000: raise the one or lower the other." in warning.value

    # And back, at the prices that were chosen.
    asking.press("Today's setting")
    today = asking.shows(what_if.as_today(table, "net"))
    assert today.to_today_usd == 0
    asking.press("Best plan")
    assert asking.shows(what_if.best_plan(table, "net")).to_best_plan_usd == 0


def test_all_alike_changes_the_indexes_too(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMA_PROJECT_ROOT", str(demo.workspace))
    asking = Asking.of(demo.workspace, _found(demo, _INDEXED))
    table = asking.minutes.table
    asking.page.selectbox[0].set_value("Table and indexes alike").run()
    asking.slide("Writes: target", 50)
    capacities = {
        name: {
            dimension: Policy(0.5, capacity.min_capacity, capacity.max_capacity)
            if dimension == "write" and isinstance(capacity, Policy)
            else capacity
            for dimension, capacity in dimensions.items()
        }
        for name, dimensions in what_if.best_plan(table).capacities.items()
    }
    assert len(capacities) > 1
    asking.shows(Assumption(table.table_class, "provisioned", "list", capacities))
    # One of them by itself again.
    index = table.resources[-1]
    asking.page.selectbox[0].set_value(index.index_name).run()
    assert [slider.value for slider in asking.page.slider if slider.label.startswith("Writes")] == [50]


def test_an_on_demand_replica_has_no_capacity_until_it_is_given_some(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTIMA_PROJECT_ROOT", str(demo.workspace))
    asking = Asking.of(demo.workspace, _found(demo, _ON_DEMAND))
    table = asking.minutes.table
    assert asking.shows(what_if.as_today(table)).to_today_usd == 0
    assert figures(asking.page)["Throttled minutes"][0] == "none"
    assert "on-demand capacity follows demand" in texts(asking.page)
    assert "A replica of a global table: these are the dollars of this replica alone" in texts(asking.page)
    assert not asking.page.slider
    assert [button.label for button in asking.page.button] == ["Today's setting"]
    asking.choose("Mode", "provisioned")
    for name, part in table.resources[0].dimensions.items():
        policy = part.autoscaled or Policy(0.7, 1, max(1, ceil(2 * (part.peak_units_per_second or 0) / 0.7)))
        begun = {field.label: field.value for field in (*asking.page.slider, *asking.page.number_input)}
        assert begun[f"{name.capitalize()}s: target utilisation, %"] == round(100 * policy.target)
        assert begun[f"{name.capitalize()}s: minimum"] == policy.min_capacity
        assert begun[f"{name.capitalize()}s: maximum"] == policy.max_capacity


# ---- Builds that lack something ----


@pytest.fixture
def marts() -> Marts:
    """70 reads a second, on-demand, of an account whose bill tells nothing."""
    marts = Marts()
    marts.resource(70.0, 0.0, request_rate_source="list", unit_hour_rate_source="list")
    marts.plan({"read": "22.995", "write": "0"}, is_current=True, is_chosen=True)
    return marts


def _published(workspace: Path, marts: Marts, without: tuple[str, ...] = ()) -> AppTest:
    made = Organisation(datetime(2026, 11, 1))
    for mart, rows in marts.rows.items():
        made.rows[mart] = rows
    publish(workspace, made, datetime(2026, 11, 1, 1), without=without)
    page = AppTest.from_function(_part, default_timeout=60)
    page.query_params["at"] = f"{ACCOUNT}/{REGION}/{NAME}"
    return page.run()


def test_without_minutes_all_but_policies_is_worked_out(workspace: Path, marts: Marts) -> None:
    page = _published(workspace, marts)
    assert "The minutes of this table are not among the published ones" in texts(page)
    assert figures(page)["Costs a month"][0] == "$23.00"
    page.segmented_control[0].set_value("provisioned").run()
    assert figures(page)["Costs a month"][0] == "unknown"
    assert "nothing is known to simulate" in texts(page)
    assert "Nothing is known of its demand by the minute." in texts(page)
    for dimension in ("Reads", "Writes"):
        group = next(group for group in page.segmented_control if group.label == dimension)
        group.set_value("Fixed").run()
    units = [field.value for field in page.number_input]
    assert units == [70, 1]
    # 70 and 1: 6.643 and 0.4745.
    assert figures(page)["Costs a month"][0] == usd(Decimal("7.1175"))
    page.segmented_control[2].set_value("net").run()
    assert "No bill tells what this account pays for a unit: these prices are the list's." in texts(page)
    assert not page.exception


def test_a_build_of_an_older_version_says_so(workspace: Path, marts: Marts) -> None:
    page = _published(workspace, marts, without=("what_if_inputs",))
    [info] = page.info
    assert info.value == (
        "The published build holds no prices and settings to ask what if with: `dynamodb-optima run` "
        "publishes a new one, which does."
    )
    assert not page.exception
    assert not page.metric
