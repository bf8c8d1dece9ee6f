"""The entry of the dashboard: what every page shares, and the list of pages.

Streamlit runs this file from the top for every reader and every interaction.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import builds, filters
from dashboard.views import empty, overview
from optima.errors import OptimaError
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
    build = builds.newest(workspace)
    builds.reload_when_published(workspace, build)
    if build is None:
        empty.render(workspace.root)
        return
    chosen = filters.choose(build)

    def draw_overview() -> None:
        overview.render(build, chosen)

    st.navigation([st.Page(draw_overview, title="Overview", url_path="overview", default=True)]).run()


main()
