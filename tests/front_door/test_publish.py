"""Publishing: whole builds or none, old readers undisturbed, minutes by build, history handed on."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import optima
from optima import minutes, publish, published
from optima.errors import NothingPublishedError, OptimaError
from optima.published import Build
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


def test_the_rows_of_one_table_lie_together(built: Workspace) -> None:
    """So that of a large mart only the blocks are read that hold the table asked for."""
    execute(
        built,
        """
        create table marts.hours as
        select
            (number * 7 % 5)::varchar as account_id,
            'us-east-1' as region,
            'table-' || number * 37 % 11 as table_name,
            number
        from range(40) as numbers (number)
        """,
    )
    publish.publish(built)
    with optima.connect(built.root) as connection:
        keys = connection.execute("select account_id, table_name from hours order by rowid").fetchall()
    assert keys == sorted(keys)
    assert len(keys) == 40


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
        (built.minutes / "day=2026-10-01" / ".minutes-x.parquet.unfinished").touch()
        (built.minutes / "day=2026-10-01" / f"minutes-{stray.build_id}.parquet").touch()
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


def age(workspace: Workspace, build: Build, age: timedelta) -> Build:
    """Give a published build, the current one, the name of one that was published earlier."""
    aged = published.build_at(workspace, build.published_at - age)
    build.path.rename(aged.path)
    workspace.current.write_text(aged.path.name)
    return aged


def change_a_day(workspace: Workspace) -> None:
    execute(
        workspace,
        "update intermediate.int_demand__days_arrayed "
        "set updated_at = timestamp '2026-11-02', reads = [7.0] where day = date '2026-10-31'",
    )


def minute_files(workspace: Workspace) -> set[str]:
    return {str(path.relative_to(workspace.minutes)) for path in workspace.minutes.rglob("*.parquet")}


def reads(build: Build, resource: str = "orders") -> dict[int, float]:
    """Return the sum of the reads of each day."""
    rows = minutes.read(build, "111122223333", "us-east-1", resource, minutes.days(build))
    return {row["day"].day: sum(row["reads"]) for row in rows.to_pylist()}


def test_minutes_are_written_only_for_days_that_changed(built: Workspace) -> None:
    first = publish.publish(built)
    files = {f"day=2026-10-{day}/minutes-{first.build_id}.parquet" for day in (30, 31)}
    assert minute_files(built) == files

    change_a_day(built)
    second = publish.publish(built)

    assert minute_files(built) - files == {f"day=2026-10-31/minutes-{second.build_id}.parquet"}
    assert reads(second) == {30: 1036080.0, 31: 7.0}
    assert reads(first) == {30: 1036080.0, 31: 1036080.0}, "a build keeps the minutes that belong to it"


def test_superseded_minutes_go_with_the_last_build_that_names_them(built: Workspace) -> None:
    first = age(built, publish.publish(built), publish.GRACE * 2)
    before = minute_files(built)
    change_a_day(built)
    second = age(built, publish.publish(built), publish.GRACE * 1.5)
    assert before < minute_files(built)

    execute(built, "delete from intermediate.int_demand__days_arrayed where day = date '2026-10-30'")
    third = publish.publish(built)

    assert [build.path for build in published.builds(built)] == [second.path, third.path]
    assert not first.path.exists()
    assert reads(second) == {30: 1036080.0, 31: 7.0}, "superseded just now, it stays readable"
    assert reads(third) == {31: 7.0}
    assert len(minute_files(built)) == 2

    age(built, third, publish.GRACE * 1.2)
    publish.publish(built)
    assert [folder.name for folder in built.minutes.iterdir()] == ["day=2026-10-31"]


def test_minutes_of_an_interrupted_publication_are_nobodys(
    built: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish.publish(built)
    change_a_day(built)

    def full_disk(_path: Path) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr(publish, "_sync", full_disk)
        with pytest.raises(OSError, match="no space left"):
            publish.publish(built)
    assert len(minute_files(built)) == 3
    assert published.current(built) == first
    assert reads(first) == {30: 1036080.0, 31: 1036080.0}

    second = publish.publish(built)
    assert len(minute_files(built)) == 3, "the next publication takes what was never named away"
    assert reads(second)[31] == 7.0


class Killed(BaseException):
    """Ends a publication as a kill does: nobody catches it."""


def test_wherever_a_publication_ends_what_is_current_is_whole(
    built: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed before its first step that a reader could notice, then before its second, and so on."""
    age(built, publish.publish(built), publish.GRACE * 3)
    change_a_day(built)
    age(built, publish.publish(built), publish.GRACE * 2)
    expected = {30: 1036080.0, 31: 7.0}
    for last in itertools.count(1):
        before = published.current(built)
        execute(
            built,
            "update intermediate.int_demand__days_arrayed "
            f"set updated_at = timestamp '2026-11-03' + to_days({last}), reads = [{last}.0] "
            "where day = date '2026-10-30'",
        )
        steps = itertools.count(1)
        with monkeypatch.context() as dying:
            for name in ("replace", "unlink"):
                dying.setattr(Path, name, _dying(getattr(Path, name), steps, last))
            try:
                publish.publish(built)
                break
            except Killed:
                current = published.current(built)
                if current != before:
                    expected[30] = last
                assert reads(current) == expected, f"killed before step {last}"
    assert last > 5
    assert reads(published.current(built)) == {30: last, 31: 7.0}
    named = {file for build in published.builds(built) for file in minutes._known_files(build).values()}
    assert {built.minutes / file for file in minute_files(built)} == named
    assert not list(built.data.rglob("*unfinished*"))


