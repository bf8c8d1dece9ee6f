"""The workspace: the folder that holds one organisation's data, log and settings, and nobody else's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from loaders.errors import disk_refusal
from optima.errors import OptimaError


@dataclass(frozen=True)
class Workspace:
    """The paths of one workspace. Nothing is created until `create` is called.

    Attributes:
        root: The folder that `--project-root` names.
        warehouse: The DuckDB file that loads and models write; readers never open it.
    """

    root: Path
    warehouse: Path

    @classmethod
    def at(cls, root: Path, database_url: Path = Path("data/optima.duckdb")) -> Workspace:
        """Return the workspace at `root` whose warehouse is `database_url`, relative to it or absolute."""
        root = root.expanduser().resolve()
        return cls(root, root / database_url)

    @property
    def data(self) -> Path:
        """Everything that was loaded, made or published."""
        return self.root / "data"

    @property
    def current(self) -> Path:
        """The file that names the published marts which readers open."""
        return self.data / "current"

    @property
    def minutes(self) -> Path:
        """Demand by the minute, one Parquet file a day, for the dashboard."""
        return self.data / "minutes"

    @property
    def decisions(self) -> Path:
        """What people decided about recommendations, one JSON line each."""
        return self.data / "decisions.jsonl"

    @property
    def exports(self) -> Path:
        """Files made for people."""
        return self.data / "exports"

    @property
    def state(self) -> Path:
        """What dlt, dbt and numba remember between runs. Losing it costs time, never data."""
        return self.data / ".state"

    @property
    def loader_state(self) -> Path:
        """The state of the loaders."""
        return self.state / "dlt"

    @property
    def dbt_target(self) -> Path:
        """The artefacts of dbt."""
        return self.state / "dbt"

    @property
    def compiled(self) -> Path:
        """Machine code of the simulation, compiled once."""
        return self.state / "numba"

    @property
    def writer_lock(self) -> Path:
        """The file that a writing process holds locked."""
        return self.state / "writer.lock"

    @property
    def logs(self) -> Path:
        """The logs."""
        return self.root / "logs"

    @property
    def log(self) -> Path:
        """The log of this product."""
        return self.logs / "dynamodb_optima.log"

    def create(self) -> None:
        """Make the folders and the empty file of decisions, where they are not there yet.

        Raises:
            OptimaError: The folder cannot be written to.
        """
        folders = (self.data, self.warehouse.parent, self.minutes, self.exports, self.logs)
        states = (self.loader_state, self.dbt_target, self.compiled)
        try:
            for folder in (*folders, *states):
                folder.mkdir(parents=True, exist_ok=True)
            self.decisions.touch()
        except OSError as error:
            raise cannot_write(self.root, error) from error


def cannot_write(root: Path, error: OSError) -> OptimaError:
    """Return the sentence for a workspace that the operating system does not let us write to."""
    refusal = disk_refusal(error, f"the workspace {root}")
    reason = error.strerror or type(error).__name__
    return OptimaError(
        refusal or f"The workspace {root} cannot be written to ({reason}): name another by --project-root."
    )


def find_root(option: Path | None = None) -> Path:
    """Return the workspace's folder: the option, else OPTIMA_PROJECT_ROOT, else the current folder."""
    return Path(option or os.environ.get("OPTIMA_PROJECT_ROOT") or ".").expanduser().resolve()
