"""Questions about the bill: what was paid for what, how well the model meets it, what was bought ahead.

The lines of the bill that the filters select are read once; every sum, list and export is made of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import streamlit as st

from dashboard.builds import cursor
from dashboard.data import scope
from dashboard.data.selected import ask
from dashboard.view import View
from optima import bill, published
from optima.published import Build
from optima.selection import PLAN, Filters

# Answers that a process remembers, and selections of lines, of which one at 10,000 tables is about 15 MB.
_KEPT, _KEPT_LINES = 128, 4
# Rows of a list that a browser is sent; exports have all.
MOST_ROWS = 200
# The costs that an export tells, in the order in which they are offered.
BASES = {"net": "net", "amortized": "amortised", "list": "at list prices", "unblended": "unblended"}
_CENT = Decimal("0.01")
_NO_TABLES = pa.table({name: pa.array([], pa.string()) for name in ("account_id", "region", "table_name")})

# Accounts, units and regions as the bill names them, because it has tables and accounts that are gone.
_LINES = """
    select
        *,
        case $basis
            when 'net' then net_cost
            when 'amortized' then amortized_cost
            when 'list' then list_cost
            when 'unblended' then unblended_cost
        end as cost
    from fct_dynamodb_costs
    where
        (len($accounts::varchar[]) = 0 or list_contains($accounts::varchar[], account_id))
        and (
            len($ous::varchar[]) = 0
            or list_bool_or(
                list_transform(
                    $ous::varchar[], lambda ou: ou_path = ou or starts_with(ou_path, ou || '/')
                )
            )
        )
        and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], region))
        and ($table_pattern = '' or regexp_matches(table_name, $table_pattern))
        and (
            len($tags::varchar[]) = 0
            or (account_id, region, table_name) in (select (account_id, region, table_name) from tagged)
        )
"""

_MONTHS = """
    select
        billing_month,
        bool_and(is_complete) as is_complete,
        max(billed_until_at) as billed_until_at
    from fct_dynamodb_costs
    group by billing_month
    order by billing_month desc
"""

_CURRENCIES = """
    select currency
    from fct_dynamodb_costs
    where billing_month = $month
    group by currency
    order by currency <> 'USD' nulls last, currency
"""

# What is unknown of one line is unknown of the sum. Months are compared of payers of whom both were read.
_TOTAL = f"""
    with
        payers as ({bill.COMPARED}),

        of_both as (
            select
                costs.*,
                billing_month = $month as is_now,
                payers.payer_account_id is not null as is_compared
            from costs
            left join payers on costs.payer_account_id = payers.payer_account_id
            where billing_month in ($month, $before) and currency is not distinct from $currency
        ),

        sums as (
            select
                count(*) filter (is_now) as lines,
                bool_and(is_complete) filter (is_now) as is_complete,
                bool_or(cost is null) filter (is_now) as is_unknown,
                sum(cost) filter (is_now) as cost,
                sum(cost) filter (is_now and is_attributed) as on_tables,
                sum(cost) filter (is_now and not is_attributed) as on_no_table,
                count(distinct (account_id, region, table_name)) filter (is_now and is_attributed) as tables,
                sum(net_cost) filter (is_now) as net_cost,
                bool_or(list_cost is null) filter (is_now) as is_list_unknown,
                sum(list_cost) filter (is_now) as list_cost,
                bool_or(net_cost_per_day is null) filter (is_now) as is_day_unknown,
                sum(net_cost_per_day) filter (is_now) as per_day,
                bool_or(net_cost_per_day is null) filter (is_compared) as is_change_unknown,
                coalesce(sum(net_cost_per_day) filter (is_compared and is_now), 0) as compared_per_day,
                sum(net_cost_per_day) filter (is_compared and not is_now) as before_per_day,
                bool_and(is_compared) filter (is_now) as all_compared
            from of_both
        )
    select
        lines,
        is_complete,
        tables,
        case when not is_unknown then cost end as cost,
        case when not is_unknown then coalesce(on_tables, 0) end as on_tables,
        case when not is_unknown then coalesce(on_no_table, 0) end as on_no_table,
        net_cost,
        case when not is_list_unknown then list_cost end as list_cost,
        case when not is_day_unknown then per_day end as per_day,
        case when not is_day_unknown then per_day * day(last_day($month::date)) end as projected,
        case when not is_change_unknown then compared_per_day - before_per_day end as change_per_day,
        case
            when not is_change_unknown and before_per_day > 0
            then 100 * (compared_per_day::double / before_per_day::double - 1)
        end as change_pct,
        all_compared
    from sums
