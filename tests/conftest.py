"""What every test may rely on: no real network, and one sandbox organisation for those who ask for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from optima.sandbox import Sandbox

# Set before anything of AWS is imported: port 9 of this machine answers nobody; the credentials are made up.
os.environ.update(
    AWS_ENDPOINT_URL="http://127.0.0.1:9",
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_MAX_ATTEMPTS="2",
    DO_NOT_TRACK="1",
)
for name in ("AWS_PROFILE", "AWS_REGION", "OPTIMA_PROJECT_ROOT"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Serve the default sandbox organisation, frozen at a fixed instant, for the whole test run."""
    from datetime import datetime

    from optima.sandbox import SandboxConfig, running

    with running(SandboxConfig(end=datetime(2026, 11, 1))) as served:
        yield served
