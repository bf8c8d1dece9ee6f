"""What the reader narrows the pages down to: the widgets of the side bar, kept in the address."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import streamlit as st

from dashboard import wording
from dashboard.data import scope
from optima.decisions import OPEN, STATUSES
from optima.published import Build
from optima.selection import Filters, pattern_problem

# Keys of the widgets, which are parameters of the address, with what they say at first.
_AT_FIRST: dict[str, Any] = {
    "kind": [],
    "account": [],
    "ou": [],
    "region": [],
    "tag": [],
    "status": [status.capitalize() for status in OPEN],
    "min_savings": 0.0,
    "table": "",
    "keep": False,
}
# The parameters of the address that are filters; every page keeps them.
KEYS = tuple(_AT_FIRST)
_NAME_AND_ID = " · "


def choose(build: Build, kind: str | None = None) -> Filters | None:
    """Draw the filters and return what they say, None while the table name pattern is not a valid one.

    Every widget is bound to a parameter of the address, so that a copied link shows the same selection.

    Args:
        build: What can be chosen from.
        kind: The kind of advice that the page is about; other pages let the reader choose kinds.
    """
    offered = scope.choices(build)
    with st.sidebar:
        st.subheader("Filters")
        kinds = _several(
            "Kind",
            "kind",
            {wording.kind_name(kind): kind for kind in offered.kinds},
            disabled=kind is not None,
            help="This page is about one kind." if kind else None,
        )
        accounts = _several(
            "Account", "account", {f"{name}{_NAME_AND_ID}{key}": key for key, name in offered.accounts}
        )
        ous = _several(
            "Organisational unit",
            "ou",
            _same(offered.ous),
            help="With everything below it.",
        )
        regions = _several("Region", "region", _same(offered.regions))
        tags = _several(
            "Tag", "tag", _same(offered.tags), help="A key, or a key with its value: `team=checkout`."
        )
        statuses = _several("Status", "status", {status.capitalize(): status for status in STATUSES})
        min_savings = st.number_input(
            "Minimum savings (USD a month)",
            min_value=0.0,
            step=10.0,
            format="%.2f",
            key="min_savings",
            bind="query-params",
            help="Hides what saves less. At 0 nothing is hidden, not even a replica whose own cost rises "
            "while its global table as a whole gets cheaper.",
        )
        pattern = st.text_input(
            "Table name (regular expression)",
            key="table",
            placeholder="^prod-.*-events$",
            bind="query-params",
            help="RE2 syntax, found anywhere in the name; `^` and `$` are its ends, `(?i)` ignores case",
        )
        problem = pattern_problem(pattern)
        if problem:
            st.error(f"Not a valid regular expression: {wording.literal(problem)}")
        include_keep = st.toggle(
            "List what should stay, too",
            key="keep",
            bind="query-params",
            help="Adds the tables and indexes that are best left as they are, with the reason.",
        )
        st.button(
            "Clear filters",
            on_click=_clear,
            key="clear-filters",
            type="tertiary",
            icon=":material/filter_alt_off:",
        )
    if problem:
        return None
    return Filters(
        kinds=(kind,) if kind else kinds,
        accounts=accounts,
        ous=ous,
        regions=regions,
        tags=tags,
        statuses=statuses,
        min_savings=Decimal(str(min_savings)),
        table_pattern=pattern,
        include_keep=include_keep,
    )


def _same(values: tuple[str, ...]) -> dict[str, str]:
    return {value: value for value in values}


def _several(label: str, key: str, values: Mapping[str, str], **options: Any) -> tuple[str, ...]:
    """Draw a choice of several labels and return their values.

    A label that the address names and this build does not have stays selected, and selects nothing:
    dropping it would show the whole organisation under a link that was made for one account.
    """
    named = [text for text in st.query_params.get_all(key) if text and text not in values]
    chosen = st.multiselect(
        label,
        [*values, *named],
        default=_AT_FIRST[key],
        key=key,
        placeholder="All",
        bind="query-params",
        # Enter takes the first that fits what was typed.
        select_all=False,
        # A line of its own for each would push the other filters out of sight.
        wrap=False,
        **options,
    )
    return tuple(values.get(text, text.rpartition(_NAME_AND_ID)[2]) for text in chosen)


def _clear() -> None:
    for key, value in _AT_FIRST.items():
        st.session_state[key] = value
