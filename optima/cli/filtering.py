"""The options by which recommendations are filtered, each written once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer

from optima.selection import PLAN, Filters, pattern_problem


class Type(StrEnum):
    """The kinds of advice by the names the command line has for them."""

    PLAN = "plan"
    CAPACITY = "capacity"
    TABLE_CLASS = "table_class"
    UTILIZATION = "utilization"

    @property
    def kind(self) -> str:
        """The kind as the marts name it."""
        return {Type.PLAN: PLAN, Type.CAPACITY: "capacity_mode"}.get(self, self.value)


class Status(StrEnum):
    """What people decided about a recommendation."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SNOOZED = "snoozed"
    IMPLEMENTED = "implemented"


_PANEL = "Filters (each may be repeated, and then one of its values must fit)"

Types = Annotated[
    list[Type] | None,
    typer.Option("--type", help="Only these kinds of advice.", rich_help_panel=_PANEL),
]
Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="ACCOUNT", help="By id or name.", rich_help_panel=_PANEL),
]
Units = Annotated[
    list[str] | None,
    typer.Option(
        "--ou",
        metavar="PATH",
        help="Organisational unit with all below it: Root/Workloads.",
        rich_help_panel=_PANEL,
    ),
]
Regions = Annotated[
    list[str] | None, typer.Option("--region", metavar="REGION", help="AWS region.", rich_help_panel=_PANEL)
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="KEY[=VALUE]",
        help="Tag of the table; of different keys all must fit.",
        rich_help_panel=_PANEL,
    ),
]
Statuses = Annotated[
    list[Status] | None,
    typer.Option("--status", help="What was decided.", rich_help_panel=_PANEL),
]
TableName = Annotated[
    str | None,
    typer.Option(
        "--table",
        metavar="REGEX",
        help="Regular expression (RE2), found anywhere in the table's name.",
        rich_help_panel=_PANEL,
    ),
]
MinSavings = Annotated[
    float | None,
    typer.Option(min=0, metavar="USD", help="Saves at least this much a month.", rich_help_panel=_PANEL),
]
Everything = Annotated[
    bool,
    typer.Option("--all", help="Also what is to be kept, with the reason.", rich_help_panel=_PANEL),
]


def filters(
    *,
    types: Sequence[Type] | None,
    accounts: Sequence[str] | None,
    ous: Sequence[str] | None,
    regions: Sequence[str] | None,
    tags: Sequence[str] | None,
    statuses: Sequence[str],
    table: str | None,
    min_savings: float | None,
    everything: bool,
) -> Filters:
    """Put the options together; without statuses, everything passes whatever was decided.

    Raises:
        BadParameter: The table's pattern is no regular expression.
    """
    problem = pattern_problem(table or "")
    if problem:
        raise typer.BadParameter(f"{table!r} is no regular expression: {problem}.", param_hint="--table")
    return Filters(
        kinds=tuple(each.kind for each in types or ()),
        accounts=tuple(accounts or ()),
        ous=tuple(ous or ()),
        regions=tuple(regions or ()),
        tags=tuple(tags or ()),
        statuses=tuple(str(status) for status in statuses),
        min_savings=Decimal(str(min_savings or 0)),
        table_pattern=table or "",
        include_keep=everything,
    )
