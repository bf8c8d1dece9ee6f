"""The simulation over Arrow columns, as DuckDB hands them to a function: a row per resource, lists of rates.

Lists are read where they lie; only a column with NULL minutes is copied, with NaN in their place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from optima.simulation import batch, kernel
from optima.simulation.kernel import Floats, Ints

# A result's columns for one dimension: name, place in the kernel's totals, Arrow type.
RESULT_FIELDS = (
    ("unit_hours", kernel.UNITS, pa.float64()),
    ("unit_hours_upper", kernel.UNITS_UPPER, pa.float64()),
    ("least", kernel.LEAST, pa.float64()),
    ("greatest", kernel.GREATEST, pa.float64()),
    ("increases", kernel.INCREASES, pa.int64()),
    ("decreases", kernel.DECREASES, pa.int64()),
    ("throttled_units", kernel.THROTTLED_UNITS, pa.float64()),
    ("throttled_minutes", kernel.THROTTLED_MINUTES, pa.int64()),
)


def simulate(
    reads: pa.ChunkedArray, writes: pa.ChunkedArray, starts: pa.ChunkedArray, settings: pa.ChunkedArray
) -> Any:
    """Simulate every setting in each row's list; a list of results in the same order.

    Raises:
        ValueError: The lists of a row differ in length, a rate is negative or infinite, a setting makes no
        sense.
    """
    read_rates, write_rates, offsets = _series(reads, writes)
    setting_values, setting_offsets = _list(settings)
    names, policies = _policies(setting_values)
    outcome = batch.run(read_rates, write_rates, offsets, _numbers(starts), policies, setting_offsets)
    known = np.repeat(outcome.known_minutes, np.diff(setting_offsets))
    columns = {"setting_id": names}
    for k, dimension in enumerate(batch.DIMENSIONS):
        for field, place, kind in RESULT_FIELDS:
            values = outcome.totals[:, k, place]
            columns[f"{dimension}_{field}"] = _result(field, values, kind, known)
    columns["known_minutes"] = pa.array(known)
    results = pa.StructArray.from_arrays(list(columns.values()), names=list(columns))
    return pa.ListArray.from_arrays(pa.array(setting_offsets, pa.int32()), results)


def capacity_hourly(
    reads: pa.ChunkedArray, writes: pa.ChunkedArray, starts: pa.ChunkedArray, settings: pa.ChunkedArray
) -> Any:
    """Mean capacity over the known minutes of each UTC hour that a row touches, one setting a row.

    An hour without a known minute is NULL.

    Raises:
        ValueError: As `simulate`.
    """
    read_rates, write_rates, offsets = _series(reads, writes)
    _, policies = _policies(_one(settings))
    hours: list[tuple[Ints, Floats]] = []
    for row, start in enumerate(_numbers(starts)):
        minutes = slice(offsets[row], offsets[row + 1])
        rates = read_rates[minutes], write_rates[minutes]
        outcome = batch.run_one(*rates, start, policies[row : row + 1])
        is_known = ~(np.isnan(rates[0]) | np.isnan(rates[1]))
        hours.append(_by_hour(outcome.capacities, is_known, start))
    return pa.StructArray.from_arrays(
        [_lists([known for known, _ in hours], [units[k] for _, units in hours]) for k in range(2)],
        names=[f"{dimension}_capacity" for dimension in batch.DIMENSIONS],
    )


def _one(column: pa.ChunkedArray | pa.Array) -> Any:
    """A column as one array, without a copy where it is one already."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def _numbers(column: pa.ChunkedArray) -> Ints:
    return np.asarray(_one(column).to_numpy(zero_copy_only=False), np.int64)


def _list(column: pa.ChunkedArray) -> tuple[Any, Ints]:
    """A list column's values and where each row's begin; the first at 0."""
    lists = _one(column)
    offsets = np.asarray(lists.offsets, np.int64)
    return lists.values.slice(offsets[0], offsets[-1] - offsets[0]), offsets - offsets[0]


def _series(reads: pa.ChunkedArray, writes: pa.ChunkedArray) -> tuple[Floats, Floats, Ints]:
    """Both dimensions' flat rates, NaN where NULL, and the offsets that they share."""
    read_values, offsets = _list(reads)
    write_values, write_offsets = _list(writes)
    if not np.array_equal(offsets, write_offsets):
        row = int(np.argmax(np.diff(offsets) != np.diff(write_offsets)))
        lengths = f"{np.diff(offsets)[row]} and {np.diff(write_offsets)[row]}"
        raise ValueError(f"reads and writes of a resource must be of the same minutes, but one has {lengths}")
    return _rates(read_values), _rates(write_values), offsets


def _rates(values: Any) -> Floats:
    known = pc.fill_null(values, np.nan) if values.null_count else values
    return np.asarray(known.to_numpy())


def _policies(settings: Any) -> tuple[Any, Floats]:
    """The names of a struct array's settings and the settings as the kernel wants them."""
    fields = dict(zip((field.name for field in settings.type), settings.flatten(), strict=True))
    names = fields["setting_id"].fill_null("")
    for field, values in fields.items():
        if values.null_count:
            name = names[pc.index(values.is_null(), True).as_py()].as_py()
            raise ValueError(f"setting '{name}': {field} must not be NULL")

    def both(bound: str) -> Floats:
        return np.column_stack([fields[f"{dimension}_{bound}"].to_numpy() for dimension in batch.DIMENSIONS])

    return names, batch.policies(
        targets=both("target"),
        minimums=both("min"),
        maximums=both("max"),
        delays=fields["delay_minutes"].to_numpy(),
        bursts=fields["burst_seconds"].to_numpy(),
        holds=fields["hold_at_zero"].to_numpy(zero_copy_only=False),
        names=names,
    )


def _result(field: str, values: Floats, kind: Any, known: Ints) -> Any:
    """One column of the results: unit-minutes as unit-hours, by one division; extremes of nothing as NULL."""
    if field.startswith("unit_hours"):
        return pa.array(values / 60)
    mask = known == 0 if field in ("least", "greatest") else None
    return pa.array(np.ascontiguousarray(values), mask=mask).cast(kind)


def _by_hour(capacities: Floats, is_known: Any, start: int) -> tuple[Ints, Floats]:
    """Known minutes of each UTC hour of a row, and the mean capacity over them, a line per dimension."""
    if not is_known.size:
        return np.empty(0, np.int64), np.empty((2, 0))
    first, last = start // kernel.MINUTES_PER_HOUR, (start + is_known.size - 1) // kernel.MINUTES_PER_HOUR
    edges = np.maximum(0, np.arange(first, last + 1) * kernel.MINUTES_PER_HOUR - start)
    known = np.add.reduceat(is_known.astype(np.int64), edges)
    units = np.add.reduceat(capacities * is_known, edges, axis=1)
    return known, units / np.maximum(known, 1)


def _lists(known: list[Ints], units: list[Floats]) -> Any:
    """A list column from one array a row, NULL where nothing is known."""
    offsets = np.cumsum([0, *(len(row) for row in units)])
    flat_known = np.concatenate([np.empty(0, np.int64), *known])
    values = pa.array(np.concatenate([np.empty(0), *units]), mask=flat_known == 0)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
