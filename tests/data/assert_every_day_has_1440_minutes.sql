-- What is known of a day is worked out from the spans, the arrays from the points: where the two disagree,
-- one of them is wrong. Days of earlier builds were looked at then: reading all arrays again would cost as
-- much as making those of a day.
with
    days_arrayed as (select * from {{ ref("int_demand__days_arrayed") }}),

    last_builds as (select max(updated_at) as updated_at from days_arrayed)

select resource_day_key
from days_arrayed
where
    updated_at = (select updated_at from last_builds)
    and (
        coalesce(len(reads), 0) <> 1440
        or coalesce(len(writes), 0) <> 1440
        or coalesce(len(read_capacity), 288) <> 288
        or coalesce(len(write_capacity), 288) <> 288
        or list_count(reads) <> list_count(writes)
        or known_minutes <> coalesce(
            list_sum(list_transform(known_ranges, lambda known:known.to_minute - known.from_minute)), 0
        )
    )
