"""The wheel is the whole product: installed elsewhere, it runs from any directory."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from datetime import datetime
from pathlib import Path

import pytest
from demo_run import END, Demo

from optima.sandbox import SandboxConfig, running

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel of this checkout into an environment of its own; return its scripts' folder.

    Its dependencies are those of the running environment, reached by a path file: nothing is downloaded.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("dynamodb_optima-*.whl")

    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    install = ["--python", str(scripts / "python"), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*pip, *install], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = environment / "lib" / version / "site-packages"
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return scripts


def run(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(installed / "dynamodb-optima"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_the_installed_packages_are_the_wheels(installed: Path, tmp_path: Path) -> None:
    program = (
        "import optima, loaders, dashboard; print(optima.__file__, loaders.__file__, dashboard.__file__)"
    )
    answer = subprocess.check_output([installed / "python", "-c", program], cwd=tmp_path, text=True)
    for path in answer.split():
        assert Path(path).is_relative_to(installed.parent)


def test_the_dbt_project_travels_without_a_user_id(installed: Path) -> None:
    (project,) = installed.parent.glob("lib/python*/site-packages/optima/_dbt")
    for name in ("dbt_project.yml", "profiles/profiles.yml", "models", "macros", "seeds"):
        assert (project / name).exists(), name
    assert not list(project.rglob(".user.yml"))


def test_the_policies_travel_for_health_to_name_their_statements(installed: Path, tmp_path: Path) -> None:
    program = "from optima.cli.health.policies import granting; print(granting('dynamodb:ListTables'))"
    answer = subprocess.check_output([installed / "python", "-c", program], cwd=tmp_path, text=True)
    assert answer == "Grant(sid='ReadTables', file='deploy/policies/account.json')\n"


def test_a_workspace_begins_in_any_directory(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(SandboxConfig(accounts=1, tables=2, end=datetime.fromisoformat(END))) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        discovered = run(installed, tmp_path, "discover", "--use-org", "--as-of", END)
    assert discovered.returncode in (0, 3), discovered.stdout + discovered.stderr
    assert discovered.stdout.startswith("Discovered 2 DynamoDB tables across ")
    assert (tmp_path / "data/optima.duckdb").exists()


def test_a_second_demo_from_any_directory_reads_nothing_twice_and_changes_nothing(
    installed: Path, demo: Demo, tmp_path: Path
) -> None:
    """The first one was the checkout's, of which the wheel is made."""
    second = demo.copy(tmp_path / "workspace")
    again = run(installed, tmp_path, "--project-root", str(tmp_path / "workspace"), "demo", "--as-of", END)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Collected metrics: nothing new, 0 calls to CloudWatch" in again.stdout
    assert "Collected the billing export: nothing new" in again.stdout
    builds = [each.rows("select build_id from publication") for each in (demo, second)]
    assert builds[0] != builds[1]
    query = "select * exclude (reason) from recommendations order by recommendation_id"
    assert second.rows(query) == demo.rows(query)

    listed = run(
        installed, tmp_path, "--project-root", str(second.workspace), "list-recommendations", "--all"
    )
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert "orders" in listed.stdout or "table" in listed.stdout.lower()
    (project,) = installed.parent.glob("lib/python*/site-packages/optima/_dbt")
    assert not (project / "target").exists(), "a read-only install must stay as it was installed"
    assert not (project / "logs").exists()
