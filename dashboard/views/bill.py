"""What AWS billed for DynamoDB: by month, component, place and table, what moved, how the model meets it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts_bill, wording
from dashboard.charts_kinds import marks
from dashboard.data import bill as data
from dashboard.data import export
from dashboard.data.bill import BASES, Choice, Month
from dashboard.pages import link_to_table
from dashboard.view import View
from dashboard.views import billed, spend
from optima import bill
from optima.bill import money, written
from optima.errors import OptimaError
from optima.selection import Filters
from optima.wording import COMPONENTS, counted

# What can be chosen: how a cost is counted, with what it says, and what it is added up by.
_BASES = {"Net": "net", "Amortised": "amortized", "List": "list", "Unblended": "unblended"}
_MEANING = {
    "net": "what the invoice says, after discounts, with taxes, credits and fees",
    "amortized": "net, with the fees of commitments spread over the use that they cover",
    "list": "use at list prices without commitment; fees, taxes and credits count nothing",
    "unblended": "what is charged before discounts",
}
_BYS = {"Account": "account", "Organisational unit": "ou", "Region": "region", "Payer": "payer"}
_NOWHERE = {"ou": "in no organisational unit", "region": "in no region"}
_MOVERS, _FURTHEST = 10, 5
# Exports beyond these are told on request.
_EXPORTS_SHOWN = 3
_LIMITS = (1, 2, 5, 10)


def render(view: View) -> None:
    """Draw the page."""
    st.title("Bill")
    months = billed.months(view)
    if not months:
        return
    billed.stale(view, months)
    choice = _choose(view, months)
    billed.filters_that_do_not_hold(view)
    total = data.total(view, choice)
    if total["lines"] and total["cost"] is None:
        st.info(
            f"Not every export of {written(choice.month)} tells costs that are {BASES[choice.basis]}, "
            "so net costs are shown."
        )
        choice = replace(choice, basis="net")
        total = data.total(view, choice)
    if not total["lines"]:
        st.info(billed.nothing(choice))
    else:
        _totals(view, choice, total)
        _months(view, choice)
        _places(view, choice)
        _tables(view, choice, total)
        _moved(view, choice)
    _model(view, choice)


def _choose(view: View, months: Sequence[Month]) -> Choice:
    first, second, third = st.columns([1, 2, 1], vertical_alignment="bottom")
    by_name = {written(month.first): month.first for month in months}
    named = first.selectbox("Month", list(by_name), key="bill_month", bind="query-params")
    basis = second.segmented_control(
        "Cost", list(_BASES), default="Net", required=True, key="bill_basis", bind="query-params"
    )
    month = by_name[named]
    currencies = {bill.currency_name(each): each for each in data.currencies(view.build, month)}
    currency = next(iter(currencies))
    if len(currencies) > 1:
        currency = third.selectbox(
            "Currency",
            list(currencies),
            key="bill_currency",
            bind="query-params",
            help=bill.CURRENCIES_APART,
        )
    choice = Choice(month, currencies[currency], _BASES[basis])
    st.caption(f"{basis}: {_MEANING[choice.basis]}.")
    return choice


def _totals(view: View, choice: Choice, total: Mapping[str, Any]) -> None:
    spend.figures(choice, total)
    counted_as, on_tables, beside = st.columns(3)
    if choice.basis == "net":
        if not total["is_complete"]:
            counted_as.metric("At list prices", money(total["list_cost"], choice.currency) or "unknown")
    else:
        counted_as.metric(f"The same, {BASES[choice.basis]}", money(total["cost"], choice.currency))
    on_tables.metric(f"On {counted(total['tables'], 'table')}", money(total["on_tables"], choice.currency))
    beside.metric(
        "On no table",
        money(total["on_no_table"], choice.currency),
        help="Taxes, fees, credits and whatever else the bill puts on no table. With what is on tables it is "
        "the whole bill.",
    )
    reached = [bill.reach(row) for row in data.exports(view.build, choice.month)]
    if len(reached) > _EXPORTS_SHOWN:
        with st.expander(f"How far the bills of {counted(len(reached), 'export')} reach"):
            st.markdown(billed.bulleted(reached, data.MOST_ROWS))
    else:
        st.caption("  \n".join(wording.literal(sentence) for sentence in reached))


def _months(view: View, choice: Choice) -> None:
    months, components = data.by_month(view, choice), data.by_component(view, choice)
    st.markdown(charts_bill.legend(row["component"] for row in months if row["cost"]))
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("By month")
        st.caption(billed.by_month_caption(choice, months))
        st.altair_chart(
            charts_bill.by_month(months, choice.currency, charts_bill.components_height(components)),
            alt="Cost by month and component",
        )
    with right:
        st.subheader("By component")
        if components:
            st.caption(f"{bill.currency_name(choice.currency)} in {written(choice.month)}")
            st.altair_chart(charts_bill.by_component(components, choice.currency), alt="Cost by component")
        elif choice.basis == "net" or data.is_of_accounts(view.filters):
            st.caption("No component costs a cent.")
        else:
            st.caption(
                f"Costs that are {BASES[choice.basis]} are known by component for whole accounts only: clear "
                "the filters on region, tag and table name, or choose net."
            )


@st.fragment
def _places(view: View, choice: Choice) -> None:
    heading, chosen = st.columns([1, 2], vertical_alignment="bottom")
    heading.subheader("By place")
    payers = {row["payer_account_id"] for row in data.exports(view.build, choice.month)}
    offered = [name for name in _BYS if name != "Payer" or len(payers) > 1]
    name = chosen.segmented_control(
        "Add up by",
        offered,
        default=offered[0],
        required=True,
        key="bill_by",
        label_visibility="collapsed",
        bind="query-params",
    )
    by = _BYS[name]
    rows = data.by_place(view, choice, by)
    shown = pd.DataFrame(
        {"place": _names(rows, by)}
        | {
            column: [billed.as_number(row[column]) for row in rows]
            for column in ("cost", "per_day", "change_per_day", "change_pct")
        }
    )
    left, right = st.columns([2, 3], gap="large")
    of = f", the {charts_bill.MOST_BARS} dearest" if len(rows) > charts_bill.MOST_BARS else ""
    left.caption(
        f"{bill.currency_name(choice.currency)} in {written(choice.month)}, {BASES[choice.basis]}{of}"
    )
    left.altair_chart(charts_bill.by_place(shown, choice.currency), alt=f"Cost by {name.lower()}")
    places = rows[0]["places"]
    of = f", the {len(rows):,} dearest of {places:,}" if places > len(rows) else ""
    right.caption(f"A day: net, against {written(choice.before)}{of}")
    with right:
        billed.listed(
            shown,
            {"place": billed.text(name, 165)} | _amounts(choice),
            alt=f"Cost by {name.lower()}",
        )


def _names(rows: Sequence[Mapping[str, Any]], by: str) -> list[str]:
    """Name the places: accounts by their name, with the id where several share it."""
    if by != "account":
        return [row["place"] or _NOWHERE.get(by, "unknown") for row in rows]
    shared = Counter(row["account_name"] for row in rows)
    return [
        row["account_name"] if shared[row["account_name"]] == 1 else f"{row['account_name']} · {row['place']}"
        for row in rows
    ]


def _amounts(choice: Choice) -> dict[str, Any]:
    """The columns of every list of costs."""
    return {
        "cost": billed.amount(BASES[choice.basis].capitalize(), choice.currency),
        "per_day": billed.amount("A day", choice.currency, "Net, of the hours that are billed."),
        "change_per_day": billed.amount(
            "Change a day", choice.currency, f"Of the net cost a day, against {written(choice.before)}."
        ),
        "change_pct": billed.percents("Change", "The same in per cent of what it was."),
    }


def _tables(view: View, choice: Choice, total: Mapping[str, Any]) -> None:
    heading, corner = st.columns([4, 1], vertical_alignment="bottom")
    heading.subheader("By table")
    rows = data.tables(view, choice)
    of = f"The {len(rows):,} dearest of " if total["tables"] > len(rows) else ""
    listed = f"{of}{counted(total['tables'], 'table')}, dearest first."
    beside = bill.made_of(data.on_no_table(view, choice), choice.currency)
    heading.caption(f"{listed} On no table, net: {wording.literal(beside)}." if beside else listed)
    corner.download_button(
        "Export as CSV",
        lambda: export.as_csv(data.exported(view, choice)),
        file_name=f"bill-{written(choice.month)}-{view.build.build_id}.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
        help="Every line of the month that the filters select, in every currency, what is on no table too.",
        key="bill_export",
    )
    if rows:
        columns = _amounts(choice) | {
            f"{name}_cost": billed.amount(label, choice.currency, "Net.")
            for name, label in (
                ("read", "Reads"),
                ("write", "Writes"),
                ("storage", "Storage"),
                ("rest", "Rest"),
            )
        }
        billed.table_list(rows, columns, alt="Cost by table")


def _moved(view: View, choice: Choice) -> None:
    st.subheader(f"Against {written(choice.before)}")
    if choice.before not in {month.first for month in data.months(view.build)}:
        st.caption(
            f"The bill of {written(choice.before)} was not read: `dynamodb-optima collect-cur --months` "
            "reads more months."
        )
        return
    st.caption("Net cost a day, of payers whose bills of both months were read")
    moved: list[dict[str, Any]] = []
    for column, sign, title in zip(st.columns(2, gap="large"), (1, -1), ("Rose", "Fell"), strict=True):
        rows = data.movers(view, choice, sign, _MOVERS)
        column.markdown(f"**{title} most**")
        if not rows:
            column.caption(f"Nothing {title.lower()}.")
            continue
        column.altair_chart(
            charts_bill.movers(_drawn(rows), choice.currency), alt=f"What {title.lower()} most"
        )
        moved += rows if sign > 0 else reversed(rows)
    if moved:
        billed.table_list(
            [row | {"note": _note(row)} for row in moved],
            {
                "before_per_day": billed.amount("A day before", choice.currency, width=110),
                "per_day": billed.amount("A day now", choice.currency, width=110),
                "change_per_day": billed.amount("Change a day", choice.currency, width=110),
                "note": billed.text("Note", 110),
            },
            alt="Largest changes of cost a day",
        )


def _drawn(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return what moved as the chart has it, told apart by region and account where names are shared."""
    found = [
        {name: billed.as_number(value) for name, value in row.items()}
        | {"table_name": row["table_name"] or billed.ON_NO_TABLE, "region": row["region"] or "no region"}
        for row in rows
    ]
    return marks.labelled(pd.DataFrame(found))


