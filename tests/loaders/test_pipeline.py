"""The warehouse: what it declares, refuses and keeps, and who may have it."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from loading import query

from loaders import pipeline
from loaders.errors import LoadError, SchemaMismatch, WarehouseBusy, disk_refusal
from loaders.ledger import recorded
from loaders.pipeline import WRITES, Warehouse, check_schema, declare_raw_tables
from loaders.schemas import (
    CUR_DATA,
    METRICS,
    OPS_TABLES,
    PRICING_DATA,
    RAW_TABLES,
    TABLE_METADATA,
    RawTable,
)

DUCKDB_TYPES = {
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "timestamp[us]": "TIMESTAMP",
    "date32[day]": "DATE",
    "decimal128(28, 12)": "DECIMAL(28,12)",
}


def points(**changed: pa.Array) -> pa.Table:
    columns = {
        "account_id": pa.array(["012345678901"]).dictionary_encode(),
        "region": pa.array(["us-east-1"]),
        "resource_name": pa.array(["orders"]),
        "metric_name": pa.array(["ConsumedReadCapacityUnits"]),
        "statistic": pa.array(["Sum"]),
        "period_seconds": pa.array([60], pa.int32()),
        "timestamp": pa.array([datetime(2026, 10, 31)], pa.timestamp("us")),
        "value": pa.array([400.0]),
    }
    return pa.table({**columns, **changed})


def test_declaring_creates_every_table_with_its_types_and_twice_is_once(bare: Warehouse) -> None:
    declare_raw_tables(bare)
    declare_raw_tables(bare)
    for table in RAW_TABLES:
        found = dict(
            query(
                bare,
                "select column_name, data_type from information_schema.columns "
                f"where table_schema = '{table.dataset}' and table_name = '{table.name}'",
            )
        )
        declared = {field.name: DUCKDB_TYPES[str(field.type)] for field in table.schema}
        assert {name: found[name] for name in declared} == declared
    assert {
        name for (name,) in query(bare, "select table_name from duckdb_tables() where schema_name = 'ops'")
    } == set(OPS_TABLES)


def test_rows_can_be_loaded_into_declared_tables(warehouse: Warehouse) -> None:
    with warehouse.open() as opened:
        opened.load((METRICS, points()))
        opened.load((METRICS, [points(), points()]))
    assert (
        query(warehouse, "select account_id, value from raw_cloudwatch.metrics")
        == [("012345678901", 400.0)] * 3
    )


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (points(value=pa.array(["400"])), "value: declared double, found string"),
        (points(period_seconds=pa.array([60], pa.int64())), "period_seconds: declared int32, found int64"),
        (points(unit=pa.array(["Count"])), "unit: declared None, found string"),
        (points().drop_columns(["region"]), "region: declared string, found None"),
    ],
)
def test_a_table_that_is_not_as_declared_is_refused_before_the_run(
    warehouse: Warehouse, table: pa.Table, complaint: str
) -> None:
    with warehouse.open() as opened:
        with pytest.raises(SchemaMismatch, match=re.escape(complaint)):
            opened.load((METRICS, table))
        with pytest.raises(SchemaMismatch, match=re.escape(complaint)):
            opened.load((METRICS, [points(), table]))
        assert opened.connection.execute("from raw_cloudwatch.metrics").fetchall() == []
        opened.load((METRICS, points()))
    assert query(warehouse, "select count(*) from raw_cloudwatch.metrics") == [(1,)]


def test_the_order_of_columns_and_dictionaries_of_strings_do_not_matter() -> None:
    reversed_columns = points().select(points().column_names[::-1])
    check_schema(METRICS, reversed_columns.schema)


def test_a_row_with_an_unknown_column_is_refused(warehouse: Warehouse) -> None:
    row = {"account_id": "1", "region": "us-east-1", "table_name": "orders", "colour": "red"}
    with warehouse.open() as opened:
        with pytest.raises(LoadError, match="colour"):
            opened.load((TABLE_METADATA, [row]))
        opened.load((TABLE_METADATA, [{"account_id": "1", "region": "us-east-1", "table_name": "orders"}]))
    assert query(warehouse, "select table_name from raw_dynamodb.table_metadata") == [("orders",)]


def test_history_opens_keeps_and_closes_versions(warehouse: Warehouse) -> None:
    def row(account: str, name: str, units: int) -> dict[str, object]:
        return {"account_id": account, "region": "r", "table_name": name, "read_capacity_units": units}

    days = [datetime(2026, 11, day) for day in range(1, 5)]
    with warehouse.open() as opened:
        first = [row("1", "a", 5), row("1", "b", 5), row("2", "c", 5)]
        opened.load((TABLE_METADATA, first), read_at=days[0])
        # Account 2 is not read; a changes, b is gone.
        opened.load((TABLE_METADATA, [row("1", "a", 9)]), read_at=days[1])
        # Account 1 has nothing any more, which no row can say.
        opened.retire(TABLE_METADATA, [("1", "r")], days[2])
        opened.retire(TABLE_METADATA, [("1", "r")], days[3])
    versions = query(
        warehouse,
        "select table_name, read_capacity_units, _dlt_valid_from::timestamp, _dlt_valid_to::timestamp "
        "from raw_dynamodb.table_metadata order by all",
    )
    assert versions == [
        ("a", 5, days[0], days[1]),
        ("a", 9, days[1], days[2]),
        ("b", 5, days[0], days[1]),
        ("c", 5, days[0], None),
    ]


def test_a_second_process_is_told_who_has_the_warehouse(warehouse: Warehouse) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; held = duckdb.connect(sys.argv[1]);"
            "print('open', flush=True); sys.stdin.read()",
            str(warehouse.path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(WarehouseBusy) as busy:
            declare_raw_tables(warehouse)
        assert holder.stdin is not None
        holder.stdin.close()
    assert busy.value.process_id == holder.pid
    assert f"in use by process {holder.pid}" in str(busy.value)
    declare_raw_tables(warehouse)


def test_a_file_that_is_no_warehouse_is_left_alone(warehouse: Warehouse) -> None:
    warehouse.path.write_bytes(b"not a database" * 1000)
    with pytest.raises(LoadError, match="is not a valid DuckDB database file; check the path") as refused:
        declare_raw_tables(warehouse)
    assert "\n" not in str(refused.value)
    assert warehouse.path.read_bytes() == b"not a database" * 1000


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LoadError, match="cannot be opened for writing"):
        declare_raw_tables(Warehouse(tmp_path / "file" / "optima.duckdb", tmp_path / "state"))


def test_nothing_is_written_outside_the_workspace(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "from pathlib import Path; from loaders.pipeline import Warehouse, declare_raw_tables;"
        f"declare_raw_tables(Warehouse(Path({str(tmp_path / 'data' / 'w.duckdb')!r}),"
        f" Path({str(tmp_path / 'state')!r})));"
        "import sys; assert 'streamlit' not in sys.modules, 'a second of every command'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HOME": str(home), "PYTHONPATH": str(Path.cwd())},
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert list(home.iterdir()) == []
    assert (done.stdout, done.stderr) == ("", "")


def lacking(table: RawTable, column: str) -> RawTable:
    """The table as an older version declared it."""
    return replace(table, schema=table.schema.remove(table.schema.get_field_index(column)))


def test_raw_tables_of_an_older_version_get_the_columns_they_lack(
    bare: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every way of writing: appended, upserted, kept as history, replaced; with rows in them."""
    added = {METRICS: "value", PRICING_DATA: "currency", TABLE_METADATA: "table_class", CUR_DATA: "currency"}
    month = {"payer_account_id": "1", "export_name": "e", "billing_period": date(2026, 10, 1)}
    rows: dict[RawTable, dict[str, object]] = {
        METRICS: {"account_id": "1", "value": 4.0},
        PRICING_DATA: {"pricing_id": "p", "effective_at": datetime(2026, 10, 1), "currency": "USD"},
        TABLE_METADATA: {"account_id": "1", "region": "r", "table_name": "t", "table_class": "STANDARD"},
        CUR_DATA: {**month, "file_key": "f", "row_number": 0, "currency": "USD"},
    }

    def load(tables: Iterable[RawTable]) -> None:
        with bare.open() as opened:
            for table in tables:
                row = {name: value for name, value in rows[table].items() if name in table.schema.names}
                history = WRITES[table.qualified_name].mode == "history"
                opened.load((table, [row] if history else pa.Table.from_pylist([row], table.schema)))

    older = {table: lacking(table, column) for table, column in added.items()}
    with monkeypatch.context() as before:
        before.setattr(pipeline, "RAW_TABLES", tuple(older.get(table, table) for table in RAW_TABLES))
        rows |= {older[table]: rows[table] for table in added}
        load(older.values())
    load(added)
    found = {
        table: query(bare, f"select {column} from {table.qualified_name} order by 1 nulls first")
        for table, column in added.items()
    }
    assert found == {
        METRICS: [(None,), (4.0,)],
        PRICING_DATA: [("USD",)],
        TABLE_METADATA: [(None,), ("STANDARD",)],  # the version that did not know it is closed
        CUR_DATA: [("USD",)],
    }


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "The disk of the folder /x is full: make room, then repeat the command; "
            "what was stored before is kept.",
        ),
        (
            'TransactionContext Error: Failed to commit: Could not write file "/x.wal": File too large',
            "The disk of the folder /x is full: make room, then repeat the command; "
            "what was stored before is kept.",
        ),
        (
            OSError(errno.EROFS, "Read-only file system"),
            "The folder /x cannot be written to, because the disk is read-only: make it writable, or name "
            "another folder by --project-root.",
        ),
        (OSError(errno.ENOENT, "No such file or directory"), None),
    ],
)
def test_a_disk_that_refuses_is_said_in_one_sentence(said: Exception | str, sentence: str | None) -> None:
    assert disk_refusal(said, "the folder /x") == sentence


