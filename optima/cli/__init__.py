"""The command line: `dynamodb-optima`."""

from __future__ import annotations


def main() -> None:
    """Run the command that the arguments name."""
    from optima.cli.app import app

    app(prog_name="dynamodb-optima")
