"""Billing exports in a folder: formats read line by line, and what happens to deliveries that are none."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from export_folders import (
    ARN,
    PAYER,
    PLAN,
    csv_text,
    cur_lines,
    deliver_export,
    deliver_report,
    focus_lines,
    gzipped,
    parquet_bytes,
    zipped,
)
from loading import query

from loaders import billing
from loaders.aws import Access
from loaders.billing import choosing, data_files, sources
from loaders.billing.exports import Export, UnusableDelivery
from loaders.billing.formats import FORMATS, Format
from loaders.errors import LoadError
from loaders.pipeline import Warehouse
from loaders.report import LoadReport
from loaders.schemas import CUR_DATA

OCTOBER = date(2026, 10, 1)
NOW = datetime(2026, 11, 1)
ANOTHER_PAYER = "088888888888"


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is read without asking AWS anything, so that not even a session is made."""
    monkeypatch.setattr(sources, "Sessions", None)


def load(warehouse: Warehouse, path: Path, **arguments: Any) -> LoadReport:
    return billing.load(warehouse, Access(), path=path, now=NOW, **arguments)


def read_lines(
    folder: Path, body: bytes, told: Format = "cur2_parquet", period: date | None = None
) -> list[dict[str, Any]]:
    path = folder / "part"
    path.write_bytes(body)
    constants = {
        "payer_account_id": PAYER,
        "export_name": "e",
        "billing_period": OCTOBER,
        "file_key": "k",
    }
    found = list(data_files.lines(path, data_files.Read("FILE", told, constants, period)))
    assert all(table.schema == CUR_DATA.schema for table in found)
    return [row for table in found for row in table.to_pylist()]


def test_the_four_forms_of_a_cost_and_usage_report_tell_the_same(tmp_path: Path) -> None:
    lines = cur_lines(OCTOBER)
    in_csv, in_legacy_csv = csv_text(lines), csv_text(lines, is_legacy=True)
    header, _, rest = in_legacy_csv.partition("\n")
    forms: dict[str, tuple[bytes, Format]] = {
        "cur2_parquet": (parquet_bytes(lines, rows=2), "cur2_parquet"),
        "cur2_csv": (gzipped(in_csv), "cur2_csv"),
        "legacy_parquet": (parquet_bytes(lines), "legacy_parquet"),
        "legacy_csv": (zipped(report=in_legacy_csv), "legacy_csv"),
        # Bodies of gzip that follow one another are one; the last line may lack its end.
        "legacy_csv in members": (gzipped(header + "\n") + gzipped(rest.rstrip("\n")), "legacy_csv"),
        "legacy_csv as it is": (in_legacy_csv.encode("utf-8-sig"), "legacy_csv"),
    }
    read = {form: read_lines(tmp_path, body, told) for form, (body, told) in forms.items()}
    first, last = read["cur2_parquet"]
    assert (first["row_number"], last["row_number"]) == (0, 2)
    assert first["usage_account_id"] == "012345678901"
    assert first["usage_start_at"] == datetime(2026, 10, 1, 5)
    assert (first["net_unblended_cost"], last["net_unblended_cost"]) == (1.35, None)
    assert (first["region"], first["resource_id"], first["reservation_arn"]) == ("eu-west-1", ARN, None)
    assert first["description"] == '$0.15 per "million", in eu-west-1'
    assert last["savings_plan_start_at"] == datetime(2026, 1, 1)
    for form, (_, told) in forms.items():
        assert read[form] == [row | {"format": told} for row in read["cur2_parquet"]], form


@pytest.mark.parametrize("in_csv", [False, True])
def test_lines_are_chosen_by_product_and_plan(tmp_path: Path, in_csv: bool) -> None:
    products = ["AmazonEC2", "AmazonDynamoDB", "DatabaseSavingsPlans", "AmazonEC2", "AWSLambda", None]
    covered, fee = "SavingsPlanCoveredUsage", "SavingsPlanRecurringFee"
    lines = cur_lines(
        OCTOBER,
        line_item_product_code=products,
        line_item_line_item_type=["Usage", covered, fee, covered, "SavingsPlanNegation", None],
        line_item_usage_type=list("abcdef"),
        savings_plan_savings_plan_a_r_n=[None, PLAN, PLAN, PLAN, PLAN, None],
        line_item_usage_amount=[1.0] * 6,
        line_item_unblended_cost=[1.0] * 6,
        **dict.fromkeys(
            (
                "line_item_resource_id",
                "line_item_net_unblended_cost",
                "line_item_line_item_description",
                "pricing_public_on_demand_cost",
                "reservation_net_effective_cost",
                "savings_plan_start_time",
            )
        ),
    )
    body = csv_text(lines).encode() if in_csv else parquet_bytes(lines)
    kept = [(row["row_number"], row["usage_type"]) for row in read_lines(tmp_path, body)]
    assert kept == [(1, "b"), (2, "c")]


