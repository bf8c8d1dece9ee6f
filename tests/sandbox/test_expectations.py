"""What is expected of the planted organisation, checked against what is planted."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from optima.sandbox import Expectation, SandboxConfig, Saving, expectations, healthy_tables
from optima.sandbox.organisation import DIMENSIONS, Organisation, Resource
from tests.sandbox.served import END

UNIT_MONTHS = {  # USD for a unit provisioned for 730 hours, in Standard
    "us-east-1": {"read": 0.0949, "write": 0.4745},
    "us-west-2": {"read": 0.0949, "write": 0.4745},
    "eu-west-1": {"read": 0.10731, "write": 0.53655},
}


def of_kind(kind: str) -> list[Expectation]:
    return [finding for finding in expectations(SandboxConfig(end=END)) if finding.kind == kind]


def resource_of(organisation: Organisation, finding: Expectation) -> Resource:
    name = finding.table_name + (f"#{finding.index_name}" if finding.index_name else "")
    return organisation.resource_by_key[finding.account_id, finding.region, name]


def test_findings_and_healthy_tables_make_up_the_organisation(organisation: Organisation) -> None:
    findings, healthy = expectations(SandboxConfig(end=END)), healthy_tables(SandboxConfig(end=END))
    assert Counter(finding.kind for finding in findings) == {
        "capacity_mode": 26,
        "utilization": 15,
        "table_class": 6,
        "best_plan": 31,
    }
    flagged = {(finding.account_id, finding.region, finding.table_name) for finding in findings}
    unflagged = {(table.account_id, table.region, table.table_name) for table in healthy}
    assert flagged | unflagged == set(organisation.table_by_key)
    assert not flagged & unflagged
    assert len(unflagged) == 29
    keys = [(f.kind, f.account_id, f.region, f.table_name, f.index_name) for f in findings]
    assert len(keys) == len(set(keys))


def test_every_finding_is_worth_reporting_in_any_pool() -> None:
    assert all(finding.saving.bounds_usd()[0] >= 10 for finding in expectations(SandboxConfig(end=END)))


def test_copies_are_expected_what_their_originals_are() -> None:
    twice = expectations(SandboxConfig(end=END, tables=120))
    assert len(twice) == 2 * len(expectations(SandboxConfig(end=END)))
    assert expectations(SandboxConfig(tables=0)) == healthy_tables(SandboxConfig(tables=0)) == []


@pytest.mark.parametrize("finding", of_kind("utilization"), ids=lambda f: f"{f.table_name}#{f.index_name}")
def test_a_cut_saves_the_units_taken_away(organisation: Organisation, finding: Expectation) -> None:
    """Fixed: down to the flat rate / 0.80. Autoscaled: from the minimum down to the rate / its target."""
    resource = resource_of(organisation, finding)
    is_standard = not organisation.table_by_key[
        finding.account_id, finding.region, finding.table_name
    ].infrequent_access
    total = 0.0
    for dimension in DIMENSIONS:
        throughput = resource.throughput(dimension)
        if dimension not in finding.recommended_setting:
            continue
        share = 0.80 if throughput.target is None else throughput.target / 100
        units = max(1, math.ceil(throughput.demand.rate / share - 1e-9))
        if throughput.target is None:
            assert finding.recommended_setting[dimension] == {"units": units}
        had = throughput.units if throughput.target is None else throughput.min
        assert had is not None
        saved = (had - units) * UNIT_MONTHS[finding.region][dimension]
        total += saved
        if is_standard:
            assert getattr(finding.saving, dimension) == pytest.approx(saved, abs=1e-9)
    if is_standard:
        assert finding.saving.at_list_usd == pytest.approx(total, abs=1e-9)
    else:
        assert finding.saving.at_list_usd == pytest.approx(59 * 730 * (0.00016 + 0.00081), abs=1e-9)


def test_the_worked_examples() -> None:
    """Two of them at list: flat reads of 70 a second, and two idle fixed hundreds."""
    capacity = {(f.table_name, f.region): f.saving.at_list_usd for f in of_kind("capacity_mode")}
    assert capacity[("orders", "us-east-1")] == pytest.approx(15.1183, abs=1e-9)
    assert capacity[("orders", "eu-west-1")] == pytest.approx(17.12361, abs=1e-9)
    assert capacity[("legacy-sessions", "us-east-1")] == pytest.approx(56.94, abs=1e-9)
    assert capacity[("price-history", "us-east-1")] == pytest.approx(934.0058, abs=1e-9)
    classes = {f.table_name: f.saving.at_list_usd for f in of_kind("table_class")}
    assert classes == pytest.approx(
        {
            "audit-log": 299.18532,
            "invoices": 52.362375,
            "media-metadata": 131.5325,
            "old-chats": 118.293666,
            "hot-lookups": 36.42,
            "legacy-sessions": 46.13,
        },
        abs=1e-9,
    )


def test_a_plan_of_two_changes_saves_what_neither_does_alone() -> None:
    """400 GB for 100, 100 + 100 idle units for 56.94; on-demand in Standard-IA leaves 40 of storage."""
    plans = {f.table_name: f.saving.at_list_usd for f in of_kind("best_plan")}
    assert plans["legacy-sessions"] == pytest.approx(116.94, abs=1e-9)
    assert plans["price-history"] == pytest.approx(934.0058, abs=1e-9)
    assert plans["invoices"] == pytest.approx(52.362375, abs=1e-9)


def test_free_units_make_what_they_cover_cheaper() -> None:
    saving = Saving(full=10, read=-4, write=100, storage=50)
    assert saving.at_list_usd == 156
    assert saving.exact_usd(free_read=0.5, free_write=0.1, free_storage=0.02) == pytest.approx(147)
    assert saving.bounds_usd() == pytest.approx((156 - 150 * 0.035, 156 + 4 * 0.035))


def test_a_range_stays_a_range() -> None:
    saving = Saving(between=(220, 260))
    assert saving.bounds_usd() == (220, 260)
    assert saving.at_list_usd is None
    assert saving.exact_usd(free_read=0, free_write=0, free_storage=0) is None
