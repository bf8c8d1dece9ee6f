"""The walls between the rooms hold: the linter refuses the imports that a room may not have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FORBIDDEN = [
    ("loaders/aws/example.py", "import dbt.cli.main"),
    ("loaders/example.py", "import streamlit"),
    ("loaders/example.py", "import optima.cli"),
    ("loaders/example.py", "import dashboard"),
    ("dashboard/example.py", "import dlt"),
    ("dashboard/example.py", "from dbt.cli.main import dbtRunner"),
    ("dashboard/pages/example.py", "import boto3"),
    ("dashboard/example.py", "import loaders.pipeline"),
    ("optima/simulation/example.py", "from optima.settings import Settings"),
    ("optima/simulation/example.py", "import loaders"),
]


def banned_imports(path: str, source: str) -> str:
    """Lint source as if it stood at path, for banned imports alone."""
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--stdin-filename", path, "-"]
    return subprocess.run(command, input=source, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize(("path", "statement"), FORBIDDEN)
def test_a_forbidden_import_is_refused(path: str, statement: str) -> None:
    assert "TID251" in banned_imports(path, f"{statement}\n")


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("optima/cli/example.py", "import loaders"),
        ("loaders/example.py", "import dlt"),
        ("dashboard/example.py", "import streamlit"),
    ],
)
def test_what_a_room_is_made_of_is_allowed(path: str, statement: str) -> None:
    assert banned_imports(path, f"{statement}\n").strip() == "All checks passed!"
