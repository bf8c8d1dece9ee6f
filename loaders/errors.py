"""What can go wrong in a load, in sentences for the person who started it."""

from __future__ import annotations

import re

# The operating system's words, as Python, DuckDB, pyarrow and dlt repeat them.
_FULL = re.compile(r"No space left on device|Disk quota exceeded|File too large", re.IGNORECASE)
_READ_ONLY = re.compile(r"Read-only file system", re.IGNORECASE)


def disk_refusal(error: BaseException | str, what: object) -> str | None:
    """Return the sentence for a disk that is full or cannot be written to; None for any other error.

    Args:
        error: what was raised, or what it said.
        what: the file or folder that lies there.
    """
    said = str(error)
    if _FULL.search(said):
        return (
            f"The disk of {what} is full: make room, then repeat the command; what was stored before is kept."
        )
    if _READ_ONLY.search(said):
        subject = f"{str(what)[0].upper()}{str(what)[1:]}"
        return (
            f"{subject} cannot be written to, because the disk is read-only: make it writable, or name "
            "another folder by --project-root."
        )
    return None


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
