with
    lines as (select * from {{ ref("int_billing__lines_recognized") }}),

    table_months as (select * from {{ ref("int_billing__tables_covered") }}),

    coverage as (select * from {{ ref("int_billing__coverage_taken_up") }}),

    -- Lines from before the table was created are those of a former table of its name.
    month_amounts as (
        select
            table_months.table_key,
            table_months.billing_month,
            table_months.is_newest,
            table_months.table_class as table_class_in_force,
            table_months.covered_hours,
            table_months.hours_of_month,
            lines.component,
            lines.billing_mode,
            lines.table_class,
            sum(lines.usage_amount) as amount
        from table_months
        inner join
            lines
            on table_months.payer_account_id = lines.payer_account_id
            and table_months.billing_month = lines.billing_month
            and table_months.account_id = lines.account_id
            and table_months.region = lines.region
            and table_months.table_name = lines.table_name
            and (table_months.created_at is null or lines.usage_end_at > table_months.created_at)
        group by
            table_months.table_key,
            table_months.billing_month,
            table_months.is_newest,
            table_months.table_class,
            table_months.covered_hours,
            table_months.hours_of_month,
            lines.component,
            lines.billing_mode,
            lines.table_class
    ),

    -- Usage of a class that the table has left since is covered by nothing today.
    covered_amounts as (
        select
            coverage.table_key,
            coverage.billing_month,
            coverage.component,
            coverage.billing_mode,
            coverage.table_class,
            {% for coverage in ["reserved", "plan"] %}
                sum(
                    case
                        when coverage.coverage = '{{ coverage }}' then cast(coverage.covered_amount as double)
                    end
                ) as {{ coverage }}_amount,
                sum(
                    case
                        when coverage.coverage = '{{ coverage }}'
                        then cast(coverage.covered_amount as double) - coverage.taken_up_amount
                    end
                ) as sunk_{{ coverage }}_amount {{ "," if not loop.last }}
            {% endfor %}
        from coverage
        group by
            coverage.table_key,
            coverage.billing_month,
            coverage.component,
            coverage.billing_mode,
            coverage.table_class
    ),

    sunk_amounts as (
        select
            month_amounts.*,
            {% for amount in [
                "reserved_amount",
                "sunk_reserved_amount",
                "sunk_plan_amount",
            ] %}
                coalesce(covered_amounts.{{ amount }}, 0) as {{ amount }} {{ "," if not loop.last }}
            {% endfor %}
        from month_amounts
        left join
            covered_amounts
            on month_amounts.table_key = covered_amounts.table_key
            and month_amounts.billing_month = covered_amounts.billing_month
            and month_amounts.component = covered_amounts.component
            and month_amounts.billing_mode = covered_amounts.billing_mode
            and month_amounts.table_class = covered_amounts.table_class
            and month_amounts.table_class = month_amounts.table_class_in_force
    ),

    hours as (select table_key, sum(covered_hours) as covered_hours from table_months group by table_key),

    monthly_amounts as (
        select
            sunk_amounts.table_key,
            sunk_amounts.component,
            sunk_amounts.billing_mode,
            {% for amount in [
                "amount",
                "reserved_amount",
                "sunk_reserved_amount",
                "sunk_plan_amount",
            ] %}
                sum(cast(sunk_amounts.{{ amount }} as double))
                * {{ hours_per_month() }}
                / max(hours.covered_hours) as {{ amount }} {{ "," if not loop.last }}
            {% endfor %}
        from sunk_amounts
        inner join hours on sunk_amounts.table_key = hours.table_key
        where sunk_amounts.component <> 'storage'
        group by sunk_amounts.table_key, sunk_amounts.component, sunk_amounts.billing_mode
        union all
        -- Gigabyte-months are a share of the month already; what is stored is told by the newest month alone.
        select
            table_key,
            component,
            billing_mode,
            sum(cast(amount as double)) * max(hours_of_month) / max(covered_hours) as amount,
            0 as reserved_amount,
            0 as sunk_reserved_amount,
            0 as sunk_plan_amount
        from sunk_amounts
        where component = 'storage' and is_newest
        group by table_key, component, billing_mode
    )

select
    {{ surrogate_key(["table_key", "component", "billing_mode"]) }} as table_usage_key,
    table_key,
    component,
    billing_mode,
    {{ quantity("amount") }} as monthly_amount,
    {{ quantity("sunk_reserved_amount + sunk_plan_amount") }} as monthly_sunk_amount,
    {{ quantity("reserved_amount") }} as monthly_reserved_amount,
    {{ quantity("sunk_reserved_amount") }} as monthly_sunk_reserved_amount,
    {{ quantity("sunk_plan_amount") }} as monthly_sunk_plan_amount
from monthly_amounts
