"""Which recommendations are meant: the filters that the command line and the dashboard share, as SQL.

SQL is constant: what a reader types reaches it as a bound parameter only. What was decided is laid over the
marts' rows here, so that every reader sees the same status.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from optima.decisions import OPEN, Standing
from optima.errors import AmbiguousError, OptimaError
from optima.published import require
from optima.wording import kind_name

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# The kind whose rows add up: all changes of a table together. Other kinds are about the same dollars in part.
PLAN = "best_plan"
# Shortened ids are no shorter than this.
_LEAST_LENGTH = 8
# Of a shortened id that fits several recommendations, this many are named.
_NAMED = 5


@dataclass(frozen=True)
class Filters:
    """What is selected of the recommendations: what passes every filter; an empty one lets everything pass.

    Attributes:
        kinds: Kinds of advice, as the marts name them.
        accounts: Accounts, by id or name.
        ous: Paths of organisational units, each with all that is below it.
        tags: Tags of the table, as `key` or `key=value`. Of several with one key one must fit.
        statuses: What was decided. What was rejected, put off or done is left out unless it is asked for.
        min_savings: USD a month; at 0 nothing is left out, not even a replica whose own cost rises while its
            global table as a whole gets cheaper.
        table_pattern: Regular expression (RE2), found anywhere in the table's name.
        include_keep: Also what is best left as it is.
    """

    kinds: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    ous: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    statuses: tuple[str, ...] = OPEN
    min_savings: Decimal = Decimal(0)
    table_pattern: str = ""
    include_keep: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """The filters as named parameters of a query; tags are lists of those that share a key."""
        by_key: dict[str, list[str]] = {}
        for tag in self.tags:
            by_key.setdefault(tag.partition("=")[0], []).append(tag)
        named = {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }
        return named | {"tags": list(by_key.values())}


@dataclass(frozen=True)
class Total:
    """What the rows of one kind that are to change save together. Those of different kinds are not added.

    Attributes:
        changes: Rows that count.
        monthly_savings_usd: USD a month.
        list_monthly_savings_usd: The same at list prices; None where one of them has a price the list lacks.
        is_at_list: Whether units are valued at list prices anyway.
    """

    kind: str
    changes: int
    monthly_savings_usd: Decimal
    list_monthly_savings_usd: Decimal | None
    is_at_list: bool


# What of the filters is about a table and not about what is advised: a condition on rows that have its place,
# its account's name and organisational unit, and its tags as `pairs`.
TAG_PAIRS = "coalesce(map_entries(try_cast(try_cast(tags as json) as map(varchar, varchar))), [])"
ABOUT_TABLES = """
    (
        len($accounts::varchar[]) = 0
        or list_has_any($accounts::varchar[], [account_id, account_name])
    )
    and (
        len($ous::varchar[]) = 0
        or list_contains($ous::varchar[], ou_path)
        or len(list_filter($ous::varchar[], lambda ou: starts_with(ou_path, ou || '/'))) > 0
    )
    and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], region))
    and (
        len($tags::varchar[][]) = 0
        or len(
            list_filter(
                $tags::varchar[][],
                lambda alike: not list_has_any(
                    alike,
                    list_concat(
                        list_transform(pairs, lambda pair: pair.key),
                        list_transform(pairs, lambda pair: pair.key || '=' || pair.value)
                    )
                )
            )
        )
        = 0
    )
    and ($table_pattern = '' or regexp_matches(table_name, $table_pattern))
"""

# Builds of older versions lack some of these columns, which then are null.
_ROWS = f"""
    with
        later_columns as (
            select
                null::varchar as ou_path,
                null::varchar as decision_key,
                null::decimal(28, 10) as list_current_cost_usd,
                null::decimal(28, 10) as list_projected_cost_usd,
                null::decimal(28, 10) as list_monthly_savings_usd,
                null::double as model_error_pct,
                null::decimal(28, 10) as stranded_commitment_usd,
                null::varchar as price_basis,
                null::varchar as status,
                null::timestamp as decided_at,
                null::varchar as decided_by,
                null::varchar as decision_reason,
                null::timestamp as snoozed_until
            where false
        ),

        advice as (from recommendations union all by name from later_columns),

        later_facts as (select null::varchar as tags where false),

        facts as (from dim_tables union all by name from later_facts),

        tables as (
            select
                account_id,
                region,
                table_name,
                tags,
                {TAG_PAIRS} as pairs
            from facts
        ),

        decided as (
            select
                advice.* exclude (
                    decision_key, status, decided_at, decided_by, decision_reason, snoozed_until
                ),
                coalesce(advice.decision_key, advice.recommendation_id) as decision_key,
                tables.tags,
                tables.pairs,
                coalesce(standing.status, 'pending') as status,
                standing.decided_at,
                standing.decided_by,
                standing.reason as decision_reason,
                standing.snoozed_until
            from advice
            left join
                tables
                on advice.account_id = tables.account_id
                and advice.region = tables.region
                and advice.table_name = tables.table_name
            left join standing on advice.recommendation_id = standing.recommendation_id
        )