def test_focus_is_read_by_its_version(tmp_path: Path) -> None:
    lines = focus_lines(OCTOBER)
    meters = lines.rename_columns({"x_UsageType": "SkuMeter"})
    forms: list[tuple[bytes, Format]] = [
        (parquet_bytes(lines), "focus_1_0"),
        (gzipped(csv_text(lines)), "focus_1_0"),
        (parquet_bytes(meters), "focus_1_2"),
        (gzipped(csv_text(meters)), "focus_1_2"),
    ]
    for body, told in forms:
        # What the export says counts for what columns cannot tell, and these for the rest.
        kept = read_lines(tmp_path, body, told if told == "focus_1_0" else "cur2_parquet")
        assert [row["row_number"] for row in kept] == [0, 2, 3]
        assert {row["format"] for row in kept} == {told}
        assert [row["usage_type"] for row in kept] == ["ReadRequestUnits", "Fee", "Fee"]
        assert [row["billed_cost"] for row in kept] == [1.0, 3.0, 0.0]
        assert [row["effective_cost"] for row in kept] == [1.0, 0.0, 1.5]
        assert {row["unblended_cost"] for row in kept} == {None}
        assert {row["line_payer_account_id"] for row in kept} == {PAYER}


def test_the_region_may_be_in_the_map_of_the_product(tmp_path: Path) -> None:
    product = [[("region", "eu-west-1")], [], [("sku", "A, B")]]
    lines = cur_lines(OCTOBER, product_region_code=None).append_column(
        "product", pa.array(product, pa.map_(pa.string(), pa.string()))
    )
    for body in (parquet_bytes(lines), gzipped(csv_text(lines))):
        assert [row["region"] for row in read_lines(tmp_path, body)] == ["eu-west-1", None]


def test_a_value_may_have_line_breaks_but_a_quote_must_be_closed(tmp_path: Path) -> None:
    text = csv_text(cur_lines(OCTOBER, line_item_line_item_description=["two\nlines", None, 'a "quote"\n']))
    first, last = read_lines(tmp_path, text.encode())
    assert (first["description"], last["description"]) == ("two\nlines", 'a "quote"\n')
    lines = csv_text(cur_lines(OCTOBER, line_item_line_item_description=["x", "y", "z"])).splitlines()
    swallowed = "\n".join(
        [lines[0], lines[1].replace(",x,", ',"x,'), lines[2], lines[3].replace(",z,", ',"z,')]
    )
    with pytest.raises(UnusableDelivery, match="FILE is damaged: a quote after line 1 is not closed"):
        read_lines(tmp_path, swallowed.encode())


def test_bad_months_are_left_as_they_were_each_with_a_sentence(warehouse: Warehouse, tmp_path: Path) -> None:
    """An export in Parquet and a report in CSV, of two payers, whose months are broken each in its way."""
    folder = tmp_path / "exports"
    export, report = folder / "some" / "export", folder / "report"
    months = [date(2026, month, 1) for month in range(10, 0, -1)]
    good = parquet_bytes(cur_lines(OCTOBER))
    text = csv_text(cur_lines(OCTOBER), is_legacy=True)
    deliver_export(export, OCTOBER, [("part.parquet", good)], "good")
    deliver_report(report, OCTOBER, "r-1.csv.gz", gzipped(text), ANOTHER_PAYER, "good")
    first = load(warehouse, folder)
    assert (first.status, first.calls, first.rows) == ("complete", 0, 4)
    stored = query(warehouse, "select * from raw_billing.cur_data order by all")

    deliver_export(export, months[0], [("part.parquet", good), ("gone.parquet", None)], "bad")
    deliver_export(export, months[1], [("part.parquet", good[:-50])], "bad")
    deliver_export(export, months[2], [("part.parquet", good)], "bad").write_text("{}")
    deliver_export(export, months[3], [("part.parquet", good)], "bad").unlink()
    deliver_report(report, months[0], "r-1.csv.gz", gzipped(text)[:-20], ANOTHER_PAYER, "bad")
    second = load(warehouse, folder, months=12)
    assert (second.outcome, second.rows) == ("failed", 0)
    said = {problem.subject: problem.message for problem in second.problems}
    for payer, name, month, message in (
        (PAYER, "export", months[0], "gone.parquet, which is not there: it may be half written"),
        (PAYER, "export", months[1], "part.parquet is damaged, it cannot be read as Parquet"),
        (PAYER, "export", months[2], "export-Manifest.json lists no files"),
        (PAYER, "export", months[3], "there are files but no manifest yet, so it is half written"),
        (ANOTHER_PAYER, "report", months[0], "is damaged, it cannot be read as gzip"),
    ):
        unit = f"Billing month {payer}/{name}/{month:%Y-%m} was left as it was"
        assert message in said[unit]
        assert said[unit].startswith(f"{unit}: ")
        assert "\n" not in said[unit]
    assert len(said) == 5
    assert query(warehouse, "select * from raw_billing.cur_data order by all") == stored