def _note(row: Mapping[str, Any]) -> str:
    began = "new" if row["is_new"] else "gone" if row["is_gone"] else ""
    return ", ".join(text for text in ("" if row["table_name"] else billed.ON_NO_TABLE, began) if text)


def _model(view: View, choice: Choice) -> None:
    """Draw how well the model meets the bill, and where it does not."""
    st.subheader("Model against the bill")
    try:
        data.require(view.build, bill.RECONCILIATION, "reconciliation")
    except OptimaError as error:
        st.info(str(error))
        return
    compared = data.compared_month(view.build, choice.month)
    month = compared or choice.month
    summaries = data.summaries(view.build, month)
    for row in summaries:
        payer = f", payer {row['payer_account_id']}" if len(summaries) > 1 else ""
        st.markdown(wording.literal(f"{written(month)}{payer}: {row['summary']}"))
    if compared is None:
        return
    if compared != choice.month:
        st.caption(f"Nothing of the bill of {written(choice.month)} was compared with the model.")
    met = data.met(view, month)
    if not met["tables"]:
        st.caption("Of the tables that the filters select none was compared.")
        return
    if data.where(view) != Filters():
        st.caption("That is about the whole bill; what follows is about what the filters select.")
    _met(met)
    left, right = st.columns(2, gap="large")
    with left:
        _met_by_component(view, month)
    with right:
        _not_compared(view, month, summaries)
    of_month = data.by_component(view, Choice(month))
    unmodelled = {row["component"]: row["cost"] for row in of_month if row["component"] not in bill.MODELLED}
    if unmodelled:
        st.caption(wording.literal(f"Without a model, net: {bill.made_of(unmodelled, 'USD')}."))
    _furthest_off(view, month, met)


