"""What people decided about recommendations: one JSON line each, and this file is the truth of it.

A line has `recommendation_id`, `status` and, as far as known, `decided_at`, `decided_by`, `reason` and
`snoozed_until`. The latest decision about a recommendation counts, of equally late ones the last line. The
file can be written while the warehouse is locked, so that readers lay it over the published marts, which
know what the build had read.
"""

from __future__ import annotations

import fcntl
import json
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from optima.errors import OptimaError


def statuses(path: Path, now: datetime) -> dict[str, str]:
    """Return the status of every recommendation that was decided on; a pause that is over is pending again.

    Raises:
        OptimaError: A line is no decision.
    """
    taken: list[tuple[datetime, str, str]] = []
    for number, line in enumerate(_whole_lines(path), start=1):
        try:
            decision = json.loads(line)
            decided_at = _instant(decision.get("decided_at")) or datetime.min
            until = _instant(decision.get("snoozed_until"))
            status = "pending" if until and until <= now else decision["status"].lower()
            taken.append((decided_at, decision["recommendation_id"], status))
        except (ValueError, KeyError, AttributeError, TypeError):
            raise OptimaError(f"Line {number} of {path} is no decision: mend it or take it out.") from None
    taken.sort(key=itemgetter(0))
    return {recommendation_id: status for _, recommendation_id, status in taken}


def _instant(text: str | None) -> datetime | None:
    """Read an instant as UTC without a zone."""
    value = datetime.fromisoformat(text) if text else None
    return value.astimezone(UTC).replace(tzinfo=None) if value and value.tzinfo else value


def mend(path: Path) -> None:
    """Cut a last line that was torn while it was written, so that dbt can read the file."""
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read()
        whole = "".join(f"{line}\n" for line in _lines(text.decode("utf-8", errors="replace"))).encode()
        if whole != text:
            file.seek(0)
            file.write(whole)
            file.truncate()


def _whole_lines(path: Path) -> list[str]:
    try:
        return _lines(path.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return []


def _lines(text: str) -> list[str]:
    """Return the lines that hold something, without a last one that was torn: unended, and no JSON."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and not text.endswith("\n") and not _is_json(lines[-1]):
        lines.pop()
    return lines


def _is_json(line: str) -> bool:
    try:
        decision: Any = json.loads(line)
    except ValueError:
        return False
    return isinstance(decision, dict)
