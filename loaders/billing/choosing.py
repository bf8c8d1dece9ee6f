"""Which of several exports is read: two of one payer tell the same usage twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from loaders.billing import formats
from loaders.billing.exports import Export
from loaders.billing.formats import FileKind, Format
from loaders.errors import LoadError

# The fuller its lines, the earlier.
_FAMILIES: tuple[Format, ...] = (
    "cur2_parquet",
    "cur2_csv",
    "legacy_parquet",
    "legacy_csv",
    "focus_1_2",
    "focus_1_0",
)


def restricted(found: Sequence[Export], files: FileKind | None) -> list[Export]:
    """Return the exports whose files are of a kind.

    Raises:
        LoadError: there are exports, none of them of that kind.
    """
    kept = [export for export in found if files in (None, export.files)]
    if found and not kept:
        names = ", ".join(f"{export.name} ({formats.label(export.format, export.files)})" for export in found)
        raise LoadError(f"No billing export is in {files}, there is only {names}: leave out --format.")
    return kept


def ranked(found: Iterable[Export]) -> dict[str, list[Export]]:
    """Return the exports of each payer, the best first: hourly with resources, Parquet, CUR 2.0."""
    by_payer: dict[str, list[Export]] = {}
    for export in sorted(found, key=_rank):
        by_payer.setdefault(export.payer_account_id, []).append(export)
    return by_payer


def _rank(export: Export) -> tuple[bool, bool, bool, int, str]:
    return (
        export.has_resources is False,
        export.granularity not in (None, "HOURLY"),
        export.files != "parquet",
        _FAMILIES.index(export.format),
        export.name,
    )


def left_out(export: Export, chosen: Export) -> str:
    """Say that an export is not read because another of the same payer is."""
    return (
        f"Billing export {export.name} ({formats.label(export.format, export.files)}) was left out, because "
        f"{chosen.name} ({formats.label(chosen.format, chosen.files)}) tells the same of account "
        f"{chosen.payer_account_id}."
    )
