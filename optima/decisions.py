"""What people decided about recommendations: one JSON line each, and this file is the truth of it.

The file can be written while the warehouse is locked: whoever reads lays it over the published marts, whose
own statuses are what the build had read. A line has `recommendation_id`, `status` and, as far as known,
`decided_at`, `decided_by`, `reason`, `snoozed_until` and `about`. Of a recommendation the latest decision
counts, of equally late ones the last line; docs/deciding.md describes the format.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from optima.errors import OptimaError

PENDING, ACCEPTED, REJECTED, SNOOZED, IMPLEMENTED = (
    "pending",
    "accepted",
    "rejected",
    "snoozed",
    "implemented",
)
STATUSES = (PENDING, ACCEPTED, REJECTED, SNOOZED, IMPLEMENTED)
# What of the advice can still be saved.
OPEN = (PENDING, ACCEPTED)
# What of a recommendation a decision keeps, so that the file can be read without a build.
ABOUT = (
    "kind",
    "account_id",
    "region",
    "table_name",
    "index_name",
    "recommended_setting",
    "monthly_savings_usd",
)
# Files whose lines a process remembers.
_KEPT = 8


@dataclass(frozen=True)
class Decision:
    """One decision about one recommendation; instants are UTC, without a zone.

    Attributes:
        status: One of `STATUSES`, as it was decided: a pause that is over still says `snoozed`.
        decided_at: None in a line that does not say when; such a line counts as the oldest.
        snoozed_until: The end of a pause; None: it has none.
        about: What was decided on, as it was then: the columns `ABOUT`, as text or null.
    """

    recommendation_id: str
    status: str
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
    snoozed_until: datetime | None = None
    about: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def status_at(self, now: datetime) -> str:
        """Return what is in force at an instant: a pause that is over is pending again."""
        return PENDING if self._ends and self._ends <= now else self.status

    @property
    def _ends(self) -> datetime | None:
        return self.snoozed_until if self.status == SNOOZED else None


@dataclass(frozen=True)
class Standing:
    """How things stand at one moment.

    Equal and hashed by its version, so that it can be part of a key; `st.cache_data` would copy the rest, and
    is to be told: `hash_funcs={Standing: attrgetter("version")}`.

    Attributes:
        version: Text that is another one as soon as any decision or status is.
        latest: The decision that counts, by recommendation.
        statuses: What is in force, by recommendation; what nobody decided on is pending, and not in it.
        history: All decisions, oldest first.
    """

    version: str
    latest: Mapping[str, Decision] = field(compare=False, repr=False)
    statuses: Mapping[str, str] = field(compare=False, repr=False)
    history: tuple[Decision, ...] = field(compare=False, repr=False)


@dataclass(frozen=True)
class _Log:
    """What one reading of the file found.

    Attributes:
        state: Inode, size and time of change, by which a file that did not change is known.
        text: The whole lines, a torn last one cut off.
        lines: How many these are, empty ones included.
        taken: The decisions in the order of the lines.
        ends: When the pauses that count end, in order.
    """

    state: tuple[int, int, int] | None
    text: bytes
    lines: int
    taken: tuple[Decision, ...]
    history: tuple[Decision, ...]
    latest: Mapping[str, Decision]
    ends: tuple[datetime, ...]
    digest: str


_EMPTY = _Log(None, b"", 0, (), (), {}, (), "")
_logs: dict[Path, _Log] = {}
_standings: dict[Path, Standing] = {}


def standing(path: Path, now: datetime) -> Standing:
    """Return how things stand at `now` (UTC, no zone); a missing file says that nobody decided.

    The file is read only if it changed since this process read it last.

    Raises:
        OptimaError: A line is no decision.
    """
    log = _log(path)
    version = f"{log.digest}-{bisect_right(log.ends, now)}"
    known = _standings.get(path)
    if known is not None and known.version == version:
        return known
    statuses = {
        recommendation_id: decision.status_at(now) for recommendation_id, decision in log.latest.items()
    }
    found = Standing(version, log.latest, statuses, log.history)
    _remember(_standings, path, found)
    return found


def take(
    path: Path,
    rows: Iterable[Mapping[str, Any]],
    status: str,
    *,
    now: datetime,
    by: str,
    reason: str | None = None,
    until: datetime | None = None,
) -> list[Decision]:
    """Decide on recommendations, and return when that is on the disk.

    Args:
        path: The file; it is made if it is not there.
        rows: Recommendations as the marts have them, of which `recommendation_id` and `ABOUT` are kept.
        status: One of `STATUSES`; `pending` opens what was decided again.
        now: When it is decided (UTC, no zone). If a clock was set back, the decision is dated like the one
            that it follows, because the latest counts.
        by: Who decides.
        reason: Why; a rejection has one.
        until: When a pause ends (UTC, no zone).

    Raises:
        OptimaError: The decision lacks something, a line of the file is no decision, or nothing can be
            written; then nothing was decided.
    """
    reason = (reason or "").strip() or None
    problem = refusal(status, reason=reason, until=until, now=now, by=by)
    if problem:
        raise OptimaError(problem)
    unique = {row["recommendation_id"]: row for row in rows}
    if not unique:
        return []
    with _locked(path) as file:
        text = file.read()
        log = _read(path, None, text, _logs.get(path, _EMPTY))
        _remember(_logs, path, log)
        taken = [
            Decision(
                recommendation_id,
                status,
                _not_before(log.latest.get(recommendation_id), now),
                by.strip(),
                reason,
                until,
                {name: _as_text(row.get(name)) for name in ABOUT},
            )
            for recommendation_id, row in unique.items()
        ]
        _append(file, text, "".join(f"{_line(decision)}\n" for decision in taken).encode())
    return taken


def refusal(
    status: str, *, reason: str | None, until: datetime | None, now: datetime, by: str = "somebody"
) -> str | None:
    """Say in one sentence what a decision lacks, None if it lacks nothing."""
    if status not in STATUSES:
        return f"There is no status {status!r}: it is one of {', '.join(STATUSES)}."
    if not by.strip():
        return "Nobody is named who decides: say it with --by or OPTIMA_DECIDED_BY."
    if status == REJECTED and not (reason or "").strip():
        return "Rejecting needs a reason, for those who come across it later."
    if status == SNOOZED and until is None:
        return "Snoozing needs to know until when."
    if status == SNOOZED and until is not None and until <= now:
        return f"Snoozing until {until:%Y-%m-%d %H:%M} UTC has no effect: that has passed."
    if status != SNOOZED and until is not None:
        return "Only what is snoozed has an end."
    return None


def decider(root: Path) -> str:
    """Return who decides in the workspace at `root` unless somebody else is named.

    That is OPTIMA_DECIDED_BY, of the environment or the workspace's `.env`, else the operating system's user.

    Raises:
        OptimaError: A setting cannot be used.
    """
    from optima.settings import load

    return load(root).optima_decided_by or _user()


def copy(path: Path, target: Path) -> None:
    """Copy the decisions for a build, so that what is decided meanwhile reaches it in no part.

    A last line that was torn while it was written is cut out of the file itself. The copy says instants in
    one way, statuses in small letters, and has no empty lines.

    Raises:
        OptimaError: A line is no decision, or nothing can be written.
    """
    with _locked(path) as file:
        text = file.read()
        taken = _read(path, None, text, _logs.get(path, _EMPTY)).taken
        _append(file, text, b"")
    target.write_text("".join(f"{_line(decision)}\n" for decision in taken), encoding="utf-8")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as containers have
        return f"user {os.getuid()}"


def _log(path: Path) -> _Log:
    """Return the file's decisions, from memory while it is the same."""
    known = _logs.get(path, _EMPTY)
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            state = (found.st_ino, found.st_size, found.st_mtime_ns)
            if state == known.state:
                return known
            text = file.read()
    except FileNotFoundError:
        state, text = None, b""
    except OSError as error:
        raise OptimaError(f"The decisions in {path} cannot be read: {error.strerror}.") from error
    log = _read(path, state, text, known)
    _remember(_logs, path, log)
    return log