"""  # noqa: S608 (the part is ours)

_NET_BY_MONTH = """
    with
        months as (
            select
                billing_month,
                bool_and(is_complete) as is_complete,
                sum(read_cost) as read,
                sum(write_cost) as write,
                sum(replicated_write_cost) as replicated_write,
                sum(storage_cost) as storage,
                sum(pitr_cost) as pitr,
                sum(backup_cost) as backup,
                sum(restore_cost) as restore,
                sum(export_cost) as export,
                sum(import_cost) as import,
                sum(streams_cost) as streams,
                sum(transfer_cost) as transfer,
                sum(commitment_cost) as commitment,
                sum(discount_cost) as discount,
                sum(tax_cost) as tax,
                sum(credit_cost) as credit,
                sum(other_cost) as other
            from costs
            where
                currency is not distinct from $currency
                and ($month is null or billing_month = $month)
                and (not $is_on_no_table or not is_attributed)
            group by billing_month
        )
    unpivot months
    on
        read,
        write,
        replicated_write,
        storage,
        pitr,
        backup,
        restore,
        export,
        import,
        streams,
        transfer,
        commitment,
        discount,
        tax,
        credit,
        other
    into name component value cost
"""

# Costs other than net are known by component for whole accounts.
_ACCOUNTS_BY_MONTH = """
    with
        months as (
            select
                billing_month,
                component,
                bool_and(is_complete) as is_complete,
                case $basis
                    when 'net' then sum(net_cost)
                    when 'amortized' then sum(amortized_cost)
                    when 'list' then sum(list_cost)
                    when 'unblended' then sum(unblended_cost)
                end as cost,
                case $basis
                    when 'list' then bool_or(list_cost is null)
                    when 'unblended' then bool_or(unblended_cost is null)
                    else false
                end as is_unknown
            from account_costs
            where
                (len($accounts::varchar[]) = 0 or list_contains($accounts::varchar[], account_id))
                and (
                    len($ous::varchar[]) = 0
                    or list_bool_or(
                        list_transform(
                            $ous::varchar[], lambda ou: ou_path = ou or starts_with(ou_path, ou || '/')
                        )
                    )
                )
                and currency is not distinct from $currency
                and ($month is null or billing_month = $month)
            group by billing_month, component
        )
    select billing_month, is_complete, component, cost
    from months
    qualify not bool_or(is_unknown) over (partition by billing_month)
"""

_TOTAL_BY_MONTH = """
    select
        billing_month,
        bool_and(is_complete) as is_complete,
        'all' as component,
        sum(cost) as cost
    from costs
    where currency is not distinct from $currency
    group by billing_month
    having not bool_or(cost is null)
"""

# A place that is on one of the two bills only is a row too: it began, or it ended.
_BY_PLACE = f"""
    with
        payers as ({bill.COMPARED}),

        placed as (
            select
                costs.*,
                case $by
                    when 'account' then account_id
                    when 'ou' then ou_path
                    when 'region' then region
                    when 'payer' then costs.payer_account_id
                end as place,
                billing_month = $month as is_now,
                payers.payer_account_id is not null as is_compared
            from costs
            left join payers on costs.payer_account_id = payers.payer_account_id
            where billing_month in ($month, $before) and currency is not distinct from $currency
        ),

        sums as (
            select
                place,
                case when $by = 'account' then any_value(account_name) end as account_name,
                case
                    when not coalesce(bool_or(cost is null) filter (is_now), false)
                    then coalesce(sum(cost) filter (is_now), 0)
                end as cost,
                case
                    when not coalesce(bool_or(net_cost_per_day is null) filter (is_now), false)
                    then coalesce(sum(net_cost_per_day) filter (is_now), 0)
                end as per_day,
                case
                    when bool_and(is_compared) and not bool_or(net_cost_per_day is null)
                    then coalesce(sum(net_cost_per_day) filter (not is_now), 0)
                end as before_per_day
            from placed
            group by place
        )
    select
        place,
        account_name,
        cost,
        per_day,
        per_day - before_per_day as change_per_day,
        case
            when before_per_day > 0 then 100 * (per_day::double / before_per_day::double - 1)
        end as change_pct,
        count(*) over () as places
    from sums
    order by cost desc nulls last, per_day desc nulls last, place nulls last
    limit $most
