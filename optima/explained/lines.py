"""The explanation of one table, line by line: what the command prints and the dashboard shows.

Where a line stands and how it looks is for those who show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from optima.explained import arithmetic as sums
from optima.explained.table import Explained, Row, plan_name
from optima.wording import (
    ALONE,
    CLASSES,
    COMPONENTS,
    LIST_PRICES,
    MODES,
    capacity,
    change,
    counted,
    direction,
    kind_name,
    percent,
    price_basis,
)

_DIMENSIONS = ("read", "write")
_PARTS = ("storage_cost_usd", "throughput_cost_usd")
_SHARES = ("mean", "p50", "p90", "p95", "p99", "max")
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Grid:
    """Cells under headings.

    Attributes:
        headings: Of each column; the first has none.
        rows: The cells of each row; a cell may be of several lines.
        total: The cells of the row that sums up the others.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()


Part = str | Grid


@dataclass(frozen=True)
class Section:
    """What belongs together under a heading: a plan, or a recommendation.

    Attributes:
        title: What it is about: `Provisioned, fixed · Standard`.
        mark: What is to be known of it at once: `(today, no. 4 by cost)`.
        parts: Its lines and grids.
        key: The plan's plan_alternative_key, or the recommendation's recommendation_id.
    """

    title: str
    mark: str
    parts: tuple[Part, ...]
    key: str


def place(found: Explained) -> str:
    """Say where a table is: `account payments (012345678901) · OU Root/Shops · us-east-1`."""
    table = found.table
    where = [
        f"account {table['account_name']} ({table['account_id']})",
        *([f"OU {table['ou_path']}"] if table["ou_path"] else []),
        table["region"],
    ]
    return " · ".join(where)


def settings(table: Mapping[str, Any]) -> str:
    """Say what a table is, by its row of dim_tables: `On-Demand · Standard · 1 index`."""
    facts = [
        _mode(table),
        CLASSES.get(table["table_class"], table["table_class"]),
        counted(table["index_count"], "index", "indexes") if table["index_count"] else "",
        "replica of a global table" if table["is_replicated"] else "",
    ]
    return " · ".join(fact for fact in facts if fact)


def basis(found: Explained) -> Iterator[str]:
    """Say what the figures rest on: window, prices, the bill, how sure they are, and the build."""
    best = found.best
    coverage = best["coverage_ratio"]
    known = _UNKNOWN if coverage is None else sums.ratio(coverage, 2)
    start, end = best["window_start"], best["window_end"]
    window = f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC" if start and end else "none"
    yield f"Window: {window}, {known} of it known"
    since = f", in force since {best['price_effective_on']}" if best["price_effective_on"] else ""
    source = f"from the {best['price_source'] or 'price list'}{since}"
    is_list = best["price_basis"] == LIST_PRICES
    prices = f"list, {source}" if is_list else f"{price_basis(best['price_basis'])}; list prices {source}"
    yield f"Prices: {prices}. A month is {sums.MONTH_HOURS} hours; amounts are USD a month"
    yield from _reconciled(found)
    as_of = f", as of {found.as_of:%Y-%m-%d %H:%M} UTC" if found.as_of else ""
    yield f"Confidence {best['confidence']}, risk {best['risk']}. Build {found.build_id}{as_of}"


def _reconciled(found: Explained) -> Iterator[str]:
    """Say how well the model of the table's cost meets its bill."""
    if found.reconciled:
        month = found.reconciled["billing_month"]
        yield f"Model against the bill of {month:%Y-%m}: {found.reconciled['explanation']}"
    elif found.best.get("model_error_pct") is not None:
        yield f"Model against the bill: {percent(found.best['model_error_pct'])}"


def plans(found: Explained) -> list[Section]:
    """Explain every plan, today's first, then by cost; none where nothing could be priced."""
    return [
        Section(
            plan_name(plan, found.best["current_setting"]),
            _mark(plan),
            (*_priced(plan, found), *_verdict(plan, found)),
            plan["plan_alternative_key"],
        )
        for plan in found.plans
    ]


def _mark(plan: Row) -> str:
    marked = (("today", plan["is_current"]), ("best plan", plan["is_chosen"]))
    marks = [name for name, is_so in marked if is_so]
    if plan["rank_by_cost"] is not None and plan["monthly_cost_usd"] is not None:
        marks.append(f"no. {plan['rank_by_cost']} by cost")
    return f"({', '.join(marks)})" if marks else ""


