{%- set least_saving = "%.2f USD" | format(var("min_savings") | float) -%}
with
    alternatives as (select * from {{ ref("int_plans__alternatives_judged") }}),

    obstacles as (select * from {{ ref("int_plans__obstacles_found") }}),

    options as (select * from {{ ref("int_plans__options_judged") }} where is_chosen),

    decided as (select * from {{ ref("int_capacity__modes_decided") }}),

    judged_classes as (select * from {{ ref("int_billing__classes_judged") }}),

    storage as (select * from {{ ref("int_costs__storage_measured") }}),

    lines as (select * from {{ ref("int_plans__lines_priced") }}),

    -- Of the rows of a table and its indexes the table's own.
    notes as (select * from {{ ref("int_coverage__notes_written") }} where resource_key = table_key),

    stranded as (select * from {{ ref("int_commitments__stranded") }}),

    models as (select * from {{ ref("int_reconciliation__models_judged") }}),

    accounts as (select account_id, account_name, ou_path from {{ ref("dim_accounts") }}),

    commitments as (
        select
            plan_alternative_key,
            sum(case when unit = 'unit-hours' then sunk_quantity end) as sunk_unit_hours,
            sum(sunk_plan_usd) as sunk_plan_usd
        from lines
        group by plan_alternative_key
    ),

    listed as (
        select
            table_key,
            {{
                dbt.listagg(
                    'case when not is_chosen then \'{"plan":"\' || plan || \'","table_class":"\' || table_class || \'","monthly_cost_usd":\' || coalesce(cast(monthly_cost_usd as '
                    ~ dbt.type_string()
                    ~ "), 'null') || ',\"guard\":' || coalesce('\"' || guard || '\"', 'null') || '}' end",
                    "','",
                    "order by monthly_cost_usd, plan, table_class",
                )
            }}
            as alternatives
        from alternatives
        group by table_key
    ),

    plans as (
        select
            current_plan.table_key,
            current_plan.decision_key,
            current_plan.account_id,
            current_plan.region,
            current_plan.table_name,
            current_plan.billing_mode,
            chosen.plan,
            current_plan.table_class as current_table_class,
            chosen.table_class as recommended_table_class,
            current_plan.setting as current_setting,
            chosen.setting as recommended_setting,
            current_plan.storage_cost_usd as current_storage_cost_usd,
            current_plan.throughput_cost_usd as current_throughput_cost_usd,
            current_plan.monthly_cost_usd as current_cost_usd,
            chosen.storage_cost_usd as projected_storage_cost_usd,
            chosen.throughput_cost_usd as projected_throughput_cost_usd,
            chosen.monthly_cost_usd as projected_cost_usd,
            current_plan.list_monthly_cost_usd as list_current_cost_usd,
            chosen.list_monthly_cost_usd as list_projected_cost_usd,
            chosen.list_savings_usd,
            stranded.stranded_usd,
            stranded.note as stranded_note,
            chosen.changes,
            options.savings_usd as decision_savings_usd,
            decided.tables,
            decided.throttle_events,
            decided.has_on_demand_maximum,
            decided.exceeds_quota,
            decided.outgrows_earlier_peaks,
            decided.history_problem,
            decided.replicas_expected,
            decided.replicas_loaded,
            notes.decision_notes,
            notes.place_notes,
            storage.storage_gb,
            storage.storage_source,
            judged_classes.table_class_changed_at,
            commitments.sunk_unit_hours,
            commitments.sunk_plan_usd,
            listed.alternatives,
            obstacles.greatest_saving_usd,
            obstacles.obstacle,
            greatest(current_plan.price_source, chosen.price_source) as price_source,
            greatest(current_plan.price_effective_on, chosen.price_effective_on) as price_effective_on,
            -- The class alone rests on the bill where there is one; anything else on the window of demand.
            chosen.plan = 'as_is' and chosen.changes > 0 and judged_classes.is_billed as rests_on_bill,
            decided.window_start,
            decided.window_end,
            decided.coverage_ratio,
            decided.resolution_seconds,
            decided.p99_utilization,
            decided.peak_to_mean,
            chosen.table_class <> current_plan.table_class
            and not judged_classes.is_billed as rests_on_reported_size,
            judged_classes.window_start as bill_window_start,
            judged_classes.window_end as bill_window_end,
            judged_classes.coverage_ratio as bill_coverage_ratio
        from alternatives as current_plan
        inner join alternatives as chosen on current_plan.table_key = chosen.table_key and chosen.is_chosen
        inner join options on current_plan.decision_key = options.decision_key
        inner join decided on current_plan.decision_key = decided.decision_key
        inner join obstacles on current_plan.table_key = obstacles.table_key
        inner join listed on current_plan.table_key = listed.table_key
        inner join storage on current_plan.table_key = storage.table_key
        inner join notes on current_plan.table_key = notes.table_key
        left join judged_classes on current_plan.table_key = judged_classes.table_key
        inner join stranded on chosen.plan_alternative_key = stranded.plan_alternative_key
        left join commitments on current_plan.plan_alternative_key = commitments.plan_alternative_key
        where current_plan.is_current
    ),

    judged as (
        select
            * exclude (window_start, window_end, coverage_ratio),
            case when changes = 0 then obstacle end as keep_reason,
            case when rests_on_bill then bill_window_start else window_start end as window_start,
            case when rests_on_bill then bill_window_end else window_end end as window_end,
            case when rests_on_bill then bill_coverage_ratio else coverage_ratio end as coverage_ratio
        from plans
    ),

    explained as (
        select
            *,
            case
                when keep_reason is null
                then
                    concat(
                        upper(substring({{ plan_name("plan", "billing_mode") }}, 1, 1)),
                        substring({{ plan_name("plan", "billing_mode") }}, 2),
                        ' in ',
                        {{ class_name("recommended_table_class") }},
                        ' costs ',
                        {{ usd_text("projected_cost_usd") }},
                        ' a month (storage ',
                        {{ usd_text("coalesce(projected_storage_cost_usd, 0)") }},
                        ', throughput ',
                        {{ usd_text("projected_throughput_cost_usd") }},
                        '), against ',
                        {{ usd_text("current_cost_usd") }},
                        ' today (storage ',
                        {{ usd_text("coalesce(current_storage_cost_usd, 0)") }},
                        ', throughput ',
                        {{ usd_text("current_throughput_cost_usd") }},
                        ')'
                    )
                when keep_reason = 'account_inactive'
                then concat('No advice: ', history_problem)
                when keep_reason = 'too_little_history'
                then
                    concat(
                        'Too little history',
                        coalesce(' of the table or one of its indexes: ' || history_problem, '')
                    )
                when keep_reason = 'replicas_missing'
                then
                    concat(
                        'Only ',
                        replicas_loaded,
                        ' of ',
                        replicas_expected,
                        ' replicas of this global table are loaded, and their mode is one decision'
                    )
                when keep_reason in ('no_price', 'unknown_usage')
                then concat('A price or the usage that the comparison needs is not known in ', region)
                when keep_reason = 'class_changed_recently'
                then
                    concat(
                        'The other class would save, but the class changed on ',
                        cast(cast(table_class_changed_at as date) as {{ dbt.type_string() }}),
                        ', and AWS allows two changes in 30 days'
                    )
                when keep_reason = 'unknown_size'
                then
                    'The other class may save, but no billing export names the table and AWS reports no size for it'
                when keep_reason = 'below_min_savings'
                then
                    concat(
                        'Costs ',
                        {{ usd_text("current_cost_usd") }},
                        ' a month, and no other plan saves {{ least_saving }}'
                    )
                when keep_reason = 'already_best'
                then
                    concat(
                        'Costs ', {{ usd_text("current_cost_usd") }}, ' a month, and no other plan costs less'
                    )
                else
                    concat(
                        'Another plan would save ',
                        {{ usd_text("greatest_saving_usd") }},
                        ' a month, but a guard speaks against it (',
                        keep_reason,
                        ')'
                    )
            end as finding,
            concat(
                {{ replicas_note() }},
                case
                    when sunk_unit_hours > 0 or sunk_plan_usd > 0
                    then
                        concat(
                            '; owned commitments that nobody else would use count as paid until they end: ',
                            concat_ws(
                                ' and ',
                                case
                                    when sunk_unit_hours > 0
                                    then
                                        concat(
                                            {{ number_text("sunk_unit_hours") }},
                                            ' reserved unit-hours a month'
                                        )
                                end,
                                case
                                    when sunk_plan_usd > 0
                                    then
                                        concat(
                                            {{ usd_text("sunk_plan_usd") }},
                                            ' a month of what a savings plan covers, at its price without the plan'
                                        )
                                end
                            )
                        )
                end,
                {{ demand_notes("throttle_events") }},
                case when rests_on_bill then place_notes else decision_notes end
            ) as notes,
            {{
                confidence(
                    "window_start",
                    "window_end",
                    "coverage_ratio",
                    "case when rests_on_bill then 60 else resolution_seconds end",
                    "throttle_events",
                    "price_source",
                    "(has_on_demand_maximum or exceeds_quota or outgrows_earlier_peaks)",
                )
            }} as confidence_of_window
        from judged
    )

