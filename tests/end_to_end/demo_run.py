"""The command a newcomer types, and what it leaves."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optima

# Midnight of a Sunday: the bill's month is complete, and the window holds two whole weeks of it.
END = "2026-11-01"

_OUTPUT = "output.txt"


def dynamodb_optima(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process of its own."""
    command = [str(Path(sys.executable).with_name("dynamodb-optima")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Demo:
    """What a demo left: its workspace and what it printed."""

    workspace: Path
    output: str

    @staticmethod
    def make(folder: Path) -> None:
        """Run `dynamodb-optima demo` in a folder on the default organisation, frozen at END."""
        ran = dynamodb_optima("--project-root", str(folder), "demo", "--as-of", END)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        (folder / _OUTPUT).write_text(ran.stdout)

    @classmethod
    def made(cls, folder: Path) -> Demo:
        """Return the demo that was made in a folder."""
        return cls(folder / "demo", (folder / _OUTPUT).read_text())

    @staticmethod
    def is_made(folder: Path) -> bool:
        """Whether a demo was made in a folder, to its end."""
        return (folder / _OUTPUT).exists()

    def copy(self, folder: Path) -> Demo:
        """Return the same demo in another folder, for those who write to it."""
        shutil.copytree(self.workspace, folder / self.workspace.name)
        return Demo(folder / self.workspace.name, self.output)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query on the published marts, by column name."""
        with optima.connect(self.workspace) as connection:
            answer = connection.execute(query)
            names = [column[0] for column in answer.description]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
