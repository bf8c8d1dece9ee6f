"""Options that several commands have, each written once."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def listed(text: str | None) -> list[str] | None:
    """Split a comma-separated option; None or nothing but commas means that it was not given."""
    names = [name.strip() for name in (text or "").split(",")]
    return [name for name in names if name] or None


Regions = Annotated[
    str | None,
    typer.Option(
        metavar="REGION,…", help="Only these regions, separated by commas. Default: all that apply."
    ),
]
Tables = Annotated[
    str | None, typer.Option(metavar="TABLE,…", help="Only these tables, separated by commas.")
]
UseOrganization = Annotated[
    bool | None,
    typer.Option(
        "--use-org/--no-use-org",
        help="Read every account of the AWS organisation. Default: USE_ORGANIZATIONS.",
        show_default=False,
    ),
]
RoleName = Annotated[
    str | None,
    typer.Option(
        help="Role assumed in member accounts. Default: ORGANIZATIONS_ROLE_NAME, MetricsCollectorRole."
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(help="Profile of the AWS configuration to use. Default: AWS_PROFILE.", show_default=False),
]
Concurrency = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=64,
        help="Accounts and regions read at the same time. Default: LOAD_CONCURRENCY, 8.",
        show_default=False,
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")]
Days = Annotated[
    int | None,
    typer.Option(
        min=1, max=455, help="Days before now. Default: CAPACITY_ANALYSIS_DAYS, 14.", show_default=False
    ),
]
Months = Annotated[
    int | None,
    typer.Option(min=1, max=12, help="Months of the bill. Default: TABLE_CLASS_ANALYSIS_MONTHS, 1."),
]
MinSavings = Annotated[
    float | None,
    typer.Option(min=0, metavar="USD", help="Least saving a month. Default: MIN_SAVINGS_THRESHOLD_USD, 10."),
]
PriceBasis = Annotated[
    Literal["list", "net", "amortized"] | None,
    typer.Option(
        help="What a unit is valued at: its list price, or what was billed. Default: PRICE_BASIS, list."
    ),
]