def test_a_load_that_meets_a_full_disk_ends_in_a_sentence_and_goes_on_later(warehouse: Warehouse) -> None:
    """In a process of its own, which may not write beyond the first kilobytes of any file."""
    code = (
        "import resource, sys; from pathlib import Path; import pyarrow as pa\n"
        "from loaders.errors import LoadError\n"
        "from loaders.ledger import recorded\n"
        "from loaders.pipeline import Warehouse\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try:\n"
        "    with Warehouse(Path(sys.argv[1]), Path(sys.argv[2])).open() as opened:\n"
        "        with recorded(opened.connection, 'collect', arguments={'text': 'x' * 50_000}):\n"
        "            pass\n"
        "except LoadError as error:\n"
        "    sys.exit(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(warehouse.path), str(warehouse.path.parent / "state")],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == (
        f"The disk of the warehouse {warehouse.path} is full: make room, then repeat the command; "
        "what was stored before is kept.\n"
    )
    with warehouse.open() as opened, recorded(opened.connection, "collect"):
        pass
    assert query(warehouse, "select status, arguments from ops.collection_state") == [("complete", "{}")]


def test_what_a_killed_load_had_staged_is_gone_at_the_next_opening(warehouse: Warehouse) -> None:
    staged = "raw_organizations_staging.aws_accounts"
    with warehouse.open() as opened:
        opened.connection.execute("create schema if not exists raw_organizations_staging")
        opened.connection.execute(f"create table if not exists {staged} (account_id varchar)")
        opened.connection.execute(f"insert into {staged} (account_id) values ('012345678901')")
    with warehouse.open():
        pass
    assert query(warehouse, f"select count(*) from {staged}") == [(0,)]
