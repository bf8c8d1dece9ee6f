{#- How a reader would call what the loader fetches together. -#}
{%- set kinds = {
    "minutes": "metric_name like 'Consumed%' and period_seconds = 60",
    "five_minutes": "metric_name like 'Consumed%' and period_seconds = 300",
    "hours": "metric_name like 'Consumed%' and period_seconds = 3600",
    "provisioned": "metric_name like 'Provisioned%'",
    "throttles": "metric_name like '%ThrottleEvents'",
} -%}

with spans as (select * from {{ ref("stg_ops__collected_spans") }} where span_starts_at < {{ as_of() }})

select
    {{ surrogate_key(["account_id", "region", "resource_name"]) }} as resource_key,
    {%- for kind, condition in kinds.items() %}
        min(span_starts_at) filter (where {{ condition }}) as {{ kind }}_from_at,
        max(least(span_ends_at, {{ as_of() }})) filter (where {{ condition }}) as {{ kind }}_to_at,
    {%- endfor %}
from spans
group by account_id, region, resource_name