"""  # noqa: S608 (the part is ours)

_TABLES = """
    select
        account_id,
        account_name,
        region,
        table_name,
        cost,
        list_cost,
        net_cost_per_day as per_day,
        net_cost_per_day - previous_net_cost_per_day as change_per_day,
        change_pct,
        read_cost,
        write_cost + replicated_write_cost as write_cost,
        storage_cost,
        net_cost - read_cost - write_cost - replicated_write_cost - storage_cost as rest_cost
    from costs
    where billing_month = $month and currency is not distinct from $currency and is_attributed
    order by cost desc nulls last, net_cost desc, account_id, region, table_name, payer_account_id
    limit $most
"""

# A table that went to another payer is one table. What is on no table moves too: a fee begins, a credit ends.
_MOVERS = f"""
    with
        payers as ({bill.COMPARED}),

        moved as (
            select
                account_id,
                any_value(account_name) as account_name,
                region,
                table_name,
                coalesce(sum(net_cost_per_day) filter (billing_month = $month), 0) as per_day,
                coalesce(sum(net_cost_per_day) filter (billing_month = $before), 0) as before_per_day,
                not bool_or(billing_month = $before) as is_new,
                not bool_or(billing_month = $month) as is_gone
            from costs
            semi join payers on costs.payer_account_id = payers.payer_account_id
            where billing_month in ($month, $before) and currency is not distinct from $currency
            group by account_id, region, table_name
            having not bool_or(net_cost_per_day is null)
        )
    select *, per_day - before_per_day as change_per_day
    from moved
    where $sign * (per_day - before_per_day) > 0
    order by $sign * (per_day - before_per_day) desc, account_id, region, table_name
    limit $most
"""  # noqa: S608 (the part is ours)

_EXPORTED = """
    select * exclude (cost)
    from costs
    where billing_month = $month
    order by currency, net_cost desc, payer_account_id, account_id, region, table_name
"""

# What the model is held against, of the tables that the filters select.
_RECONCILED = """
    with accounts as (select account_id, account_name, ou_path from dim_accounts)
    select found.*, coalesce(accounts.account_name, found.account_id) as account_name
    from cost_reconciliation as found
    left join accounts on found.account_id = accounts.account_id
    where
        (len($accounts::varchar[]) = 0 or list_contains($accounts::varchar[], found.account_id))
        and (
            len($ous::varchar[]) = 0
            or list_bool_or(
                list_transform(
                    $ous::varchar[],
                    lambda ou: accounts.ou_path = ou or starts_with(accounts.ou_path, ou || '/')
                )
            )
        )
        and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], found.region))
        and ($table_pattern = '' or regexp_matches(found.table_name, $table_pattern))
        and (
            len($tags::varchar[]) = 0
            or (found.account_id, found.region, found.table_name)
            in (select (account_id, region, table_name) from tagged)
        )
"""

_SUMMARIES = """
    select payer_account_id, summary, tables_compared, on_no_table_usd
    from reconciliation_summary
    where billing_month = $month
    order by payer_account_id
"""

_NEWEST_COMPARED = """
    select max(billing_month) filter (tables_compared > 0 and billing_month <= $month) as month
    from reconciliation_summary
"""

_MET = """
    select
        count(*) as tables,
        count(*) filter (is_off) as tables_off,
        sum(compared_billed_usd) as compared_billed_usd,
        sum(modelled_usd) as modelled_usd,
        sum(error_usd) as error_usd,
        100 * sum(error_usd)::double / nullif(sum(compared_billed_usd)::double, 0) as error_pct,
        coalesce(sum(compared_billed_usd) filter (abs(error_usd) * 100 <= compared_billed_usd), 0)::double
        / nullif(sum(compared_billed_usd)::double, 0) as within_1,
        coalesce(sum(compared_billed_usd) filter (abs(error_usd) * 100 <= 2 * compared_billed_usd), 0)::double
        / nullif(sum(compared_billed_usd)::double, 0) as within_2,
        coalesce(sum(compared_billed_usd) filter (abs(error_usd) * 100 <= 5 * compared_billed_usd), 0)::double
        / nullif(sum(compared_billed_usd)::double, 0) as within_5,
        coalesce(sum(compared_billed_usd) filter (abs(error_usd) * 10 <= compared_billed_usd), 0)::double
        / nullif(sum(compared_billed_usd)::double, 0) as within_10
    from reconciled
    where billing_month = $month and compared_hours > 0
