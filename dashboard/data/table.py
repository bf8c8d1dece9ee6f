"""What is asked of a build about one table.

Every question names account, region and table, by which marts are sorted, and is answered from few blocks of
the file. Answers are remembered: a build does not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard.builds import cursor, moving_on
from dashboard.data import scope
from dashboard.view import View
from optima import minutes, published, selection
from optima.decisions import Standing
from optima.errors import OptimaError
from optima.explained import table as explanation
from optima.explained.table import Explained
from optima.published import Build
from optima.selection import PLAN, Filters

Row = dict[str, Any]

# Tables of which a process remembers the answers, and days of minutes, which are larger.
_KEPT, _KEPT_DAYS = 64, 128
# Rows of the list of tables, and names that are offered where one was not found.
MOST_LISTED, NEAREST, _ALIKE = 300, 5, 0.8
# The parts of a day that the provisioned capacity is known by, in minutes.
_STEP = 5
DIMENSIONS = ("read", "write")

_IS_IT = "account_id = $account_id and region = $region and table_name = $table_name"

_TABLE = f"select * from dim_tables where {_IS_IT}"  # noqa: S608 (constant, as all below)
_ACCOUNT = "select * from dim_accounts where account_id = $account_id"
_INDEXES = f"""
    select *, null as monthly_cost_usd
    from dim_indexes
    where {_IS_IT}
    order by index_name
"""  # noqa: S608
_INDEXES_PRICED = f"""
    with
        costs as (
            select
                lines.index_name,
                case when count(*) = count(lines.cost_usd) then sum(lines.cost_usd) end as monthly_cost_usd
            from plan_cost_lines as lines
            inner join plan_alternatives as plans using (plan_alternative_key)
            where
                lines.account_id = $account_id
                and lines.region = $region
                and lines.table_name = $table_name
                and plans.is_current
                and lines.component <> 'storage'
            group by lines.index_name
        )
    select indexes.*, costs.monthly_cost_usd
    from (select * from dim_indexes where {_IS_IT}) as indexes
    left join costs using (index_name)
    order by index_name
"""  # noqa: S608
_COVERAGE = f"select * from collection_coverage where {_IS_IT} order by index_name nulls first"  # noqa: S608
_HISTORY = f"""
    select *
    from configuration_history
    where {_IS_IT}
    order by index_name nulls first, valid_from desc
"""  # noqa: S608
_REPLICAS = """
    with
        decision as (select * from best_plans where decision_key = $decision_key)
    select
        account_id,
        account_name,
        region,
        table_name,
        current_monthly_cost_usd,
        projected_monthly_cost_usd,
        monthly_savings_usd,
        recommendation_id
    from decision
    order by account_id, region, table_name
"""
# What the lines of a plan that was not priced add up to is not known; a component that only one of two priced
# plans has costs nothing in the other.
_COMPONENTS = f"""
    with
        lines as (
            select
                lines.component,
                lines.index_name,
                lines.cost_usd,
                plans.is_current,
                plans.is_chosen
            from (select * from plan_cost_lines where {_IS_IT}) as lines
            inner join plan_alternatives as plans using (plan_alternative_key)
            where plans.is_current or plans.is_chosen
        ),
        summed as (
            select
                component,
                index_name,
                grouping(component) = 1 as is_total,
                case
                    when count(*) filter (is_current and cost_usd is null) = 0
                    then coalesce(sum(cost_usd) filter (is_current), 0)
                end as now_usd,
                case
                    when count(*) filter (is_chosen and cost_usd is null) = 0
                    then coalesce(sum(cost_usd) filter (is_chosen), 0)
                end as then_usd
            from lines
            group by grouping sets ((component, index_name), ())
        )
    select *, then_usd - now_usd as change_usd
    from summed
    where not is_total or exists (select 1 from lines)
    order by is_total, component = 'storage', index_name nulls first, component
