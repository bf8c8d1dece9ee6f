"""Which statement of the documented policies grants an action."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from optima.cli.health.result import Grant

_FOLDER = "deploy/policies"


@cache
def _grants() -> dict[str, Grant]:
    """Read the policies of the checkout this package runs from, else those in the wheel."""
    package = Path(__file__).parents[2]
    checkout = package.parent / _FOLDER
    files = sorted((checkout if checkout.exists() else package / "_policies").glob("*.json"))
    return {
        action: Grant(statement["Sid"], f"{_FOLDER}/{file.name}")
        for file in files
        for statement in json.loads(file.read_text(encoding="utf-8"))["Statement"]
        for action in statement["Action"]
    }


def granting(action: str) -> Grant:
    """Return the statement that grants an action which the product uses."""
    return _grants()[action]