"""

# Of a component whose amount is not modelled, as storage of unknown size, neither side counts.
_MET_BY_COMPONENT = """
    with
        compared as (
            select * from reconciled where billing_month = $month and compared_hours > 0
        ),

        sides as (
            select 1 as place, 'read' as component, sum(read_billed_usd) as billed_usd,
                sum(read_modelled_usd) as modelled_usd
            from compared
            union all
            select 2, 'write', sum(write_billed_usd), sum(write_modelled_usd) from compared
            union all
            select 3, 'replicated_write', sum(replicated_write_billed_usd),
                sum(replicated_write_modelled_usd)
            from compared
            union all
            select 4, 'storage', sum(storage_billed_usd), sum(storage_modelled_usd)
            from compared
            where storage_modelled_usd is not null
        )
    select
        component,
        billed_usd,
        modelled_usd,
        modelled_usd - billed_usd as error_usd,
        100 * (modelled_usd - billed_usd)::double / nullif(billed_usd::double, 0) as error_pct
    from sides
    where billed_usd <> 0 or modelled_usd <> 0
    order by place
"""

_FURTHEST_OFF = """
    select
        account_id,
        account_name,
        region,
        table_name,
        compared_billed_usd,
        modelled_usd,
        error_usd,
        error_pct,
        is_off,
        explanation
    from reconciled
    where billing_month = $month and compared_hours > 0 and abs(error_usd) >= 0.005
    order by abs(error_usd) desc, account_id, region, table_name
    limit $most
"""

_NOT_COMPARED = """
    select
        case
            when compared_hours > 0 then $partly
            else regexp_replace(regexp_replace(explanation, '^Not compared: ', ''), '\\.$', '')
        end as reason,
        count(*) as tables,
        sum(billed_usd - compared_billed_usd) as not_compared_usd
    from reconciled
    where billing_month = $month
    group by reason
    having sum(billed_usd - compared_billed_usd) <> 0
    order by abs(sum(billed_usd - compared_billed_usd)) desc, reason
    limit $most
"""

# Commitments belong to payers: of those whose accounts are looked at.
_PAYERS = """
    select distinct payer_account_id
    from dim_accounts
    where
        (len($accounts::varchar[]) = 0 or list_contains($accounts::varchar[], account_id))
        and (
            len($ous::varchar[]) = 0
            or list_bool_or(
                list_transform(
                    $ous::varchar[], lambda ou: ou_path = ou or starts_with(ou_path, ou || '/')
                )
            )
        )
"""

# Commitments in force together, and what of them nobody used in the newest month.
_OWNED_TOTAL = """
    with
        owned as (
            select *
            from owned_commitments
            where
                is_active
                and (len($payers::varchar[]) = 0 or list_contains($payers::varchar[], payer_account_id))
                and (
                    len($regions::varchar[]) = 0
                    or region is null
                    or list_contains($regions::varchar[], region)
                )
        ),

        used as (
            select *
            from commitment_utilization
            where
                billing_month = (select max(billing_month) from commitment_utilization)
                and commitment_key in (select commitment_key from owned)
        )
    select
        count(*) as commitments,
        case when not bool_or(monthly_cost_usd is null) then sum(monthly_cost_usd) end as monthly_cost_usd,
        min(ends_at) as next_end_at,
        (select max(billing_month) from used) as month,
        (select case when not bool_or(unused_usd is null) then sum(unused_usd) end from used) as unused_usd
    from owned
"""

# What is neither covered nor uncovered is the free tier's.
_POOLS = """
    select
        *,
        eligible_list_usd - reserved_list_usd - plan_list_usd - uncovered_list_usd as free_list_usd,
        count(*) over () as pools
    from commitment_coverage
    where
        billing_month = (select max(billing_month) from commitment_coverage)
        and (len($payers::varchar[]) = 0 or list_contains($payers::varchar[], payer_account_id))
        and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], region))
    order by eligible_list_usd desc nulls last, payer_account_id, region, pool
    limit $most