"""  # noqa: S608
# The part of the window in which a table or index existed; what is not known of it is a gap.
_LIVED = f"""
    lived as (
        select
            greatest(window_start, coalesce(demand_starts_at, window_start)) as starts_at,
            window_end as ends_at
        from collection_coverage
        where {_IS_IT} and index_name is not distinct from $index_name and window_start < window_end
    )
"""  # noqa: S608
_DAYS = f"""
    with
        {_LIVED},
        known as (
            select * exclude (account_id, account_name, region, table_name, index_name, resource_key, resource_day_key)
            from fct_capacity_daily
            where {_IS_IT} and index_name is not distinct from $index_name
        ),
        days as (
            select unnest(
                generate_series(date_trunc('day', starts_at), ends_at - interval 1 second, interval 1 day)
            )::date as day
            from lived
        )
    select *
    from days
    left join known using (day)
    order by day
"""  # noqa: S608, E501
_HOURS = f"""
    with
        {_LIVED},
        known as (
            select * exclude (account_id, account_name, region, table_name, index_name, resource_key, resource_hour_key)
            from fct_capacity_hourly
            where {_IS_IT} and index_name is not distinct from $index_name
        ),
        hours as (
            select unnest(
                generate_series(date_trunc('hour', starts_at), ends_at - interval 1 second, interval 1 hour)
            ) as hour_starts_at
            from lived
        )
    select *
    from hours
    left join known using (hour_starts_at)
    order by hour_starts_at