"""  # noqa: S608 (the parts are ours)

_ORDER = """
    order by
        kind <> 'best_plan',
        monthly_savings_usd desc,
        kind,
        account_id,
        region,
        table_name,
        index_name nulls first
"""

_SELECTED = f"""
    {_ROWS}
    select * exclude (pairs)
    from decided
    where
        (advice = 'change' or $include_keep)
        and (len($kinds::varchar[]) = 0 or list_contains($kinds::varchar[], kind))
        and {ABOUT_TABLES}
        and (len($statuses::varchar[]) = 0 or list_contains($statuses::varchar[], status))
        and ($min_savings = 0 or monthly_savings_usd >= $min_savings)
    {_ORDER}
"""  # noqa: S608 (the parts are ours)

# Replicas of a global table share a decision: what is decided on one is decided on all of its kind.
_DECIDED_TOGETHER = f"""
    {_ROWS}
    select * exclude (pairs)
    from decided
    where
        (kind, decision_key) in (
            select (kind, decision_key)
            from decided
            where recommendation_id in (select unnest($ids::varchar[]))
        )
    {_ORDER}
"""  # noqa: S608 (the parts are ours)

_TOTALS = """
    select
        kind,
        count(*) filter (counts),
        coalesce(sum(monthly_savings_usd) filter (counts), 0),
        case
            when count(*) filter (counts and list_monthly_savings_usd is null) = 0
            then coalesce(sum(list_monthly_savings_usd) filter (counts), 0)
        end,
        bool_and(coalesce(price_basis, 'list') = 'list')
    from (
        select *, advice = 'change' and list_contains($statuses::varchar[], status) as counts
        from selected
    )
    group by kind
"""

# Of what the build has, and of what was decided on before and it has no more.
_KNOWN = """
    with
        known as (
            select recommendation_id, kind, account_name, region, table_name, index_name
            from recommendations
            union all by name
            select recommendation_id
            from standing
            where recommendation_id not in (select recommendation_id from recommendations)
        )
"""

_EXACTLY = f"""
    {_KNOWN}
    select recommendation_id from known where recommendation_id in (select unnest(?::varchar[]))
"""  # noqa: S608 (the parts are ours)

_STARTING = f"""
    {_KNOWN},
        prefixes as (select unnest(?::varchar[]) as prefix)
    select prefixes.prefix, known.*
    from prefixes
    inner join known on starts_with(known.recommendation_id, prefixes.prefix)
    order by prefixes.prefix, known.kind is null, known.recommendation_id
