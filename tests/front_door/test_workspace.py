"""The workspace: where things lie, and what is said where they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from optima.errors import OptimaError
from optima.workspace import Workspace, find_root


def test_paths(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    found = {
        str(path.relative_to(tmp_path))
        for path in (
            workspace.warehouse,
            workspace.current,
            workspace.minutes,
            workspace.decisions,
            workspace.exports,
            workspace.dbt_target,
            workspace.loader_state,
            workspace.log,
        )
    }
    assert found == {
        "data/optima.duckdb",
        "data/current",
        "data/minutes",
        "data/decisions.jsonl",
        "data/exports",
        "data/.state/dbt",
        "data/.state/dlt",
        "logs/dynamodb_optima.log",
    }


def test_naming_a_workspace_creates_nothing(tmp_path: Path) -> None:
    Workspace.at(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_creating_twice_keeps_what_was_decided(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "new")
    workspace.create()
    workspace.decisions.write_text("{}\n")
    workspace.create()
    assert workspace.decisions.read_text() == "{}\n"


def test_the_warehouse_may_lie_elsewhere(tmp_path: Path) -> None:
    assert Workspace.at(tmp_path, Path("/srv/a.duckdb")).warehouse == Path("/srv/a.duckdb")
    assert Workspace.at(tmp_path, Path("b.duckdb")).warehouse == tmp_path / "b.duckdb"


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(OptimaError, match="cannot be written to"):
        Workspace.at(tmp_path).create()


def test_the_root_is_the_option_then_the_environment_then_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_root() == tmp_path
    monkeypatch.setenv("OPTIMA_PROJECT_ROOT", str(tmp_path / "a"))
    assert find_root() == tmp_path / "a"
    assert find_root(tmp_path / "b") == tmp_path / "b"
