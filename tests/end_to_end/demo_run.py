"""The command a newcomer types, and what it leaves."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optima

# Midnight of a Sunday: the bill's month is complete, and the window holds two whole weeks of it.
END = "2026-11-01"


def dynamodb_optima(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process of its own."""
    command = [str(Path(sys.executable).with_name("dynamodb-optima")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Demo:
    """What a demo left: its workspace and what it printed."""

    workspace: Path
    output: str

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query on the published marts, by column name."""
        with optima.connect(self.workspace) as connection:
            answer = connection.execute(query)
            names = [column[0] for column in answer.description]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
