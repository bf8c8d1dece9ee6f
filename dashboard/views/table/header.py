"""The head of the page: which table, where, how it is set; what to do with it, and what that saves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import streamlit as st

from dashboard import pages, wording
from dashboard.data import table as data
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views import deciding
from dashboard.views.table import grids, words
from optima.explained.table import Explained
from optima.wording import counted, usd

# A daily run is late by then, whichever hour it starts at.
_STALE_AFTER = timedelta(hours=48)
_COLOURS = {
    "confidence": {"high": "green", "medium": "orange", "low": "red"},
    "risk": {"low": "green", "medium": "orange", "high": "red"},
    "status": {"accepted": "green", "rejected": "red", "snoozed": "violet", "implemented": "blue"},
}


def render(view: View, table: Row) -> None:
    """Draw the head."""
    place = Place(table["account_id"], table["region"], table["table_name"])
    name, others = st.columns([5, 1], vertical_alignment="bottom")
    name.title(wording.literal(table["table_name"]), anchor=False)
    if others.button("Other tables", key="others", icon=":material/search:", width="stretch"):
        pages.choose_table()
    _place(table)
    _notices(view, place, table)
    found = data.explained(view, place)
    if isinstance(found, str):
        st.info(found)
        return
    _figures(found)
    _decision(view, place, found)
    _replicas(view, place, found)


def _place(table: Row) -> None:
    ou = f" · {wording.literal(table['ou_path'])}" if table["ou_path"] else ""
    st.markdown(
        f"{wording.literal(table['account_name'])} ({table['account_id']}){ou} · {table['region']}  \n"
        f"**{wording.literal(words.settings(table))}**"
        f"{' · ' + counted(table['index_count'], 'index', 'indexes') if table['index_count'] else ''}"
        f"{' · replica of a global table' if table['is_replicated'] else ''}"
    )
    tags = json.loads(table.get("tags") or "{}")
    if tags:
        named = " · ".join(f"{key}={value}" for key, value in sorted(tags.items()))
        st.caption(f"Tags: {wording.literal(named)}")


def _notices(view: View, place: Place, table: Row) -> None:
    """Say what a reader must know before trusting the figures."""
    account = data.account(view.build, table["account_id"]) or {}
    because = account.get("inactive_because") or (
        "it left the organisation" if account.get("left_after_at") else None
    )
    if because:
        st.warning(
            f"Nothing is advised on this table: {wording.literal(because)}. "
            "What is shown is what was known of it before."
        )
    own = next((row for row in data.coverage(view.build, place) if row["index_name"] is None), None)
    known_until = _known_until(own)
    if known_until is not None and view.now - known_until > _STALE_AFTER:
        st.warning(
            f"The demand of this table is known until {wording.instant(known_until)}, "
            f"{wording.age(known_until, view.now)}: `dynamodb-optima run` loads what came since."
        )


def _known_until(coverage: Row | None) -> datetime | None:
    if coverage is None or coverage["window_end"] is None or coverage["staleness_minutes"] is None:
        return None
    end: datetime = coverage["window_end"]
    return end - timedelta(minutes=coverage["staleness_minutes"])


def _figures(found: Explained) -> None:
    best = found.best
    with st.container(border=True):
        now, then, saved = st.columns(3)
        now.metric("Costs now, a month", words.usd(best["current_monthly_cost_usd"]))
        then.metric("With the best plan, a month", words.usd(best["projected_monthly_cost_usd"]))
        saved.metric(
            "Saves a month",
            words.usd(best["monthly_savings_usd"]),
            delta=f"{words.usd(best['annual_savings_usd'])} a year" if best["advice"] == "change" else None,
            delta_color="off",
            delta_arrow="off",
        )
        judged = [
            f"{column.capitalize()} **{_coloured(best[column], _COLOURS[column])}**" for column in _COLOURS
        ]
        st.markdown(" &emsp; ".join(judged))


def _coloured(word: str | None, colours: Mapping[str, str]) -> str:
    text = wording.literal(word or words.UNKNOWN)
    colour = colours.get(word or "")
    return f":{colour}[{text}]" if colour else text


def _decision(view: View, place: Place, found: Explained) -> None:
    best = found.best
    st.markdown(f"**{wording.literal(found.sentence)}**")
    if best["advice"] == "change" and best["reason"]:
        st.markdown(wording.literal(best["reason"]))
    decision = view.standing.latest.get(best["recommendation_id"])
    if decision is not None:
        who = f" by {decision.decided_by}" if decision.decided_by else ""
        when = f" on {wording.instant(decision.decided_at)}" if decision.decided_at else ""
        until = f", until {wording.instant(decision.snoozed_until)}" if decision.snoozed_until else ""
        why = f": {decision.reason}" if decision.reason else ""
        st.caption(wording.literal(f"{decision.status.capitalize()}{who}{when}{until}{why}"))
    if best["advice"] == "change" or decision is not None:
        deciding.buttons(
            view, data.only(data.recommended(view, place), best["recommendation_id"]), key="plan"
        )


def _replicas(view: View, place: Place, found: Explained) -> None:
    """Draw the tables that share the decision."""
    best = found.best
    shared = data.replicas(view.build, best["decision_key"]) if found.table["is_replicated"] else []
    if len(shared) < 2:
        return
    together = best["decision_savings_usd"]
    saves = "" if together is None else f" and save {usd(together)} a month together"
    st.markdown(
        f"A global table: its {len(shared)} replicas are decided together{saves}. "
        "What one of them costs may rise while all together get cheaper."
    )
    grids.draw(
        ("Replica", "Account", "Costs now", "With the plan", "Saves a month"),
        [
            (
                f"{row['region']}{' (this one)' if _at(row) == place else ''}",
                f"{row['account_name']} ({row['account_id']})",
                words.usd(row["current_monthly_cost_usd"]),
                words.usd(row["projected_monthly_cost_usd"]),
                words.usd(row["monthly_savings_usd"]),
            )
            for row in shared
        ],
        alt="Replicas of this global table",
        right=("Costs now", "With the plan", "Saves a month"),
    )
    with st.container(horizontal=True):
        for each in [each for each in map(_at, shared) if each != place]:
            pages.draw_link_to_table(each.account_id, each.region, each.table_name, f"Open {each.region}")


_PLACE = ("account_id", "region", "table_name")


def _at(row: Row) -> Place:
    return Place(*(row[name] for name in _PLACE))