def _priced(plan: Row, found: Explained) -> Iterator[Grid]:
    # Of what was never simulated only the storage is known, which is no cost of a plan.
    if plan["monthly_cost_usd"] is None and all(line["cost_usd"] is not None for line in plan["lines"]):
        return
    places = _places(plan, found)
    beside = [
        *(["cautious"] if _is_cautious(plan) else []),
        *([] if found.is_at_list else ["at list prices"]),
    ]
    yield Grid(
        ("", "Setting", "Arithmetic", "USD a month", *beside),
        tuple(tuple(_cells(line, plan, found, places)) for line in plan["lines"]),
        tuple(_total(plan, found, places)),
    )


def _cells(line: Row, plan: Row, found: Explained, places: int) -> list[str]:
    is_shared = line["component"] == "storage" and found.table["index_count"]
    who = line["index_name"] or ("table and indexes" if is_shared else "table")
    return [
        f"{who}: {COMPONENTS.get(line['component'], line['component'])}",
        _setting(line, found.best),
        "\n".join([sums.cost(line, places), *_simulated(line)]),
        _known(line["cost_usd"], places),
        *([_cautious(line, places)] if _is_cautious(plan) else []),
        *([] if found.is_at_list else [_known(line["list_cost_usd"], places)]),
    ]


def _known(cost: Decimal | None, places: int) -> str:
    return _UNKNOWN if cost is None else sums.amount(cost, places)


def _setting(line: Row, best: Row) -> str:
    if line["component"] == "storage":
        return str(best["storage_source"] or "")
    return capacity(line["setting"]) or ("per request" if line["unit"] == "request units" else "")


def _simulated(line: Row) -> Iterator[str]:
    """Say what the simulation saw of a line's capacity, where it was simulated."""
    if line["least_units"] is None or line["greatest_units"] is None:
        return
    throttled = counted(line["throttled_minutes"] or 0, "throttled minute")
    least, greatest = (sums.number(line[name], 2) for name in ("least_units", "greatest_units"))
    # Where today's capacity is scaled, the mean simulated is not the month's.
    mean = sums.decimal(line["monthly_quantity"]) / sums.MONTH_HOURS
    average = "" if line["scaled_from"] else f", mean {sums.number(mean, 2)}"
    unit = "unit" if greatest == "1" else "units"
    span = f"always {least} {unit}" if least == greatest else f"{least} to {greatest} {unit}{average}"
    yield f"simulated: {span}, {throttled}"


def _is_cautious(plan: Row) -> bool:
    return any(line["cautious_cost_usd"] is not None for line in plan["lines"])


def _cautious(line: Row, places: int) -> str:
    return _UNKNOWN if line["cost_usd"] is None else sums.amount(_most(line), places)


def _most(line: Row) -> Decimal:
    """Return what a line costs by the most cautious reading of how autoscaling is billed."""
    return sums.decimal(line["cost_usd"] if line["cautious_cost_usd"] is None else line["cautious_cost_usd"])


def _total(plan: Row, found: Explained, places: int) -> list[str]:
    total = plan["monthly_cost_usd"]
    if total is None:
        return ["total", "", "", _UNKNOWN]
    listed = [] if found.is_at_list else [_known(plan["list_monthly_cost_usd"], places)]
    parts = ""
    if None not in [plan[part] for part in _PARTS]:
        storage, throughput = (sums.amount(plan[part], places) for part in _PARTS)
        parts = f"storage {storage} + throughput {throughput}"
    cautious = (
        [sums.amount(sum(sums.rounded(_most(line), places) for line in plan["lines"]), places)]
        if _is_cautious(plan)
        else []
    )
    return [f"total {sums.cents(total)}", "", parts, sums.amount(total, places), *cautious, *listed]


def _verdict(plan: Row, found: Explained) -> Iterator[str]:
    if plan["is_current"]:
        if plan["is_chosen"]:
            yield "✓ kept: no other plan passes its guards and saves enough"
        return
    costs = (found.best["current_monthly_cost_usd"], plan["monthly_cost_usd"], plan["monthly_savings_usd"])
    worth = _worth(*costs) + _at_list(found, plan.get("list_monthly_savings_usd"))
    changes = counted(plan["changes"], "change")
    if plan["guard"] is None:
        held = "every guard held" if plan["is_chosen"] else "no guard speaks against it"
        yield f"✓ {worth}, {changes}; {held}"
    else:
        why = f": {plan['guard_reason']}" if plan["guard_reason"] else ""
        yield f"✗ {worth}, {changes}; {plan['guard']}{why}"


