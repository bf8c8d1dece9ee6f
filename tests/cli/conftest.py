"""A command line to call: in this process, or as a person would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Run
from typer.testing import CliRunner, Result

from optima import logs


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run a command in a new workspace, in this process."""
    from optima.cli.app import app

    def call(*arguments: str, root: Path | None = None) -> Result:
        return CliRunner().invoke(app, ["--project-root", str(root or tmp_path), *arguments])

    yield call
    logs.to_terminal(None)
