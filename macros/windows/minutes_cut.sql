{# A day of minutes (DOUBLE[1440]) that is null outside the day's `known_ranges`, and inside them taken from the
   minutes of the range's resolution, which `period` names. #}
{% macro minutes_cut(minutes_at_60, minutes_at_300, period) %}
    list_concat(
        list_resize(cast([] as double[]), coalesce(known_ranges[1].from_minute, 1440)),
        flatten(
            list_transform(
                range(1, len(known_ranges) + 1),
                lambda place:list_resize(
                    list_slice(
                        case
                            when known_ranges[place].{{ period }} = 60
                            then {{ minutes_at_60 }}
                            else {{ minutes_at_300 }}
                        end,
                        known_ranges[place].from_minute + 1,
                        known_ranges[place].to_minute
                    ),
                    coalesce(known_ranges[place + 1].from_minute, 1440) - known_ranges[place].from_minute
                )
            )
        )
    )
{% endmacro %}