select
    {{
        surrogate_key(
            ["explained.account_id", "explained.region", "explained.table_name", "null", "'best_plan'"]
        )
    }} as recommendation_id,
    'best_plan' as kind,
    explained.account_id,
    coalesce(accounts.account_name, explained.account_id) as account_name,
    accounts.ou_path,
    explained.region,
    explained.table_name,
    cast(null as {{ dbt.type_string() }}) as index_name,
    explained.current_setting,
    explained.recommended_setting,
    explained.current_cost_usd as current_monthly_cost_usd,
    explained.projected_cost_usd as projected_monthly_cost_usd,
    {{ usd("coalesce(explained.current_cost_usd - explained.projected_cost_usd, 0)") }}
    as monthly_savings_usd,
    {{ usd("coalesce(explained.current_cost_usd - explained.projected_cost_usd, 0) * 12") }}
    as annual_savings_usd,
    explained.list_current_cost_usd,
    explained.list_projected_cost_usd,
    {{ usd("case when explained.keep_reason is null then explained.list_savings_usd else 0 end") }}
    as list_monthly_savings_usd,
    case
        when explained.keep_reason is null then explained.stranded_usd else {{ usd("0") }}
    end as stranded_commitment_usd,
    '{{ price_basis() }}' as price_basis,
    explained.price_source,
    explained.price_effective_on,
    explained.window_start,
    explained.window_end,
    explained.coverage_ratio,
    -- A size that is only reported lags, and never carries more than a low confidence.
    case
        when explained.rests_on_reported_size
        then 'low'
        else {{ confidence_in_model("explained.confidence_of_window", "models.is_off") }}
    end as confidence,
    models.error_pct as model_error_pct,
    {{ risk("explained.throttle_events", "explained.p99_utilization", "explained.peak_to_mean") }} as risk,
    case when explained.keep_reason is null then 'change' else 'keep' end as advice,
    explained.keep_reason,
    concat(
        explained.finding, '; ' || explained.stranded_note, explained.notes, {{ model_note() }}, '.'
    ) as reason,
    explained.table_key,
    explained.decision_key,
    'as_is' as current_plan,
    explained.plan,
    explained.current_table_class,
    explained.recommended_table_class,
    cast(explained.changes as integer) as changes,
    explained.storage_gb,
    explained.storage_source,
    explained.current_storage_cost_usd,
    explained.current_throughput_cost_usd,
    explained.projected_storage_cost_usd,
    explained.projected_throughput_cost_usd,
    {{ usd("coalesce(explained.decision_savings_usd, 0)") }} as decision_savings_usd,
    '[' || coalesce(explained.alternatives, '') || ']' as alternatives
from explained
left join models on explained.table_key = models.table_key
left join accounts on explained.account_id = accounts.account_id
