"""The pages about the bill, and spend on the overview: figures are those of the marts, in every state."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from opening import figures, opened, texts
from published_marts import ANALYTICS, PAYMENTS, Organisation, publish
from streamlit.testing.v1 import AppTest

from dashboard.data import bill as data
from dashboard.data import export
from dashboard.data.bill import Choice
from dashboard.view import View
from optima import decisions, published
from optima.bill import COMMITMENTS, COSTS, RECONCILIATION
from optima.published import Build
from optima.selection import Filters
from optima.wording import COMPONENTS
from optima.workspace import Workspace

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
# All of September, ten days of October; the first is of 30 days, the second of 31.
DAYS = {SEPTEMBER: 30, OCTOBER: 10}
OTHER = "999999999999"
# Net, by component. What is on no table has no name and no region.
BILLED: dict[date, dict[tuple[str, str | None, str | None], dict[str, str]]] = {
    SEPTEMBER: {
        (PAYMENTS, "us-east-1", "orders"): {"read": "200", "storage": "100"},
        (PAYMENTS, "us-east-1", "old"): {"write": "90"},
        (ANALYTICS, "eu-west-1", "archive"): {"storage": "600"},
        (PAYMENTS, None, None): {"tax": "60", "credit": "-30"},
    },
    OCTOBER: {
        (PAYMENTS, "us-east-1", "orders"): {"read": "90", "storage": "50", "backup": "10"},
        (ANALYTICS, "eu-west-1", "archive"): {"storage": "150"},
        (ANALYTICS, "us-east-1", "events"): {"write": "20", "replicated_write": "5"},
        (PAYMENTS, None, None): {"tax": "20", "commitment": "5"},
    },
}
# List prices of what is on a table, amortised cost of anything, of each dollar net.
LIST, AMORTIZED = Decimal("1.25"), Decimal("1.1")


def line(
    made: Organisation,
    month: date,
    where: tuple[str, str | None, str | None],
    components: dict[str, str],
    **columns: Any,
) -> None:
    """Put costs on the bill, in the mart by table and in the one by account."""
    account_id, region, table = where
    account = next(row for row in made.accounts if row["account_id"] == account_id)
    amounts = {name: Decimal(components.get(name, "0")) for name in COMPONENTS}
    is_complete = month == SEPTEMBER
    shared = {
        "payer_account_id": PAYMENTS,
        "account_id": account_id,
        "account_name": account["account_name"],
        "ou_path": account["ou_path"],
        "billing_month": month,
        "currency": "USD",
        "export_name": "hourly",
        "billed_hours": 24.0 * DAYS[month],
        "is_complete": is_complete,
        **columns,
    }
    listed = LIST if table else Decimal(0)
    net = sum(amounts.values(), Decimal(0))
    made.add(
        "fct_dynamodb_costs",
        **costs(net, listed, month),
        **{f"{name}_cost": amount for name, amount in amounts.items()},
        cost_key=f"{month}/{where}/{shared['payer_account_id']}",
        region=region,
        table_name=table,
        is_attributed=table is not None,
        billed_until_at=datetime(2026, 10, 1) if is_complete else made.window_end,
        **shared,
    )
    for name, amount in amounts.items():
        if amount:
            made.add("account_costs", component=name, **costs(amount, listed, month), **shared)


def costs(net: Decimal, listed: Decimal, month: date) -> dict[str, Any]:
    return {
        "net_cost": net,
        "list_cost": net * listed,
        "unblended_cost": net,
        "amortized_cost": net * AMORTIZED,
        "net_cost_per_day": net / DAYS[month],
        "previous_net_cost_per_day": None,
    }


def billed(now: datetime) -> Organisation:
    """Two accounts, their bill of two months, the model beside it, and what was bought ahead."""
    made = Organisation(now - timedelta(hours=20))
    made.account(PAYMENTS, "payments", ou_path="Root/Shop")
    made.account(ANALYTICS, "analytics", ou_path="Root/Data")
    for account in made.accounts:
        account["payer_account_id"] = PAYMENTS
    made.table(PAYMENTS, "us-east-1", "orders", tags={"team": "shop"})
    made.table(ANALYTICS, "eu-west-1", "archive", tags={"team": "data"})
    made.table(ANALYTICS, "us-east-1", "events")
    for month, lines in BILLED.items():
        for where, components in lines.items():
            line(made, month, where, components)
    for row in made.rows["fct_dynamodb_costs"]:
        _with_month_before(made, row)
    _reconciled(made)
    _committed(made, now)
    return made


def _with_month_before(made: Organisation, row: dict[str, Any]) -> None:
    keys = ("payer_account_id", "account_id", "region", "table_name", "currency")
    if row["billing_month"] == SEPTEMBER:
        return
    before = [
        each["net_cost_per_day"]
        for each in made.rows["fct_dynamodb_costs"]
        if each["billing_month"] == SEPTEMBER and all(each[key] == row[key] for key in keys)
    ]
    then = sum(before, Decimal(0))
    row["previous_net_cost_per_day"] = then
    row["change_pct"] = float(row["net_cost_per_day"] / then - 1) * 100 if then else None


def _reconciled(made: Organisation) -> None:
    """Of October, `orders` is met within 1 %, `archive` is a fifth too low, `events` was not compared."""
    for account_id, region, table, billed_usd, compared, modelled, explanation in (
        (PAYMENTS, "us-east-1", "orders", "140", "100", "100.5", "100.50 USD against 100.00 USD."),
        (ANALYTICS, "eu-west-1", "archive", "150", "100", "80", "80.00 USD against 100.00 USD."),
        (ANALYTICS, "us-east-1", "events", "25", "0", "0", "Not compared: its size is not known."),
    ):
        met, model = Decimal(compared), Decimal(modelled)
        made.add(
            "cost_reconciliation",
            payer_account_id=PAYMENTS,
            account_id=account_id,
            region=region,
            table_name=table,
            billing_month=OCTOBER,
            billed_usd=Decimal(billed_usd),
            compared_hours=168 if met else 0,
            compared_billed_usd=met,
            modelled_usd=model,
            error_usd=model - met,
            error_pct=float(model / met - 1) * 100 if met else None,
            read_billed_usd=met,
            read_modelled_usd=model,
            **{
                f"{name}_{side}_usd": Decimal(0)
                for name in ("write", "replicated_write", "storage")
                for side in ("billed", "modelled")
            },
            unmodelled_usd=Decimal(0),
            is_off=table == "archive",
            explanation=explanation,
        )
    for month, tables, summary in (
        (SEPTEMBER, 0, "Nothing of 990.00 USD billed was compared."),
        (OCTOBER, 2, "50 % of 200.00 USD compared within 2 %."),
    ):
        made.add(
            "reconciliation_summary",
            payer_account_id=PAYMENTS,
            billing_month=month,
            tables_compared=tables,
            on_no_table_usd=Decimal(6),
            summary=summary,
        )


def _committed(made: Organisation, now: datetime) -> None:
    """A reservation that nobody uses, a plan, one that has ended; a purchase that is advised."""
    commitments: tuple[tuple[str, str | None, str | None, str, bool, float | None], ...] = (
        ("idle", "eu-west-1", "100", "12.50", True, 0),
        ("plan", None, None, "73", True, 100),
        ("over", "us-east-1", "200", "25", False, None),
    )
    for key, region, units, cost, is_active, used in commitments:
        kind = "reserved" if units else "savings_plan"
        shared = {
            "commitment_key": key,
            "kind": kind,
            "payer_account_id": PAYMENTS,
            "owner_account_id": ANALYTICS,
            "region": region,
            "dimension": "write" if units else None,
            "units": units and Decimal(units),
            "hourly_commitment_usd": Decimal("0.1"),
            "ends_at": now + timedelta(days=100, hours=1) if is_active else now - timedelta(days=9),
        }
        made.add("owned_commitments", **shared, monthly_cost_usd=Decimal(cost), is_active=is_active)
        for month in (SEPTEMBER, OCTOBER):
            if used is None:
                continue
            made.add(
                "commitment_utilization",
                **shared,
                billing_month=month,
                utilization_pct=used,
                unused_usd=Decimal(cost) * (100 - Decimal(used)) / 100,
                is_flagged=used < 90,
                reason=f"{used:g} % of {key} was used in {month}.",
            )
    made.add(
        "commitment_coverage",
        payer_account_id=PAYMENTS,
        region="us-east-1",
        pool="provisioned.read.standard",
        component="read",
        billing_mode="PROVISIONED",
        table_class="STANDARD",
        billing_month=OCTOBER,
        eligible_list_usd=Decimal(100),
        reserved_list_usd=Decimal(30),
        plan_list_usd=Decimal(20),
        uncovered_list_usd=Decimal(40),
        coverage_pct=50.0,
    )
    for option, region, quantity, upfront, saves, worst in (
        ("none", None, "0", "0", "0", "0"),
        ("reserved_1yr", "us-east-1", "600", "900", "153.636", "131.064"),
        ("reserved_1yr", "eu-west-1", "100", "150", "20", "21.844"),
        ("reserved_3yr", "us-east-1", "0", "0", "0", "0"),
        ("savings_plan", None, None, None, None, None),
    ):
        made.add(
            "commitment_recommendations",
            payer_account_id=PAYMENTS,
            payer_account_name="payments",
            region=region,
            dimension="write" if region else None,
            option=option,
            quantity=quantity and Decimal(quantity),
            unit="USD an hour" if option == "savings_plan" else "units",
            upfront_usd=upfront and Decimal(upfront),
            monthly_cost_usd=Decimal(10),
            monthly_cost_without_usd=Decimal(20),
            monthly_savings_usd=saves and Decimal(saves),
            break_even_utilization_pct=46.04,
            break_even_months=3.94,
            hours_overbought_pct=12.5,
            worst_case_usd=worst and Decimal(worst),
            price_basis="list",
            is_recommended=option == "reserved_1yr",
            reason=f"Because of {option.replace('_', ' ')} in {region}.",
        )
    made.recommend("best_plan", "orders", ("100", "60"), stranded_commitment_usd=Decimal("13.11"))
    made.recommend("best_plan", "archive", ("80", "60"), stranded_commitment_usd=Decimal(0))


@pytest.fixture(scope="module")
def clock() -> datetime:
    return datetime.now().replace(microsecond=0)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, clock: datetime) -> Build:
    """The bill of two months, of which the second goes on."""
    return publish(tmp_path_factory.mktemp("billed"), billed(clock), clock - timedelta(hours=1))


def look(build: Build, path: str, **address: str | list[str]) -> AppTest:
    """Open a page of the build's workspace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPTIMA_PROJECT_ROOT", str(build.path.parents[1]))
        return opened(path, **address)


