"""Demand by the minute for the dashboard's drill-down: Parquet files beside the published marts.

A row is a resource and a UTC day, as in int_demand__days_arrayed: its minutes lie side by side in arrays.
Days change rarely, and the newest most, so a day is written again only when its rows were. A file is never
overwritten: a day that changed is a new one, and each build names the files that belong to it in its table
`minute_files` (day, file: relative to the folder of minutes, fingerprint: what tells a change).

Read is one resource of thousands, so rows lie ordered by name in small row groups, and the statistics of a
group tell whether it is in it. Of 20,000 resources a day takes 8 ms and, once its footer is known, 4 ms;
row groups of the size that DuckDB writes took 170 ms.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optima.errors import OptimaError
from optima.published import Build, columns, open_build
from optima.workspace import Workspace

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

_log = logging.getLogger(__name__)

_MODEL = "intermediate.int_demand__days_arrayed"
_THROTTLES = "struct(minute_of_day usmallint, value double)[]"
_COLUMNS = {
    "account_id": "varchar",
    "region": "varchar",
    "resource_name": "varchar",
    "day": "date",
    "reads": "double[]",
    "writes": "double[]",
    "read_capacity": "double[]",
    "write_capacity": "double[]",
    "read_throttles": _THROTTLES,
    "write_throttles": _THROTTLES,
}
_KEY = ("account_id", "region", "resource_name")
# Reads and writes are mostly different from minute to minute; a dictionary of them is larger than they are.
_REPETITIVE = [*_KEY, "day", "read_capacity.list.element", "write_capacity.list.element"]
# A day of 20,000 resources: 4 CPU seconds to write, 115 MB, of which 0.3 MB tell where each row group is.
# Half the rows make reading a little and that part twice as large, twice the rows double what is read.
_ROWS_OF_A_GROUP = 64
# Footers that a process remembers: 1 to 2 MB each at 20,000 resources, of files that never change.
_FOOTERS = 32
# Builds whose files a process remembers.
_BUILDS = 32

# A changed row has a later instant than all rows of the day before it. Comparing the arrays themselves would
# cost more than writing them.
_FINGERPRINTS = f"""
    select day, count(*) || '-' || max(updated_at)
    from warehouse.{_MODEL}
    group by day
    order by day
"""  # noqa: S608

# By name first: it tells most rows apart, so that one row group holds what is looked for.
_DAY = f"""
    select {", ".join(f"cast({name} as {kind}) as {name}" for name, kind in _COLUMNS.items())}
    from warehouse.{_MODEL}
    where day = $day
    order by resource_name, account_id, region
"""  # noqa: S608


def export(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, build: Build, previous: Build | None
) -> list[date]:
    """Write the days that the build before does not have as they are now; return the days written.

    Args:
        connection: The new build, open for writing, with the warehouse attached to it as `warehouse`. It gets
            the table `minute_files`.
        workspace: Where the files go.
        build: The new build. Until it is current nobody knows its files.
        previous: The build before, None where there is none.
    """
    known = _known(previous)
    connection.execute("create table minute_files (day date, file varchar, fingerprint varchar)")
    written = []
    for day, fingerprint in connection.execute(_FINGERPRINTS).fetchall():
        file = known.get((day, fingerprint))
        if file is None or not (workspace.minutes / file).is_file():
            file = f"day={day}/minutes-{build.build_id}.parquet"
            rows = connection.execute(_DAY, {"day": day}).to_arrow_reader(16 * _ROWS_OF_A_GROUP)
            write(rows, workspace.minutes / file)
            written.append(day)
        connection.execute("insert into minute_files values (?, ?, ?)", [day, file, fingerprint])
    return written


def write(rows: pa.RecordBatchReader, file: Path) -> None:
    """Write rows of one day, ordered by resource name, into a new file that is whole or not there."""
    import pyarrow.parquet as pq

    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.unfinished")
    with unfinished.open("wb") as stream:
        with pq.ParquetWriter(
            stream,
            rows.schema,
            compression="zstd",
            use_dictionary=_REPETITIVE,
            write_statistics=list(_KEY),
            store_schema=False,
        ) as writer:
            for batch in rows:
                writer.write_batch(batch, row_group_size=_ROWS_OF_A_GROUP)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(file)


def delete_unnamed(workspace: Workspace, builds: Iterable[Build]) -> None:
    """Delete the files that none of these builds names: what they superseded, or what was interrupted.

    As long as one of them cannot be read, nobody knows what it names, and all files stay.
    """
    import duckdb

    named: set[Path] = set()
    try:
        for build in builds:
            named.update(_known_files(build).values())
    except (OptimaError, duckdb.Error) as error:
        _log.warning("superseded minutes are kept: %s", error)
        return
    for file in {path for path in workspace.minutes.rglob("*") if path.is_file()} - named:
        file.unlink(missing_ok=True)
    for folder in workspace.minutes.glob("day=*"):
        if not any(folder.iterdir()):
            folder.rmdir()


def days(build: Build) -> tuple[date, ...]:
    """Return the days of which a build has minutes, oldest first.

    Raises:
        OptimaError: The build cannot be read.
    """
    return tuple(_known_files(build))


def read(build: Build, account_id: str, region: str, resource_name: str, days: Iterable[date]) -> pa.Table:
    """Return the minutes of one table or index (`table#index`) on some days, one row per day, oldest first.

    Args:
        build: Whose minutes; other builds may have others of the same days.
        account_id: AWS account.
        region: AWS region.
        resource_name: Table, or table and index.
        days: UTC days; those of which the build has no minutes are left out.

    Returns:
        account_id, region, resource_name, day; reads and writes: units per second of each of 1440 minutes,
        null where unknown; read_capacity, write_capacity: provisioned units of each of 288 five minutes;
        read_throttles, write_throttles: {minute_of_day, value} of minutes with throttle events. What was not
        collected is null.

    Raises:
        OptimaError: The build or a file of its minutes is missing or damaged.
    """
    import pyarrow as pa

    files = _known_files(build)
    wanted = sorted(day for day in set(days) if day in files)
    found = [_rows(files[day], (account_id, region, resource_name)) for day in wanted]
    return pa.concat_tables([_schema().empty_table(), *found])


def _rows(file: Path, key: tuple[str, str, str]) -> pa.Table:
    """Return the rows of one resource in one file."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        metadata, groups = _footer(file)
        hits = [number for number, bounds in enumerate(groups) if _may_hold(bounds, key)]
        with pq.ParquetFile(file, metadata=metadata) as opened:
            rows = opened.read_row_groups(hits, columns=list(_COLUMNS), use_threads=False)
    except (OSError, pa.ArrowInvalid) as error:
        raise OptimaError(
            f"The minutes {file.parent.name}/{file.name} cannot be read: run an analysis to publish new ones."
        ) from error
    for name, value in zip(_KEY, key, strict=True):
        rows = rows.filter(pc.equal(rows[name], value))
    return rows.cast(_schema())