"""

# Purchases of one option are made together; `is_advised` where they are what is advised.
_OPTIONS = """
    select
        option,
        sum(monthly_savings_usd) as monthly_savings_usd,
        sum(upfront_usd) as upfront_usd,
        sum(worst_case_usd) as worst_case_usd,
        count(*) as purchases,
        bool_or(is_recommended) as is_advised
    from commitment_recommendations
    where
        quantity > 0
        and (len($payers::varchar[]) = 0 or list_contains($payers::varchar[], payer_account_id))
    group by option
    order by monthly_savings_usd desc nulls last, option
"""

_ADVISED = """
    select
        count(*) filter (option <> 'none') as purchases,
        sum(monthly_savings_usd) filter (option <> 'none') as monthly_savings_usd,
        sum(upfront_usd) filter (option <> 'none') as upfront_usd,
        sum(worst_case_usd) filter (option <> 'none') as worst_case_usd
    from commitment_recommendations
    where
        is_recommended
        and (len($payers::varchar[]) = 0 or list_contains($payers::varchar[], payer_account_id))
"""

_STRANDED = """
    select
        account_id,
        account_name,
        region,
        table_name,
        monthly_savings_usd,
        stranded_commitment_usd,
        sum(stranded_commitment_usd) over () as all_stranded_usd,
        count(*) over () as plans,
        reason
    from selected
    where kind = $plan and advice = 'change' and coalesce(stranded_commitment_usd, 1) > 0
    order by stranded_commitment_usd desc nulls first, account_id, region, table_name
    limit $most
"""


@dataclass(frozen=True)
class Choice:
    """What of the bill is looked at.

    Attributes:
        month: The first day of a month.
        currency: The currency, None where the export does not name it.
        basis: One of `BASES`.
    """

    month: date
    currency: str | None = "USD"
    basis: str = "net"

    @property
    def before(self) -> date:
        """The first day of the month before."""
        return (self.month - timedelta(days=1)).replace(day=1)

    @property
    def parameters(self) -> dict[str, Any]:
        """Month, the one before, and currency, as parameters of the queries."""
        return {"month": self.month, "before": self.before, "currency": self.currency}


@dataclass(frozen=True)
class Month:
    """A month of the bill.

    Attributes:
        first: Its first day.
        is_complete: Whether every payer's bill of it is.
        billed_until_at: End of the last usage on it (UTC), None without any.
    """

    first: date
    is_complete: bool
    billed_until_at: datetime | None


def require(build: Build, marts: Collection[str], what: str) -> None:
    """Refuse a build that lacks one of these marts; `what` says what they are about: `costs`.

    Raises:
        OptimaError: An older version published it.
    """
    published.require(cursor(build), marts, what)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def months(build: Build) -> tuple[Month, ...]:
    """Return the months of the bill, newest first; none where no export was loaded."""
    return tuple(Month(*row) for row in cursor(build).execute(_MONTHS).fetchall())


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def currencies(build: Build, month: date) -> tuple[str | None, ...]:
    """Return the currencies of a month's bill, US dollars first, one that is not named last."""
    found = cursor(build).execute(_CURRENCIES, {"month": month}).fetchall()
    return tuple(currency for (currency,) in found)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def exports(build: Build, month: date) -> list[dict[str, Any]]:
    """Return how far each export's bill of a month reaches."""
    return _dicts(cursor(build).execute(bill.EXPORTS, [month]))


def where(view: View) -> Filters:
    """Return the filters that a bill can be narrowed by, and nothing about advice."""
    asked = view.filters
    return Filters(
        accounts=asked.accounts,
        ous=asked.ous,
        regions=asked.regions,
        tags=asked.tags,
        table_pattern=asked.table_pattern,
    )


def names_tables(filters: Filters) -> bool:
    """Whether the filters ask for tables, so that what is on none is left out."""
    return bool(filters.tags or filters.table_pattern)


def is_of_accounts(filters: Filters) -> bool:
    """Whether the filters ask for whole accounts, of which every cost is known by component."""
    return not filters.regions and not names_tables(filters)


def total(view: View, choice: Choice) -> dict[str, Any]:
    """Return what was billed in a month, and per day against the month before."""
    return _asked(view, choice, _TOTAL, choice.parameters)[0]