def _worth(now: Decimal | None, then: Decimal | None, saved: Decimal | None) -> str:
    """Write a saving as the difference it is: `22.9950 − 9.9645 = 13.0305 (saves $13.03)`."""
    if now is None or then is None or saved is None:
        return "what it saves is unknown"
    places = sums.places(([now, -then], saved))
    verb = f"saves {sums.cents(saved)}" if saved >= 0 else f"costs {sums.cents(-saved)} more"
    return f"{sums.amount(now, places)} − {sums.amount(then, places)} = {sums.amount(saved, places)} ({verb})"


def _at_list(found: Explained, saved: Decimal | None) -> str:
    """Write what is saved at list prices, where units are valued by another basis."""
    if found.is_at_list:
        return ""
    return f", at list prices {_UNKNOWN if saved is None else sums.amount(saved)}"


def advice(found: Explained) -> list[Section]:
    """Explain every other recommendation, those of indexes included."""
    return [_recommendation(row, found) for row in found.advice]


def _recommendation(row: Row, found: Explained) -> Section:
    name = kind_name(row["kind"])
    of = f" of index {row['index_name']}" if row["index_name"] else ""
    return Section(
        f"{name[:1].upper()}{name[1:]}{of}",
        f"({ALONE})",
        (_verdict_of(row, found), *_DETAILS[row["kind"]](row, found), row["reason"]),
        row["recommendation_id"],
    )


def _verdict_of(row: Row, found: Explained) -> str:
    sure = f"confidence {row['confidence']}, risk {row['risk']}, {row['status']}"
    if row["advice"] != "change":
        return f"Keep ({row['keep_reason']}): {_now(row)}; {sure}"
    how = direction(row["kind"], row["current_setting"], row["recommended_setting"])
    worth = _worth(*(row[name] for name in _COSTS)) + _at_list(found, row.get("list_monthly_savings_usd"))
    return f"{how}: {worth}; {sure}"


_COSTS = ("current_monthly_cost_usd", "projected_monthly_cost_usd", "monthly_savings_usd")


def _now(row: Row) -> str:
    cost = row["current_monthly_cost_usd"]
    return "its cost is unknown" if cost is None else f"costs {sums.amount(cost)} ({sums.cents(cost)})"


def _capacity_mode(row: Row, _found: Explained) -> Iterator[str]:
    if row["advice"] == "change":
        yield change(row["current_setting"], row["recommended_setting"])
    yield "Its costs are the throughput of the plans above, in the class in force:"
    known = (
        ("on-demand", row["on_demand_monthly_cost_usd"]),
        ("provisioned, autoscaled", row["provisioned_monthly_cost_usd"]),
        ("the same at its most cautious", row["provisioned_cautious_monthly_cost_usd"]),
    )
    yield _joined((name, sums.amount(cost)) for name, cost in known if cost is not None)
    ratios = (
        ("reads", row["break_even_utilization"]),
        ("writes", row["write_break_even_utilization"]),
    )
    if text := _joined((name, sums.ratio(each, 2)) for name, each in ratios if each is not None):
        yield f"break-even utilisation, above which provisioned is cheaper: {text}"
    for dimension in _DIMENSIONS:
        hours, greatest = (row[f"simulated_{dimension}_{name}"] for name in ("unit_hours", "greatest_units"))
        if hours is not None:
            up_to = f", up to {sums.number(greatest, 2)}" if greatest is not None else ""
            yield f"simulated {dimension}s: {sums.number(hours, 2)} unit-hours in the window{up_to}"
    if row["simulated_throttled_minutes"] is not None:
        minutes = counted(row["simulated_throttled_minutes"], "throttled minute")
        yield f"simulated: {minutes}, {sums.number(row['simulated_throttled_units'] or 0, 2)} units"
    if row["decision_savings_usd"] not in (None, row["monthly_savings_usd"]):
        yield f"all replicas together save {sums.amount(row['decision_savings_usd'])}"


