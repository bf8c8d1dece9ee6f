"""Some lines of a month, as the columns of one file are made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa

from optima.sandbox.billing.lines import Lines, Month
from optima.sandbox.demand import Values
from optima.sandbox.organisation import minute_of

INSTANT = pa.timestamp("ms")


@dataclass(frozen=True)
class Portion:
    """Groups of lines of one month, one row for each line. `names` are the accounts' names by id.

    CSV has no maps: there they are texts in JSON.
    """

    groups: Sequence[Lines]
    month: Month
    names: Mapping[str, str]
    maps_as_json: bool = False

    @cached_property
    def _counts(self) -> list[int]:
        return [len(lines.hours) for lines in self.groups]

    @cached_property
    def _group(self) -> np.ndarray:
        """The number of each row's group."""
        return np.repeat(np.arange(len(self.groups)), self._counts)

    @cached_property
    def count(self) -> int:
        """How many rows there are."""
        return sum(self._counts)

    @cached_property
    def hours(self) -> np.ndarray:
        """The hour of each row, from the month's start."""
        return np.concatenate([lines.hours for lines in self.groups])

    def text(self, value: Callable[[Lines], str | None]) -> pa.Array:
        """A string for each group of lines, written once and referred to by its rows."""
        distinct = pa.array([value(lines) for lines in self.groups], pa.string()).dictionary_encode()
        indices = distinct.indices.take(pa.array(self._group))
        return pa.DictionaryArray.from_arrays(indices, distinct.dictionary)

    def same(self, value: str) -> pa.Array:
        """One string for all rows."""
        return pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(self.count, dtype=np.int8)), pa.array([value])
        )

    def numbers(self, values: Callable[[Lines], Values | None]) -> pa.Array:
        """A number for each line; null in groups that have none."""
        found = [values(lines) for lines in self.groups]
        if all(one is None for one in found):
            return self.nothing(pa.float64())
        return pa.array(
            np.concatenate(
                [
                    np.full(count, np.nan) if one is None else one
                    for one, count in zip(found, self._counts, strict=True)
                ]
            ),
            from_pandas=True,
        )

    def rates(self, value: Callable[[Lines], float | None]) -> pa.Array:
        """A number for each group."""
        return pa.array([value(lines) for lines in self.groups], pa.float64()).take(pa.array(self._group))

    def maps(self, value: Callable[[Lines], Mapping[str, str]]) -> pa.Array:
        """A map of texts for each group."""
        if self.maps_as_json:
            return self.text(lambda lines: json.dumps(value(lines)))
        kind = pa.map_(pa.string(), pa.string())
        entries = [list(value(lines).items()) for lines in self.groups]
        return pa.array(entries, kind).take(pa.array(self._group))

    def nothing(self, kind: pa.DataType) -> pa.Array:
        """Nulls."""
        return pa.nulls(self.count, kind)

    @cached_property
    def _first_hour(self) -> int:
        return minute_of(self.month.start) // 60

    @cached_property
    def begins(self) -> pa.Array:
        """When each line begins."""
        return _instants(self._first_hour + self.hours)

    @cached_property
    def ends(self) -> pa.Array:
        """When each line ends."""
        durations = np.repeat([lines.duration_hours for lines in self.groups], self._counts)
        return _instants(self._first_hour + self.hours + durations)

    @cached_property
    def month_begins(self) -> pa.Array:
        """The month's start, for each row."""
        return _instants(np.full(self.count, self._first_hour))

    @cached_property
    def month_ends(self) -> pa.Array:
        """The month's end, for each row."""
        return _instants(np.full(self.count, self._first_hour + self.month.hours))

    def intervals(self) -> pa.Array:
        """`2026-10-01T00:00:00Z/2026-10-01T01:00:00Z`, each distinct interval written once."""
        start = self.month.start
        texts = list(_hourly_intervals(start, self.month.hours))
        codes = []
        for lines in self.groups:
            if lines.duration_hours == 1:
                codes.append(lines.hours)
                continue
            codes.append(np.full(len(lines.hours), len(texts)))
            texts.append(_interval(start + timedelta(hours=int(lines.hours[0])), lines.duration_hours))
        encoded = pa.array(texts).dictionary_encode()
        indices = encoded.indices.take(pa.array(np.concatenate(codes)))
        return pa.DictionaryArray.from_arrays(indices, encoded.dictionary)


def _instants(hours: np.ndarray) -> pa.Array:
    """Hours since 1970 as timestamps."""
    return pa.array(hours * 3_600_000).cast(INSTANT)


@lru_cache(maxsize=4)
def _hourly_intervals(start: datetime, hours: int) -> tuple[str, ...]:
    return tuple(_interval(start + timedelta(hours=hour), 1) for hour in range(hours))


def _interval(begin: datetime, hours: int) -> str:
    return f"{begin.isoformat()}Z/{(begin + timedelta(hours=hours)).isoformat()}Z"