def by_month(view: View, choice: Choice) -> list[dict[str, Any]]:
    """Return what was billed by month and component, oldest first.

    Columns: billing_month, is_complete, component, cost. The component is `all` where tables are asked for
    and the cost is known by component for whole accounts only.
    """
    if choice.basis == "net":
        wanted = {"currency": choice.currency, "month": None, "is_on_no_table": False}
        found = _asked(view, choice, _NET_BY_MONTH, wanted)
    elif is_of_accounts(where(view)):
        found = _of_accounts(view, choice, None)
    else:
        found = _asked(view, choice, _TOTAL_BY_MONTH, {"currency": choice.currency})
    return sorted(found, key=lambda row: row["billing_month"])


def by_component(view: View, choice: Choice) -> list[dict[str, Any]]:
    """Return what was billed by component in a month, a cent or more, dearest first.

    None where tables are asked for and the cost is known by component for whole accounts only.
    """
    found: list[dict[str, Any]] = []
    if choice.basis == "net":
        wanted = {"currency": choice.currency, "month": choice.month, "is_on_no_table": False}
        found = _asked(view, choice, _NET_BY_MONTH, wanted)
    elif is_of_accounts(where(view)):
        found = _of_accounts(view, choice, choice.month)
    seen = [row for row in found if abs(row["cost"]) >= _CENT]
    return sorted(seen, key=lambda row: (-row["cost"], row["component"]))


def on_no_table(view: View, choice: Choice) -> dict[str, Any]:
    """Return the net cost of a month that is on no table, by component."""
    wanted = {"currency": choice.currency, "month": choice.month, "is_on_no_table": True}
    found = _asked(view, replace(choice, basis="net"), _NET_BY_MONTH, wanted)
    return {row["component"]: row["cost"] for row in found if row["cost"]}


def by_place(view: View, choice: Choice, by: str) -> list[dict[str, Any]]:
    """Return what was billed by account, ou, region or payer, dearest first, `MOST_ROWS` at most."""
    return _asked(view, choice, _BY_PLACE, choice.parameters | {"by": by, "most": MOST_ROWS})


def tables(view: View, choice: Choice) -> list[dict[str, Any]]:
    """Return the dearest tables of a month, `MOST_ROWS` at most."""
    wanted = {"month": choice.month, "currency": choice.currency, "most": MOST_ROWS}
    return _asked(view, choice, _TABLES, wanted)


def movers(view: View, choice: Choice, sign: int, most: int = 10) -> list[dict[str, Any]]:
    """Return what costs more a day (`sign` 1) or less (−1) than in the month before, most first."""
    wanted = choice.parameters | {"sign": sign, "most": most}
    return _asked(view, replace(choice, basis="net"), _MOVERS, wanted)


def exported(view: View, choice: Choice) -> pa.Table:
    """Return all columns of the month's lines that the filters select, in every currency."""
    found = _of_lines(view.build, where(view), "net", _EXPORTED, {"month": choice.month}, view)
    return found.to_arrow_table()


def compared_month(build: Build, month: date) -> date | None:
    """Return the newest month up to `month` of which something was compared with the model."""
    found: date | None
    (found,) = cursor(build).execute(_NEWEST_COMPARED, {"month": month}).fetchone() or (None,)
    return found


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def summaries(build: Build, month: date) -> list[dict[str, Any]]:
    """Return how well the model meets each payer's whole bill of a month."""
    return _dicts(cursor(build).execute(_SUMMARIES, {"month": month}))


def met(view: View, month: date) -> dict[str, Any]:
    """Return how well the model meets the bill of the tables that the filters select; shares are of 1."""
    return _compared(view, _MET, {"month": month})[0]


def met_by_component(view: View, month: date) -> list[dict[str, Any]]:
    """Return model and bill by component, of what was compared."""
    return _compared(view, _MET_BY_COMPONENT, {"month": month})


def furthest_off(view: View, month: date, most: int = 10) -> list[dict[str, Any]]:
    """Return the tables that the model is furthest off for, by a cent or more, with their explanation."""
    return _compared(view, _FURTHEST_OFF, {"month": month, "most": most})


def not_compared(view: View, month: date, most: int = 8) -> list[dict[str, Any]]:
    """Return what was billed and not compared, by reason, the largest first."""
    return _compared(view, _NOT_COMPARED, {"month": month, "partly": bill.KNOWN_IN_PART, "most": most})


def payers(view: View) -> list[str]:
    """Return the payers of the accounts and units that are looked at, none where all are."""
    if not (view.filters.accounts or view.filters.ous):
        return []
    asked = {"accounts": list(view.filters.accounts), "ous": list(view.filters.ous)}
    found = [payer for (payer,) in cursor(view.build).execute(_PAYERS, asked).fetchall()]
    return found or [""]  # an account that the build does not know has no payer, not every one