@pytest.fixture(scope="module")
def page(shown: Build) -> AppTest:
    """The page about the bill, without any filter."""
    return look(shown, "bill")


@pytest.fixture(scope="module")
def bought(shown: Build) -> AppTest:
    """The page about commitments, without any filter."""
    return look(shown, "commitments")


def listed(page: AppTest, alt: str) -> list[tuple[Any, ...]]:
    """Return the rows of the list with this description, links as the names of tables."""
    (found,) = [each.value for each in page.dataframe if each.proto.alt == alt]
    rows = found.astype(object).where(found.notna(), None).to_dict("records")
    return [
        tuple(
            value.partition("&")[0].rpartition("%2F")[2] if name == "link" and value else value
            for name, value in row.items()
        )
        for row in rows
    ]


def seen(build: Build, **filters: Any) -> View:
    """Return what a page would be drawn from."""
    workspace = Workspace.at(build.path.parents[1])
    now = build.published_at
    return View(workspace, build, decisions.standing(workspace.decisions, now), Filters(**filters), now)


# ---- the bill ----


def test_the_newest_month_its_day_and_where_it_goes(page: AppTest) -> None:
    shown = figures(page)
    assert shown["Billed in 2026-10, so far"][0] == "$350.00"
    assert shown["A day"] == ("$35.00", "+$1.00 (+2.9 %)")
    assert shown["Projected for 2026-10"][0] == "$1,085.00"
    assert shown["At list prices"][0] == "$406.25"
    assert "Payer 012345678901, export hourly: up to" in texts(page)


