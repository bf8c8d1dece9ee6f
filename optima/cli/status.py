"""What the command status says: what was loaded and how, what is known of whom, what was published."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from optima import decisions, published, selection, warehouse, writer
from optima.cli import collected
from optima.cli.collected import Collected, Row
from optima.cli.session import Session
from optima.cli.terminal import answers
from optima.errors import NothingPublishedError, WorkspaceBusyError
from optima.selection import Filters
from optima.wording import age, counted, data_size, usd

if TYPE_CHECKING:
    import duckdb
    from rich.console import Console

# More lines than these are counted, not shown.
MOST_LINES = 20
# Below this width a list is written line by line.
_TABLE_WIDTH = 100
# As the variable stale_days of the models has it.
_STALE_MINUTES = 2 * 24 * 60
_ALL = "dynamodb-optima status --format json"

# What can be the matter with an account and region, the worst first, as accounts are counted by it.
_TROUBLES = (
    "denied",
    "failed",
    "never read",
    "with metrics that were refused",
    "without metrics",
    "stale",
    "with gaps",
    "left the organisation",
    "suspended or closed",
    "complete",
)
_READINGS = {"minutes": "demand", "provisioned": "provisioned capacity", "hours": "the long memory"}


@dataclass(frozen=True)
class Overview:
    """Everything that status can say.

    Attributes:
        busy: Why the warehouse cannot be looked into now, in one sentence; None if it was.
        collected: What it holds; None without one, or before the first load.
        published: The newest build, with what it knew of accounts and regions; None if there is none.
    """

    workspace: str
    busy: str | None = None
    collected: Collected | None = None
    published: Row | None = None


def read(session: Session) -> Overview:
    """Look into the warehouse and the published marts; what a running load keeps closed is left out."""
    busy, found = None, None
    if session.workspace.warehouse.exists():
        try:
            found = _collected(session)
        except WorkspaceBusyError as error:
            busy = str(error)
    return Overview(str(session.workspace.root), busy, found, _published(session))


def _collected(session: Session) -> Collected | None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        with writer.reading(session.workspace), warehouse.attached(session.workspace, connection):
            is_loaded = collected.copy(connection)
        return collected.look(connection, session.now()) if is_loaded else None


def as_json(overview: Overview) -> str:
    """Write all of it as JSON: every account, region, table and load, instants in ISO 8601 (UTC)."""
    found = overview.collected or Collected()
    everything = {
        "workspace": overview.workspace,
        "busy": overview.busy,
        "totals": found.totals,
        "operations": found.operations,
        "accounts": accounts(found.places),
        "places": found.places,
        "tables": found.tables,
        "metrics": found.metrics,
        "published": overview.published,
    }
    return json.dumps(everything, indent=2, ensure_ascii=False, default=_as_text)


def show(session: Session, overview: Overview) -> None:
    """Print it: who needs attention, and with --verbose all accounts, regions and tables, the worst first."""
    console = answers()
    _say(console, f"Workspace {overview.workspace}")
    if overview.busy:
        _say(console, f"Being loaded: {overview.busy}")
    elif not overview.collected:
        _say(console, "Nothing has been loaded yet: dynamodb-optima discover")
    else:
        _totals(console, overview.collected.totals)
        _operations(console, overview.collected.operations)
        _who(console, overview.collected.places, is_verbose=session.verbose)
        if session.verbose:
            _tables(console, overview.collected.tables)
            _metrics(console, overview.collected.metrics)
    _build(console, overview)


def accounts(places: Iterable[Row]) -> list[Row]:
    """Put the regions of each account together, the worst first; `trouble` is that of its worst region."""
    by_account: dict[str, list[Row]] = defaultdict(list)
    for place in places:
        by_account[place["account_id"]].append(place)
    found = []
    for account_id, regions in by_account.items():
        weight, text = min((trouble(place) for place in regions), key=lambda pair: pair[0])
        alike = sum(trouble(place)[0] == weight for place in regions)
        where = f" in {alike} of {counted(len(regions), 'region')}" if text and len(regions) > 1 else ""
        found.append(
            {
                "account_id": account_id,
                "account_name": regions[0]["account_name"],
                "account_state": regions[0]["account_state"],
                "standing": _TROUBLES[weight],
                "trouble": text + where,
                "regions": sum(place["region"] != "*" for place in regions),
                "tables": sum(place["tables"] for place in regions),
                "minutes_from_at": _extreme(min, regions, "minutes_from_at"),
                "minutes_to_at": _extreme(max, regions, "minutes_to_at"),
                "gap_minutes": sum(place["gap_minutes"] for place in regions),
                "staleness_minutes": _extreme(max, regions, "staleness_minutes"),
                "last_successful_read_at": _extreme(min, regions, "last_successful_read_at"),
            }
        )
    return sorted(found, key=lambda row: (_TROUBLES.index(row["standing"]), *_by_age(row), row["account_id"]))


def trouble(place: Row) -> tuple[int, str]:
    """Say the worst of an account and region: its place in the order of troubles, and what it is in words."""
    refused = [
        f"{words} {place[f'{reading}_outcome']}"
        for reading, words in _READINGS.items()
        if place[f"{reading}_outcome"] in ("denied", "failed")
    ]
    no_region = place["last_read_outcome"] == "region not enabled" and place["tables"]
    known = place["last_successful_read_at"]
    since = f", settings of {known:%Y-%m-%d}" if known else ", never read"
    cases = (
        (
            "left the organisation",
            place["account_state"] == "left",
            f"left after {_day(place['left_after_at'])}",
        ),
        ("suspended or closed", place["account_state"] not in ("active", "left"), place["account_state"]),
        ("denied", place["denied_since_at"], f"denied since {_day(place['denied_since_at'])}{since}"),
        ("failed", place["last_read_outcome"] == "failed", f"failed on {_day(place['last_read_at'])}{since}"),
        ("failed", no_region, "its region is not enabled any more"),
        ("never read", place["last_read_at"] is None, "never read"),
        ("with metrics that were refused", refused, ", ".join(refused)),
        (
            "without metrics",
            place["tables_unknown"],
            f"nothing collected of {counted(place['tables_unknown'], 'table')}",
        ),
        (
            "stale",
            (place["staleness_minutes"] or 0) > _STALE_MINUTES,
            f"nothing newer than {age(place['staleness_minutes'] or 0)}",
        ),
        ("with gaps", place["gap_minutes"], f"{counted(place['gap_minutes'], 'minute')} unknown"),
    )
    return next(
        ((_TROUBLES.index(name), text) for name, holds, text in cases if holds), (len(_TROUBLES) - 1, "")
    )


def _totals(console: Console, totals: Row) -> None:
    where = (
        f"{counted(totals['accounts_with_tables'], 'account')} and "
        f"{counted(totals['regions_with_tables'], 'region')}"
    )
    indexes = f" with {counted(totals['indexes'], 'index', 'indexes')}" if totals["indexes"] else ""
    _say(console, f"Inventory: {counted(totals['tables'], 'table')} in {where}{indexes}")
    reach = f", {_reach(totals['series_from_at'], totals['series_to_at'])} UTC" if totals["series"] else ""
    _say(console, f"Metrics: {totals['series']:,} series by the minute{reach}")
    _say(
        console,
        f"Prices: {counted(totals['prices'], 'SKU')} in {counted(totals['price_regions'], 'region')}",
    )
    _say(
        console, f"Bill: {counted(totals['bill_lines'], 'line')} of {counted(totals['bill_months'], 'month')}"
    )


def _operations(console: Console, operations: Sequence[Row]) -> None:
    rows = [
        (
            operation["operation"],
            operation["status"],
            _minute(operation["ended_at"]) or "not ended",
            _units(operation),
            counted(operation["rows"] or 0, "row"),
            counted(operation["calls"] or 0, "call"),
            data_size(operation["bytes"]) if operation["bytes"] is not None else "",
            _charged(operation["usd"]),
        )
        for operation in operations
    ]
    columns = ("load", "status", "ended (UTC)", "units", "rows", "calls", "received", "charged")
    _list(console, "Last loads", columns, rows)
    for operation in operations:
        if operation["message"]:
            _say(console, f"  ! {operation['operation']}: {operation['message']}")
        if operation["status"] != "complete":
            _say(console, f"  Go on with: dynamodb-optima {operation['operation']} --resume")


def _charged(amount: float | None) -> str:
    if amount is None:
        return ""
    return "less than $0.01" if 0 < amount < 0.01 else usd(amount)


def _units(operation: Row) -> str:
    parts = [
        f"{operation[f'units_{name}']:,} {name}"
        for name in ("denied", "failed", "skipped", "left")
        if operation[f"units_{name}"]
    ]
    return f"{operation['units_done']:,} of {operation['units']:,}" + (
        f" ({', '.join(parts)})" if parts else ""
    )


def _who(console: Console, places: Sequence[Row], *, is_verbose: bool) -> None:
    """Print the accounts, counted by how they stand: those that need attention, or all with their regions."""
    found = accounts(places)
    standing = Counter(row["standing"] for row in found)
    parts = ", ".join(f"{standing[name]:,} {name}" for name in _TROUBLES if standing[name])
    title = f"{counted(len(found), 'account')}: {parts}"
    shown = found if is_verbose else [row for row in found if row["trouble"]]
    columns = ("account", "name", "tables", "known", "stale", "gaps", "what is the matter")
    rows = [
        (row["account_id"], row["account_name"], f"{row['tables']:,}", *_knowledge(row), row["trouble"])
        for row in shown
    ]
    _list(console, title, columns, rows)
    if is_verbose:
        _where(console, places)


def _where(console: Console, places: Sequence[Row]) -> None:
    """Print the accounts and regions, the worst and then the largest first."""
    worst = sorted(places, key=lambda place: (trouble(place)[0], *_by_age(place), -place["tables"]))
    columns = ("account", "region", "tables", "known", "stale", "gaps", "inventory", "what is the matter")
    rows = [
        (
            *(place["account_id"], place["region"], f"{place['tables']:,}"),
            *_knowledge(place),
            f"{place['last_read_outcome'] or 'never read'} {_day(place['last_read_at'])}".strip(),
            _why(place),
        )
        for place in worst
    ]
    _list(console, "Accounts and regions", columns, rows)


def _why(place: Row) -> str:
    """Say the trouble of a place, with the sentence of the load that met it."""
    problems = [place[f"{reading}_problem"] for reading in _READINGS]
    reasons = [place["last_read_message"] if place["last_read_outcome"] != "read" else None, *problems]
    return " — ".join(dict.fromkeys(part for part in (trouble(place)[1], *reasons) if part))


def _tables(console: Console, tables: Sequence[Row]) -> None:
    """Print the tables, the worst first; those of one place that are alike share a line."""

    def alike(table: Row) -> tuple[object, ...]:
        unknown = table["to_at"] is None
        return (not unknown, *_by_age(table), table["account_id"], table["region"], str(table["from_at"]))

    rows = []
    for _, group in groupby(
        sorted(tables, key=lambda table: (*alike(table), table["table_name"])), key=alike
    ):
        first, *others = group
        name = first["table_name"] + (f"#{first['index_name']}" if first["index_name"] else "")
        largest = _largest_gap(first) if first["gaps"] else ""
        named = name + (f" and {len(others):,} more" if others else "")
        known = (_reach(first["from_at"], first["to_at"]), _stale(first["staleness_minutes"]))
        rows.append((first["account_id"], first["region"], named, *known, largest))
    columns = ("account", "region", "table or index", "known", "stale", "gaps")
    _list(console, "Tables and indexes", columns, rows)


def _largest_gap(table: Row) -> str:
    length = counted(table["largest_gap_minutes"], "minute")
    return f"{counted(table['gaps'], 'gap')}, the largest of {length} from {_minute(table['largest_gap_at'])}"


def _metrics(console: Console, metrics: Sequence[Row]) -> None:
    rows = [
        (
            f"{row['metric_name']} at {row['period_seconds']} s",
            f"{row['series']:,}",
            _reach(row["from_at"], row["to_at"]),
        )
        for row in metrics
    ]
    _list(console, "Metrics in detail", ("metric", "series", "known"), rows)


def _build(console: Console, overview: Overview) -> None:
    build = overview.published
    if build is None:
        _say(console, "Published: nothing yet: dynamodb-optima run")
        return
    _say(console, f"Published: {_minute(build['published_at'])} UTC")
    for kind in build["kinds"]:
        changes = counted(kind["changes"], "recommendation")
        _say(console, f"  {kind['kind']}: {changes}, {kind['open']:,} open, {kind['looked_at']:,} looked at")
    if overview.busy and build["places"]:
        _say(console, "As that build knew it:")
        _who(console, build["places"], is_verbose=False)


def _published(session: Session) -> Row | None:
    try:
        build = published.current(session.workspace)
    except NothingPublishedError:
        return None
    standing = decisions.standing(session.workspace.decisions, session.now())
    with published.open_build(build) as connection:
        judged = selection.selected(connection, Filters(statuses=(), include_keep=True), standing)
        still_open = {total.kind: total.changes for total in selection.totals(connection, judged)}
        kinds = [row | {"open": still_open.get(row["kind"], 0)} for row in _rows(connection, _KINDS)]
        # Builds of older versions have no such mart.
        has_places = "place_coverage" in published.columns(connection)
        places = _rows(connection, "select * from place_coverage") if has_places else []
    return {"published_at": build.published_at, "kinds": kinds, "places": places}


_KINDS = """
    select kind, count(*) as looked_at, count(*) filter (where advice = 'change') as changes
    from recommendations
    group by kind
    order by kind