def _table_class(row: Row, _found: Explained) -> Iterator[str]:
    for name, prefix in (("Standard", "standard"), ("Standard-IA", "ia")):
        storage, throughput = (row[f"{prefix}_{part}_cost_usd"] for part in ("storage", "throughput"))
        if storage is not None and throughput is not None:
            places = sums.places(([storage, throughput], storage + throughput))
            yield (
                f"{name}: S {sums.amount(storage, places)} + T {sums.amount(throughput, places)} "
                f"= {sums.amount(storage + throughput, places)}"
            )
    shares = [
        f"S / T at Standard prices {sums.number(row['ratio'], 4)}" if row["ratio"] is not None else "",
        f"break-even {sums.number(row['breakeven_ratio'], 4)}" if row["breakeven_ratio"] is not None else "",
        f"{sums.number(row['storage_gb'], 6)} GB" if row["storage_gb"] is not None else "",
        f"usage from the {row['source_of_usage']}"
        if row["source_of_usage"] == "billing export"
        else f"usage {row['source_of_usage']}",
    ]
    yield ", ".join(share for share in shares if share)


def _utilization(row: Row, found: Explained) -> Iterator[Grid]:
    yield Grid(
        ("", *_SHARES, "peak a second", "setting now", "advised", "arithmetic"),
        tuple(_used(row, dimension, found) for dimension in _DIMENSIONS),
    )


def _used(row: Row, dimension: str, found: Explained) -> tuple[str, ...]:
    now, then = (capacity(row[name].get(dimension)) for name in ("current_setting", "recommended_setting"))
    peak = row[f"{dimension}_stored_peak_units_per_second"]
    return (
        f"{dimension}s",
        *(_share(row[f"{dimension}_{share}_utilization"]) for share in _SHARES),
        "" if peak is None else sums.number(peak, 3),
        now,
        then,
        _removed(row, dimension, found),
    )


def _share(value: float | None) -> str:
    return "" if value is None else sums.ratio(value)


def _removed(row: Row, dimension: str, found: Explained) -> str:
    """Write what fixed units that are taken away save, by the price of today's line."""
    before, after = ((row[name].get(dimension) or {}).get("units") for name in _SETTINGS)
    line = _line_of(found.today, row["resource_key"], dimension)
    if before is None or after is None or before == after or line is None or line["price_usd"] is None:
        return ""
    peak = row[f"{dimension}_stored_peak_units_per_second"]
    used = f"; the peak is {sums.ratio(peak / after, 2)} of {after:,}" if peak else ""
    return f"{sums.removed_units(before, after, line)}{used}"


_SETTINGS = ("current_setting", "recommended_setting")


def _line_of(plan: Row | None, resource_key: str, dimension: str) -> Row | None:
    wanted = ("write", "replicated_write") if dimension == "write" else ("read",)
    lines = plan["lines"] if plan else []
    return next(
        (line for line in lines if line["resource_key"] == resource_key and line["component"] in wanted),
        None,
    )


_DETAILS: Mapping[str, Callable[[Row, Explained], Iterator[Part]]] = {
    "capacity_mode": _capacity_mode,
    "table_class": _table_class,
    "utilization": _utilization,
}


def _mode(table: Mapping[str, Any]) -> str:
    mode = MODES.get(table["billing_mode"], table["billing_mode"])
    autoscaled = [f"{name}s" for name in _DIMENSIONS if table[f"is_{name}_autoscaled"]]
    if table["billing_mode"] != "PROVISIONED":
        return str(mode)
    return f"{mode}, {' and '.join(autoscaled)} autoscaled" if autoscaled else f"{mode}, fixed"


def _places(plan: Row, found: Explained) -> int:
    """Return the decimals with which a plan's lines, and its storage and throughput, make its total."""
    total = plan["monthly_cost_usd"]
    if total is None:
        return sums.LEAST_PLACES
    lines = [line["cost_usd"] for line in plan["lines"]]
    equations = [(lines, total), ([plan[part] for part in _PARTS], total)]
    if not found.is_at_list and plan["list_monthly_cost_usd"] is not None:
        listed = [line["list_cost_usd"] for line in plan["lines"]]
        equations.append((listed, plan["list_monthly_cost_usd"]))
    return sums.places(*((parts, total) for parts, total in equations if None not in parts))


def _joined(pairs: Any) -> str:
    return ", ".join(f"{name} {text}" for name, text in pairs)
