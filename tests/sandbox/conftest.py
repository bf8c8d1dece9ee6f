"""The shared sandbox, seen over HTTP and from within."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optima.sandbox import Sandbox, SandboxConfig, running
from optima.sandbox.organisation import Organisation
from optima.sandbox.planting import build
from tests.sandbox.served import END, Client, clients_of


@pytest.fixture(scope="session")
def client(sandbox: Sandbox) -> Client:
    return clients_of(sandbox)


@pytest.fixture(scope="session")
def organisation() -> Organisation:
    """The organisation that the shared sandbox serves, in this process."""
    return build(SandboxConfig(end=END))


@pytest.fixture(scope="session")
def empty() -> Iterator[Sandbox]:
    """Many accounts, no table, no billing export."""
    with running(SandboxConfig(end=END, accounts=45, tables=0, billing_export=False)) as served:
        yield served