def test_what_is_on_tables_and_what_is_on_none_are_the_whole_bill(page: AppTest) -> None:
    shown = figures(page)
    assert (shown["On 3 tables"][0], shown["On no table"][0]) == ("$325.00", "$25.00")
    assert "3 tables, dearest first. On no table, net: tax $20.00, commitments $5.00." in texts(page)


def test_tables_are_listed_with_their_parts_and_their_change(page: AppTest) -> None:
    assert listed(page, "Cost by table") == [
        ("orders", "payments", "us-east-1", 150, 15, 5, 50, 90, 0, 50, 10),
        ("archive", "analytics", "eu-west-1", 150, 15, -5, -25, 0, 0, 150, 0),
        ("events", "analytics", "us-east-1", 25, 2.5, 2.5, None, 0, 25, 0, 0),
    ]


def test_what_moved_tells_new_gone_and_on_no_table(page: AppTest) -> None:
    assert listed(page, "Largest changes of cost a day") == [
        ("orders", "payments", "us-east-1", 10, 15, 5, ""),
        ("events", "analytics", "us-east-1", 0, 2.5, 2.5, "new"),
        (None, "payments", None, 1, 2.5, 1.5, "on no table"),
        ("old", "payments", "us-east-1", 3, 0, -3, "gone"),
        ("archive", "analytics", "eu-west-1", 20, 15, -5, ""),
    ]


