"""What was decided: what each status holds, and every decision with what became of the advice since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from operator import attrgetter
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard.builds import cursor
from dashboard.data import scope
from dashboard.data.selected import KEPT, remembered, selected
from dashboard.view import View
from optima import selection
from optima.decisions import PENDING, STATUSES, Standing
from optima.published import Build
from optima.selection import PLAN

# Decisions of a page.
ROWS = 100
# What became of the advice since it was decided.
SAME, CHANGED, OVER, GONE = "as decided", "advice changed", "no longer advised", "not in this build"
BECAME = (SAME, CHANGED, OVER, GONE)

# What is no longer advised, because it was done or because demand changed, saves what it saved when decided.
_BY_STATUS = """
    select
        selected.status,
        count(*) filter (selected.kind = $plan) as plans,
        coalesce(
            sum(
                case
                    when selected.advice = 'change' then selected.monthly_savings_usd
                    else latest.monthly_savings_usd
                end
            ) filter (selected.kind = $plan),
            0
        ) as monthly_savings_usd,
        count(*) filter (selected.kind <> $plan) as others
    from selected
    left join latest using (recommendation_id)
    where selected.advice = 'change' or selected.status <> 'pending'
    group by selected.status
"""

_DECIDED = """
    select
        history.number,
        history.recommendation_id,
        history.status,
        history.is_latest,
        history.status_now,
        history.decided_at,
        history.decided_by,
        history.reason,
        history.snoozed_until,
        coalesce(history.kind, recommendations.kind) as kind,
        coalesce(history.account_id, recommendations.account_id) as account_id,
        coalesce(dim_accounts.account_name, history.account_id) as account_name,
        coalesce(history.region, recommendations.region) as region,
        coalesce(history.table_name, recommendations.table_name) as table_name,
        coalesce(history.index_name, recommendations.index_name) as index_name,
        history.recommended_setting,
        recommendations.recommended_setting as setting_now,
        history.monthly_savings_usd,
        case
            when recommendations.advice = 'change' then recommendations.monthly_savings_usd
        end as savings_now_usd,
        case
            when recommendations.recommendation_id is null then $gone
            when recommendations.advice <> 'change' then $over
            when history.recommended_setting <> recommendations.recommended_setting then $changed
            else $same
        end as became
    from history
    left join recommendations using (recommendation_id)
    left join
        dim_accounts
        on dim_accounts.account_id = coalesce(history.account_id, recommendations.account_id)
"""

_CHOSEN = """
    select decided.*
    from decided
    left join tables using (account_id, region, table_name)
    where
        (tables.account_id is not null or ($everywhere and decided.account_id is null))
        and (len($kinds::varchar[]) = 0 or list_contains($kinds::varchar[], decided.kind))
        and list_contains($statuses::varchar[], status)
        and (len($people::varchar[]) = 0 or list_contains($people::varchar[], decided_by))
        and list_contains($became::varchar[], became)
        and (is_latest or not $only_latest)
    order by decided_at desc nulls last, number desc