def _dying(function: Callable[..., object], steps: Iterator[int], last: int) -> Callable[..., object]:
    def dying(*arguments: object, **named: object) -> object:
        if next(steps) == last:
            raise Killed
        return function(*arguments, **named)

    return dying


def test_minutes_that_were_deleted_are_written_again(built: Workspace) -> None:
    first = publish.publish(built)
    (built.minutes / f"day=2026-10-30/minutes-{first.build_id}.parquet").unlink()
    with pytest.raises(OptimaError, match=r"The minutes day=2026-10-30/\S+ cannot be read: run an analysis"):
        reads(first)
    assert reads(publish.publish(built)) == {30: 1036080.0, 31: 1036080.0}


def test_one_resource_is_read_of_many(built: Workspace) -> None:
    """More than a row group's, with names that other accounts and regions have too, in no order."""
    execute(
        built,
        """
        insert into intermediate.int_demand__days_arrayed
        select
            ['111122223333', '444455556666'][1 + number % 2], ['us-east-1', 'eu-west-1'][1 + number // 2 % 2],
            'table-' || ((number // 4) * 37 % 101) || if(number // 4 % 3 = 0, '#index', ''),
            date '2026-10-31',
            [number::double], null, null, null,
            [{'minute_of_day': 7::usmallint, 'value': number::double}], null, timestamp '2026-11-01'
        from range(404) as numbers (number)
        """,
    )
    build = publish.publish(built)
    (file,) = built.minutes.glob("day=2026-10-31/*")
    assert pq.read_metadata(file).num_row_groups == 7
    for number in range(404):
        name = f"table-{number // 4 * 37 % 101}" + ("#index" if number // 4 % 3 == 0 else "")
        account = ("111122223333", "444455556666")[number % 2]
        region = ("us-east-1", "eu-west-1")[number // 2 % 2]
        (row,) = minutes.read(build, account, region, name, minutes.days(build)).to_pylist()
        assert row["reads"] == [number]
        assert row["read_throttles"] == [{"minute_of_day": 7, "value": number}]
        assert (row["writes"], row["read_capacity"], row["day"]) == (None, None, date(2026, 10, 31))
    nobodys = minutes.read(build, "444455556666", "us-east-1", "orders", minutes.days(build))
    assert nobodys.num_rows == 0
    assert minutes.read(build, "111122223333", "us-east-1", "orders", [date(2020, 1, 1)]).num_rows == 0


def as_older_versions_published(workspace: Workspace) -> Build:
    """Publish as versions did that knew no history and overwrote the one file of each day."""
    build = published.build_at(workspace, datetime(2026, 11, 1, 6))
    with duckdb.connect(str(build.path)) as connection:
        connection.execute(f"attach '{workspace.warehouse}' as warehouse (read_only)")
        connection.execute("create table recommendations as from warehouse.marts.recommendations")
        connection.execute("create table publication as select timestamp '2026-11-01' as as_of")
        for day in ("2026-10-30", "2026-10-31"):
            folder = workspace.minutes / f"day={day}"
            folder.mkdir()
            connection.sql(
                "select * exclude (updated_at) from warehouse.intermediate.int_demand__days_arrayed "
                f"where day = date '{day}'"
            ).write_parquet(str(folder / "minutes.parquet"))
    (workspace.minutes / "manifest.json").write_text("{}")
    workspace.current.write_text(build.path.name)
    return build


def test_a_workspace_of_an_older_version_is_read_and_brought_up_to_date(built: Workspace) -> None:
    execute(built, "alter table marts.recommendations add column account_id varchar default '111122223333'")
    execute(built, "update marts.recommendations set kind = 'best_plan'")
    older = as_older_versions_published(built)
    assert minutes.days(older) == (date(2026, 10, 30), date(2026, 10, 31))
    assert reads(older) == {30: 1036080.0, 31: 1036080.0}

    build = publish.publish(built, datetime(2026, 11, 2))

    assert reads(build) == reads(older) == {30: 1036080.0, 31: 1036080.0}
    assert len(minute_files(built)) == 4, "those of the older build stay as long as it does"
    saved = Decimal("13.0305")
    with optima.connect(built.root) as connection:
        assert connection.execute("from publications order by build_id").fetchall() == [
            (older.build_id, older.published_at, datetime(2026, 11, 1), None, saved, 1),
            (build.build_id, build.published_at, datetime(2026, 11, 2), None, saved, 1),
        ]
        previous = connection.execute(
            "select recommendation_id, account_id, monthly_savings_usd, index_name "
            "from previous_recommendations order by 1"
        )
        assert previous.fetchall() == [
            ("id-1", "111122223333", saved, None),
            ("id-2", "111122223333", 0, None),
        ]

    older.path.unlink()
    publish.publish(built)
    assert not list(built.minutes.rglob("minutes.parquet"))
    assert not (built.minutes / "manifest.json").exists()


def test_the_history_survives_rebuilds(built: Workspace) -> None:
    execute(built, "update marts.recommendations set kind = 'best_plan'")
    execute(built, "alter table marts.recommendations add column keep_reason varchar")
    execute(
        built,
        "alter table marts.recommendations add column current_monthly_cost_usd decimal(28, 10) default 100",
    )
    first = publish.publish(built)
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(
            "create or replace table marts.recommendations as select * from (values "
            "('id-1', 'best_plan', 'keep', 0.0, null, 80.5), "
            "('id-2', 'best_plan', 'change', 20.5, null, 40.25), "
            "('id-3', 'best_plan', 'keep', 0.0, 'account_inactive', 1000), "
            "('id-2c', 'capacity_mode', 'change', 19.5, null, 40.25)) as rows "
            "(recommendation_id, kind, advice, monthly_savings_usd, keep_reason, current_monthly_cost_usd)"
        )
    second = publish.publish(built, datetime(2026, 11, 2))

    with optima.connect(built.root) as connection:
        assert connection.execute("from publications order by build_id").fetchall() == [
            (first.build_id, first.published_at, None, 200, Decimal("13.0305"), 1),
            (
                *(second.build_id, second.published_at, datetime(2026, 11, 2)),
                *(Decimal("120.75"), Decimal("20.5"), 1),
            ),
        ]
        previous = connection.execute(
            "select recommendation_id, advice from previous_recommendations order by 1"
        )
        assert previous.fetchall() == [("id-1", "change"), ("id-2", "keep")]
    with published.open_build(first) as connection:
        assert connection.execute("select count(*) from previous_recommendations").fetchone() == (0,)


@pytest.mark.parametrize("damage", ["gone", "no database", "one block of it"])
def test_the_history_starts_anew_where_the_build_before_cannot_be_read(
    built: Workspace, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = publish.publish(built)
    if damage == "gone":
        first.path.unlink()
    elif damage == "no database":
        first.path.write_bytes(os.urandom(20_000))
    else:
        content = bytearray(first.path.read_bytes())
        content[3 * 4096 + 8 :] = os.urandom(len(content) - 3 * 4096 - 8)
        first.path.write_bytes(content)
    second = publish.publish(built)
    assert (f"the history of {first.path.name} is lost" in caplog.text) == (damage != "gone")
    assert published.current(built) == second
    assert reads(second) == {30: 1036080.0, 31: 1036080.0}
    with optima.connect(built.root) as connection:
        assert connection.execute("select build_id from publications").fetchall() == [(second.build_id,)]
        assert connection.execute("select count(*) from previous_recommendations").fetchone() == (0,)


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
