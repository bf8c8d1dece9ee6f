"""The entry of the dashboard: what every page shares.

Streamlit runs this file from the top for every reader and every interaction.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from dashboard import builds, filters, pages
from dashboard.data import scope
from dashboard.pages import Page
from dashboard.view import View
from dashboard.views import deciding, empty
from optima import decisions
from optima.errors import OptimaError
from optima.published import Build
from optima.workspace import Workspace, find_root

# Files, not Streamlit's named icons: those make the browser ask the internet for the tab's picture.
_ICON = Path(__file__).with_name("icon.svg")
_LOGO = Path(__file__).with_name("logo.svg")


def main() -> None:
    """Draw the page that the address names for the build that is current."""
    st.set_page_config("DynamoDB Optima", page_icon=_ICON, layout="wide")
    st.logo(_LOGO, size="large", icon_image=_ICON)
    workspace = Workspace.at(find_root())
    try:
        _draw(workspace)
    except OptimaError as error:
        st.error(str(error))


def _draw(workspace: Workspace) -> None:
    build = builds.follow(workspace)
    if build is None:
        empty.render(workspace.root)
        return
    pages.navigate(scope.choices(build).kinds, lambda page: _see(workspace, build, page))


def _see(workspace: Workspace, build: Build, page: Page) -> View | None:
    """Draw the side bar and return what it selects; say why where that is nothing to draw a page from."""
    # The tab's title; given to the first call, it would be that of every page.
    st.set_page_config(f"{page.title} · DynamoDB Optima", page_icon=_ICON, layout="wide")
    deciding.announce()
    now = datetime.now(UTC).replace(tzinfo=None)
    chosen = filters.choose(build, page.kind)
    if chosen is None:
        st.title(page.title)
        st.info(
            "The table name in the side bar is not a valid regular expression. Correct it to see figures."
        )
        return None
    return View(workspace, build, decisions.standing(workspace.decisions, now), chosen, now)


main()