"""


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    answer = connection.execute(query)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _list(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a list under its title, no more than fit a page: a table where there is room, else lines."""
    from rich.table import Table

    _say(console, f"{title}{':' if rows else ''}")
    shown = rows[:MOST_LINES]
    if shown and console.width >= _TABLE_WIDTH:
        table = Table(box=None, pad_edge=True, header_style="dim")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in shown:
            table.add_row(*(_plain(cell) for cell in row))
        console.print(table)
    else:
        for row in shown:
            _say(console, "  " + " · ".join(cell for cell in row if cell))
    if hidden := len(rows) - len(shown):
        _say(console, f"  and {hidden:,} more: {_ALL}")


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


def _knowledge(row: Row) -> tuple[str, str, str]:
    gaps = counted(row["gap_minutes"], "minute") if row["gap_minutes"] else ""
    return _reach(row["minutes_from_at"], row["minutes_to_at"]), _stale(row["staleness_minutes"]), gaps


def _reach(first: datetime | None, last: datetime | None) -> str:
    return f"from {_minute(first)} to {_minute(last)}" if first and last else "nothing"


def _stale(minutes: int | None) -> str:
    return "" if minutes is None else age(minutes)


def _minute(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else ""


def _day(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d}" if instant else ""


def _by_age(row: Row) -> tuple[int, int]:
    """Sort key that brings the oldest knowledge first, then the most unknown minutes."""
    return -(row["staleness_minutes"] or 0), -row["gap_minutes"]


def _extreme(choose: Any, rows: Iterable[Row], column: str) -> Any:
    return choose((row[column] for row in rows if row[column] is not None), default=None)


def _as_text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
