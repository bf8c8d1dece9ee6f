"""The accounts of an organisation and their place in its tree."""

from __future__ import annotations

from datetime import timedelta

from loading import MEMBERS, query

from loaders import organizations
from loaders.aws import Access
from loaders.pipeline import Warehouse
from optima.sandbox import Sandbox


def test_every_account_has_its_place_and_state(warehouse: Warehouse, organisation: Sandbox) -> None:
    report = organizations.load(warehouse, MEMBERS, now=organisation.end)
    assert (report.status, report.accounts, report.problems) == ("complete", 9, [])
    found = query(
        warehouse,
        "select account_id, state, ou_path, is_management, management_account_id "
        "from raw_organizations.aws_accounts order by account_id",
    )
    assert found[:2] == [
        ("012345678901", "ACTIVE", "Root/Workloads/Production", False, "123456789012"),
        ("111122223333", "ACTIVE", "Root/Workloads/Production", False, "123456789012"),
    ]
    assert ("123456789012", "ACTIVE", "Root", True, "123456789012") in found
    assert [account for account, state, *_ in found if state != "ACTIVE"] == ["777788889999"]
    units = dict(
        query(warehouse, "select ou_path, parent_id is null from raw_organizations.organizational_units")
    )
    assert units["Root"] is True
    assert units["Root/Workloads/Production"] is False
    assert {path for _, _, path, *_ in found} <= units.keys()


def test_a_second_load_says_again_that_they_were_seen(warehouse: Warehouse, organisation: Sandbox) -> None:
    later = organisation.end + timedelta(days=1)
    organizations.load(warehouse, MEMBERS, now=organisation.end)
    organizations.load(warehouse, MEMBERS, now=later)
    assert query(
        warehouse,
        "select count(*), count(distinct account_id), min(last_seen_at) from raw_organizations.aws_accounts",
    ) == [(9, 9, later)]


def test_an_account_that_left_keeps_its_row(warehouse: Warehouse, organisation: Sandbox) -> None:
    with warehouse.open() as opened:
        opened.connection.execute(
            "insert into raw_organizations.aws_accounts (account_id, account_name, last_seen_at) "
            "values ('999999999999', 'sold', '2026-01-01')"
        )
    organizations.load(warehouse, MEMBERS, now=organisation.end)
    assert query(
        warehouse,
        "select account_name, last_seen_at::varchar from raw_organizations.aws_accounts "
        "where account_id = '999999999999'",
    ) == [("sold", "2026-01-01 00:00:00")]


def test_a_single_account_pays_for_itself_until_its_organisation_is_read(
    warehouse: Warehouse, organisation: Sandbox
) -> None:
    sql = (
        "select account_id, organization_id is null, management_account_id "
        "from raw_organizations.aws_accounts"
    )
    organizations.load(warehouse, Access(), now=organisation.end)
    assert query(warehouse, sql) == [("123456789012", True, "123456789012")]
    organizations.load(warehouse, MEMBERS, now=organisation.end)
    organizations.load(warehouse, Access(), now=organisation.end)
    assert ("123456789012", False, "123456789012") in query(warehouse, sql)
