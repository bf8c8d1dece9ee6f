-- Two chosen plans would count a table twice, none would lose it.
select tables.table_key
from {{ ref("int_inventory__resources") }} as tables
left join {{ ref("plan_alternatives") }} as alternatives on tables.table_key = alternatives.table_key
where not tables.is_index
group by tables.table_key
having
    count(case when alternatives.is_chosen then 1 end) <> 1
    or count(case when alternatives.is_current then 1 end) <> 1
