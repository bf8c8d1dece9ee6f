"""What is known: `ops.collected_spans`, one row per series and span; those of a series do not touch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa

from loaders.cloudwatch.intervals import Interval, subtract, union
from loaders.cloudwatch.series import MINUTES, SeriesKey, Unit

Spans = Mapping[SeriesKey, list[Interval]]

_SERIES = ("account_id", "region", "resource_name", "metric_name", "statistic", "period_seconds")
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in _SERIES[:-1]),
        ("period_seconds", pa.int32()),
        ("span_start", pa.timestamp("us")),
        ("span_end", pa.timestamp("us")),
    ]
)
_SAME_SERIES = " and ".join(f"theirs.{name} = ours.{name}" for name in _SERIES)


def known(connection: duckdb.DuckDBPyConnection) -> Spans:
    """Return all known spans by series."""
    return _by_series(
        connection.execute(
            f"select {', '.join(_SERIES)}, span_start, span_end from ops.collected_spans"  # noqa: S608
        ).fetchall()
    )


def withdraw(connection: duckdb.DuckDBPyConnection, units: Iterable[Unit], operation_id: str) -> None:
    """Take the spans of units out of what is known: from here until they are entered again, it is unknown."""
    holes: dict[SeriesKey, list[Interval]] = defaultdict(list)
    for key, span in _series_of(units):
        holes[key].append(span)
    left = {
        key: [part for span in spans for part in subtract(span, holes[key])]
        for key, spans in _stored(connection, holes).items()
    }
    _replace(connection, left, operation_id)


def delete_rows(connection: duckdb.DuckDBPyConnection, units: Iterable[Unit]) -> None:
    """Delete the points that lie in the spans of units: what a load left that was killed while writing."""
    ours = _table(_series_of(units))
    connection.register("ours", ours)
    try:
        connection.execute(
            "delete from raw_cloudwatch.metrics as theirs using ours "  # noqa: S608 (names are ours)
            f"where {_SAME_SERIES} and theirs.timestamp >= ours.span_start "
            "and theirs.timestamp < ours.span_end"
        )
    finally:
        connection.unregister("ours")


def enter(
    connection: duckdb.DuckDBPyConnection,
    spans: Sequence[tuple[SeriesKey, Interval]],
    operation_id: str,
) -> None:
    """Add spans to what is known, merged with those that they overlap or touch."""
    new: dict[SeriesKey, list[Interval]] = defaultdict(list)
    for key, span in spans:
        new[key].append(span)
    stored = _stored(connection, new)
    _replace(
        connection,
        {key: union([*stored.get(key, []), *added]) for key, added in new.items()},
        operation_id,
    )


def _series_of(units: Iterable[Unit]) -> Iterator[tuple[SeriesKey, Interval]]:
    """Yield the series that a unit may write, with its span. Minutes may turn out to be of 300 s."""
    for unit in units:
        for resource in unit.resources:
            place = (resource.account_id, resource.region, resource.name)
            for metric in unit.reading.metrics:
                for period in {60, 300} if unit.reading is MINUTES else {unit.period}:
                    yield (*place, metric, unit.reading.statistic, period), unit.span


def _stored(connection: duckdb.DuckDBPyConnection, keys: Iterable[SeriesKey]) -> Spans:
    """Return what is known of some series."""
    series = _table((key, None) for key in keys)
    connection.register("ours", series)
    try:
        found = connection.execute(
            "select theirs.* exclude (operation_id) "  # noqa: S608
            f"from ops.collected_spans as theirs semi join ours on {_SAME_SERIES}"
        ).fetchall()
    finally:
        connection.unregister("ours")
    return _by_series(found)


def _replace(connection: duckdb.DuckDBPyConnection, spans: Spans, operation_id: str) -> None:
    """Set what is known of some series to exactly these spans."""
    series = _table((key, None) for key in spans)
    new = _table((key, span) for key, parts in spans.items() for span in parts)
    connection.register("ours", series)
    connection.register("new_spans", new)
    try:
        connection.execute(f"delete from ops.collected_spans as theirs using ours where {_SAME_SERIES}")  # noqa: S608
        connection.execute(
            "insert into ops.collected_spans by name select *, ?::varchar as operation_id from new_spans",
            [operation_id],
        )
    finally:
        connection.unregister("ours")
        connection.unregister("new_spans")


def _table(series: Iterable[tuple[SeriesKey, Interval | None]]) -> pa.Table:
    rows = [(*key, *(span or (None, None))) for key, span in series]
    columns = list(zip(*rows, strict=True)) or [()] * len(_SCHEMA)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)],
        schema=_SCHEMA,
    )


def _by_series(rows: Iterable[tuple[object, ...]]) -> Spans:
    found: dict[SeriesKey, list[Interval]] = defaultdict(list)
    for row in rows:
        *key, start, end = row
        found[tuple(key)].append((start, end))  # type: ignore[index,arg-type]
    return found