def test_places_add_up_to_the_bill(page: AppTest, shown: Build) -> None:
    assert listed(page, "Cost by account") == [
        ("payments", 175, 17.5, 3.5, 25),
        ("analytics", 175, 17.5, -2.5, -12.5),
    ]
    assert listed(look(shown, "bill", bill_by="Region"), "Cost by region") == [
        ("us-east-1", 175, 17.5, 4.5, 34.6),
        ("eu-west-1", 150, 15, -5, -25),
        ("in no region", 25, 2.5, 1.5, 150),
    ]
    units = data.by_place(seen(shown), Choice(OCTOBER), "ou")
    assert [(row["place"], row["cost"]) for row in units] == [("Root/Data", 175), ("Root/Shop", 175)]


def test_the_model_is_held_against_the_bill(page: AppTest) -> None:
    said = texts(page)
    assert "2026-10: 50 % of 200.00 USD compared within 2 %." in said
    assert [figures(page)[f"Within {limit} %"][0] for limit in (1, 2, 5, 10)] == ["50.0 %"] * 4
    assert listed(page, "Model and bill by component") == [("reads", 200, 180.5, -19.5, -9.8)]
    assert listed(page, "What was not compared, and why") == [
        ("of these hours model or bill are not known", 2, 90),
        ("its size is not known", 1, 25),
        ("the bill names no table (payer 012345678901)", None, 6),
    ]
    off = said[said.index("Furthest off") :]
    assert "of 2 tables; 1 of them is off" in off
    assert off.index("✗ [archive](table?at=111111111111%2Feu-west-1%2Farchive)") < off.index("[orders](")
    assert "80.00 USD against 100.00 USD." in off
    assert "Without a model, net: tax $20.00, backups $10.00, commitments $5.00." in said


