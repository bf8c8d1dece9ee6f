"""A dbt project of its own for the simulation: its macros and its plugin, no models but those of a test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml
from dbt.cli.main import dbtRunner

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Project:
    """A folder that dbt runs in, with a warehouse beside it."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.folder / "optima.duckdb"

    def model(self, name: str, sql: str) -> None:
        """Add a model, built as a table."""
        (self.folder / "models" / f"{name}.sql").write_text(sql)

    def dbt(self, command: str) -> None:
        """Run a dbt command; raises AssertionError when it fails."""
        folders = ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder)]
        result = dbtRunner().invoke([command, *folders, "--log-path", str(self.folder / "logs"), "--quiet"])
        assert result.success, result.exception or result.result


def made_in(folder: Path) -> Project:
    """Make a project with the simulation's macros alone, and the plugin and two threads of the real one."""
    (folder / "models").mkdir()
    config = {
        "name": "dynamodb_optima",
        "profile": "dynamodb_optima",
        "macro-paths": [str(ROOT / "macros" / "simulation")],
        "models": {"+materialized": "table"},
        "flags": {"send_anonymous_usage_stats": False},
    }
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(config))
    profile = yaml.safe_load((ROOT / "profiles" / "profiles.yml").read_text())
    output = profile["dynamodb_optima"]["outputs"]["duckdb"]
    output |= {"path": str(folder / "optima.duckdb"), "threads": 2}
    profile["dynamodb_optima"]["outputs"] = {"duckdb": output}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
    return Project(folder)
