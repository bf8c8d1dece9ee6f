"""`python -m tests.mutations`: break each formula in a copy of the project, and see which test notices.

Takes minutes: every mutation builds what its tests need.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.mutations.mutation_list import MUTATIONS, Mutation

PROJECT = Path(__file__).parents[2]
# Everything that the tests of models and simulation read.
PARTS = ("models", "macros", "seeds", "profiles", "optima", "loaders", "tests")
FILES = ("dbt_project.yml", "selectors.yml", "pyproject.toml")
DBT = Path(sys.executable).with_name("dbt")
# dbt and pytest tell a failed test from a run that could not be done.
TESTS_FAILED = 1


def copied(target: Path) -> Path:
    """Copy the project."""
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
    for part in PARTS:
        shutil.copytree(PROJECT / part, target / part, ignore=ignored)
    for name in FILES:
        shutil.copyfile(PROJECT / name, target / name)
    return target


@contextmanager
def broken(project: Path, mutation: Mutation) -> Iterator[None]:
    """Break one formula of a copy for a while."""
    path = project / mutation.path
    text = path.read_text()
    assert text.count(mutation.old) == 1, mutation
    path.write_text(text.replace(mutation.old, mutation.new))
    try:
        yield
    finally:
        path.write_text(text)


def unit_tests(project: Path, warehouse: Path, models: Iterable[str]) -> list[str]:
    """Return the command that runs the unit tests of models against a copy of a built warehouse."""
    shutil.copyfile(warehouse, project / "optima.duckdb")
    chosen = [f"{model},test_type:unit" for model in models]
    folders = ("--project-dir", ".", "--profiles-dir", "profiles", "--target-path", "target")
    return [str(DBT), "test", *folders, "--log-path", "target", "--select", *chosen]


def scenarios(tests: Iterable[str]) -> list[str]:
    """Return the command that runs tests of pytest."""
    stop = ("-x", "-q", "-p", "no:cacheprovider", "--basetemp", "pytest")
    return [sys.executable, "-m", "pytest", *stop, *tests]


def run(command: Sequence[str], project: Path) -> tuple[int, str]:
    """Run a command on a copy; return its code and what it printed."""
    environment = os.environ | {
        "OPTIMA_WAREHOUSE": str(project / "optima.duckdb"),
        "PYTHONPATH": str(project),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def tests_that_failed(output: str) -> list[str]:
    """Return the names of failed tests in what dbt or pytest printed.

    A mutation that no longer runs proves nothing: what ended in an error is left out.
    """
    colourless = re.sub(r"\x1b\[[0-9;]*m", "", output)
    if "dbt failed: " in colourless or "Error in unit_test" in colourless:
        return []
    of_dbt = re.findall(r"Failure in unit_test (\w+)", colourless)
    of_pytest = re.findall(r"^FAILED \S*::(\w+)", colourless, re.MULTILINE)
    return sorted(set(of_dbt) | set(of_pytest))


def built_warehouse(folder: Path) -> Path:
    """Build all models on empty raw tables: a unit test takes the types of what it is given from them."""
    sys.path.insert(0, str(PROJECT / "tests" / "models"))
    from small_warehouse import DbtProject, SmallWarehouse

    project = DbtProject.parsed(folder / "target")
    warehouse = SmallWarehouse(project, folder / "optima.duckdb")
    warehouse.create()
    warehouse.build("path:models")
    with warehouse.connection() as connection:
        connection.execute("checkpoint")
    return warehouse.path


def command_for(caught_by: Sequence[str], project: Path, warehouse: Path) -> list[str]:
    """Return the command that runs what catches a mutation: all of one kind."""
    if all(is_unit_test(each) for each in caught_by):
        return unit_tests(project, warehouse, caught_by)
    return scenarios(caught_by)


def is_unit_test(caught_by: str) -> bool:
    """Tell the unit tests of a model from a file or test of pytest."""
    return "/" not in caught_by


def what_fails_unbroken(mutations: Sequence[Mutation], warehouse: Path, project: Path) -> str | None:
    """Run all the tests on the project as it is, where each must pass; return what was printed if not."""
    tests = sorted({mutation.caught_by for mutation in mutations})
    for chosen in ([each for each in tests if is_unit_test(each)], [t for t in tests if not is_unit_test(t)]):
        if chosen:
            code, output = run(command_for(chosen, project, warehouse), project)
            if code:
                return output
    return None


def say(line: str) -> None:
    """Print a line at once, because the next takes a while."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run the mutations; return 1 when one survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--only", default="", help="those whose description or file has this word")
    parser.add_argument("--start", type=int, default=1, help="the number of the first, to go on with a run")
    parser.add_argument("--skip-unbroken", action="store_true", help="take for granted that all tests pass")
    arguments = parser.parse_args()
    mutations = [each for each in MUTATIONS if arguments.only in each.what + each.path][arguments.start - 1 :]
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutations-") as directory:
        folder = Path(directory)
        say(f"{len(mutations)} mutations")
        warehouse = built_warehouse(folder)
        # One copy for all: dbt then reads again only the file that changed.
        project = copied(folder / "project")
        if not arguments.skip_unbroken:
            failure = what_fails_unbroken(mutations, warehouse, project)
            if failure:
                say(failure)
                say("Tests fail without any mutation, so that nothing can be told.")
                return 1
        say("mutation | file | caught by | seconds\n---|---|---|---")
        for mutation in mutations:
            began = time.monotonic()
            with broken(project, mutation):
                code, output = run(command_for([mutation.caught_by], project, warehouse), project)
            failed = tests_that_failed(output)
            is_caught = code == TESTS_FAILED and bool(failed)
            if not is_caught:
                survivors.append(mutation.what)
                sys.stderr.write(output[-2000:])
            caught_by = ", ".join(failed) if is_caught else f"NOTHING (exit code {code})"
            seconds = time.monotonic() - began
            say(f"{mutation.what} | {mutation.path} | {caught_by} | {seconds:.0f}")
    say(f"{len(mutations) - len(survivors)} of {len(mutations)} caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
