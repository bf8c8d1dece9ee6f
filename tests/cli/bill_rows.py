"""The marts about the bill as a build leaves them: two months of it, the model beside it, commitments."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from optima.wording import COMPONENTS

_COST, _USD = "decimal(28, 10)", "decimal(28, 10)"
_WHO = {"payer_account_id": "varchar", "account_id": "varchar", "region": "varchar"}
_FOUR = {f"{name}_cost": _COST for name in ("list", "unblended", "net", "amortized")}
_TREND = {"previous_net_cost_per_day": _COST, "net_cost_per_day": _COST, "change_pct": "double"}
_COMMITMENT = {
    "commitment_key": "varchar",
    "commitment_arn": "varchar",
    "kind": "varchar",
    "payer_account_id": "varchar",
    "owner_account_id": "varchar",
    "region": "varchar",
    "dimension": "varchar",
    "units": "decimal(28, 6)",
    "hourly_commitment_usd": _USD,
    "term": "varchar",
    "payment_option": "varchar",
    "starts_at": "timestamp",
    "ends_at": "timestamp",
    "upfront_usd": _USD,
    "monthly_cost_usd": _USD,
    "is_active": "boolean",
    "description": "varchar",
}
# The columns of each mart that are read, with their types.
COLUMNS = {
    "fct_dynamodb_costs": {
        "cost_key": "varchar",
        **_WHO,
        "account_name": "varchar",
        "table_name": "varchar",
        "billing_month": "date",
        "currency": "varchar",
        "export_name": "varchar",
        "billed_hours": "double",
        "billed_until_at": "timestamp",
        "is_complete": "boolean",
        **_FOUR,
        **{f"{component}_cost": _COST for component in COMPONENTS},
        **_TREND,
    },
    "account_costs": {
        "payer_account_id": "varchar",
        "account_id": "varchar",
        "component": "varchar",
        "billing_month": "date",
        "currency": "varchar",
        **_FOUR,
        **_TREND,
    },
    "cost_reconciliation": {
        **_WHO,
        "table_name": "varchar",
        "billing_month": "date",
        "billed_usd": _USD,
        "compared_hours": "bigint",
        "compared_billed_usd": _USD,
        "modelled_usd": _USD,
        "error_usd": _USD,
        "error_pct": "double",
        **{
            f"{component}_{side}_usd": _USD
            for component in ("read", "write", "replicated_write", "storage")
            for side in ("billed", "modelled")
        },
        "unmodelled_usd": _USD,
        "is_off": "boolean",
        "explanation": "varchar",
    },
    "reconciliation_summary": {
        "payer_account_id": "varchar",
        "billing_month": "date",
        "tables_compared": "bigint",
        "billed_usd": _USD,
        "compared_billed_usd": _USD,
        "modelled_usd": _USD,
        "on_no_table_usd": _USD,
        "not_compared_usd": _USD,
        "summary": "varchar",
    },
    "owned_commitments": _COMMITMENT,
    "commitment_utilization": {
        "commitment_key": "varchar",
        "payer_account_id": "varchar",
        "region": "varchar",
        "billing_month": "date",
        "committed_amount": "decimal(28, 6)",
        "used_amount": "decimal(28, 6)",
        "unused_amount": "decimal(28, 6)",
        "unit": "varchar",
        "utilization_pct": "double",
        "unused_usd": _USD,
        "is_flagged": "boolean",
        "reason": "varchar",
    },
    "commitment_coverage": {
        "payer_account_id": "varchar",
        "region": "varchar",
        "pool": "varchar",
        "component": "varchar",
        "billing_mode": "varchar",
        "table_class": "varchar",
        "billing_month": "date",
        **{f"{part}_list_usd": _USD for part in ("eligible", "reserved", "plan", "uncovered")},
        "coverage_pct": "double",
    },
    "commitment_recommendations": {
        "payer_account_id": "varchar",
        "payer_account_name": "varchar",
        "region": "varchar",
        "dimension": "varchar",
        "option": "varchar",
        "quantity": "decimal(28, 6)",
        "unit": "varchar",
        "upfront_usd": _USD,
        "monthly_cost_usd": _USD,
        "monthly_cost_without_usd": _USD,
        "monthly_savings_usd": _USD,
        "break_even_utilization_pct": "double",
        "break_even_months": "double",
        "hours_overbought_pct": "double",
        "worst_case_usd": _USD,
        "is_recommended": "boolean",
        "reason": "varchar",
    },
}

PAYER = "012345678901"
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
# Net, table by table, by component; what is on no table has no name. 30 days, then 31.
BILLED: dict[date, dict[str | None, dict[str, str]]] = {
    SEPTEMBER: {
        "orders": {"read": "20", "storage": "100"},
        "archive": {"read": "40", "storage": "200"},
        None: {"commitment": "60", "tax": "40", "credit": "-10"},
    },
    OCTOBER: {
        "orders": {"read": "30", "storage": "90", "backup": "4"},
        "archive": {"read": "29", "storage": "250"},
        "users": {"read": "20", "write": "11"},
        None: {"commitment": "56", "storage": "6", "tax": "31", "credit": "-31"},
    },
}
_DAYS = {SEPTEMBER: 30, OCTOBER: 31}
# What no table bears has no list price below what it costs.
_LIST = Decimal("1.25")

Rows = dict[str, list[dict[str, Any]]]


def add(rows: Rows) -> None:
    """Add the bill of two months, its reconciliation and what was bought ahead."""
    _bill(rows)
    _reconcile(rows)
    _commit(rows)


def _bill(rows: Rows) -> None:
    where = {"payer_account_id": PAYER, "account_id": PAYER, "currency": "USD"}
    sums: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    listed: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for month, tables in BILLED.items():
        for table, components in tables.items():
            amounts = {name: Decimal(components.get(name, "0")) for name in COMPONENTS}
            for name, amount in amounts.items():
                sums[month, name] += amount
                listed[month, name] += amount * (_LIST if table else 1)
            rows["fct_dynamodb_costs"].append(
                {
                    **where,
                    **_costs(sum(amounts.values(), Decimal(0)), _LIST if table else Decimal(1), month),
                    **{f"{name}_cost": amount for name, amount in amounts.items()},
                    "cost_key": f"{month}/{table}",
                    "account_name": "payments",
                    "region": "us-east-1" if table else None,
                    "table_name": table,
                    "billing_month": month,
                    "export_name": "organisation-hourly",
                    "billed_hours": 24 * _DAYS[month],
                    "billed_until_at": datetime(2026, month.month + 1, 1),
                    "is_complete": True,
                }
            )
    for (month, name), amount in sums.items():
        if amount:
            ratio = listed[month, name] / amount
            row = {"component": name, "billing_month": month, **_costs(amount, ratio, month)}
            rows["account_costs"].append({**where, **row})


def _costs(net: Decimal, ratio: Decimal, month: date) -> dict[str, Any]:
    return {
        "net_cost": net,
        "list_cost": net * ratio,
        "unblended_cost": net,
        "amortized_cost": net,
        "net_cost_per_day": net / _DAYS[month],
    }


def _reconcile(rows: Rows) -> None:
    """Half of October was compared: `orders` is met, `archive` is a fifth too low, `users` unknown."""
    where = {"payer_account_id": PAYER, "account_id": PAYER, "region": "us-east-1"}
    for table, billed, compared, unmodelled, sides, explanation in (
        (
            *("orders", "120", 336, "4"),
            {"read": ("15", "15.5"), "storage": ("45", "45")},
            "60.50 USD modelled against 60.00 USD billed over 336 of 744 hours.",
        ),
        (
            *("archive", "279", 336, "0"),
            {"read": ("14.5", "14.5"), "storage": ("125", "97.1")},
            "111.60 USD modelled against 139.50 USD billed over 336 of 744 hours.",
        ),
        ("users", "31", 0, "0", {}, "Not compared: no hour is known of both its demand and its capacity."),
    ):
        amounts = {
            f"{component}_{side}_usd": Decimal(sides.get(component, ("0", "0"))[which])
            for component in ("read", "write", "replicated_write", "storage")
            for which, side in enumerate(("billed", "modelled"))
        }
        met, modelled = (
            sum((amount for name, amount in amounts.items() if side in name), Decimal(0))
            for side in ("billed", "modelled")
        )
        rows["cost_reconciliation"].append(
            {
                **where,
                **amounts,
                "table_name": table,
                "billing_month": OCTOBER,
                "billed_usd": Decimal(billed),
                "compared_hours": compared,
                "compared_billed_usd": met,
                "modelled_usd": modelled,
                "error_usd": modelled - met,
                "error_pct": float(modelled / met - 1) * 100 if met else None,
                "unmodelled_usd": Decimal(unmodelled),
                "is_off": table == "archive",
                "explanation": explanation,
            }
        )
    said = {
        SEPTEMBER: (0, "360", "0", "0", "Nothing of 360.00 USD billed was compared."),
        OCTOBER: (2, "436", "6", "199.5", "30 % of 199.50 USD compared within 2 %."),
    }
    for month, (tables, billed, on_none, compared, summary) in said.items():
        rows["reconciliation_summary"].append(
            {
                "payer_account_id": PAYER,
                "billing_month": month,
                "tables_compared": tables,
                "billed_usd": Decimal(billed),
                "on_no_table_usd": Decimal(on_none),
                "compared_billed_usd": Decimal(compared),
                "modelled_usd": Decimal("172.1") if tables else Decimal(0),
                "not_compared_usd": Decimal(billed) - Decimal(compared),
                "summary": summary,
            }
        )


def _commit(rows: Rows) -> None:
    """A reservation used to three quarters, one that nobody uses, a plan, and one that has ended."""
    where = {"payer_account_id": PAYER, "owner_account_id": PAYER}
    for key, kind, region, dimension, amount, ends, cost, used in (
        ("r1", "reserved", "us-east-1", "read", "100", datetime(2027, 3, 1), "2.4326", 75.0),
        ("r2", "reserved", "eu-west-1", "write", "100", datetime(2027, 6, 1), "12.50", 0.0),
        ("p1", "savings_plan", None, None, "0.10", datetime(2027, 1, 15), "73", 100.0),
        ("r0", "reserved", "us-east-1", "write", "100", datetime(2026, 8, 1), "12.50", None),
    ):
        is_reserved = kind == "reserved"
        rows["owned_commitments"].append(
            {
                **where,
                "commitment_key": key,
                "kind": kind,
                "region": region,
                "dimension": dimension,
                "units": Decimal(amount) if is_reserved else None,
                "hourly_commitment_usd": None if is_reserved else Decimal(amount),
                "ends_at": ends,
                "monthly_cost_usd": Decimal(cost),
                "is_active": key != "r0",
            }
        )
        if used is not None:
            rows["commitment_utilization"].append(
                {
                    "commitment_key": key,
                    "payer_account_id": PAYER,
                    "region": region,
                    "billing_month": OCTOBER,
                    "utilization_pct": used,
                    "unused_usd": Decimal(cost) * (1 - Decimal(used) / 100),
                    "is_flagged": used < 50,
                    "reason": f"{used:g} % of it was used.",
                }
            )
    rows["commitment_coverage"].append(
        {
            "payer_account_id": PAYER,
            "region": "us-east-1",
            "pool": "provisioned.read.standard",
            "component": "read",
            "billing_mode": "PROVISIONED",
            "table_class": "STANDARD",
            "billing_month": OCTOBER,
            "eligible_list_usd": Decimal("100"),
            "reserved_list_usd": Decimal("30"),
            "plan_list_usd": Decimal("20"),
            "uncovered_list_usd": Decimal("50"),
            "coverage_pct": 50.0,
        }
    )
    for option, place, quantity, upfront, monthly, saved in (
        ("none", (None, None), "0", "0", "9.49", "0"),
        ("reserved_1yr", ("us-east-1", "read"), "100", "30", "4.325", "5.165"),
        ("reserved_1yr", ("eu-west-1", "write"), "0", "0", "0", "0"),
        ("savings_plan", (None, None), None, None, None, None),
    ):
        rows["commitment_recommendations"].append(
            {
                "payer_account_id": PAYER,
                "payer_account_name": "payments",
                "region": place[0],
                "dimension": place[1],
                "option": option,
                "quantity": quantity and Decimal(quantity),
                "unit": "USD an hour" if option == "savings_plan" else "units",
                "upfront_usd": upfront and Decimal(upfront),
                "monthly_cost_usd": monthly and Decimal(monthly),
                "monthly_cost_without_usd": Decimal("9.49"),
                "monthly_savings_usd": saved and Decimal(saved),
                "break_even_utilization_pct": 45.6 if quantity == "100" else None,
                "break_even_months": 5.5 if quantity == "100" else None,
                "hours_overbought_pct": 12.5 if quantity == "100" else None,
                "worst_case_usd": Decimal("4.325") if quantity == "100" else None,
                "is_recommended": quantity == "100",
                "reason": f"Because of {option}.",
            }
        )
