"""Helpers: the type of the fixture `run`, and commands in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from typer.testing import Result

Run = Callable[..., Result]


def spawn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    program = [sys.executable, "-c", "from optima.cli import main; main()", *arguments]
    return subprocess.run(program, capture_output=True, text=True, env=os.environ | environment, check=False)
