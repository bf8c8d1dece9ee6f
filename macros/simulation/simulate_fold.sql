{# The autoscaling simulation in SQL alone, as a fold over minutes: the twin of optima_simulate, to check the
   kernel by. It costs thousands of times as much, so at most a day of minutes a row.

   Each minute is six steps, three for reads and then three for writes. It begins: a pending change takes effect.
   It looks: serves the demand and takes down the capacity that the alarms ask for. It acts: decides. What a step
   needs of other minutes is taken by window functions before. Numbers are doubles, exact for whole values, so
   that the state keeps its type. #}
{% macro simulate_fold(relation, key) %}
    {%- set dimensions = ["read", "write"] -%}
    with
        simulations as (select {{ key }}, reads, writes, start_minute, setting from {{ relation }}),

        minutes as ({{ minutes_unnested("simulations", key) }}),

        aligned as (
            select
                {{ key }},
                cast(minute as double) as minute,
                start_minute + minute as minute_since_1970,
                case when write_rate is not null then read_rate end as read_rate,
                case when read_rate is not null then write_rate end as write_rate
            from minutes
        ),

        rates as (
            {% for dimension in dimensions %}
                select
                    {{ key }},
                    '{{ dimension }}' as dimension,
                    minute,
                    minute_since_1970,
                    {{ dimension }}_rate as rate
                from aligned {{ "union all" if not loop.last }}
            {% endfor %}
        ),

        runs as (
            select
                {{ key }},
                dimension,
                minute,
                minute_since_1970,
                rate,
                count(rate) over pair as pair_known,
                min(rate) over pair as pair_min,
                max(rate) over pair as pair_max,
                count(rate) over quarter as quarter_known,
                min(rate) over quarter as quarter_min,
                max(rate) over quarter as quarter_max,
                count(rate) over so_far as known_so_far
            from rates
            window
                pair as (
                    partition by {{ key }}, dimension order by minute rows between 1 preceding and current row
                ),
                quarter as (
                    partition by {{ key }}, dimension
                    order by minute
                    rows between 14 preceding and current row
                ),
                so_far as (
                    partition by {{ key }}, dimension
                    order by minute
                    rows between unbounded preceding and current row
                )
        ),

        openings as (
            select
                {{ key }},
                {% for dimension in dimensions %}
                    coalesce(
                        max(case when dimension = '{{ dimension }}' then rate end), 0
                    ) as {{ dimension }}_opening
                    {{ "," if not loop.last }}
                {% endfor %}
            from runs
            where known_so_far <= 30
            group by {{ key }}
        ),

        phases as (
            {% for dimension in dimensions %}
                {% set first = loop.index0 * 3 %}
                {% for phase in ["begins", "looks", "acts"] %}
                    select
                        {{ first + loop.index0 }} as place,
                        '{{ dimension }}' as dimension,
                        '{{ dimension }} {{ phase }}' as phase
                        {{ "union all" if not loop.last }}
                    {% endfor %} {{ "union all" if not loop.last }}
            {% endfor %}
        ),

        steps as (
            select
                runs.{{ key }},
                {{
                    struct_of(
                        {
                            "place": "6 * runs.minute + phases.place",
                            "phase": "phases.phase",
                            "minute": "runs.minute",
                            "day": "floor(runs.minute_since_1970 / 1440)",
                            "rate": "runs.rate",
                            "pair_min": "case when runs.pair_known = 2 then runs.pair_min end",
                            "pair_max": "runs.pair_max",
                            "quarter_min": "runs.quarter_min",
                            "quarter_max": "case when runs.quarter_known = 15 then runs.quarter_max end",
                        }
                    )
                }} as step
            from runs
            inner join phases on runs.dimension = phases.dimension
        ),

        listed as (
            select {{ key }}, {{ list_in_order("step", "place") }} as steps from steps group by {{ key }}
        ),

        folded as (
            select
                simulations.{{ key }},
                {{ list_folded("listed.steps", folded_state(), opening_state()) }} as state
            from simulations
            inner join listed on simulations.{{ key }} = listed.{{ key }}
            inner join openings on simulations.{{ key }} = openings.{{ key }}
        ),

        changes as ({{ changes_unnested("folded", key) }}),

        intervals as (
            select
                {{ key }},
                dimension,
                units,
                minute as since_minute,
                lead(minute) over (partition by {{ key }}, dimension order by minute) as until_minute
            from changes
        ),

        in_force as (
            select
                rates.{{ key }},
                rates.dimension,
                rates.minute,
                floor(rates.minute_since_1970 / 60) as hour,
                rates.rate,
                intervals.units
            from rates
            inner join
                intervals
                on rates.{{ key }} = intervals.{{ key }}
                and rates.dimension = intervals.dimension
                and rates.minute >= intervals.since_minute
                and (rates.minute < intervals.until_minute or intervals.until_minute is null)
        ),

        hours as (
            select
                {{ key }},
                dimension,
                hour,
                sum(units) as units,
                max(units) as greatest,
                count(*) as known_minutes
            from in_force
            where rate is not null
            group by {{ key }}, dimension, hour
        ),

        totals as (
            select
                {{ key }},
                dimension,
                sum(units) / 60 as unit_hours,
                sum(greatest * known_minutes) / 60 as unit_hours_upper,
                sum(known_minutes) as known_minutes
            from hours
            group by {{ key }}, dimension
        ),

        capacities as (
            select
                {{ key }},
                dimension,
                min(case when rate is not null then units end) as least,
                max(case when rate is not null then units end) as greatest,
                {{ list_in_order(struct_of({"minute": "minute", "units": "units"}), "minute") }} as capacity
            from in_force
            group by {{ key }}, dimension
        ),

        outcomes as (
            {% for dimension in dimensions %}
                select {{ key }}, '{{ dimension }}' as dimension, state.{{ dimension }} as outcome
                from folded {{ "union all" if not loop.last }}
            {% endfor %}
        )

    select
        outcomes.{{ key }},
        outcomes.dimension,
        coalesce(totals.unit_hours, 0) as unit_hours,
        coalesce(totals.unit_hours_upper, 0) as unit_hours_upper,
        capacities.least,
        capacities.greatest,
        outcomes.outcome.increases,
        outcomes.outcome.decreases,
        outcomes.outcome.throttled_units,
        outcomes.outcome.throttled_minutes,
        coalesce(totals.known_minutes, 0) as known_minutes,
        capacities.capacity
    from outcomes
    inner join
        capacities on outcomes.{{ key }} = capacities.{{ key }} and outcomes.dimension = capacities.dimension
    left join totals on outcomes.{{ key }} = totals.{{ key }} and outcomes.dimension = totals.dimension
{% endmacro %}