def test_a_file_that_is_not_what_it_must_be_is_said_to_be_so_by_name(tmp_path: Path) -> None:
    def parquet(**changed: Any) -> bytes:
        return parquet_bytes(cur_lines(OCTOBER, **changed))

    text = csv_text(cur_lines(OCTOBER), is_legacy=True)
    header, line, *_ = text.splitlines()
    for body, said in (
        (b"", "FILE has none of the columns of a billing export: it is another file."),
        (b"PAR1 and no more", "FILE is damaged, it cannot be read as Parquet ("),
        (
            parquet(line_item_unblended_cost=None),
            "FILE has no column line_item_unblended_cost: it may have been",
        ),
        (
            parquet(line_item_unblended_cost=["1.5", "2", "dear"]),
            "column line_item_unblended_cost of FILE holds text that is no number.",
        ),
        (
            parquet(line_item_unblended_cost=[True, False, True]),
            "column line_item_unblended_cost of FILE is of type bool instead of number.",
        ),
        # It has lost its leading zero.
        (
            parquet(line_item_usage_account_id=[12345678901] * 3),
            "column line_item_usage_account_id of FILE is of type int64 instead of text.",
        ),
        (
            parquet(line_item_product_code=[1, 2, 3]),
            "column line_item_product_code of FILE is of type int64 instead of text.",
        ),
        (
            parquet(savings_plan_start_time=["soon"] * 3),
            "column savings_plan_start_time of FILE holds text that is no date.",
        ),
        (
            gzipped(f"{header}\n{line}\n{line},1\n"),
            "FILE is damaged: one of its lines has 21 values, its header 20.",
        ),
        (gzipped(f"{header}\n{line[:-40]}"), "FILE is damaged: one of its lines has "),
        (gzip.compress(text.encode().replace(b"storage", b"\xff\xfe")), "as gzip: it is not text in UTF-8."),
        (
            gzipped(text.replace("lineItem/UnblendedCost", "cost")),
            "FILE has no column lineItem/UnblendedCost: it may have been",
        ),
        (
            gzipped(text.replace("pricing/publicOnDemandCost", "lineItem/UnblendedCost")),
            "FILE has the column lineItem/UnblendedCost twice.",
        ),
        (
            gzipped(text.replace(",0.25,", ",nan,")),
            "column pricing/publicOnDemandCost of FILE holds text that is no number.",
        ),
        (zipped(one=text, two=text), "FILE must hold one CSV file, it holds 2."),
        (zipped(one=text)[:-30], "FILE is damaged, it cannot be read as zip"),
        (
            gzipped(csv_text(focus_lines(OCTOBER)).replace("x_UsageType", "UsageType")),
            "FILE has no column x_UsageType or SkuMeter: it may have been",
        ),
    ):
        with pytest.raises(UnusableDelivery) as caught:
            read_lines(tmp_path, body)
        assert said in str(caught.value)
        assert "012345678901" not in str(caught.value)