"""  # noqa: S608, E501
# A day of minutes, of which the unknown are null. Provisioned capacity is known by five minutes, the
# simulated by the hour.
_MINUTES = f"""
    with
        day as (select * from minutes),
        hours as (
            select hour(hour_starts_at) as hour, read_simulated_units, write_simulated_units
            from fct_capacity_hourly
            where
                {_IS_IT}
                and index_name is not distinct from $index_name
                and hour_starts_at::date = $day
        ),
        listed as (
            select
                generate_subscripts(reads, 1) - 1 as minute_of_day,
                unnest(reads) as read_units_per_second,
                unnest(writes) as write_units_per_second
            from day
        )
    select
        $day + to_minutes(listed.minute_of_day) as minute_starts_at,
        listed.read_units_per_second,
        listed.write_units_per_second,
        (select read_capacity from day)[listed.minute_of_day // $step + 1] as read_provisioned_units,
        (select write_capacity from day)[listed.minute_of_day // $step + 1] as write_provisioned_units,
        hours.read_simulated_units,
        hours.write_simulated_units,
        reads_throttled.events as read_throttle_events,
        writes_throttled.events as write_throttle_events
    from listed
    left join hours on listed.minute_of_day // 60 = hours.hour
    left join
        (
            select throttle.minute_of_day, throttle.value as events
            from (select unnest(read_throttles) as throttle from day)
        ) as reads_throttled
        on listed.minute_of_day = reads_throttled.minute_of_day
    left join
        (
            select throttle.minute_of_day, throttle.value as events
            from (select unnest(write_throttles) as throttle from day)
        ) as writes_throttled
        on listed.minute_of_day = writes_throttled.minute_of_day
    order by listed.minute_of_day
"""  # noqa: S608
# Of the known minutes, by linear interpolation.
_PERCENTILES = """
    with
        listed as (
            select
                day + to_minutes(generate_subscripts(reads, 1) - 1) as minute_starts_at,
                unnest(reads) as read_rate,
                unnest(writes) as write_rate
            from minutes
        ),
        known as (
            select *
            from listed
            where minute_starts_at >= $starts_at and minute_starts_at < $ends_at and read_rate is not null
        ),
        rates as (
            select 'read' as dimension, read_rate as rate from known
            union all
            select 'write', write_rate from known
        )
    select
        dimension,
        count(*) as known_minutes,
        avg(rate) as mean,
        quantile_cont(rate, 0.5) as p50,
        quantile_cont(rate, 0.9) as p90,
        quantile_cont(rate, 0.95) as p95,
        quantile_cont(rate, 0.99) as p99,
        max(rate) as max
    from rates
    group by dimension
    order by dimension
"""
# The hours of a window with throttled minutes, which the mart of hours does not tell.
_THROTTLED_HOURS = """
    with
        listed as (
            select 'read' as dimension, day, unnest(read_throttles) as throttle from minutes
            union all
            select 'write', day, unnest(write_throttles) from minutes
        )
    select
        day + to_hours(throttle.minute_of_day // 60) as hour_starts_at,
        sum(throttle.value) filter (dimension = 'read') as read_throttle_events,
        sum(throttle.value) filter (dimension = 'write') as write_throttle_events
    from listed
    group by hour_starts_at
"""
# What model and bill say of a month, by component; what is not modelled is only billed.
_RECONCILED = f"""
    with
        months as (select * from cost_reconciliation where {_IS_IT}),
        compared as (
            {
    " union all ".join(
        f'''
            select
                table_month_key,
                {place} as place,
                '{component}' as component,
                {component}_billed_usd as billed_usd,
                {component}_modelled_usd as modelled_usd
            from months
        '''
        for place, component in enumerate(("read", "write", "replicated_write", "storage"))
    )
}
        )
    select
        months.billing_month,
        months.payer_account_id,
        compared.component,
        compared.billed_usd,
        compared.modelled_usd,
        compared.modelled_usd - compared.billed_usd as error_usd
    from compared
    inner join months using (table_month_key)
    where months.compared_hours > 0 and (compared.billed_usd <> 0 or compared.modelled_usd <> 0)
    order by months.billing_month desc, months.payer_account_id, compared.place
"""  # noqa: S608
_MONTHS = f"""
    select * from cost_reconciliation where {_IS_IT} order by billing_month desc, payer_account_id
"""  # noqa: S608
_BILLED = f"""
    select * from fct_dynamodb_costs where {_IS_IT} order by billing_month desc, payer_account_id, currency
"""  # noqa: S608
_NEAREST = """
    select account_id, account_name, region, table_name
    from dim_tables
    where jaro_winkler_similarity(lower(table_name), lower($table_name)) >= $alike
    order by
        jaro_winkler_similarity(lower(table_name), lower($table_name)) desc,
        account_id <> $account_id,
        region <> $region,
        account_id,
        region,
        table_name
    limit $most
"""
_FOUND = """
    with
        found as (
            select account_id, region, table_name
            from tables
            where contains(lower(table_name), lower($text))
        ),
        planned as (
            select
                account_id,
                dim_tables.account_name,
                region,
                table_name,
                dim_tables.billing_mode,
                dim_tables.table_class,
                plans.current_monthly_cost_usd,
                plans.monthly_savings_usd,
                plans.current_setting,
                plans.recommended_setting,
                plans.advice
            from found
            inner join dim_tables using (account_id, region, table_name)
            left join
                (select * from recommendations where kind = $plan) as plans
                using (account_id, region, table_name)
            where $min_savings = 0 or plans.monthly_savings_usd >= $min_savings
        )
    select
        *,
        count(*) over () as found
    from planned
    order by
        monthly_savings_usd desc nulls last,
        current_monthly_cost_usd desc nulls last,
        account_id,
        region,
        table_name
    limit $most
"""


@dataclass(frozen=True)
class Place:
    """Where a table is."""

    account_id: str
    region: str
    table_name: str

    def __str__(self) -> str:
        """Return it as the address has it."""
        return f"{self.account_id}/{self.region}/{self.table_name}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """Read what the address has; None where that is no place."""
        parts = text.strip().split("/")
        return cls(*parts) if len(parts) == 3 and all(parts) else None

    @property
    def named(self) -> dict[str, Any]:
        """Return the parameters that the questions name it by."""
        return {"account_id": self.account_id, "region": self.region, "table_name": self.table_name}


def found(view: View, text: str) -> pd.DataFrame:
    """Return the tables that the side bar selects and whose names contain `text`, the largest savings first.

    At most `MOST_LISTED`; the column `found` says how many there are.
    """
    asked = {"text": text, "min_savings": view.filters.min_savings, "most": MOST_LISTED, "plan": PLAN}
    return scope.ask_of_tables(view, _FOUND, asked).df()


def nearest(view: View, text: str) -> list[Row]:
    """Return the tables whose names are most like what an address names, wherever they are."""
    account_id, region, name = ["", "", *text.split("/")][-3:]
    named = {"account_id": account_id, "region": region, "table_name": name}
    return _rows(view.build, _NEAREST, {**named, "most": NEAREST, "alike": _ALIKE})


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def row(build: Build, place: Place) -> Row | None:
    """Return a table's row of dim_tables, None where the build has no such table."""
    return next(iter(_rows(build, _TABLE, place.named)), None)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def account(build: Build, account_id: str) -> Row | None:
    """Return an account's row of dim_accounts."""
    return next(iter(_rows(build, _ACCOUNT, {"account_id": account_id})), None)


def explained(view: View, place: Place) -> Explained | str:
    """Return everything that the build says of a table's plans, or why it says nothing, in a sentence."""
    return _explained(view.build, place, view.standing)


@st.cache_resource(max_entries=_KEPT, show_spinner=False, hash_funcs={Standing: attrgetter("version")})
def _explained(build: Build, place: Place, standing: Standing) -> Explained | str:
    try:
        return explanation.explain(
            cursor(build),
            build,
            place.table_name,
            region=place.region,
            account=place.account_id,
            decided=standing.statuses,
        )
    except OptimaError as error:
        return str(error)


def recommended(view: View, place: Place) -> pa.Table:
    """Return all recommendations of a table and its indexes, as lists have them, whatever is filtered."""
    return _recommended(view.build, place, view.standing)


@st.cache_resource(max_entries=_KEPT, show_spinner=False, hash_funcs={Standing: attrgetter("version")})
def _recommended(build: Build, place: Place, standing: Standing) -> pa.Table:
    # Names of tables have no character with a meaning in a regular expression but the dot.
    pattern = f"^{place.table_name.replace('.', '[.]')}$"
    filters = Filters(
        accounts=(place.account_id,),
        regions=(place.region,),
        statuses=(),
        table_pattern=pattern,
        include_keep=True,
    )
    return selection.selected(cursor(build), filters, standing)


def only(rows: pa.Table, recommendation_id: str) -> pa.Table:
    """Return the one of some recommendations that has an id."""
    return rows.filter(pc.equal(rows["recommendation_id"], recommendation_id))


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def replicas(build: Build, decision_key: str) -> list[Row]:
    """Return the tables that one decision is about: all replicas of a global table."""
    return _rows(build, _REPLICAS, {"decision_key": decision_key})


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def components(build: Build, place: Place) -> list[Row]:
    """Return what each component of a table costs a month now and by its best plan, the total last."""
    return _rows(build, _COMPONENTS, place.named)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def indexes(build: Build, place: Place) -> list[Row]:
    """Return a table's indexes with what the throughput of each costs a month now, null if not known."""
    is_priced = has(build, "plan_cost_lines") and has(build, "plan_alternatives")
    return _rows(build, _INDEXES_PRICED if is_priced else _INDEXES, place.named)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def coverage(build: Build, place: Place) -> list[Row]:
    """Return what was collected of a table, then of its indexes."""
    return _rows(build, _COVERAGE, place.named)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def history(build: Build, place: Place) -> list[Row] | None:
    """Return the spans of settings of a table and its indexes, the newest first; None in older builds."""
    return _rows(build, _HISTORY, place.named) if has(build, "configuration_history") else None


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def months(build: Build, place: Place) -> list[Row] | None:
    """Return how model and bill of a table compare, the newest month first; None in older builds."""
    return _rows(build, _MONTHS, place.named) if has(build, "cost_reconciliation") else None


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def months_by_component(build: Build, place: Place) -> list[Row]:
    """Return the same by component, of months in which something was compared."""
    return _rows(build, _RECONCILED, place.named)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def billed(build: Build, place: Place) -> list[Row] | None:
    """Return the bill of a table, the newest month first; None in older builds."""
    return _rows(build, _BILLED, place.named) if has(build, "fct_dynamodb_costs") else None


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def by_day(build: Build, place: Place, index_name: str | None) -> pd.DataFrame:
    """Return a resource's rows of fct_capacity_daily, and nulls for the unknown days of the window."""
    return _of_resource(build, _DAYS, place, index_name)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def by_hour(build: Build, place: Place, index_name: str | None) -> pd.DataFrame:
    """Return a resource's rows of fct_capacity_hourly, and nulls for the unknown hours of the window."""
    return _of_resource(build, _HOURS, place, index_name)


def minute_days(build: Build) -> tuple[date, ...]:
    """Return the days of which the build has minutes, oldest first.

    Raises:
        OptimaError: The build cannot be read.
    """
    with moving_on(build):
        return minutes.days(build)


@st.cache_data(max_entries=_KEPT_DAYS, show_spinner=False)
def by_minute(build: Build, place: Place, index_name: str | None, day: date) -> pd.DataFrame:
    """Return a resource's minutes of a day (UTC): rates, capacities, throttle events; null is unknown.

    Empty where the build knows nothing of that day.

    Raises:
        OptimaError: The minutes of the build are gone.
    """
    reader = cursor(build)
    reader.register("minutes", _read(build, place, index_name, [day]))
    asked = {**place.named, "index_name": index_name, "day": day, "step": _STEP}
    return reader.execute(_MINUTES, asked).df()


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def throttled_hours(build: Build, place: Place, index_name: str | None) -> pd.DataFrame:
    """Return the hours of a resource with throttle events, and how many, among all minutes that are stored.

    Raises:
        OptimaError: The minutes of the build are gone.
    """
    reader = cursor(build)
    reader.register("minutes", _read(build, place, index_name, minute_days(build)))
    return reader.execute(_THROTTLED_HOURS).df()


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def percentiles(
    build: Build, place: Place, index_name: str | None, starts_at: datetime, ends_at: datetime
) -> list[Row]:
    """Return the distribution of a resource's rates in a window, a row for each dimension that is known.

    Raises:
        OptimaError: The minutes of the build are gone.
    """
    last = (ends_at - timedelta(microseconds=1)).date()
    days = [day for day in minute_days(build) if starts_at.date() <= day <= last]
    reader = cursor(build)
    reader.register("minutes", _read(build, place, index_name, days))
    return _asked(reader.execute(_PERCENTILES, {"starts_at": starts_at, "ends_at": ends_at}))


def has(build: Build, mart: str) -> bool:
    """Tell whether a build has a mart: those of older versions lack some."""
    return mart in _columns(build)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _columns(build: Build) -> Mapping[str, frozenset[str]]:
    return published.columns(cursor(build))


def _read(build: Build, place: Place, index_name: str | None, days: Iterable[date]) -> pa.Table:
    name = place.table_name if index_name is None else f"{place.table_name}#{index_name}"
    with moving_on(build):
        return minutes.read(build, place.account_id, place.region, name, days)


def _of_resource(build: Build, query: str, place: Place, index_name: str | None) -> pd.DataFrame:
    return cursor(build).execute(query, {**place.named, "index_name": index_name}).df()


def _rows(build: Build, query: str, parameters: Mapping[str, Any]) -> list[Row]:
    return _asked(cursor(build).execute(query, dict(parameters)))


def _asked(answered: Any) -> list[Row]:
    names = [column[0] for column in answered.description]
    return [dict(zip(names, values, strict=True)) for values in answered.fetchall()]
