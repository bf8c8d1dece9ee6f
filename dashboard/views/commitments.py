"""Reserved capacity and Savings Plans: what is owned, how it is used, what more would be worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts_bill, wording
from dashboard.data import bill as data
from dashboard.view import View
from dashboard.views import billed
from optima import bill
from optima.bill import ALL_REGIONS, money, written
from optima.errors import OptimaError
from optima.wording import LIST_PRICES, counted, price_basis

# Months of use beside each other, and pools that are drawn.
_MONTHS, _POOLS = 12, 10
# What covers a pool, in the order of the bars, by the column that says how much.
_COVERED = {
    "reserved_list_usd": "reserved",
    "plan_list_usd": "Savings Plan",
    "free_list_usd": "free tier",
    "uncovered_list_usd": "uncovered",
}

Rows = Sequence[Mapping[str, Any]]


def render(view: View) -> None:
    """Draw the page."""
    st.title("Commitments")
    try:
        data.require(view.build, bill.COMMITMENTS, "commitments")
    except OptimaError as error:
        st.info(str(error))
        return
    _what_filters_hold(view)
    owned = [row for row in data.commitments(view, bill.OWNED) if row["is_active"]]
    use = data.commitments(view, bill.UTILIZATION)
    _owned(view, owned, use)
    _utilization(owned, use)
    _coverage(view)
    _stranded(view)
    _advice(view)


def _what_filters_hold(view: View) -> None:
    asked = view.filters
    narrowed = []
    if asked.accounts or asked.ous:
        narrowed.append("the payers of the chosen accounts are shown with all that they own")
    if asked.regions:
        narrowed.append(
            "regions narrow what is owned and covered, but no Savings Plan, which holds everywhere, and no "
            "purchase, which is one decision of a payer"
        )
    if asked.tags or asked.table_pattern:
        narrowed.append("tags and table names narrow only what the best plans would strand")
    if narrowed:
        st.caption(f"A commitment serves every account of its payer: {'; '.join(narrowed)}.")


def _owned(view: View, owned: Rows, use: Rows) -> None:
    st.subheader("Owned")
    if not owned:
        st.info(bill.NOTHING_OWNED)
        return
    total = data.owned_total(view)
    in_force, cost, unused, ends = st.columns(4)
    in_force.metric("In force", counted(total["commitments"], "commitment"))
    cost.metric(
        "Cost a month",
        money(total["monthly_cost_usd"]) or "unknown",
        help="Amortised: fees of 730 hours, and what was paid up front spread over the term.",
    )
    if total["month"]:
        unused.metric(
            f"Unused in {written(total['month'])}",
            money(total["unused_usd"]) or "unknown",
            help="Amortised cost of what nobody used, as far as the bill of the month goes.",
        )
    ends.metric("Next end", f"{total['next_end_at']:%Y-%m-%d}" if total["next_end_at"] else "unknown")
    used = {row["commitment_key"]: row for row in use if row["billing_month"] == total["month"]}
    several = len({row["payer_account_id"] for row in owned}) > 1
    if len(owned) > data.MOST_ROWS:
        st.caption(f"The first {data.MOST_ROWS:,} are listed.")
    shown = [_owned_row(view, row, used.get(row["commitment_key"], {})) for row in owned[: data.MOST_ROWS]]
    billed.listed(
        pd.DataFrame(shown),
        {
            "kind": billed.text("Kind", 140),
            "what": billed.text("What", 140),
            "region": billed.text("Region", 100),
            "owner": billed.text("Owner", 115, "Its use is covered first, then that of the payer's others."),
            **({"payer": billed.text("Payer", 115)} if several else {}),
            "ends": billed.text("Ends", 95),
            "left": billed.text("In", 80),
            "cost": billed.amount("A month", "USD", "Amortised cost of 730 hours."),
            "used": billed.percents("Used", f"In {written(total['month'])}." if total["month"] else None),
            "unused": billed.amount("Unused", "USD", "Amortised cost of what nobody used in that month."),
        },
        alt="Commitments in force",
    )


def _owned_row(view: View, row: Mapping[str, Any], use: Mapping[str, Any]) -> dict[str, Any]:
    days = (row["ends_at"] - view.now).days if row["ends_at"] else None
    return {
        "kind": bill.commitment_kind(row),
        "what": bill.committed(row),
        "region": row["region"] or ALL_REGIONS,
        "owner": row["owner_account_id"],
        "payer": row["payer_account_id"],
        "ends": bill.ends(row),
        "left": "" if days is None else counted(days, "day") if days >= 0 else "over",
        "cost": billed.as_number(row["monthly_cost_usd"]),
        "used": billed.as_number(use.get("utilization_pct")),
        "unused": billed.as_number(use.get("unused_usd")),
    }


def _utilization(owned: Rows, use: Rows) -> None:
    """Draw what share of each commitment was used month by month, and say which are flagged."""
    keys = {row["commitment_key"] for row in owned}
    months = sorted({row["billing_month"] for row in use if row["commitment_key"] in keys})[-_MONTHS:]
    if not months:
        return
    shares = {(row["commitment_key"], row["billing_month"]): row["utilization_pct"] for row in use}
    st.subheader("Use by month")
    st.caption("Percent of the committed hours; of a month that is not over, of those that are billed")
    st.dataframe(
        pd.DataFrame(
            [
                {"what": f"{bill.committed(row)}, {row['region'] or ALL_REGIONS}"}
                | {written(month): shares.get((row["commitment_key"], month)) for month in months}
                for row in owned[: data.MOST_ROWS]
            ]
        ),
        column_config={
            "what": billed.text("Commitment", 260, pinned=True),
            **{
                written(month): st.column_config.ProgressColumn(
                    format="%.1f %%", min_value=0, max_value=100, width=130
                )
                for month in months
            },
        },
        hide_index=True,
        row_height=billed.ROW,
        placeholder="",
        alt="Use of each commitment by month",
    )
    newest = [row for row in use if row["billing_month"] == months[-1] and row["commitment_key"] in keys]
    if flagged := [row["reason"] for row in newest if row["is_flagged"]]:
        st.warning(billed.bulleted(flagged) if len(flagged) > 1 else wording.literal(flagged[0]))


def _coverage(view: View) -> None:
    pools = data.pools(view, _POOLS)
    if not pools:
        return
    st.subheader("What is covered")
    of = (
        f", the {len(pools):,} largest of {counted(pools[0]['pools'], 'pool')}"
        if pools[0]["pools"] > len(pools)
        else ""
    )
    st.caption(f"Throughput in {written(pools[0]['billing_month'])} at list prices{of}")
    several = len({row["payer_account_id"] for row in pools}) > 1
    parts: list[dict[str, Any]] = [
        {
            "pool": f"{bill.pool(row)} · {row['region']}"
            + (f" · {row['payer_account_id']}" if several else ""),
            "covered": covered,
            "place": place,
            "usd": float(row[column]),
        }
        for row in pools
        for place, (column, covered) in enumerate(_COVERED.items())
        if row[column] is not None
    ]
    left, right = st.columns([4, 5], gap="large")
    with left:
        st.markdown(charts_bill.coverage_legend(part["covered"] for part in parts if part["usd"]))
        st.altair_chart(charts_bill.coverage(pd.DataFrame(parts)), alt="What covered throughput")
    with right:
        billed.listed(
            pd.DataFrame(
                [
                    {
                        "pool": bill.pool(row),
                        "region": row["region"],
                        "payer": row["payer_account_id"],
                        **{
                            name: billed.as_number(row[name])
                            for name in ("eligible_list_usd", "uncovered_list_usd", "coverage_pct")
                        },
                    }
                    for row in pools
                ]
            ),
            {
                "pool": billed.text("What", 175),
                "region": billed.text("Region", 82),
                **({"payer": billed.text("Payer", 115)} if several else {}),
                "eligible_list_usd": billed.amount("Eligible", "USD", "All of it at list prices.", 80),
                "uncovered_list_usd": billed.amount(
                    "Uncovered", "USD", "What was paid for, at list prices.", 80
                ),
                "coverage_pct": billed.percents("Covered", "By reserved capacity or Savings Plans.", 70),
            },
            alt="What covered throughput",
        )


def _stranded(view: View) -> None:
    """Draw which best plans would leave commitments without use."""
    st.subheader("What the best plans would strand")
    rows = data.stranded(view)
    if not rows:
        st.caption("No best plan that is open leaves a commitment without use.")
        return
    total = money(rows[0]["all_stranded_usd"]) or "An amount that is not known"
    plans = counted(rows[0]["plans"], "best plan")
    st.markdown(
        wording.literal(
            f"{total} a month of commitments would be left without use by {plans}. It is paid until they "
            "end, whatever the tables do: no part of a saving, but a reason to wait."
        )
    )
    billed.table_list(
        rows,
        {
            "stranded_commitment_usd": billed.amount("Stranded a month", "USD", "Empty where not known."),
            "monthly_savings_usd": billed.amount("Saves a month", "USD"),
            "reason": billed.text("Reason", 700),
        },
        alt="Best plans that strand commitments",
    )


def _advice(view: View) -> None:
    """Draw what to buy, what else was weighed, and what it costs if it turns out wrong."""
    st.subheader("What is worth buying")
    rows = data.commitments(view, bill.ADVICE)
    if not rows:
        st.info(bill.NOTHING_TO_BUY)
        return
    advised = data.advised(view)
    if advised["purchases"]:
        saves, upfront, worst = st.columns(3)
        saves.metric("Advised purchases save a month", money(advised["monthly_savings_usd"]))
        upfront.metric("Paid up front", money(advised["upfront_usd"]))
        worst.metric(
            "At worst, a month",
            money(advised["worst_case_usd"]),
            help="Amortised: what they cost if all use vanishes. They cannot be given back.",
        )
    st.markdown(bill.AFTERWARDS)
    for basis in {row["price_basis"] for row in rows} - {LIST_PRICES}:
        st.caption(f"Prices are {price_basis(basis)}.")
    several = len({row["payer_account_id"] for row in rows}) > 1
    reasons = [
        (f"{row['payer_account_name']}: " if several else "") + row["reason"]
        for row in rows
        if row["is_recommended"]
    ]
    if advised["purchases"]:
        with st.expander("Why, purchase by purchase"):
            st.markdown(billed.bulleted(reasons, 20))
    else:
        st.markdown(billed.bulleted(reasons))
    _options(view)
    _purchases([row for row in rows if bill.worth_listing(row)], several=several)
    st.caption(bill.OVERBOUGHT)
    if left_out := bill.not_worth_listing(rows):
        st.caption(billed.bulleted(left_out))


def _options(view: View) -> None:
    found = data.options(view)
    if not found:
        return
    bars = pd.DataFrame(
        [
            {"option": bill.purchase_option(row), "meaning": meaning, "usd": float(row[column])}
            for row in found
            for meaning, column in (
                (charts_bill.SAVES, "monthly_savings_usd"),
                (charts_bill.AT_WORST, "worst_case_usd"),
            )
            if row[column] is not None
        ]
    )
    st.caption("USD a month of each way of buying, all its purchases together")
    st.markdown(charts_bill.OPTIONS_LEGEND)
    st.altair_chart(charts_bill.options(bars), alt="What each way of buying saves, and costs at worst")


def _purchases(rows: Rows, *, several: bool) -> None:
    billed.listed(
        pd.DataFrame([_purchase(row) for row in rows[: data.MOST_ROWS]]),
        {
            "advised": billed.text("", 35, "✓ is advised."),
            **({"payer": billed.text("Payer", 140)} if several else {}),
            "option": billed.text("Option", 140),
            "quantity": billed.text("Quantity", 122),
            "dimension": billed.text("Of", 55),
            "region": billed.text("Region", 90),
            "monthly_savings_usd": billed.amount("Saves", "USD", "A month."),
            "upfront_usd": billed.amount("Up front", "USD", "Paid once."),
            "break_even_utilization_pct": billed.percents("Pays from", "Share of hours of use."),
            "break_even_months": st.column_config.NumberColumn(
                "Paid back",
                help="Months until what is paid up front has come back.",
                format="%.1f months",
                width=95,
            ),
            "hours_overbought_pct": billed.percents(
                "Over-bought", "Share of hours in which less is used.", 90
            ),
            "worst_case_usd": billed.amount("At worst", "USD", "A month, if all use vanishes."),
            "monthly_cost_usd": billed.amount("With it", "USD", "A month, what it does not cover included."),
            "monthly_cost_without_usd": billed.amount("Without", "USD", "A month of the same use."),
            "reason": billed.text("Why", 700),
        },
        alt="What could be bought",
    )


def _purchase(row: Mapping[str, Any]) -> dict[str, Any]:
    is_bought = row["option"] != "none"
    return {
        "advised": "✓" if row["is_recommended"] else "",
        "payer": row["payer_account_name"],
        "option": bill.purchase_option(row),
        "quantity": bill.purchase_quantity(row),
        "dimension": row["dimension"] or "",
        "region": row["region"] or (ALL_REGIONS if is_bought else ""),
        **{
            name: billed.as_number(row[name])
            for name in (
                "upfront_usd",
                "monthly_cost_usd",
                "monthly_cost_without_usd",
                "monthly_savings_usd",
                "break_even_utilization_pct",
                "hours_overbought_pct",
                "worst_case_usd",
            )
        },
        # What costs nothing up front has nothing to bring back.
        "break_even_months": billed.as_number(row["break_even_months"] or None),
        "reason": row["reason"],
    }