_Bounds = tuple[tuple[str, str] | None, ...]


@lru_cache(maxsize=_FOOTERS)
def _footer(file: Path) -> tuple[pq.FileMetaData, tuple[_Bounds, ...]]:
    """Return a file's footer, and for each row group the least and greatest value of each column of the key.

    Bounds are None where the file has none.
    """
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(file)
    places = [metadata.schema.names.index(name) for name in _KEY]
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    return metadata, tuple(tuple(_bounds(group, place) for place in places) for group in groups)


def _bounds(group: Any, place: int) -> tuple[str, str] | None:
    statistics = group.column(place).statistics
    return (statistics.min, statistics.max) if statistics is not None and statistics.has_min_max else None


def _may_hold(bounds: _Bounds, key: tuple[str, str, str]) -> bool:
    return all(
        bound is None or bound[0] <= value <= bound[1] for bound, value in zip(bounds, key, strict=True)
    )


@lru_cache(maxsize=1)
def _schema() -> pa.Schema:
    import pyarrow as pa

    throttles = pa.list_(pa.struct([("minute_of_day", pa.uint16()), ("value", pa.float64())]))
    kinds = {
        "varchar": pa.string(),
        "date": pa.date32(),
        "double[]": pa.list_(pa.float64()),
        _THROTTLES: throttles,
    }
    return pa.schema([(name, kinds[kind]) for name, kind in _COLUMNS.items()])


@lru_cache(maxsize=_BUILDS)
def _known_files(build: Build) -> Mapping[date, Path]:
    """As `_files`, remembered: what a build names never changes."""
    return _files(build)


def _files(build: Build) -> dict[date, Path]:
    """Return the file of each day of a build, oldest day first."""
    folder = build.path.with_name("minutes")
    with open_build(build) as connection:
        if "minute_files" not in columns(connection):
            return dict(_unnamed_files(folder))
        rows = connection.execute("select day, file from minute_files order by day").fetchall()
    return {day: folder / file for day, file in rows}


def _unnamed_files(folder: Path) -> Iterator[tuple[date, Path]]:
    """Yield the files of builds that name none: each day had one, which was overwritten."""
    for file in sorted(folder.glob("day=*/minutes.parquet")):
        yield date.fromisoformat(file.parent.name.removeprefix("day=")), file


def _known(previous: Build | None) -> dict[tuple[date, str], str]:
    """Return the files of the build before by day and fingerprint; nothing where it cannot tell."""
    import duckdb

    if previous is None:
        return {}
    try:
        with open_build(previous) as connection:
            if "minute_files" not in columns(connection):
                return {}
            rows = connection.execute("select day, fingerprint, file from minute_files").fetchall()
    except (OptimaError, duckdb.Error) as error:
        _log.warning("all minutes are written again, as %s cannot be read: %s", previous.path.name, error)
        return {}
    return {(day, fingerprint): file for day, fingerprint, file in rows}
