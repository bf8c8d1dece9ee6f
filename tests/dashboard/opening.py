"""The pages as a reader meets them: opened under an address, and what stands on them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import dashboard
from dashboard.data.listing import chosen
from dashboard.view import View
from optima.decisions import standing, take
from optima.published import Build
from optima.selection import Filters
from optima.workspace import Workspace

_APP = Path(dashboard.__file__).with_name("app.py")
_components: dict[str, Any] = {}


def opened(path: str = "overview", **address: str | list[str]) -> AppTest:
    """Open the page with this part of the address (`capacity`) under an address with these parameters."""
    page = AppTest.from_file(_APP, default_timeout=60)
    # A page is known by its path; AppTest can only go to those that are files.
    page._page_hash = calc_hash(path)
    # Looking for components among all installed packages takes longer than a page; there are none.
    page._bidi_component_manager = _components.get("found")
    page.query_params.update(address)
    page.run()
    _components["found"] = page._bidi_component_manager
    assert not page.exception, page.exception
    return page


def figures(page: AppTest) -> dict[str, tuple[str, str]]:
    """Return the value and the second line of every metric by its label."""
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def texts(page: AppTest) -> str:
    """Return what the page says outside of its figures, as a reader sees it: without Markdown's escapes."""
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.code]
    return re.sub(r"\\(\W)", r"\1", "\n".join(element.value for element in elements))


def listed(page: AppTest) -> pd.DataFrame:
    """Return the rows of the list of recommendations as it shows them."""
    return next(frame.value for frame in page.dataframe if "recommended_setting" in frame.value)


def decide(build: Build, ids: Iterable[str], status: str, **decision: Any) -> None:
    """Decide about recommendations of a build as somebody at the command line would."""
    look = looked_at(build)
    taken = chosen(replace(look, filters=Filters(statuses=(), include_keep=True)), ids).to_pylist()
    now = decision.pop("now", look.now)
    take(look.workspace.decisions, taken, status, now=now, by=decision.pop("by", "maria"), **decision)


def looked_at(build: Build, now: datetime | None = None, **filters: Any) -> View:
    """Return a look at a build under filters, with what stands decided beside it."""
    workspace = Workspace.at(build.path.parents[1])
    moment = now or datetime.now(UTC).replace(tzinfo=None)
    return View(workspace, build, standing(workspace.decisions, moment), Filters(**filters), moment)
