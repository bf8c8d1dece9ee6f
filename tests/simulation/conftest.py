"""The dbt project that the tests of this folder share."""

from __future__ import annotations

import pytest
from simulation_project import Project, made_in


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Give a test module a project of its own."""
    return made_in(tmp_path_factory.mktemp("simulation"))
