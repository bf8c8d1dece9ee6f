-- What is known of a day is worked out from the spans, the arrays from the points: where the two disagree,
-- one of
-- them is wrong.
select resource_day_key
from {{ ref("int_demand__days_arrayed") }}
where
    coalesce(len(reads), 0) <> 1440
    or coalesce(len(writes), 0) <> 1440
    or coalesce(len(read_capacity), 288) <> 288
    or coalesce(len(write_capacity), 288) <> 288
    or list_count(reads) <> list_count(writes)
    or known_minutes
    <> coalesce(list_sum(list_transform(known_ranges, lambda known:known.to_minute - known.from_minute)), 0)
