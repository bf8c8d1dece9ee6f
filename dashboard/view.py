"""What a page is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from optima.decisions import Standing
from optima.published import Build
from optima.selection import Filters
from optima.workspace import Workspace


@dataclass(frozen=True)
class View:
    """One look at one build: everything that a page's figures depend on.

    Attributes:
        workspace: Where the build, its minutes and the decisions lie.
        build: The build that is shown, whatever is published in the meantime.
        standing: What was decided until now. It holds for statuses; those of the marts are older.
        filters: What the reader narrowed the pages down to.
        now: The clock (UTC, no zone) of ages and of pauses that end.
    """

    workspace: Workspace
    build: Build
    standing: Standing
    filters: Filters
    now: datetime
