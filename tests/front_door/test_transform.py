"""dbt's argument list, and what is said when a run fails."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from optima import transform
from optima.errors import OptimaError
from optima.settings import defaults
from optima.workspace import Workspace

PROJECT = transform.Project(Path("/project"), Path("/project/profiles"))
AS_OF = datetime(2026, 11, 1, 6, 30)


def test_variables_come_from_the_settings(tmp_path: Path) -> None:
    settings = defaults(capacity_analysis_days=28, min_savings_threshold_usd=50.0, price_basis="net")
    found = transform.variables(settings, Workspace.at(tmp_path), AS_OF, breakeven_ratio=None)
    assert found == {
        "as_of": "2026-11-01T06:30:00",
        "days": 28,
        "months": 1,
        "min_savings": 50.0,
        "price_basis": "net",
        "target_utilization": None,
        "decisions_path": str(tmp_path / "data/decisions.jsonl"),
    }


def test_thresholds_are_added_to_them(tmp_path: Path) -> None:
    found = transform.variables(defaults(), Workspace.at(tmp_path), AS_OF, breakeven_ratio=2.67)
    assert found["breakeven_ratio"] == 2.67


def test_every_variable_is_declared_by_the_project(tmp_path: Path) -> None:
    declared = (transform.Project.find().directory / "dbt_project.yml").read_text()
    for name in transform.variables(
        defaults(), Workspace.at(tmp_path), AS_OF, breakeven_ratio=1, low_utilization_threshold=30
    ):
        assert f"\n  {name}:" in declared


def test_the_argument_list_of_a_build(tmp_path: Path) -> None:
    found = transform.arguments(
        ["build", "--selector", "capacity"], PROJECT, Workspace.at(tmp_path), values={"days": 7, "as_of": "x"}
    )
    assert found == [
        *["build", "--selector", "capacity"],
        *["--vars", json.dumps({"as_of": "x", "days": 7})],
        *["--project-dir", "/project", "--profiles-dir", "/project/profiles"],
        *["--target-path", str(tmp_path / "data/.state/dbt"), "--log-path", str(tmp_path / "logs")],
        *["--quiet", "--no-print", "--log-level", "none", "--log-level-file", "info"],
        "--no-send-anonymous-usage-stats",
    ]


def test_the_argument_list_of_the_documentation(tmp_path: Path) -> None:
    found = transform.arguments(["docs", "generate", "--static"], PROJECT, Workspace.at(tmp_path), debug=True)
    assert found[:3] == ["docs", "generate", "--static"]
    assert found[found.index("--log-level-file") + 1] == "debug"


def test_an_analysis_builds_its_part_once_every_part_is_there() -> None:
    marts = ["capacity_mode_recommendations", "table_class_recommendations", "utilization_recommendations"]
    assert transform.selector(None, marts) == "everything"
    assert transform.selector(transform.CAPACITY, []) == "everything"
    assert transform.selector(transform.CAPACITY, marts[:2]) == "everything"
    # Published by a version that knew no plans.
    assert transform.selector(transform.CAPACITY, marts) == "everything"
    marts.append("best_plans")
    # By one that did not hold its model against the bill: its marts of advice lack what that adds to them.
    assert transform.selector(transform.CAPACITY, marts) == "everything"
    marts.append("reconciliation_summary")
    assert transform.selector(transform.CAPACITY, marts) == "capacity"
    assert transform.selector(transform.TABLE_CLASS, marts) == "table_class"
    assert transform.selector(transform.UTILIZATION, marts) == "utilization"


@pytest.mark.parametrize("analysis", [transform.CAPACITY, transform.TABLE_CLASS, transform.UTILIZATION, None])
def test_every_selector_is_there_and_leaves_unit_tests_out(analysis: transform.Analysis | None) -> None:
    named = analysis.selector if analysis else transform.EVERYTHING
    selectors = yaml.safe_load((transform.Project.find().directory / "selectors.yml").read_text())[
        "selectors"
    ]
    (found,) = (each["definition"]["union"] for each in selectors if each["name"] == named)
    left_out = [{"method": "test_type", "value": "unit"}]
    if analysis:
        left_out.append({"method": "tag", "value": "whole_build"})
        both_ways = {"parents": True, "children": True}
        assert {"method": "fqn", "value": analysis.mart, **both_ways} in found
        assert {"method": "path", "value": "models/marts/plans", **both_ways} in found
        for about_the_bill in ("costs", "reconciliation", "commitments"):
            assert {"method": "path", "value": f"models/marts/{about_the_bill}", "parents": True} in found
    assert {"exclude": left_out} in found


def test_the_project_of_the_checkout_is_found() -> None:
    project = transform.Project.find()
    assert (project.directory / "dbt_project.yml").exists()
    assert (project.profiles / "profiles.yml").exists()


class Steps:
    def __init__(self) -> None:
        self.expected = 0
        self.done: list[str] = []

    def total(self, units: int) -> None:
        self.expected = units

    def advance(self, units: int = 1, note: str = "") -> None:
        assert units == 1
        self.done.append(note)


@pytest.fixture
def project(tmp_path: Path) -> transform.Project:
    """A dbt project of three models and two tests, which a test may break."""
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    (folder / "profiles").mkdir()
    (folder / "dbt_project.yml").write_text(
        "name: small\nversion: '1.0'\nconfig-version: 2\nprofile: small\nvars: {number: 1}\n"
    )
    (folder / "profiles/profiles.yml").write_text(
        "small:\n  target: duckdb\n  outputs:\n"
        "    duckdb: {type: duckdb, path: \"{{ env_var('OPTIMA_WAREHOUSE') }}\"}\n"
    )
    (folder / "models/first.sql").write_text("select {{ var('number') }} as id")
    (folder / "models/second.sql").write_text("select id from {{ ref('first') }}")
    (folder / "models/third.sql").write_text("select id from {{ ref('second') }}")
    (folder / "models/all.yml").write_text(
        "models:\n"
        "  - name: second\n"
        "    columns:\n"
        "      - name: id\n"
        "        data_tests: [not_null, {accepted_values: {arguments: {values: [1, 2]}}}]\n"
    )
    return transform.Project(folder, folder / "profiles")


def build(project: transform.Project, workspace: Workspace, number: int = 1) -> Steps:
    steps = Steps()
    argument_list = transform.arguments(["build"], project, workspace, values={"number": number})
    transform.run(argument_list, project, workspace, steps)
    return steps


def test_a_run_reports_its_steps_and_lets_go_of_the_warehouse(
    project: transform.Project, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTIMA_WAREHOUSE", "somebody's own")
    steps = build(project, workspace, number=2)

    assert steps.expected == 5
    assert sorted(steps.done)[-3:] == ["not_null_second_id", "second", "third"]
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        assert connection.execute("select id from third").fetchone() == (2,)
    assert os.environ["OPTIMA_WAREHOUSE"] == "somebody's own"
    assert not (project.directory / "target").exists()
    assert not (project.directory / "logs").exists()
    assert (workspace.logs / "dbt.log").exists()


def built_number(workspace: Workspace) -> int:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        (found,) = connection.execute("select id from third").fetchall()
    return int(found[0])


def test_models_are_parsed_again_only_when_they_change(
    project: transform.Project, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTIMA_PARSED_DIR", str(tmp_path / "parsed"))
    parsed = workspace.dbt_target / "partial_parse.msgpack"
    build(project, workspace, number=1)
    first = parsed.stat().st_mtime_ns
    (kept,) = (tmp_path / "parsed").iterdir()
    build(project, workspace, number=2)
    assert parsed.stat().st_mtime_ns == first
    assert built_number(workspace) == 2
    kept.write_bytes(kept.read_bytes()[:1000])
    build(project, workspace, number=1)
    assert built_number(workspace) == 1
    assert kept.stat().st_size > 1000
    (project.directory / "models/third.sql").write_text("select id + 10 as id from {{ ref('second') }}")
    build(project, workspace, number=2)
    assert built_number(workspace) == 12


def test_a_failed_test_is_named_and_what_depends_on_it_is_not_built(
    project: transform.Project, workspace: Workspace
) -> None:
    with pytest.raises(OptimaError) as error:
        build(project, workspace, number=3)
    assert str(error.value) == (
        "The test accepted_values_second_id__1__2 failed (rows: 1), later steps left out: 1; "
        f"nothing was published, details in {workspace.logs / 'dbt.log'}."
    )


def test_what_is_wrong_with_the_rows_of_a_model_is_named_by_column(
    project: transform.Project, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    generic = project.directory / "tests/generic"
    generic.mkdir(parents=True)
    shutil.copy(transform.Project.find().directory / "tests/data/generic/well_formed.sql", generic)
    (project.directory / "models/first.sql").write_text(
        "select unnest([1, 1, 2, 3, null]) as id, 'a' as name"
    )
    (project.directory / "models/second.sql").write_text("select id, name from {{ ref('first') }}")
    (project.directory / "models/all.yml").write_text(
        "models:\n"
        "  - name: second\n"
        "    data_tests:\n"
        "      - well_formed:\n"
        "          name: second_is_well_formed\n"
        "          arguments:\n"
        "            keys: [id, [id, name]]\n"
        "            never_null: [id, name]\n"
        "            accepted_values: {id: [1, 2], name: [a, b]}\n"
    )
    with pytest.raises(OptimaError, match=r"^The test second_is_well_formed failed \(id is 3, and 3 more\)"):
        build(project, workspace)
    assert [line for line in caplog.messages if line.startswith("second_is_well_formed: ")] == [
        "second_is_well_formed: id is 3",
        "second_is_well_formed: id is not unique: 1",
        "second_is_well_formed: id is null",
        "second_is_well_formed: id, name is not unique: 1, a",
    ]


def test_a_failed_model_is_named(project: transform.Project, workspace: Workspace) -> None:
    (project.directory / "models/second.sql").write_text("select no_such_column from {{ ref('first') }}")
    with pytest.raises(OptimaError, match=r"^The model second failed, later steps left out: 3;"):
        build(project, workspace)


def test_a_model_that_fails_leaves_what_was_there(project: transform.Project, workspace: Workspace) -> None:
    """By the materializations of the product: what is replaced goes in the transaction that replaces it."""
    shutil.copytree(
        transform.Project.find().directory / "macros/materializations", project.directory / "macros"
    )
    for name, materialized in (("first", "view"), ("second", "table")):
        model = project.directory / f"models/{name}.sql"
        model.write_text(f"{{{{ config(materialized='{materialized}') }}}}\n{model.read_text()}")
    build(project, workspace, number=1)
    for number in (2, 1):
        build(project, workspace, number=number)
        assert built_number(workspace) == number
    with (project.directory / "models/second.sql").open("a") as model:
        model.write("\nwhere error('no more') is null")
    with pytest.raises(OptimaError, match=r"^The model second failed"):
        build(project, workspace, number=2)
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        assert connection.execute("select (select id from first), (select id from second)").fetchone() == (
            2,
            1,
        )
        names = connection.execute("select table_name from duckdb_tables()").fetchall()
    assert names == [("second",)]


def test_models_that_cannot_be_read_are_said(project: transform.Project, workspace: Workspace) -> None:
    (project.directory / "models/second.sql").write_text("select * from {{ ref('nowhere') }}")
    with pytest.raises(OptimaError, match=r"^The models could not be run \(.*\); nothing was published"):
        build(project, workspace)