def test_only_what_a_manifest_lists_is_read_and_only_when_it_changed(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """Superseded assemblies and surplus chunks lie beside; a month without resources is said to be so."""
    root = tmp_path / "prefix" / "export"
    plain = [("a.parquet", parquet_bytes(cur_lines(OCTOBER)))]
    deliver_export(root, OCTOBER, [*plain, ("surplus.parquet", b"superseded")], "1")
    manifest = deliver_export(root, OCTOBER, plain, "2")
    own = manifest.parent / "2026-10-31T00:00:00Z-1" / manifest.name
    own.parent.mkdir()
    own.write_text("{}")
    (tmp_path / "notes.csv").write_text("not of the bill\n")
    report = load(warehouse, tmp_path, format="parquet")
    assert (report.outcome, dict(report.counts)) == ("complete", {"2026-10": 2})
    # Copied as the folder of the export alone, and unchanged: nothing is read.
    (root / "data/BILLING_PERIOD=2026-10/a.parquet").write_bytes(b"not read")
    again = load(warehouse, root)
    assert (again.outcome, again.units_done, again.rows) == ("complete", 1, 0)
    # Lines from before their format was stored are read again.
    with warehouse.open() as opened:
        opened.connection.execute("update raw_billing.cur_data set format = null")
    body = gzipped(csv_text(cur_lines(OCTOBER, line_item_resource_id=None)))
    deliver_export(root, OCTOBER, [("a.csv.gz", body)], "2")
    anew = load(warehouse, root, format="csv")
    assert (anew.rows, anew.outcome) == (2, "complete but for 1 export")
    assert "export does not name resources" in anew.problems[0].message
    assert query(warehouse, "select distinct format from raw_billing.cur_data") == [("cur2_csv",)]
    assert query(warehouse, "select format, bucket, prefix from raw_billing.cur_metadata") == [
        ("cur2_csv", None, "")
    ]
    with pytest.raises(
        LoadError, match=r"No billing export is in parquet, there is only export \(CUR 2.0, CSV\)"
    ):
        load(warehouse, root, format="parquet")


def test_data_files_without_a_manifest_are_read_where_that_is_safe(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    def folder(name: str, **files: bytes) -> Path:
        (tmp_path / name).mkdir()
        for file, body in files.items():
            (tmp_path / name / f"{file}.csv.gz").write_bytes(body)
        return tmp_path / name

    october = gzipped(csv_text(focus_lines(OCTOBER)))
    september = gzipped(csv_text(focus_lines(date(2026, 9, 1))))
    report = load(warehouse, folder("safe", bill_1=october, bill_2=october))
    assert (report.outcome, dict(report.counts)) == ("complete", {"2026-10": 6})
    assert "The files of 2026-10 were read without a manifest" in report.notes[0]
    assert query(
        warehouse,
        "select payer_account_id, export_name, format, billing_period from raw_billing.cur_data limit 1",
    ) == [(PAYER, "bill", "focus_1_0", OCTOBER)]
    header, *lines = csv_text(focus_lines(OCTOBER)).splitlines()
    lines[2] = lines[2].replace("2026-10-01", "2026-09-01")
    mixed = gzipped("\n".join([header, *lines]))
    for name, files, message in (
        ("twice", {"bill_1": october, "bill_1 copy": october}, "not named as the parts 1, 2, 3"),
        ("gap", {"bill_1": october, "bill_3": october}, "not named as the parts 1, 2, 3"),
        ("months", {"bill_1": october, "bill_2": september}, "of several payers, months or formats"),
        ("none", {"bill_1": gzipped(header + "\n")}, "its files have no lines"),
        ("other", {"bill_1": gzipped("a,b\n1,2\n")}, "has none of the columns of a billing export"),
    ):
        with pytest.raises(LoadError, match=message) as caught:
            load(warehouse, folder(name, **files))
        assert "has no manifest and cannot be read safely" in str(caught.value)
    within = load(warehouse, folder("within", bill=mixed))
    assert within.outcome == "failed"
    assert "bill.csv.gz holds lines of 2026-09 and 2026-10" in within.problems[0].message


def test_folders_that_hold_no_export(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(
        LoadError, match="nowhere does not exist: name the folder that the exports were copied"
    ):
        load(warehouse, tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(LoadError, match="file is not a folder"):
        load(warehouse, tmp_path / "file")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(LoadError, match="empty is empty: check its name"):
        load(warehouse, empty)
    (empty / "below").mkdir()
    (empty / "below" / "part-1.csv.gz").touch()
    with pytest.raises(LoadError, match="No manifest of a billing export lies in"):
        load(warehouse, empty)
    with pytest.raises(LoadError, match="Give either --path or --bucket"):
        load(warehouse, empty, bucket="b")


def test_the_best_export_of_each_payer_is_the_fullest() -> None:
    def export(name: Format, payer: str = PAYER, **said: Any) -> Export:
        files = "parquet" if name in ("cur2_parquet", "legacy_parquet", "focus_1_2") else "csv"
        return Export(payer, said.pop("called", name), "", files, name, **said)  # type: ignore[arg-type]

    daily = export("cur2_parquet", granularity="DAILY", called="daily")
    blind = export("cur2_parquet", has_resources=False, called="blind")
    hourly = [export(name, granularity="HOURLY", has_resources=True) for name in reversed(FORMATS)]
    other = export("legacy_csv", ANOTHER_PAYER)
    ranked = choosing.ranked([blind, daily, *hourly, other])
    assert [found.name for found in ranked[PAYER]] == [
        *("cur2_parquet", "legacy_parquet", "focus_1_2", "cur2_csv", "legacy_csv", "focus_1_0"),
        *("daily", "blind"),
    ]
    assert ranked[ANOTHER_PAYER] == [other]
    assert choosing.left_out(hourly[1], hourly[2]) == (
        "Billing export focus_1_0 (FOCUS 1.0, CSV) was left out, because cur2_parquet (CUR 2.0, Parquet) "
        f"tells the same of account {PAYER}."
    )