def test_a_month_that_is_over_has_no_projection_and_a_month_before_must_be_known(shown: Build) -> None:
    page = look(shown, "bill", bill_month="2026-09")
    assert figures(page)["Billed in 2026-09"] == ("$1,020.00", "")
    assert figures(page)["A day"] == ("$34.00", "")
    assert not [label for label in figures(page) if label.startswith("Projected")]
    assert "The bill of 2026-08 was not read" in texts(page)
    assert "Nothing of 990.00 USD billed was compared." in texts(page)


def test_another_cost_can_be_chosen(shown: Build) -> None:
    found = figures(look(shown, "bill", bill_basis="Amortised"))
    assert found["The same, amortised"][0] == "$385.00"
    assert (found["On 3 tables"][0], found["On no table"][0]) == ("$357.50", "$27.50")
    assert found["Billed in 2026-10, so far"][0] == "$350.00"
    listed_at = data.total(seen(shown), Choice(OCTOBER, "USD", "list"))
    assert (listed_at["cost"], listed_at["on_no_table"]) == (Decimal("406.25"), 0)


def test_by_month_and_component_every_cost_adds_up(shown: Build) -> None:
    for basis, by_month in (
        ("net", {SEPTEMBER: 1020, OCTOBER: 350}),
        ("list", {SEPTEMBER: Decimal("1237.5"), OCTOBER: Decimal("406.25")}),
        ("amortized", {SEPTEMBER: 1122, OCTOBER: 385}),
    ):
        choice = Choice(OCTOBER, "USD", basis)
        sums: dict[date, Decimal] = defaultdict(Decimal)
        for row in data.by_month(seen(shown), choice):
            sums[row["billing_month"]] += row["cost"]
        assert sums == by_month
        assert sum(row["cost"] for row in data.by_component(seen(shown), choice)) == by_month[OCTOBER]


@pytest.mark.parametrize(
    ("filters", "tables", "total", "beside"),
    [
        ({"accounts": (ANALYTICS,)}, ["archive", "events"], 175, 0),
        ({"ous": ("Root/Shop",)}, ["orders"], 175, 25),
        ({"ous": ("Root",)}, ["orders", "archive", "events"], 350, 25),
        ({"ous": ("Roo",)}, [], None, None),
        ({"regions": ("us-east-1",)}, ["orders", "events"], 175, 0),
        ({"tags": ("team=shop",)}, ["orders"], 150, 0),
        ({"table_pattern": "^(archive|events)$"}, ["archive", "events"], 175, 0),
    ],
)
def test_filters_narrow_the_bill(
    shown: Build,
    filters: dict[str, tuple[str, ...]],
    tables: list[str],
    total: int | None,
    beside: int | None,
) -> None:
    view, choice = seen(shown, **filters), Choice(OCTOBER)
    assert [row["table_name"] for row in data.tables(view, choice)] == tables
    found = data.total(view, choice)
    assert (found["cost"], found["on_no_table"]) == (total, beside)


def test_the_side_bar_filters_the_page_and_it_says_what_is_left_out(shown: Build) -> None:
    page = look(shown, "bill", tag="team=shop", table="^o")
    assert [row[0] for row in listed(page, "Cost by table")] == ["orders"]
    assert figures(page)["Billed in 2026-10, so far"][0] == "$150.00"
    assert "Filters on tag and table name leave out what is on no table." in texts(page)


def test_filters_about_advice_narrow_nothing_and_the_page_says_so(shown: Build) -> None:
    page = look(shown, "bill", kind="Table class", min_savings="10", region="eu-west-1", bill_basis="List")
    said = texts(page)
    assert "Filters on kind and minimum savings are about advice: they narrow nothing here." in said
    assert "are known by component for whole accounts only" in said
    assert figures(page)["Billed in 2026-10, so far"][0] == "$150.00"
    assert "what follows is about what the filters select" in said
    assert figures(page)["Within 10 %"][0] == "0.0 %"