def _met(met: Mapping[str, Any]) -> None:
    for column, limit in zip(st.columns(len(_LIMITS)), _LIMITS, strict=True):
        share = met[f"within_{limit}"]
        column.metric(
            f"Within {limit} %",
            "unknown" if share is None else wording.percent(share),
            help="Share of what was compared that is on tables whose error is no greater.",
        )


def _met_by_component(view: View, month: date) -> None:
    rows = data.met_by_component(view, month)
    st.caption("USD of hours that model and bill both know")
    billed.listed(
        pd.DataFrame(
            [
                {name: billed.as_number(value) for name, value in row.items()}
                | {"component": COMPONENTS[row["component"]]}
                for row in rows
            ]
        ),
        {
            "component": billed.text("Component", 115),
            "billed_usd": billed.amount("Billed", "USD", width=82),
            "modelled_usd": billed.amount("Modelled", "USD", width=82),
            "error_usd": billed.amount("Error", "USD", "Modelled less billed.", 82),
            "error_pct": billed.percents("Error", "In per cent of what was billed.", 70),
        },
        alt="Model and bill by component",
    )


def _not_compared(view: View, month: date, summaries: Sequence[Mapping[str, Any]]) -> None:
    rows = [dict(row) for row in data.not_compared(view, month)]
    if data.where(view) == Filters():
        rows += [
            {"reason": f"{bill.NO_TABLE_NAMED} (payer {row['payer_account_id']})", "tables": None}
            | {"not_compared_usd": row["on_no_table_usd"]}
            for row in summaries
            if row["on_no_table_usd"]
        ]
    st.caption("USD of throughput and storage that was billed and not compared")
    if not rows:
        st.caption("Nothing: every hour was compared.")
        return
    billed.listed(
        pd.DataFrame([{name: billed.as_number(value) for name, value in row.items()} for row in rows]),
        {
            "reason": billed.text("Why", 275),
            "tables": st.column_config.NumberColumn("Tables", format="localized", width=65),
            "not_compared_usd": billed.amount("Billed", "USD"),
        },
        alt="What was not compared, and why",
    )


def _furthest_off(view: View, month: date, met: Mapping[str, Any]) -> None:
    tables = counted(met["tables"], "table")
    rows = data.furthest_off(view, month, _FURTHEST)
    if not rows:
        st.caption(f"Model and bill agree to the cent on {tables}.")
        return
    off = f"{met['tables_off']:,} of them {'is' if met['tables_off'] == 1 else 'are'} off"
    st.markdown(f"**Furthest off** of {tables}; {off}")
    for row in rows:
        where = link_to_table(row["account_id"], row["region"], row["table_name"])
        names = " · ".join(wording.literal(row[name]) for name in ("account_name", "region"))
        mark = "✗ " if row["is_off"] else ""
        st.markdown(
            f"{mark}[{wording.literal(row['table_name'])}]({where}) · {names}  \n"
            f"{wording.literal(row['explanation'])}"
        )
