"""What CloudWatch will be asked for, what AWS charges for it and how long it takes, before it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from optima.cli.terminal import answers, errors
from optima.wording import counted, usd

if TYPE_CHECKING:
    from loaders.cloudwatch import Estimate
    from loaders.report import LoadReport


def announce(expected: Estimate) -> None:
    """Say it on standard error, as the first lines of a load."""
    for line in lines(expected):
        errors().print(line, markup=False, soft_wrap=True)


def dry_run(expected: Estimate) -> None:
    """Say it on standard output, as all that was asked for."""
    console = answers()
    for line in lines(expected):
        console.print(line, markup=False, soft_wrap=True)
    if expected.left_out is not None:
        console.print(expected.left_out, markup=False, soft_wrap=True)
    console.print("This was a dry run: CloudWatch was asked for nothing.", soft_wrap=True)


def spent(report: LoadReport) -> None:
    """Say on standard error what a load has cost."""
    if report.usd:
        errors().print(f"CloudWatch charges {about(report.usd)} for that.", soft_wrap=True)


def lines(expected: Estimate) -> list[str]:
    """Return what is said, line by line."""
    resources = counted(expected.resources, "table or index", "tables and indexes")
    span = f"{expected.start:%Y-%m-%d %H:%M} to {expected.end:%Y-%m-%d %H:%M} UTC"
    if not expected.parts:
        return [f"Nothing is due of {resources}, {span}: all of it is known, and nothing is charged."]
    said = [f"To read of {resources}, {span}:", *_by_reading(expected)]
    if expected.known_queries:
        said.append(f"Known already and not asked for: {counted(expected.known_queries, 'metric')}.")
    said.append(f"CloudWatch will charge {about(expected.usd)} for {counted(expected.queries, 'metric')}.")
    if about(expected.usd_at_most) != about(expected.usd):
        said.append(
            f"It may be {about(expected.usd_at_most)}, if what does not fit its answer, or is silent where "
            "it may have been forgotten, is asked for twice. What AWS fails to answer comes on top."
        )
    if expected.max_usd is not None and expected.usd_at_most > expected.max_usd:
        said.append(f"It stops before it has cost more than ${expected.max_usd:,g}.")
    basis = "assumed, for want of past loads" if expected.is_assumed else "as past loads here"
    said.append(f"Expected time: {duration(expected.seconds)} ({basis}).")
    return said


def _by_reading(expected: Estimate) -> list[str]:
    """Lay out a line for each reading."""
    rows = [
        [
            part.reading,
            counted(part.units, "unit"),
            counted(part.calls, "call"),
            counted(part.queries, "metric"),
            f"${part.usd:,.4f}",
        ]
        for part in expected.parts
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [_laid_out(row, widths) for row in rows]


def _laid_out(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *amounts = (
        text.ljust(width) if column == 0 else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(["", name, *amounts])


def about(amount: float) -> str:
    """Write an amount of USD of which the cents hardly matter."""
    return f"about {usd(amount)}" if amount >= 0.01 else "less than $0.01"


def duration(seconds: float) -> str:
    """Write a length of time as nobody knows it better: `about 12 s`, `about 4 min`, `about 2.5 h`."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
