"""Whoever looks sees one build and all of it, whatever is written meanwhile, and holds up nobody."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import duckdb
import publishing
import pyarrow as pa
import pytest
import yaml
from opening import figures, opened, texts
from published_marts import BESIDES, PAYMENTS, contracts, organisation, publish
from streamlit.testing.v1 import AppTest

from dashboard import builds
from dashboard.data.selected import ask, selected
from dashboard.pages import PAGES
from dashboard.view import View
from optima import decisions, minutes, selection
from optima.published import Build
from optima.selection import Filters
from optima.workspace import Workspace

_T = TypeVar("_T")
# So many builds are met by readers before the test ends; each of them is published while they look.
_BUILDS = 3
_PATIENCE_SECONDS = 120.0
# Of every row of every mart.
_NUMBERS = " union all ".join(f"select build_number from {mart}" for mart in contracts())
_ENDLESS = "select count(*) from range(1000000) as a (a), range(1000000) as b (b) where (a ^ b) % 7 = 3"


def view_of(build: Build, now: datetime, **chosen: object) -> View:
    workspace = Workspace.at(build.path.parents[1])
    standing = decisions.standing(workspace.decisions, now)
    return View(workspace, build, standing, Filters(**chosen), now)  # type: ignore[arg-type]


class Reader:
    """Reads, in a thread of its own, again and again, whole builds as pages do."""

    def __init__(self, workspace: Workspace, stop: threading.Event) -> None:
        self.seen: set[int] = set()
        self.error: BaseException | None = None
        self._workspace = workspace
        self._stop = stop
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(_PATIENCE_SECONDS)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                build = builds.newest(self._workspace)
                if build is not None:
                    self.seen.add(number_of(build))
                time.sleep(0.2)
        except BaseException as error:
            self.error = error


def number_of(build: Build) -> int:
    """Read all of a build and return the one number that it bears."""
    rows = builds.cursor(build).execute(f"select distinct build_number from ({_NUMBERS})").fetchall()
    assert len(rows) == 1, f"{build.path.name} is a mixture: {rows}"
    ((number,),) = rows
    history = builds.cursor(build).execute("select build_id, monthly_savings_usd from publications")
    assert history.fetchall()[-1] == (build.build_id, 5 * number)
    days = minutes.read(build, PAYMENTS, "us-east-1", f"prod-orders-build-{number}", minutes.days(build))
    assert days["day"].to_pylist() == [date(2026, 10, 29), date(2026, 10, 30), date(2026, 10, 31)]
    assert days["reads"].to_pylist() == [[float(number)] * 1440] * 3
    return int(number)


@contextmanager
def being_written(workspace: Workspace) -> Iterator[None]:
    """Have another process load, build and publish all the time."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([*sys.path])}
    with subprocess.Popen([sys.executable, publishing.__file__, workspace.root], env=environment) as writer:
        try:
            yield
            assert writer.poll() is None, "nothing was written any more"
        finally:
            writer.kill()


def everything_on(page: AppTest) -> str:
    """Return all texts of a page, with those of its tables and figures."""
    tables = [element.value.to_csv() for element in page.dataframe]
    offered = [option for element in page.multiselect for option in element.options]
    return "\n".join([texts(page), str(figures(page)), *tables, *offered])


