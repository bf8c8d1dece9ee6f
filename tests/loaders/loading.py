"""Helpers of the tests of the loaders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import pytest

from loaders.aws import Access
from loaders.pipeline import Warehouse
from optima.sandbox import Sandbox, SandboxConfig

MEMBERS = Access(use_organizations=True)
# Of 20 days: the oldest five have points of 300 s only.
FEW_TABLES = SandboxConfig(end=datetime(2026, 11, 1), accounts=2, tables=10, days=20)


def query(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(sql).fetchall()


def talk_to(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)


class Interrupted(Exception):  # noqa: N818
    """Stands for the end of the process at some step."""


def interrupt(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, *, after: bool) -> None:
    """Make a function raise instead of running, or (`after`) once it has run."""
    original = getattr(owner, name)

    def broken(*arguments: Any, **named: Any) -> None:
        if after:
            original(*arguments, **named)
        raise Interrupted(name)

    monkeypatch.setattr(owner, name, broken)
