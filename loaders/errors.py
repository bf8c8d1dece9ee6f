"""What can go wrong in a load, in sentences for the person who started it."""

from __future__ import annotations


class LoadError(Exception):
    """A load that cannot go on. Its text is one sentence: what happened, to what, what to do about it."""


class WarehouseBusy(LoadError):  # noqa: N818 (a state, as DuckDB says it)
    """Another process has the warehouse open. `process_id` names it where DuckDB told it."""

    def __init__(self, path: object, process_id: int | None) -> None:
        holder = f"process {process_id}" if process_id is not None else "another process"
        super().__init__(f"The warehouse {path} is in use by {holder}; wait until it ends, then try again.")
        self.process_id = process_id


class SchemaMismatch(Exception):  # noqa: N818
    """A loader built an Arrow table that is not what its raw table declares: a defect of ours."""
