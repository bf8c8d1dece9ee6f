"""The command gui: the dashboard, served to this machine unless another address is named."""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from optima.cli.commands import command
from optima.cli.session import Session
from optima.cli.terminal import answers, errors
from optima.errors import OptimaError

LOCALHOST = "127.0.0.1"
# The blues of charts and buttons are too dark to be read as text on the dark background; these have 4.5:1.
DARK = {
    "theme.primaryColor": "#3a93d4",
    "theme.blueTextColor": "#3a93d4",
    "theme.linkColor": "#56b4e9",
}
# How long a server that was told to end may take over what its readers still ask.
_PATIENCE_SECONDS = 5.0


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
    address: Annotated[
        str,
        typer.Option(
            help="Address to serve at. Any but this machine's own opens it to others, without a password."
        ),
    ] = LOCALHOST,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it in a browser, where there is a screen.")
    ] = True,
) -> None:
    """Serve the dashboard and open it in a browser; Ctrl-C ends it.

    It may be open while a load or a build is running, shows a new build by itself, and says what to do where
    nothing was published yet.
    """
    port = port or session.settings.streamlit_server_port
    check_free(address, port)
    if not is_local(address):
        errors().print(
            f"! Whoever reaches {url(address, port)} sees every figure and can decide on recommendations: "
            "no password protects the dashboard.",
            soft_wrap=True,
        )
    answers().print(
        f"The dashboard of {session.workspace.root} is at {url(address, port)} (Ctrl-C ends it)",
        soft_wrap=True,
    )
    command_line = arguments(
        entry(),
        port=port,
        theme=theme or session.settings.streamlit_theme,
        address=address,
        opens_browser=browser and has_screen(os.environ, sys.platform),
    )
    environment = os.environ | {"OPTIMA_PROJECT_ROOT": str(session.workspace.root)}
    raise typer.Exit(_serve(command_line, environment))


def entry() -> Path:
    """Return the dashboard's entry script, without importing anything of it."""
    return Path(__file__).parents[2] / "dashboard" / "app.py"


def arguments(
    script: Path, *, port: int, theme: str, address: str = LOCALHOST, opens_browser: bool = False
) -> list[str]:
    """Return the command line that serves the dashboard."""
    options = {
        "server.address": address,
        "server.port": str(port),
        "server.headless": "false" if opens_browser else "true",
        "server.showEmailPrompt": "false",
        # The welcome would ask a server of somebody else's what this network's address is, and what it says
        # is for those who write such applications.
        "logger.hideWelcomeMessage": "true",
        "browser.gatherUsageStats": "false",
        "theme.base": theme,
    }
    if theme == "dark":
        options |= DARK
    if address != LOCALHOST:
        # By what names others know this machine is theirs to know; a local address has its own.
        options["server.allowedHosts"] = address if is_local(address) else "*"
    flags = [text for name, value in options.items() for text in (f"--{name}", value)]
    return [sys.executable, "-m", "streamlit", "run", str(script), *flags]


def check_free(address: str, port: int) -> None:
    """See whether the dashboard can be served there.

    Raises:
        OptimaError: The port is taken or reserved, or the address is none of this machine.
    """
    try:
        family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        raise OptimaError(_refusal(address, port, error)) from error


def _refusal(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken, perhaps by another dashboard: end what uses it, "
            "or name another port with --port."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved by the operating system: name one above 1023 with --port."
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return (
            f"{address} is no address of this machine: name one of its own with --address, or leave it out."
        )
    return f"The dashboard cannot be served at {address}, port {port} ({error.strerror}): name others."


def is_local(address: str) -> bool:
    """Tell whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def url(address: str, port: int) -> str:
    """Return the address to type into a browser on this machine."""
    host = {"0.0.0.0": "localhost", "::": "localhost", LOCALHOST: "localhost"}.get(address, address)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def has_screen(environment: Mapping[str, str], platform: str) -> bool:
    """Tell whether a browser can be shown; STREAMLIT_SERVER_HEADLESS=true says no on any machine."""
    if environment.get("STREAMLIT_SERVER_HEADLESS", "").lower() in ("1", "true", "yes"):
        return False
    return not platform.startswith("linux") or bool(
        environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    )


def _serve(command_line: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the dashboard until it ends: by itself, by Ctrl-C, which reaches it too, or by ending this process.

    Returns:
        The exit code: 0 where it was told to end.
    """
    with subprocess.Popen(command_line, env=environment) as server:

        def end(*_: object) -> None:
            server.terminate()
            raise KeyboardInterrupt

        signal.signal(signal.SIGTERM, end)
        try:
            return server.wait()
        except KeyboardInterrupt:
            _outlast(server)
            return 0


def _outlast(server: subprocess.Popen[bytes]) -> None:
    """Wait until a server that was told to end has ended; tell it again where it takes long, then end it."""
    for insist in (server.terminate, server.kill):
        try:
            server.wait(_PATIENCE_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            insist()