def test_pages_are_of_one_whole_build_while_loads_and_builds_are_writing(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Workspace.at(workspace / "written")
    made = publish(workspace, organisation(publishing.AS_OF), publishing.AS_OF, without=BESIDES)
    publishing.prepare(here, made.path)
    monkeypatch.setenv("OPTIMA_PROJECT_ROOT", str(here.root))
    stop = threading.Event()
    on_pages: set[int] = set()
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    with being_written(here):
        readers = [Reader(here, stop) for _ in range(2)]
        try:
            while builds.newest(here) is None:
                assert time.monotonic() < give_up_at
                time.sleep(0.05)
            page = opened("overview")
            while len(on_pages) < _BUILDS:
                assert time.monotonic() < give_up_at, f"only the builds {on_pages} were seen"
                assert not page.exception, page.exception
                assert not page.error, texts(page)
                (number,) = {int(found) for found in re.findall(r"-build-(\d+)", everything_on(page))}
                assert f"${5 * number}.00" in str(figures(page))
                on_pages.add(number)
                page.run()
        finally:
            stop.set()
            for reader in readers:
                reader.join()
    for reader in readers:
        if reader.error:
            raise reader.error
        assert len(reader.seen) >= _BUILDS
    assert number_of(builds.newest(here)) >= max(on_pages)  # type: ignore[arg-type]


def test_a_slow_query_of_one_reader_does_not_hold_up_another(build: Build, now: datetime) -> None:
    slow = builds.cursor(build)
    ended: list[BaseException | None] = []

    def ask_for_too_much() -> None:
        try:
            slow.execute(_ENDLESS).fetchall()
            ended.append(None)
        except duckdb.InterruptException as error:
            ended.append(error)

    asking = threading.Thread(target=ask_for_too_much)
    asking.start()
    try:
        view = view_of(build, now)
        answers = in_time(lambda: [ask(view, "select count(*) from selected").fetchone() for _ in range(20)])
        assert answers == [(selected(view).num_rows,)] * 20
        assert not ended, "the slow query had ended before"
    finally:
        slow.interrupt()
        asking.join(_PATIENCE_SECONDS)
    assert isinstance(ended[0], duckdb.InterruptException)


def test_what_is_remembered_for_one_reader_does_not_hold_up_another(
    build: Build, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While rows are read for the first time, others who want the same rows wait, and nobody else."""
    reading, go_on = threading.Event(), threading.Event()
    read = selection.selected

    def slow_for_orders(
        connection: duckdb.DuckDBPyConnection, filters: Filters, standing: decisions.Standing
    ) -> pa.Table:
        if filters.table_pattern == "orders":
            reading.set()
            assert go_on.wait(_PATIENCE_SECONDS)
        return read(connection, filters, standing)

    monkeypatch.setattr(selection, "selected", slow_for_orders)
    found: list[int] = []
    first = threading.Thread(
        target=lambda: found.append(selected(view_of(build, now, table_pattern="orders")).num_rows)
    )
    first.start()
    try:
        assert reading.wait(_PATIENCE_SECONDS)
        others = in_time(lambda: selected(view_of(build, now, table_pattern="events")).num_rows)
        assert others == 4
        assert not found
    finally:
        go_on.set()
        first.join(_PATIENCE_SECONDS)
    assert found == [2]


def in_time(question: Callable[[], _T]) -> _T:
    """Ask in a thread of its own, so that a question which is held up fails the test and does not hang it."""
    answers: list[_T] = []
    asking = threading.Thread(target=lambda: answers.append(question()), daemon=True)
    asking.start()
    asking.join(_PATIENCE_SECONDS)
    assert answers, "the reader was held up"
    return answers[0]


@pytest.mark.usefixtures("build")
def test_a_damaged_pointer_is_said_and_what_is_published_next_is_shown(
    workspace: Path, now: datetime
) -> None:
    current = Workspace.at(workspace).current
    for damage in (b"nonsense", b"\xff\xfe\x00"):
        current.write_bytes(damage)
        page = opened()
        (said,) = page.error
        assert str(current) in said.value
        assert said.value.endswith(": run an analysis again to publish one.")
    newer = publish(workspace, organisation(now), now)
    page.run()
    assert not page.error
    assert f"build {newer.build_id}" in texts(page)


def test_a_build_that_is_missing_is_said(build: Build) -> None:
    build.path.unlink()
    page = opened()
    assert [error.value for error in page.error] == [
        f"The published build {build.path.name} cannot be opened: run an analysis to publish a new one."
    ]


def page_of_long_ago(old_path: str, build_id: str) -> None:
    """A page whose first run is about a build that is gone since, as parts of a page may be."""
    from pathlib import Path

    import streamlit as st

    from dashboard import builds
    from optima.published import Build
    from optima.workspace import Workspace

    old = Build(Path(old_path), build_id)
    shown = old
    if "drawn" in st.session_state:
        shown = builds.newest(Workspace.at(old.path.parents[1])) or old
    st.session_state["drawn"] = True

    @st.cache_data
    def tables(build: Build) -> int:
        return len(builds.cursor(build).execute("from dim_tables").fetchall())

    st.text(f"{tables(shown)} tables")


def test_a_part_of_a_page_whose_build_is_gone_moves_on_to_the_current_one(
    workspace: Path, build: Build, now: datetime
) -> None:
    made = organisation(now)
    made.table(PAYMENTS, "us-east-1", "new")
    publish(workspace, made, now)
    build.path.unlink()
    page = AppTest.from_function(page_of_long_ago, args=(str(build.path), build.build_id)).run()
    assert not page.exception
    assert [text.value for text in page.text] == ["6 tables"]


_EXPOSURES = Path(__file__).parents[2] / "models" / "exposures.yml"


def exposures() -> dict[str, set[str]]:
    """Return the marts that each exposure reads."""
    listed = yaml.safe_load(_EXPOSURES.read_text())["exposures"]
    return {
        exposure["name"]: {re.fullmatch(r"ref\('(\w+)'\)", mart)[1] for mart in exposure["depends_on"]}  # type: ignore[index]
        for exposure in listed
    }


def test_every_page_is_an_exposure_of_marts_that_exist() -> None:
    found = exposures()
    pages = {f"dashboard_{page.url_path.replace('-', '_')}" for page in PAGES}
    assert {name for name in found if name.startswith("dashboard_")} == pages
    assert set().union(*found.values()) <= set(contracts())