def _read(path: Path, state: tuple[int, int, int] | None, text: bytes, known: _Log = _EMPTY) -> _Log:
    """Read the lines of a file, and only those after the ones that are known."""
    text = text[: _whole(text)]
    before = known if text.startswith(known.text) and known.text.endswith(b"\n") else _EMPTY
    lines = text[len(before.text) :].split(b"\n")
    # What follows the last end of a line is no line.
    lines = lines if lines[-1] else lines[:-1]
    added = tuple(
        _decision(line, path, number)
        for number, line in enumerate(lines, start=before.lines + 1)
        if line.strip()
    )
    taken = before.taken + added
    history = tuple(sorted(taken, key=lambda decision: decision.decided_at or datetime.min))
    latest = {decision.recommendation_id: decision for decision in history}
    ends = sorted(end for decision in latest.values() if (end := decision._ends))
    digest = hashlib.blake2b(text, digest_size=12).hexdigest()
    return _Log(state, text, before.lines + len(lines), taken, history, latest, tuple(ends), digest)


def _whole(text: bytes) -> int:
    """Return how much of the file is whole: all but a last line that is unended, and no JSON object."""
    start = text.rfind(b"\n") + 1
    try:
        is_whole = start == len(text) or isinstance(json.loads(text[start:]), dict)
    except ValueError:
        is_whole = False
    return len(text) if is_whole else start


