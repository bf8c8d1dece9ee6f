"""What a reader must know before trusting the figures: old data, and data that is missing."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from dashboard import wording
from dashboard.data.scope import ENOUGH_COVERAGE, Gaps, Scope
from optima.wording import counted

# A daily run is late by then, whichever hour it starts at.
_STALE_AFTER = timedelta(hours=48)
_NAMED = 3


def render(scope: Scope, gaps: Gaps, now: datetime) -> None:
    """Draw what is old or missing and what to do about it. `now` is UTC without a zone."""
    sentences = [text for text in (_stale(scope, now), _unread(gaps), _unbilled(gaps), _gaps(scope)) if text]
    if len(sentences) == 1:
        st.warning(sentences[0])
    elif sentences:
        st.warning("\n".join(f"- {text}" for text in sentences))


def _stale(scope: Scope, now: datetime) -> str:
    if scope.known_until is None or now - scope.known_until <= _STALE_AFTER:
        return ""
    return (
        f"The data ends {wording.age(scope.known_until, now)}: `dynamodb-optima run` loads what came since."
    )


def _unread(gaps: Gaps) -> str:
    accounts = gaps.unread_accounts
    if not accounts:
        return ""
    named = ", ".join(f"{wording.literal(name)} ({account_id})" for name, account_id in accounts[:_NAMED])
    others = f" and {len(accounts) - _NAMED:,} more" if len(accounts) > _NAMED else ""
    return (
        f"{counted(len(accounts), 'account')} could not be read in full: {named}{others}. "
        "What is missing there counts in no figure; `dynamodb-optima status` says why."
    )


def _unbilled(gaps: Gaps) -> str:
    if not gaps.unbilled_tables:
        return ""
    all_of_them = gaps.unbilled_tables == gaps.tables
    named = "any table" if all_of_them else f"{gaps.unbilled_tables:,} of {counted(gaps.tables, 'table')}"
    return (
        f"No billing export names {named}: the table class is judged from size and demand there, with low "
        "confidence. `dynamodb-optima collect-cur` loads exports."
    )


def _gaps(scope: Scope) -> str:
    if not scope.with_gaps:
        return ""
    resources = counted(scope.with_gaps, "table or index", "tables and indexes")
    return (
        f"{resources} of {scope.resources:,} know less than {ENOUGH_COVERAGE * 100:.0f} % of their minutes: "
        "too little to advise on capacity. `dynamodb-optima collect` fetches what CloudWatch still holds."
    )
