with
    dimensions as (select * from {{ ref("int_costs__dimensions_priced") }}),

    policies as (select * from {{ ref("int_capacity__policies_chosen") }} where purpose = 'search'),

    fixed as (select * from {{ ref("int_capacity__fixed_units_chosen") }}),

    written as (
        select
            dimensions.resource_key,
            dimensions.table_key,
            dimensions.index_name,
            dimensions.dimension,
            {{ dimension_setting("dimensions") }} as current_setting,
            case
                when policies.policy_key is not null
                then {{ policy_setting("policies.minimum", "policies.maximum", "policies.target") }}
            end as policy_setting,
            case
                when fixed.fixed_units is not null then {{ units_setting("fixed.fixed_units") }}
            end as fixed_setting
        from dimensions
        left join fixed on dimensions.resource_dimension_key = fixed.resource_dimension_key
        left join
            policies
            on dimensions.resource_key = policies.resource_key
            and dimensions.dimension = policies.dimension
    ),

    resources as (
        select
            resource_key,
            max(table_key) as table_key,
            max(index_name) as index_name,
            {% for setting in ["current", "policy", "fixed"] %}
                {{
                    read_write_setting(
                        "max(case when dimension = 'read' then " ~ setting ~ "_setting end)",
                        "max(case when dimension = 'write' then " ~ setting ~ "_setting end)",
                    )
                }} as {{ setting }}_settings {{ "," if not loop.last }}
            {% endfor %}
        from written
        group by resource_key
    ),

    indexes as (
        select
            table_key,
            {% for setting in ["current", "policy", "fixed"] %}
                {{
                    dbt.listagg(
                        "'\"' || index_name || '\":{' || " ~ setting ~ "_settings || '}'",
                        "','",
                        "order by index_name",
                    )
                }} as {{ setting }}_settings {{ "," if not loop.last }}
            {% endfor %}
        from resources
        where index_name is not null
        group by table_key
    )

select
    tables.table_key,
    {% for setting in ["current", "policy", "fixed"] %}
        '{"billing_mode":"PROVISIONED",'
        || tables.{{ setting }}_settings
        || coalesce(',"indexes":{' || indexes.{{ setting }}_settings || '}', '')
        || '}' as provisioned_{{ setting }}_setting {{ "," if not loop.last }}
    {% endfor %}
from resources as tables
left join indexes on tables.table_key = indexes.table_key
where tables.index_name is null