def _ended(text: bytes) -> bytes:
    """Return the whole lines of the file, the last one with its end."""
    whole = text[: _whole(text)]
    return whole if not whole or whole.endswith(b"\n") else whole + b"\n"


def _decision(line: bytes, path: Path, number: int) -> Decision:
    try:
        fields = json.loads(line)
        decision = Decision(
            _text(fields["recommendation_id"]),
            _text(fields["status"]).lower(),
            _instant(fields.get("decided_at")),
            fields.get("decided_by"),
            fields.get("reason"),
            _instant(fields.get("snoozed_until")),
            fields.get("about") or {},
        )
    except (ValueError, KeyError, AttributeError, TypeError):
        raise OptimaError(f"Line {number} of {path} is no decision: mend it or take it out.") from None
    if decision.status not in STATUSES:
        raise OptimaError(
            f"Line {number} of {path} has an unknown status {decision.status!r}: "
            f"write one of {', '.join(STATUSES)}, or take the line out."
        )
    return decision


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _instant(text: str | None) -> datetime | None:
    """Read an instant as UTC without a zone."""
    value = datetime.fromisoformat(text) if text else None
    return value.astimezone(UTC).replace(tzinfo=None) if value and value.tzinfo else value


def _line(decision: Decision) -> str:
    fields = {
        "recommendation_id": decision.recommendation_id,
        "status": decision.status,
        "decided_at": _written(decision.decided_at),
        "decided_by": decision.decided_by,
        "reason": decision.reason,
        "snoozed_until": _written(decision.snoozed_until),
        "about": decision.about or None,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def _written(instant: datetime | None) -> str | None:
    return f"{instant.isoformat()}Z" if instant else None


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)


def _not_before(last: Decision | None, now: datetime) -> datetime:
    return max(now, last.decided_at) if last and last.decided_at else now


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """Hold the file for oneself; it is made if it is not there.

    Who puts another file into its place meanwhile, as editors do, makes us lock that one.
    """
    try:
        while True:
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if _is_in_place(file, path):
                    yield file
                    return
    except OSError as error:
        raise OptimaError(f"The decisions in {path} cannot be written: {error.strerror}.") from error


def _is_in_place(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _append(file: BinaryIO, text: bytes, lines: bytes) -> None:
    """Put lines after the whole ones of the file's text, all or, on a full disk, none of them."""
    whole = _whole(text)
    file.truncate(whole)
    file.seek(whole)
    rest = memoryview(_ended(text)[whole:] + lines)
    try:
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())
    except OSError:
        file.truncate(whole)
        raise


def _remember(kept: dict[Path, Any], path: Path, value: Any) -> None:
    kept[path] = value
    while len(kept) > _KEPT:
        kept.pop(next(iter(kept)), None)
