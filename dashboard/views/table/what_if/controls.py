"""The controls of what if: mode, class and prices, and the capacity of every table or index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard.views.table.what_if.draft import Draft, State, beginning
from optima import what_if
from optima.what_if import DIMENSIONS, Assumption, Basis, Mode, Table
from optima.wording import CLASSES

_MODES: dict[Mode, str] = {"as_is": "As today", "on_demand": "On-Demand", "provisioned": "Provisioned"}
_BASES: dict[Basis, str] = {"list": "List", "net": "Net", "amortized": "Amortised"}
_POLICY, _FIXED = "Autoscaled", "Fixed"
_ALIKE, _ITSELF = "Table and indexes alike", "Table itself"
# What the slider offers, in percent. DynamoDB takes targets from 20.
_LEAST_TARGET, _GREATEST_TARGET = 10, 90


def draw(table: Table) -> Assumption:
    """Draw the controls of a table and return what they ask for."""
    state = _state(table)
    mode, table_class, basis = st.columns([3, 2, 3])
    with mode:
        _choice("Mode", _MODES, state, "mode")
    with table_class:
        _choice("Table class", CLASSES, state, "table_class")
    with basis:
        _choice("Prices", _BASES, state, "basis")
    if state.mode == "provisioned":
        _capacities(table, state)
    _resets(table)
    return state.assumption(table)


def _key(*parts: str) -> str:
    return " ".join(("what-if", *parts))


def _state(table: Table) -> State:
    """Return what was set up for this table so far; of another build of it, anew."""
    key = _key("state")
    whose = (table.account_id, table.region, table.name, table.window_end)
    kept: tuple[Any, State] | None = st.session_state.get(key)
    if kept is None or kept[0] != whose:
        kept = whose, beginning(table)
        st.session_state[key] = kept
    return kept[1]


def _shown(key: str, value: object) -> None:
    """Let a widget that is about to be drawn show a value. What a reader does to it arrives here before."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _choice(label: str, names: dict[Any, str], state: State, part: str) -> None:
    key = _key(part)

    def changed() -> None:
        setattr(state, part, st.session_state[key])

    _shown(key, getattr(state, part))
    st.segmented_control(
        label, list(names), format_func=names.__getitem__, key=key, on_change=changed, required=True
    )


def _capacities(table: Table, state: State) -> None:
    """Draw the capacity of the table, of one index, or of all alike."""
    names = _chosen(table)
    for column, dimension in zip(st.columns(len(DIMENSIONS), gap="large"), DIMENSIONS, strict=True):
        with column.container(border=True):
            _capacity(state, names, dimension)


def _chosen(table: Table) -> Sequence[str]:
    """Let the reader choose whose capacity is shown and changed; all of them show the table's."""
    by_label = {resource.index_name or _ITSELF: [resource.name] for resource in table.resources}
    if len(by_label) == 1:
        return [table.name]
    alike = [resource.name for resource in table.resources]
    chosen = st.selectbox(
        "Capacity of", [*by_label, _ALIKE], key=_key("capacity of"), help="Alike: a change is made to all."
    )
    return by_label.get(chosen, alike)


def _capacity(state: State, names: Sequence[str], dimension: str) -> None:
    draft = state.drafts[names[0], dimension]
    noun = f"{dimension.capitalize()}s"
    key = _key(dimension, "kind", names[0])

    def changed() -> None:
        state.put(names, dimension, is_fixed=st.session_state[key] == _FIXED)

    _shown(key, _FIXED if draft.is_fixed else _POLICY)
    st.segmented_control(noun, [_POLICY, _FIXED], key=key, on_change=changed, required=True)
    if draft.is_fixed:
        _units(state, names, dimension, f"{noun}: units", "units", draft.units)
    else:
        _target(state, names, dimension, draft)
        least, greatest = st.columns(2)
        with least:
            _units(state, names, dimension, f"{noun}: minimum", "least", draft.least)
        with greatest:
            _units(state, names, dimension, f"{noun}: maximum", "greatest", draft.greatest)


def _target(state: State, names: Sequence[str], dimension: str, draft: Draft) -> None:
    key = _key(dimension, "target", names[0])

    def changed() -> None:
        state.put(names, dimension, target=st.session_state[key] / 100)

    _shown(key, min(max(round(draft.target * 100), _LEAST_TARGET), _GREATEST_TARGET))
    st.slider(
        f"{dimension.capitalize()}s: target utilisation, %",
        _LEAST_TARGET,
        _GREATEST_TARGET,
        key=key,
        on_change=changed,
    )


def _units(state: State, names: Sequence[str], dimension: str, label: str, part: str, value: int) -> None:
    key = _key(dimension, part, names[0])

    def changed() -> None:
        state.put(names, dimension, **{part: st.session_state[key]})

    _shown(key, value)
    st.number_input(label, min_value=1, step=1, format="%d", key=key, on_change=changed)


def _resets(table: Table) -> None:
    """Draw the buttons that begin anew."""
    begin: dict[str, Callable[[Table, Basis], Assumption]] = {"Today's setting": what_if.as_today}
    if table.best_plan != "as_is" or table.best_class != table.table_class:
        begin["Best plan"] = what_if.best_plan
    with st.container(horizontal=True):
        for label, assume in begin.items():
            st.button(label, key=_key("reset", label), on_click=_reset, args=(table, assume))


def _reset(table: Table, assume: Callable[[Table, Basis], Assumption]) -> None:
    whose, state = st.session_state[_key("state")]
    st.session_state[_key("state")] = whose, State.of(table, assume(table, state.basis))