def test_filters_that_select_nothing_leave_a_sentence(shown: Build) -> None:
    page = look(shown, "bill", table="nowhere")
    assert "The bill of 2026-10 has nothing of what the filters select." in texts(page)
    assert "Of the tables that the filters select none was compared." in texts(page)
    assert not page.dataframe


def test_the_export_holds_exactly_what_is_filtered(shown: Build) -> None:
    choice = Choice(OCTOBER)
    for filters, net in (({}, "350"), ({"accounts": (ANALYTICS,)}, "175"), ({"table_pattern": "^e"}, "25")):
        text = export.as_csv(data.exported(seen(shown, **filters), choice)).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        assert sum(Decimal(row["net_cost"]) for row in rows) == Decimal(net)
        assert {row["billing_month"] for row in rows} == {"2026-10-01"}
        with duckdb.connect(str(shown.path), read_only=True) as connection:
            columns = [name for name, *_ in connection.execute("describe fct_dynamodb_costs").fetchall()]
        assert list(rows[0]) == columns


# ---- several payers and currencies, other exports, other states ----


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory, clock: datetime) -> Build:
    """A second payer without a September, who pays in dollars and euros and whose export is in FOCUS."""
    made = billed(clock)
    made.account("888888888888", "*de* lab_1")
    for currency, amount in (("USD", "62"), ("EUR", "40")):
        where = ("888888888888", "eu-west-1", f"in-{currency.lower()}")
        payer = {"payer_account_id": OTHER, "export_name": "focus"}
        line(made, OCTOBER, where, {"read": amount}, currency=currency, **payer)
    for mart in COSTS:
        for row in made.rows[mart]:
            if row["payer_account_id"] == OTHER:
                row["unblended_cost"] = None
    return publish(tmp_path_factory.mktemp("several"), made, clock - timedelta(hours=1))


def test_payers_are_told_apart_and_dollars_come_first(several: Build) -> None:
    page = look(several, "bill", bill_by="Payer")
    assert figures(page)["Billed in 2026-10, so far"][0] == "$412.00"
    # A day of the second payer is part of what is paid, but has nothing to be compared with.
    assert figures(page)["A day"] == ("$41.20", "+$1.00 (+2.9 %)")
    assert listed(page, "Cost by payer") == [(PAYMENTS, 350, 35, 1, 2.9), (OTHER, 62, 6.2, None, None)]
    assert "Payer 999999999999, export focus: up to" in texts(page)


def test_currencies_are_never_added(several: Build) -> None:
    page = look(several, "bill", bill_currency="EUR", bill_by="Payer")
    assert figures(page)["Billed in 2026-10, so far"] == ("40.00 EUR", "")
    assert figures(page)["A day"] == ("4.00 EUR", "")
    assert listed(page, "Cost by payer") == [(OTHER, 40, 4, None, None)]
    assert "Currencies are not added up. The page Bill has the others." in texts(look(several, "overview"))


def test_a_cost_that_an_export_does_not_tell_is_not_summed(several: Build) -> None:
    page = look(several, "bill", bill_basis="Unblended")
    said = "Not every export of 2026-10 tells costs that are unblended, so net costs are shown."
    assert said in texts(page)
    assert figures(page)["On 4 tables"][0] == "$387.00"
    choice = Choice(OCTOBER, "USD", "unblended")
    assert data.total(seen(several), choice)["cost"] is None
    assert data.total(seen(several, accounts=(PAYMENTS,)), choice)["cost"] == 175


def test_no_export_says_what_to_do(tmp_path: Path, clock: datetime) -> None:
    made = billed(clock)
    for mart in {*COSTS, *RECONCILIATION, *COMMITMENTS}:
        made.rows.pop(mart, None)
    build = publish(tmp_path, made, clock)
    sentence = "The published build knows no bill: run `dynamodb-optima collect-cur`"
    for path in ("bill", "overview"):
        assert sentence in texts(look(build, path))
    said = texts(look(build, "commitments"))
    assert "The bill shows no reserved capacity and no Savings Plan of DynamoDB in force." in said
    assert "No purchase was considered" in said


