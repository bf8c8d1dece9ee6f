"""The buttons with which recommendations are decided, and the dialog that asks why and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard import wording
from dashboard.builds import cursor
from dashboard.view import View
from optima import decisions, selection
from optima.decisions import ABOUT, ACCEPTED, IMPLEMENTED, PENDING, REJECTED, SNOOZED
from optima.errors import OptimaError
from optima.wording import counted, kind_name, usd

# Where what was decided waits for the page to be drawn anew.
_DONE = "decided-just-now"
_PAUSE = timedelta(days=30)
_KEPT = ("recommendation_id", *ABOUT)


@dataclass(frozen=True)
class Action:
    """One button.

    Attributes:
        label: What is on it; one with an ellipsis asks before it does anything.
        status: What it decides.
        done: What it has done to some recommendations, as a sentence begins.
        about: What it is for.
    """

    label: str
    status: str
    icon: str
    done: str
    about: str

    @property
    def verb(self) -> str:
        """The label without what says that more is asked."""
        return self.label.removesuffix("…")

    @property
    def asks(self) -> bool:
        """Whether it has something to ask."""
        return self.label != self.verb


ACTIONS = (
    Action("Accept", ACCEPTED, ":material/check:", "Accepted", "It will be done."),
    Action("Reject…", REJECTED, ":material/close:", "Rejected", "It will not be done, for a reason."),
    Action("Snooze…", SNOOZED, ":material/schedule:", "Put off", "Not now: it comes back on a day."),
    Action("Done", IMPLEMENTED, ":material/done_all:", "Noted as done:", "It has been done."),
    Action("Reopen", PENDING, ":material/undo:", "Reopened", "It is open again, as if nobody had decided."),
)


def buttons(view: View, rows: pa.Table, key: str, *, confirm: bool = False) -> None:
    """Draw the buttons Accept, Reject…, Snooze…, Done and Reopen for rows of recommendations.

    Args:
        view: What is looked at.
        rows: What a button decides, with the columns of `selected`; nothing can be pressed where it is empty.
        key: What tells these buttons from others of the page.
        confirm: Ask before anything is decided, as for rows that the reader has not all seen.
    """
    stand = set(rows["status"].unique().to_pylist())
    with st.container(horizontal=True, width="content", key=f"{key}-deciding"):
        for action in ACTIONS:
            pressed = st.button(
                action.label,
                key=f"{key}-{action.status}",
                icon=action.icon,
                help=action.about,
                disabled=stand <= {action.status},
            )
            if not pressed:
                continue
            if action.asks or confirm:
                _ask(view, rows, action)
            else:
                _decide(view, rows, action)


def announce() -> None:
    """Say what was decided by the touch that made the page be drawn anew."""
    if done := st.session_state.pop(_DONE, None):
        st.toast(done, icon=":material/check:")


def _ask(view: View, rows: pa.Table, action: Action) -> None:
    """Open a dialog that says what is decided and asks for what the decision needs."""
    noun = counted(rows.num_rows, "recommendation")

    @st.dialog(f"{action.verb} {noun}")
    def ask() -> None:
        _about(view, rows)
        with st.form("deciding", border=False):
            until = _until() if action.status == SNOOZED else None
            reason = st.text_area(
                "Why" if action.status == REJECTED else "Why (optional)",
                key="deciding-reason",
                max_chars=2000,
                help="Whoever comes across it later reads this.",
            )
            if st.form_submit_button(f"{action.verb} {noun}", type="primary", icon=action.icon):
                _decide(view, rows, action, reason, until)

    ask()


def _about(view: View, rows: pa.Table) -> None:
    """Say what the rows save, and which others are decided with them."""
    totals = selection.totals(cursor(view.build), rows, decisions.STATUSES)
    saved = {total.kind: total for total in totals}
    plan = saved.get(selection.PLAN)
    others = sum(total.changes for kind, total in saved.items() if kind != selection.PLAN)
    parts = []
    if plan and plan.changes:
        worth = (
            f"{counted(plan.changes, kind_name(plan.kind))}, saving {usd(plan.monthly_savings_usd)} a month"
        )
        parts.append(wording.literal(worth))
    if others:
        parts.append(f"{counted(others, 'recommendation')} of one kind each")
    if parts:
        st.markdown(" and ".join(parts) + ".")
    if more := _replicas(_together(view, rows), rows):
        st.caption(_with_replicas(more) + ".")


def _until() -> datetime | None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    until: date | None = st.date_input(
        "Until",
        value=datetime.now(UTC).date() + _PAUSE,
        min_value=tomorrow,
        key="deciding-until",
        format="YYYY-MM-DD",
        help="It is pending again when this day begins (UTC).",
    )
    return datetime.combine(until, time.min) if until else None


def _decide(
    view: View, rows: pa.Table, action: Action, reason: str | None = None, until: datetime | None = None
) -> None:
    """Decide, and draw the page anew; where that cannot be done, say why."""
    now = datetime.now(UTC).replace(tzinfo=None)
    try:
        together = _together(view, rows)
        decisions.take(
            view.workspace.decisions,
            together,
            action.status,
            now=now,
            by=decisions.decider(view.workspace.root),
            reason=reason,
            until=until,
        )
    except OptimaError as error:
        st.error(wording.literal(str(error)))
        return
    more = _replicas(together, rows)
    end = f" until {until:%Y-%m-%d}" if until else ""
    also = f" {_with_replicas(more)}." if more else ""
    st.session_state[_DONE] = f"{action.done} {counted(rows.num_rows, 'recommendation')}{end}.{also}"
    st.rerun()


def _together(view: View, rows: pa.Table) -> list[Mapping[str, Any]]:
    """Return the rows with those that are decided together with them, and those that the build lacks."""
    ids = rows["recommendation_id"]
    found = selection.decided_together(cursor(view.build), ids.to_pylist(), view.standing)
    is_gone = pc.invert(pc.is_in(ids, value_set=found["recommendation_id"].combine_chunks()))
    gone = rows.filter(is_gone)
    return [*found.select(_KEPT).to_pylist(), *gone.select(_KEPT).to_pylist()]


def _replicas(together: list[Mapping[str, Any]], rows: pa.Table) -> int:
    return len(together) - len(set(rows["recommendation_id"].to_pylist()))


def _with_replicas(more: int) -> str:
    replicas = counted(more, "replica")
    return f"{replicas} of global tables {'is' if more == 1 else 'are'} decided with them"
