"""The command gui: the dashboard, served to this machine alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from optima import published
from optima.cli.commands import command
from optima.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "gui", panel="Look")(gui)


def gui(
    session: Session,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port on this machine. Default: STREAMLIT_SERVER_PORT, 8501."),
    ] = None,
    theme: Annotated[
        Literal["light", "dark"] | None, typer.Option(help="Colours. Default: STREAMLIT_THEME, light.")
    ] = None,
) -> None:
    """Open the dashboard in a browser; Ctrl-C ends it."""
    published.current(session.workspace)
    port = port or session.settings.streamlit_server_port
    command_line = arguments(entry(), port=port, theme=theme or session.settings.streamlit_theme)
    environment = os.environ | {"OPTIMA_PROJECT_ROOT": str(session.workspace.root)}
    raise typer.Exit(_serve(command_line, environment))


def entry() -> Path:
    """Return the dashboard's entry script, without importing anything of it."""
    return Path(__file__).parents[2] / "dashboard" / "app.py"


def arguments(script: Path, *, port: int, theme: str) -> list[str]:
    """Return the command line that serves the dashboard. It binds to localhost alone."""
    options = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.showEmailPrompt": "false",
        "browser.gatherUsageStats": "false",
        "theme.base": theme,
    }
    flags = [text for name, value in options.items() for text in (f"--{name}", value)]
    return [sys.executable, "-m", "streamlit", "run", str(script), *flags]


def _serve(command_line: Sequence[str], environment: dict[str, str]) -> int:
    """Run the dashboard until it ends: by Ctrl-C, which reaches it too, or by what ends this process."""
    with subprocess.Popen(command_line, env=environment) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:
                continue
