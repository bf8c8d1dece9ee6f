"""The command sandbox serve: an AWS organisation on localhost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optima.cli.commands import command, instant
from optima.cli.session import Session
from optima.cli.terminal import answers
from optima.errors import OptimaError

if TYPE_CHECKING:
    from optima.sandbox import Fault, Sandbox

app = typer.Typer(help="An AWS organisation on localhost, to try everything without an AWS account.")

Accounts = Annotated[int, typer.Option(min=1, help="Member accounts that can be read.")]
TableCount = Annotated[int, typer.Option("--tables", min=0, help="Tables.")]
History = Annotated[int, typer.Option("--days", min=1, max=63, help="Days of metrics by the minute.")]
Seed = Annotated[int, typer.Option(help="The same seed makes the same organisation.")]


def fault(text: str) -> Fault:
    """Read a fault as `--fault` takes it."""
    from optima.sandbox import Fault

    try:
        return Fault.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from None


Faults = Annotated[
    list[Any] | None,
    typer.Option(
        "--fault",
        parser=fault,
        metavar="KIND[=RATE][:WHERE]",
        help="Let something go wrong, as often as you like: throttle=0.2, or "
        "denied:account=111122223333:service=monitoring. Kinds: throttle, error, timeout, reset, cut, "
        "partial, internal, missing, repeated_token, expired, denied, region_not_enabled, skew. Where: "
        "service, operation, account, region; seconds for timeout and skew.",
    ),
]
Limits = Annotated[
    bool, typer.Option("--limits/--no-limits", help="Throttle what exceeds CloudWatch's limits, as AWS does.")
]


def billing_format(text: str) -> str:
    """Read a format of the bill as `--billing-format` takes it."""
    from optima.sandbox.config import BILLING_FORMATS

    if text not in BILLING_FORMATS:
        raise typer.BadParameter(f"{text} is no format of a bill: choose of {', '.join(BILLING_FORMATS)}.")
    return text


BillingFormats = Annotated[
    list[Any] | None,
    typer.Option(
        "--billing-format",
        parser=billing_format,
        metavar="FORMAT",
        help="Deliver the bill in this format, as often as you like; each is an export of its own: "
        "legacy_csv, legacy_parquet, cur2_csv, cur2_parquet (if none is named), focus_1_0, focus_1_2.",
    ),
]


def serve(
    session: Session,
    accounts: Accounts = 6,
    tables: TableCount = 60,
    days: History = 14,
    seed: Seed = 1,
    end: Annotated[
        datetime | None,
        typer.Option(
            parser=instant,
            metavar="INSTANT",
            help="Where its clock stands still. Default: today's midnight UTC.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 takes a free one.")
    ] = 5005,
    faults: Faults = None,
    limits: Limits = True,
    billing_formats: BillingFormats = None,
) -> None:
    """Serve an AWS organisation until Ctrl-C, and show the variables that lead to it."""
    from optima.sandbox import SandboxConfig, serve_forever
    from optima.sandbox.config import DEFAULT_BILLING_FORMATS

    config = SandboxConfig(
        accounts=accounts,
        tables=tables,
        days=days,
        seed=seed,
        end=end or session.as_of,
        faults=tuple(faults or ()),
        limits=limits,
        billing_formats=tuple(dict.fromkeys(billing_formats or DEFAULT_BILLING_FORMATS)),
    )
    with sandbox_errors():
        serve_forever(config, port, announce=_announce)


@contextmanager
def sandbox_errors() -> Iterator[None]:
    """Turn what keeps the sandbox from being served into a sentence.

    Raises:
        OptimaError: Its extra is not installed, or the port is taken.
    """
    from optima.sandbox import SandboxError

    try:
        yield
    except SandboxError as error:
        sentence = str(error)
        raise OptimaError(sentence[:1].upper() + sentence[1:]) from error


def _announce(sandbox: Sandbox) -> None:
    console = answers()
    console.print(
        f"# An AWS organisation as of {sandbox.end:%Y-%m-%d %H:%M} UTC. Ctrl-C ends it. In another shell:"
    )
    for name, value in sandbox.environment().items():
        console.print(f"export {name}={value}", markup=False, soft_wrap=True)
    console.print(
        f"dynamodb-optima --project-root sandbox run --use-org --as-of {sandbox.end.isoformat()}",
        soft_wrap=True,
    )


command(app, "serve")(serve)
