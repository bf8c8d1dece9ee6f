"""The default organisation, taken once through the whole product by the command a newcomer types."""

from __future__ import annotations

import pytest
from demo_run import END, Demo, dynamodb_optima


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Run `dynamodb-optima demo` on the default organisation, frozen at END."""
    root = tmp_path_factory.mktemp("demo")
    ran = dynamodb_optima("--project-root", str(root), "demo", "--as-of", END)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return Demo(root / "demo", ran.stdout)