"""  # noqa: S608 (the parts are ours)


@lru_cache(maxsize=64)
def pattern_problem(pattern: str) -> str | None:
    """Say why a pattern is not a regular expression of RE2, None when it is one."""
    import duckdb

    with duckdb.connect() as connection:
        try:
            connection.execute("select regexp_matches('', $pattern)", {"pattern": pattern})
        except duckdb.InvalidInputException as error:
            return str(error).removeprefix("Invalid Input Error: ")
    return None


def selected(cursor: duckdb.DuckDBPyConnection, filters: Filters, standing: Standing) -> pa.Table:
    """Return the recommendations of a build that pass the filters: plans first, then the greatest saving.

    They have all columns of the mart (those that an older version did not publish are null), the table's
    `tags` (JSON), and as status, decided_at, decided_by, decision_reason and snoozed_until what stands now.

    Raises:
        OptimaError: The pattern is no regular expression, or the build has no such marts.
    """
    problem = pattern_problem(filters.table_pattern)
    if problem:
        raise OptimaError(f"{filters.table_pattern!r} is no regular expression: {problem}.")
    return _ask(cursor, _SELECTED, standing, filters.parameters)


def decided_together(cursor: duckdb.DuckDBPyConnection, ids: Iterable[str], standing: Standing) -> pa.Table:
    """Return the recommendations with these ids and those that are decided together with one of them.

    These are the replicas of a global table: they share a mode and a capacity. Columns and order are those
    of `selected`; an id that the build does not have adds nothing.

    Raises:
        OptimaError: The build has no such marts.
    """
    return _ask(cursor, _DECIDED_TOGETHER, standing, {"ids": list(ids)})


def totals(cursor: duckdb.DuckDBPyConnection, rows: pa.Table, statuses: Sequence[str] = OPEN) -> list[Total]:
    """Return for each kind among the rows what those of them save that are to change and stand like this."""
    cursor.register("selected", rows)
    try:
        found = cursor.execute(_TOTALS, {"statuses": list(statuses)}).fetchall()
    finally:
        cursor.unregister("selected")
    return [Total(*row) for row in found]


def named(cursor: duckdb.DuckDBPyConnection, prefixes: Sequence[str], standing: Standing) -> list[str]:
    """Return the ids that the given ones stand for, each whole or the beginning of one alone.

    What was decided on can be named although the build has it no more.

    Raises:
        AmbiguousError: One fits several recommendations.
        OptimaError: One fits none, or the build has no recommendations.
    """
    exact = set(_ask(cursor, _EXACTLY, standing, [list(prefixes)])["recommendation_id"].to_pylist())
    fitting: dict[str, list[dict[str, Any]]] = {prefix: [] for prefix in prefixes if prefix not in exact}
    for row in _ask(cursor, _STARTING, standing, [list(fitting)]).to_pylist():
        fitting[row["prefix"]].append(row)
    for prefix, rows in fitting.items():
        if not rows or not prefix:
            raise OptimaError(
                f"There is no recommendation {prefix!r}: `dynamodb-optima list-recommendations --all` "
                "lists those there are."
            )
        if len(rows) > 1:
            raise AmbiguousError(_several(prefix, rows))
    whole = {prefix: rows[0]["recommendation_id"] for prefix, rows in fitting.items()}
    return list(dict.fromkeys(whole.get(prefix, prefix) for prefix in prefixes))


def short_length(cursor: duckdb.DuckDBPyConnection) -> int:
    """Return how many characters of an id tell every recommendation of the build from the others."""
    longest = 64
    for length in range(_LEAST_LENGTH, longest):
        query = "select count(distinct left(recommendation_id, ?)) = count(*) from recommendations"
        if cursor.execute(query, [length]).fetchall() == [(True,)]:
            return length
    return longest


def _several(prefix: str, rows: Sequence[dict[str, Any]]) -> str:
    listed = "; ".join(f"{row['recommendation_id']} ({_what(row)})" for row in rows[:_NAMED])
    more = f"; and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else ""
    return f"{len(rows):,} recommendations start with {prefix}: write more of it: {listed}{more}."


def _what(row: dict[str, Any]) -> str:
    if row["kind"] is None:
        return "which the newest build has no more"
    of = row["table_name"] + (f" / {row['index_name']}" if row["index_name"] else "")
    return f"{kind_name(row['kind'])} of {of} in {row['region']}, {row['account_name']}"


def _ask(
    cursor: duckdb.DuckDBPyConnection,
    query: str,
    standing: Standing,
    parameters: dict[str, Any] | list[Any],
) -> pa.Table:
    require(cursor, ["recommendations", "dim_tables"], "recommendations")
    cursor.register("standing", _laid_out(standing))
    try:
        return cursor.execute(query, parameters).to_arrow_table()
    finally:
        cursor.unregister("standing")


@lru_cache(maxsize=4)
def _laid_out(standing: Standing) -> pa.Table:
    """Return the decisions that count as a table, with what is in force now as status."""
    import pyarrow as pa

    counting = standing.latest.values()
    instant = pa.timestamp("us")
    return pa.table(
        {
            "recommendation_id": pa.array([each.recommendation_id for each in counting], pa.string()),
            "status": pa.array([standing.statuses[each.recommendation_id] for each in counting], pa.string()),
            "decided_at": pa.array([each.decided_at for each in counting], instant),
            "decided_by": pa.array([each.decided_by for each in counting], pa.string()),
            "reason": pa.array([each.reason for each in counting], pa.string()),
            "snoozed_until": pa.array([each.snoozed_until for each in counting], instant),
        }
    )
