"""Publishing: whole builds or none, old readers undisturbed, minutes rewritten only where they changed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import optima
from optima import publish, published
from optima.errors import NothingPublishedError, OptimaError
from optima.workspace import Workspace


def execute(workspace: Workspace, sql: str) -> None:
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(sql)


def test_readers_find_the_marts_in_schema_main(built: Workspace) -> None:
    build = publish.publish(built, datetime(2026, 11, 1))

    with optima.connect(built.root) as connection:
        rows = connection.execute(
            "select recommendation_id, monthly_savings_usd::double from recommendations"
        )
        assert rows.fetchall() == [("id-1", 13.0305), ("id-2", 0)]
        note = connection.execute("select build_id, published_at, as_of from publication").fetchall()
        assert note == [(build.build_id, build.published_at, datetime(2026, 11, 1))]
    assert built.current.read_text() == build.path.name


def test_what_was_published_cannot_be_written(built: Workspace) -> None:
    publish.publish(built)
    with optima.connect(built.root) as connection, pytest.raises(duckdb.InvalidInputException):
        connection.execute("drop table recommendations")


def test_the_workspace_may_be_named_by_the_environment(
    built: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish.publish(built)
    monkeypatch.setenv("OPTIMA_PROJECT_ROOT", str(built.root))
    with optima.connect() as connection:
        assert connection.execute("select count(*) from recommendations").fetchone() == (2,)


def test_a_reader_of_the_old_build_keeps_reading_it(built: Workspace) -> None:
    first = publish.publish(built)
    reader = optima.connect(built.root)
    execute(built, "delete from marts.recommendations where recommendation_id = 'id-1'")

    second = publish.publish(built)

    assert second.path != first.path
    assert reader.execute("select count(*) from recommendations").fetchone() == (2,)
    with optima.connect(built.root) as connection:
        assert connection.execute("select count(*) from recommendations").fetchone() == (1,)
    reader.close()


def test_a_reader_in_another_process_sees_a_whole_build_at_any_moment(built: Workspace) -> None:
    publish.publish(built)
    program = (
        "import sys, optima\n"
        "sys.stdout.write('ready\\n'); sys.stdout.flush()\n"
        "while True:\n"
        "    with optima.connect(sys.argv[1]) as c:\n"
        "        assert c.execute('select count(*) from recommendations').fetchone() == (2,)\n"
        "        assert c.execute('select count(*) from publication').fetchone() == (1,)\n"
        "    sys.stdout.write('.'); sys.stdout.flush()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(built.root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"ready\n"
        for _ in range(8):
            publish.publish(built)
            assert reader.stdout.read(1) == b"."
        assert reader.poll() is None, "the reader met a build that was not whole"
        reader.kill()


def test_a_publication_that_fails_leaves_the_old_one(
    built: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish.publish(built)

    def full_disk(_path: Path) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr(publish, "_sync", full_disk)
        with pytest.raises(OSError, match="no space left"):
            publish.publish(built)

    assert published.current(built) == first
    assert [build.path for build in published.builds(built)] == [first.path]
    publish.publish(built)
    assert not list(built.data.glob(".marts-*")), "what an unfinished publication left is swept by the next"


def test_a_full_disk_leaves_the_old_build_and_is_said(built: Workspace) -> None:
    first = publish.publish(built)
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from optima.cli.commands import sentences\n"
        "from optima.publish import publish\n"
        "from optima.workspace import Workspace\n"
        "root = Path(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "with sentences(False, root):\n"
        "    publish(Workspace.at(root))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(built.root)], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"Error: The disk of the workspace {built.root} is full: make room" in done.stderr
    assert published.current(built) == first
    with optima.connect(built.root) as connection:
        assert connection.execute("select count(*) from recommendations").fetchone() == (2,)
    assert publish.publish(built) != first
    assert not list(built.data.glob(".*unfinished*"))


def test_a_build_that_nobody_was_told_of_is_swept(built: Workspace) -> None:
    """A publication that was killed between its two renames, the first of a workspace or a later one."""
    for _ in range(2):
        before = published.builds(built)
        stray = published.build_at(built, datetime.now(UTC).replace(tzinfo=None))
        duckdb.connect(str(stray.path)).close()
        (built.data / ".current.unfinished").write_text(stray.path.name)
        (built.minutes / "day=2026-10-01").mkdir()
        (built.minutes / "day=2026-10-01" / ".unfinished").touch()
        newest = publish.publish(built)
        assert published.builds(built) == [*before, newest]
        assert published.current(built) == newest
        assert not list(built.data.rglob("*unfinished*"))
        assert not (built.minutes / "day=2026-10-01").exists()


def test_old_builds_go_after_the_grace_and_not_before(built: Workspace) -> None:
    now = datetime.now()
    aged = [published.build_at(built, now - age) for age in (publish.GRACE * 3, publish.GRACE * 2)]
    recent = published.build_at(built, now - timedelta(minutes=5))
    for build in (*aged, recent):
        duckdb.connect(str(build.path)).close()
    built.current.write_text(recent.path.name)

    newest = publish.publish(built)

    # The second of the aged was superseded five minutes ago, so that a reader may still be about to open it.
    assert [build.path for build in published.builds(built)] == [aged[1].path, recent.path, newest.path]


def test_minutes_are_rewritten_only_for_days_that_changed(built: Workspace) -> None:
    publish.publish(built)
    files = {day: built.minutes / f"day={day}" / "minutes.parquet" for day in ("2026-10-30", "2026-10-31")}
    before = {day: file.stat().st_ino for day, file in files.items()}
    assert duckdb.sql(f"select sum(list_sum(reads)) from '{files['2026-10-30']}'").fetchone() == (1036080.0,)

    execute(
        built,
        "update intermediate.int_demand__days_arrayed "
        "set updated_at = timestamp '2026-11-02', reads = [7.0] where day = date '2026-10-31'",
    )
    publish.publish(built)

    after = {day: file.stat().st_ino for day, file in files.items()}
    assert after["2026-10-30"] == before["2026-10-30"]
    assert after["2026-10-31"] != before["2026-10-31"]
    assert duckdb.sql(f"select sum(list_sum(reads)) from '{files['2026-10-31']}'").fetchone() == (7.0,)


def test_minutes_of_a_day_that_is_gone_go_too(built: Workspace) -> None:
    publish.publish(built)
    execute(built, "delete from intermediate.int_demand__days_arrayed where day = date '2026-10-30'")
    publish.publish(built)
    assert sorted(folder.name for folder in built.minutes.glob("day=*")) == ["day=2026-10-31"]


def test_nothing_to_publish_is_said(workspace: Workspace) -> None:
    with pytest.raises(OptimaError, match="no warehouse"):
        publish.publish(workspace)
    duckdb.connect(str(workspace.warehouse)).close()
    with pytest.raises(OptimaError, match="holds no marts"):
        publish.publish(workspace)
    assert not workspace.current.exists()


def test_nothing_published_is_said(workspace: Workspace) -> None:
    with pytest.raises(NothingPublishedError, match=r"dynamodb-optima run"):
        optima.connect(workspace.root)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "marts-1.duckdb"])
def test_current_names_a_build_or_nothing_is_opened(workspace: Workspace, name: str) -> None:
    workspace.current.write_text(name)
    with pytest.raises(OptimaError, match="does not name a build"):
        optima.connect(workspace.root)


def test_a_damaged_build_is_said(built: Workspace) -> None:
    build = publish.publish(built)
    build.path.write_bytes(os.urandom(20_000))
    with pytest.raises(OptimaError, match="cannot be opened"):
        optima.connect(built.root)
