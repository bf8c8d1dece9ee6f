"""Demand by the minute for the dashboard's drill-down: one Parquet file a day, beside the published marts.

A row is a resource and a UTC day, as in int_demand__days_arrayed: its minutes lie side by side in arrays.
Days change rarely, and the newest most, so a day's file is written again only when its rows were.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from optima.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

_MODEL = "intermediate.int_demand__days_arrayed"
_COLUMNS = (
    "account_id, region, resource_name, day, reads, writes, read_capacity, write_capacity, "
    "read_throttles, write_throttles"
)
_MANIFEST = "manifest.json"


def export(connection: duckdb.DuckDBPyConnection, catalog: str, workspace: Workspace) -> list[str]:
    """Write the days that changed since the last export, drop those that are gone; return the days written.

    Each file is renamed into place, and the manifest is written last: an interrupted export is done again.
    """
    table = f"{catalog}.{_MODEL}"
    fingerprints = dict(connection.sql(_FINGERPRINTS.format(table=table)).fetchall())
    known = _manifest(workspace.minutes)
    workspace.minutes.mkdir(parents=True, exist_ok=True)
    changed = sorted(day for day, print_ in fingerprints.items() if known.get(day) != print_)
    for day in changed:
        _write_day(connection, table, day, workspace.minutes / f"day={day}")
    for folder in workspace.minutes.glob("day=*"):
        if folder.name.removeprefix("day=") not in fingerprints:
            shutil.rmtree(folder, ignore_errors=True)
    _replace(workspace.minutes / _MANIFEST, json.dumps(fingerprints, sort_keys=True))
    return changed


# A changed row has a later instant than all rows of the day before it. Comparing the arrays themselves would
# cost more than writing them.
_FINGERPRINTS = """
    select strftime(day, '%Y-%m-%d'), count(*) || '-' || max(updated_at)
    from {table}
    group by day
"""


def _manifest(folder: Path) -> dict[str, str]:
    try:
        manifest: dict[str, str] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return manifest


def _write_day(connection: duckdb.DuckDBPyConnection, table: str, day: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    unfinished = folder / ".unfinished"
    query = f"select {_COLUMNS} from {table} where day = date '{day}' order by 1, 2, 3"  # noqa: S608
    connection.sql(query).write_parquet(str(unfinished), compression="zstd")
    unfinished.replace(folder / "minutes.parquet")


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