def test_older_builds_are_read_as_far_as_they_go(tmp_path: Path, clock: datetime) -> None:
    older = publish(tmp_path / "1", billed(clock), clock, without={*COSTS, *RECONCILIATION, *COMMITMENTS})
    for path, what in (("bill", "costs"), ("overview", "costs"), ("commitments", "commitments")):
        assert f"The published build holds no {what}" in texts(look(older, path))
    newer = publish(tmp_path / "2", billed(clock), clock, without=["reconciliation_summary"])
    page = look(newer, "bill")
    assert figures(page)["Billed in 2026-10, so far"][0] == "$350.00"
    assert "The published build holds no reconciliation" in texts(page)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, clock: datetime) -> Build:
    """A bill that is old, a name that is Markdown, net prices at which nothing is worth buying."""
    made = billed(clock)
    for row in made.rows["fct_dynamodb_costs"]:
        row["billed_until_at"] = clock - timedelta(days=5)
    for row in made.rows["cost_reconciliation"]:
        row["table_name"] = row["table_name"].replace("archive", "_archive_2019_")
    for row in made.rows["commitment_recommendations"]:
        row["is_recommended"] = row["option"] == "none"
        row["price_basis"] = "net"
    return publish(tmp_path_factory.mktemp("odd"), made, clock)


def test_an_old_bill_is_named_and_names_that_are_markdown_are_shown_as_they_are(
    page: AppTest, odd: Build
) -> None:
    assert not page.warning
    stale = look(odd, "bill")
    assert "The bill ends 5 days ago: `dynamodb-optima collect-cur` loads" in texts(stale)
    said = "\n".join(element.value for element in stale.markdown)
    assert r"[\_archive\_2019\_](table?at=111111111111%2Feu-west-1%2F_archive_2019_)" in said


# ---- the overview ----


def test_the_overview_tells_what_is_paid_and_what_moved(shown: Build) -> None:
    page = look(shown, "overview")
    assert figures(page)["Billed in 2026-10, so far"][0] == "$350.00"
    assert figures(page)["A day"] == ("$35.00", "+$1.00 (+2.9 %)")
    assert figures(page)["Projected for 2026-10"][0] == "$1,085.00"
    assert listed(page, "Largest changes of cost a day") == [
        ("orders", "payments · us-east-1", 15, 5),
        ("events", "analytics · us-east-1", 2.5, 2.5),
        (None, "on no table · payments", 2.5, 1.5),
        ("old", "payments · us-east-1", 0, -3),
        ("archive", "analytics · eu-west-1", 15, -5),
    ]


# ---- commitments ----


def test_what_is_owned_with_its_end_and_its_use(bought: AppTest) -> None:
    found = figures(bought)
    assert found["In force"][0] == "2 commitments"
    assert found["Cost a month"][0] == "$85.50"
    assert found["Unused in 2026-10"][0] == "$12.50"
    rows = listed(bought, "Commitments in force")
    assert [row[:4] for row in rows] == [
        ("Reserved capacity", "100 write units", "eu-west-1", ANALYTICS),
        ("Savings Plan", "$0.10 an hour", "all regions", ANALYTICS),
    ]
    assert [row[5:] for row in rows] == [("100 days", 12.5, 0, 12.5), ("100 days", 73, 100, 0)]
    assert found["Next end"][0] == rows[0][4]
    assert listed(bought, "Use of each commitment by month") == [
        ("100 write units, eu-west-1", 0, 0),
        ("$0.10 an hour, all regions", 100, 100),
    ]
    assert [warning.value for warning in bought.warning] == [r"0 % of idle was used in 2026\-10\-01\."]


def test_what_is_covered(bought: AppTest) -> None:
    assert listed(bought, "What covered throughput") == [
        ("Provisioned reads, Standard", "us-east-1", 100, 40, 50)
    ]


