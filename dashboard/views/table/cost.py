"""What a table costs by component, now and by its best plan; every plan, and the arithmetic of each."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import wording
from dashboard.data import table as data
from dashboard.data.table import Place, Row
from dashboard.view import View
from dashboard.views import deciding
from dashboard.views.table import charts, grids, words
from optima.explained import lines
from optima.explained.lines import Grid, Section
from optima.explained.table import Explained, plan_name
from optima.wording import setting as in_words

_AMOUNTS = ("Now", "With the best plan", "Difference")
_WORDS = ("", "Setting", "Arithmetic", "setting now", "advised", "arithmetic")


def render(view: View, table: Row) -> None:
    """Draw the part."""
    place = Place(table["account_id"], table["region"], table["table_name"])
    found = data.explained(view, place)
    if isinstance(found, str):
        st.info(found)
        return
    if not found.plans:
        st.info(f"No plan of it could be priced. {wording.literal(found.best['reason'] or '')}")
    else:
        _components(view, place, found)
        _plans(found)
        _arithmetic(found)
    _advice(view, place, found)


def _components(view: View, place: Place, found: Explained) -> None:
    rows = data.components(view.build, place)
    if not rows:
        return
    has_indexes = bool(found.table["index_count"])
    is_kept = bool(found.today and found.today["is_chosen"])
    st.subheader("Cost by component")
    st.caption(
        "USD a month"
        + ("; the best plan is to keep it as it is" if is_kept else ", now and by the best plan")
    )
    *parts, total = rows
    left, right = st.columns([2, 3], gap="large")
    with left:
        drawn = charts.by_component(parts, is_kept=is_kept)
        if drawn is not None:
            st.markdown(charts.component_legend(parts))
            st.altair_chart(drawn, alt="Cost by component, now and with the best plan, USD a month")
    with right:
        columns = ("now_usd",) if is_kept else ("now_usd", "then_usd", "change_usd")
        amounts = _AMOUNTS[: len(columns)]
        grids.draw(
            ("Component", *amounts),
            [
                (words.component(row, has_indexes), *(words.usd(row[name]) for name in columns))
                for row in parts
            ],
            total=("total", *(words.usd(total[name]) for name in columns)),
            alt="Cost by component",
            right=amounts,
        )


def _plans(found: Explained) -> None:
    st.subheader("Plans")
    st.caption(
        "USD a month; savings against what it costs now. A guard that did not hold speaks against a plan."
    )
    grids.draw(
        ("Plan", "Capacity", "Costs", "Saves", "Changes", "What speaks against it"),
        [
            (
                plan_name(plan, found.best["current_setting"]) + _mark(plan),
                _capacity(plan),
                words.usd(plan["monthly_cost_usd"]),
                "" if plan["is_current"] else words.usd(plan["monthly_savings_usd"]),
                "" if plan["is_current"] else str(plan["changes"]),
                _against(plan),
            )
            for plan in found.plans
        ],
        alt="Plans of this table",
        right=("Costs", "Saves", "Changes"),
    )


def _capacity(plan: Row) -> str:
    """Say what is provisioned under a plan; its name has the mode and the class."""
    setting = plan["setting"]
    if not setting:
        return words.UNKNOWN
    provisioned = {name: setting.get(name) for name in ("read", "write", "indexes")}
    return in_words(provisioned) or "per request"


def _mark(plan: Row) -> str:
    marks = [name for name, is_so in (("today", plan["is_current"]), ("best", plan["is_chosen"])) if is_so]
    return f" ({', '.join(marks)})" if marks else ""


def _against(plan: Row) -> str:
    if plan["guard"] is None:
        return "nothing" if plan["is_chosen"] or not plan["is_current"] else ""
    return str(plan["guard_reason"] or plan["guard"].replace("_", " "))


def _arithmetic(found: Explained) -> None:
    st.subheader("Arithmetic")
    st.caption(
        "How each plan's cost comes about, as `dynamodb-optima explain` prints it: "
        "every line comes out on a pocket calculator."
    )
    for section, plan in zip(lines.plans(found), found.plans, strict=True):
        name = wording.literal(f"{section.title} {section.mark}".strip())
        with st.expander(name, expanded=bool(plan["is_chosen"]), key=f"plan-{section.key}"):
            _parts(section)


def _advice(view: View, place: Place, found: Explained) -> None:
    """Draw what each kind of change would do by itself."""
    sections = lines.advice(found)
    if not sections:
        return
    st.subheader("Each kind of change by itself")
    st.caption("As if only this were applied: these savings overlap, and do not add up.")
    rows = data.recommended(view, place)
    for section, row in zip(sections, found.advice, strict=True):
        with st.expander(wording.literal(section.title), key=f"advice-{section.key}"):
            _parts(section)
            if row["advice"] == "change":
                deciding.buttons(view, data.only(rows, section.key), key=f"advice-{section.key}")


def _parts(section: Section) -> None:
    for part in section.parts:
        if isinstance(part, Grid):
            _grid(part, section.title)
        elif part:
            st.markdown(wording.literal(part))


def _grid(grid: Grid, about: str) -> None:
    """Draw a grid of the explanation; what is below a line in its cell gets a line of its own."""
    rows: list[Sequence[str]] = []
    for cells in grid.rows:
        split = [cell.split("\n") for cell in cells]
        for level in range(max(len(each) for each in split)):
            rows.append([each[level] if level < len(each) else "" for each in split])
    headings = [heading or " " for heading in grid.headings]
    grids.draw(
        headings,
        rows,
        total=grid.total and (*grid.total, *[""] * (len(headings) - len(grid.total))),
        alt=f"Arithmetic of {about}",
        right=[heading for heading in headings if heading.strip() not in _WORDS],
    )