def commitments(view: View, query: str) -> list[dict[str, Any]]:
    """Return one of the lists of commitments that `optima.bill` asks for."""
    return _of_payers(view, query)


def owned_total(view: View) -> dict[str, Any]:
    """Return how many commitments are in force, what they cost a month, and what of them was not used."""
    return _of_payers(view, _OWNED_TOTAL)[0]


def pools(view: View, most: int) -> list[dict[str, Any]]:
    """Return what covered the newest month's use, of the largest pools."""
    return _of_payers(view, _POOLS, most=most)


def options(view: View) -> list[dict[str, Any]]:
    """Return what each way of buying would save, all its purchases together."""
    return _of_payers(view, _OPTIONS)


def advised(view: View) -> dict[str, Any]:
    """Return what all purchases save and cost together that are advised."""
    return _of_payers(view, _ADVISED)[0]


def _of_payers(view: View, query: str, **others: Any) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"payers": payers(view), "regions": list(view.filters.regions)}
    named = {name: value for name, value in asked.items() if f"${name}" in query}
    return _dicts(cursor(view.build).execute(query, named | others))


def stranded(view: View, most: int = 10) -> list[dict[str, Any]]:
    """Return the best plans that leave commitments without use, the most first, unknown amounts before."""
    asked = replace(
        where(view), statuses=view.filters.statuses, min_savings=view.filters.min_savings, kinds=(PLAN,)
    )
    return _dicts(ask(replace(view, filters=asked), _STRANDED, {"plan": PLAN, "most": most}))


def _asked(view: View, choice: Choice, query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _answer(view.build, where(view), choice.basis, query, dict(parameters), view)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _answer(
    build: Build, filters: Filters, basis: str, query: str, parameters: dict[str, Any], _view: View
) -> list[dict[str, Any]]:
    return _dicts(_of_lines(build, filters, basis, query, parameters, _view))


def _of_lines(
    build: Build, filters: Filters, basis: str, query: str, parameters: Mapping[str, Any], view: View
) -> duckdb.DuckDBPyConnection:
    """Ask a question of the lines that are selected, which the query calls `costs`."""
    reader = cursor(build)
    reader.register("costs", _lines(build, filters, basis, view))
    return reader.execute(query, dict(parameters))


@st.cache_resource(max_entries=_KEPT_LINES, show_spinner=False)
def _lines(build: Build, filters: Filters, basis: str, _view: View) -> pa.Table:
    return _tagged(build, filters, _LINES, {"basis": basis}, _view).to_arrow_table()


def _compared(view: View, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    return _compared_answer(view.build, where(view), query, parameters, view)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _compared_answer(
    build: Build, filters: Filters, query: str, parameters: dict[str, Any], _view: View
) -> list[dict[str, Any]]:
    reader = cursor(build)
    reader.register("reconciled", _reconciled(build, filters, _view))
    return _dicts(reader.execute(query, parameters))


@st.cache_resource(max_entries=_KEPT_LINES, show_spinner=False)
def _reconciled(build: Build, filters: Filters, _view: View) -> pa.Table:
    return _tagged(build, filters, _RECONCILED, {}, _view).to_arrow_table()


def _of_accounts(view: View, choice: Choice, month: date | None) -> list[dict[str, Any]]:
    filters = where(view)
    asked = {
        "accounts": list(filters.accounts),
        "ous": list(filters.ous),
        "currency": choice.currency,
        "month": month,
        "basis": choice.basis,
    }
    return _dicts(cursor(view.build).execute(_ACCOUNTS_BY_MONTH, asked))


def _tagged(
    build: Build, filters: Filters, query: str, parameters: Mapping[str, Any], view: View
) -> duckdb.DuckDBPyConnection:
    """Ask a question about the filters; it calls the tables that bear the tags `tagged`."""
    reader = cursor(build)
    tagged = scope.tables(replace(view, filters=Filters(tags=filters.tags))) if filters.tags else _NO_TABLES
    reader.register("tagged", tagged)
    asked = {
        "accounts": list(filters.accounts),
        "ous": list(filters.ous),
        "regions": list(filters.regions),
        "tags": list(filters.tags),
        "table_pattern": filters.table_pattern,
    }
    return reader.execute(query, asked | dict(parameters))


def _dicts(found: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