def test_what_open_plans_would_strand(bought: AppTest) -> None:
    assert "$13.11 a month of commitments would be left without use by 1 best plan." in texts(bought)
    assert [row[:5] for row in listed(bought, "Best plans that strand commitments")] == [
        ("orders", "payments", "us-east-1", 13.11, 40)
    ]


def test_what_to_buy_with_its_options_and_its_worst_case(bought: AppTest) -> None:
    found = figures(bought)
    assert found["Advised purchases save a month"][0] == "$173.64"
    assert found["Paid up front"][0] == "$1,050.00"
    assert found["At worst, a month"][0] == "$152.91"
    rows = listed(bought, "What could be bought")
    assert rows[0][:11] == (
        *("✓", "reserved, 1 year", "600 units", "write", "us-east-1"),
        *(153.64, 900, 46, 3.9, 12.5, 131.06),
    )
    assert [row[1] for row in rows] == ["reserved, 1 year", "reserved, 1 year", "buy nothing"]
    said = texts(bought)
    assert "Because of reserved 1yr in us-east-1." in said
    assert "1 other option would not pay for itself at any size." in said
    assert "Because of savings plan in None." in said
    assert "Buy after the recommended changes were made" in said


def test_commitments_say_which_filters_narrow_what(bought: AppTest, shown: Build) -> None:
    assert "A commitment serves every account of its payer" not in texts(bought)
    address = {"account": f"analytics · {ANALYTICS}", "region": "us-east-1"}
    page = look(shown, "commitments", status="Rejected", **address)
    said = texts(page)
    assert "A commitment serves every account of its payer" in said
    assert "the payers of the chosen accounts are shown with all that they own" in said
    assert figures(page)["In force"][0] == "1 commitment"  # the plan, which holds everywhere
    assert figures(page)["Advised purchases save a month"][0] == "$173.64"
    assert "No best plan that is open leaves a commitment without use." in said
    gone = texts(look(shown, "commitments", account="gone · 777777777777"))
    assert "The bill shows no reserved capacity" in gone
    assert "No purchase was considered" in gone


def test_advice_to_buy_nothing_says_why(odd: Build) -> None:
    page = look(odd, "commitments")
    assert "Advised purchases save a month" not in figures(page)
    assert "Because of none in None." in texts(page)
    assert "Prices are net:" in texts(page)


# ---- the whole product's own bill ----


def test_pages_agree_with_the_marts_of_the_example_organisation(demo: Any) -> None:
    build = published.current(Workspace.at(demo.workspace))
    (month,) = demo.rows("select max(billing_month) as month from fct_dynamodb_costs")
    name = f"{month['month']:%Y-%m}"
    (net,) = demo.rows(
        f"select sum(net_cost) as net, count(*) as n from account_costs where billing_month = '{name}-01'"
    )
    (tables,) = demo.rows(
        "select count(distinct (account_id, region, table_name)) as n, sum(net_cost) as net "
        f"from fct_dynamodb_costs where billing_month = '{name}-01' and table_name is not null"
    )
    page = look(build, "bill")
    found = {label.partition(",")[0]: value for label, (value, _) in figures(page).items()}
    assert found[f"Billed in {name}"] == f"${net['net']:,.2f}"
    assert found[f"On {tables['n']} tables"] == f"${tables['net']:,.2f}"
    (top,) = demo.rows(
        "select table_name from fct_dynamodb_costs where table_name is not null "
        f"and billing_month = '{name}-01' order by net_cost desc limit 1"
    )
    assert listed(page, "Cost by table")[0][0] == top["table_name"]
    (advised,) = demo.rows(
        "select sum(monthly_savings_usd) as usd from commitment_recommendations "
        "where is_recommended and option <> 'none'"
    )
    assert (
        figures(look(build, "commitments"))["Advised purchases save a month"][0] == f"${advised['usd']:,.2f}"
    )