"""

_COUNT = f"select count(*) from ({_CHOSEN})"  # noqa: S608 (the parts are ours)
_PAGE = f"{_CHOSEN} limit $rows offset $skipped"


@dataclass(frozen=True)
class StatusTotal:
    """What stands at one status.

    Attributes:
        plans: Best plans.
        monthly_savings_usd: USD a month that those save; of what is no longer advised, what it was to save
            when it was decided.
        others: Recommendations of any other kind, which are about the same dollars in part.
    """

    status: str
    plans: int
    monthly_savings_usd: Decimal
    others: int


@dataclass(frozen=True)
class Sought:
    """Which decisions are asked for, besides what the side bar says.

    Attributes:
        statuses: What was decided, any of these.
        people: Who decided, any of these; nobody named: anybody.
        became: What became of the advice, any of these.
        only_latest: Only what counts: of each recommendation the latest decision.
    """

    statuses: tuple[str, ...] = STATUSES
    people: tuple[str, ...] = ()
    became: tuple[str, ...] = BECAME
    only_latest: bool = False


@remembered
def by_status(view: View) -> tuple[StatusTotal, ...]:
    """Return what stands at every status, in their order, whatever status or saving is filtered by."""
    everything = replace(view.filters, statuses=(), min_savings=Decimal(0), include_keep=True)
    reader = cursor(view.build)
    reader.register("selected", selected(replace(view, filters=everything)))
    reader.register("latest", _history(view.standing).filter(_history(view.standing)["is_latest"]))
    found = {row[0]: StatusTotal(*row) for row in reader.execute(_BY_STATUS, {"plan": PLAN}).fetchall()}
    return tuple(found.get(status, StatusTotal(status, 0, Decimal(0), 0)) for status in STATUSES)


def people(view: View) -> tuple[str, ...]:
    """Return who ever decided, by name."""
    return tuple(sorted({each.decided_by for each in view.standing.history if each.decided_by}))


@remembered
def count(view: View, sought: Sought) -> int:
    """Return how many decisions are asked for."""
    ((found,),) = _ask(view, sought, _COUNT).fetchall()
    return int(found)


@remembered
def page(view: View, sought: Sought, number: int) -> pd.DataFrame:
    """Return one page of the decisions asked for, latest first, amounts as plain numbers; pages count from 1.

    Columns: those of the recommendation as it was decided, `savings_now_usd` (null where nothing is advised
    any more), `became` (one of `BECAME`), `is_latest`, `status_now`.
    """
    found = _ask(view, sought, _PAGE, {"rows": ROWS, "skipped": (number - 1) * ROWS}).df()
    amounts = ["monthly_savings_usd", "savings_now_usd"]
    return found.astype(dict.fromkeys(amounts, "float64"))


def rows(view: View, sought: Sought) -> pa.Table:
    """Return all decisions asked for, latest first."""
    return _ask(view, sought, _CHOSEN).to_arrow_table()


def chosen(view: View, ids: Iterable[str]) -> pa.Table:
    """Return the recommendations with these ids, with the columns of `selected`.

    Of those that the build does not have there is what was known when they were decided.
    """
    asked = pa.array(list(ids), pa.string())
    together = selection.decided_together(cursor(view.build), asked.to_pylist(), view.standing)
    found = together.filter(pc.is_in(together["recommendation_id"], value_set=asked))
    history = _history(view.standing)
    of_ids = history.filter(pc.and_(history["is_latest"], pc.is_in(history["recommendation_id"], asked)))
    known = pc.is_in(of_ids["recommendation_id"], found["recommendation_id"].combine_chunks())
    gone = of_ids.filter(pc.invert(known)).drop_columns(["status"]).rename_columns({"status_now": "status"})
    kept = [name for name in gone.column_names if name in found.column_names]
    return pa.concat_tables([found, gone.select(kept)], promote_options="default")


def _ask(
    view: View, sought: Sought, query: str, parameters: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    decided = _decided(view.build, view.standing)
    places = decided.select(["account_id", "account_name", "region", "table_name"])
    reader = cursor(view.build)
    reader.register("decided", decided)
    reader.register("tables", scope.tables_and(view, places))
    return reader.execute(
        query,
        {
            "kinds": list(view.filters.kinds),
            "statuses": list(sought.statuses),
            "people": list(sought.people),
            "became": list(sought.became),
            "only_latest": sought.only_latest,
            "everywhere": scope.is_everywhere(view),
            **(parameters or {}),
        },
    )


@st.cache_resource(max_entries=KEPT, show_spinner=False, hash_funcs={Standing: attrgetter("version")})
def _decided(build: Build, standing: Standing) -> pa.Table:
    """Return every decision beside the recommendation as the build has it."""
    reader = cursor(build)
    reader.register("history", _history(standing))
    became = {"same": SAME, "changed": CHANGED, "over": OVER, "gone": GONE}
    return reader.execute(_DECIDED, became).to_arrow_table()


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs={Standing: attrgetter("version")})
def _history(standing: Standing) -> pa.Table:
    """Return all decisions as a table, oldest first."""
    history = standing.history
    latest = {id(decision) for decision in standing.latest.values()}

    def about(name: str) -> list[str | None]:
        return [each.about.get(name) for each in history]

    instant, money = pa.timestamp("us"), pa.decimal128(28, 10)
    return pa.table(
        {
            "number": pa.array(range(len(history)), pa.int64()),
            "recommendation_id": pa.array([each.recommendation_id for each in history], pa.string()),
            "status": pa.array([each.status for each in history], pa.string()),
            "is_latest": pa.array([id(each) in latest for each in history], pa.bool_()),
            "status_now": pa.array(
                [standing.statuses.get(each.recommendation_id, PENDING) for each in history], pa.string()
            ),
            "decided_at": pa.array([each.decided_at for each in history], instant),
            "decided_by": pa.array([each.decided_by for each in history], pa.string()),
            "reason": pa.array([each.reason for each in history], pa.string()),
            "snoozed_until": pa.array([each.snoozed_until for each in history], instant),
            **{name: pa.array(about(name), pa.string()) for name in _TEXTS},
            "monthly_savings_usd": pa.array(_amounts(about("monthly_savings_usd")), money),
        }
    )


_TEXTS = ("kind", "account_id", "region", "table_name", "index_name", "recommended_setting")
_LEAST = Decimal("1e-10")


def _amounts(texts: Iterable[str | None]) -> list[Decimal | None]:
    """Read amounts as the marts have them; what somebody wrote into the file by hand may be none."""
    return [None if text is None else _amount(text) for text in texts]


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text).quantize(_LEAST)
    except InvalidOperation:
        return None
