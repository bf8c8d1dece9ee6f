{# A day of minutes (DOUBLE[1440]) from the points of one series and day: `minutes`, the minute of the day that
   each starts at, in order, and `rates` beside them. A minute without a point is 0, as it is inside a collected
   span; what lies outside the spans is for the caller to cut away. A point of `minutes_per_point` minutes is
   spread over them evenly. Of a point that is stored twice, one counts.

   Each point is followed by the zeros up to the next one, which is three times as fast as joining a grid of minutes
   (measured on 30 million points). #}
{% macro minutes_densified(minutes, rates, minutes_per_point=1) %}
    {%- set point = "[" ~ rates ~ "[place]]" -%}
    {%- if minutes_per_point > 1 -%}
        {%- set point = "list_resize(" ~ point ~ ", " ~ minutes_per_point ~ ", " ~ rates ~ "[place])" -%}
    {%- endif %}
    list_concat(
        list_resize(cast([] as double[]), coalesce({{ minutes }} [1], 1440), cast(0 as double)),
        flatten(
            list_transform(
                range(1, len({{ minutes }}) + 1),
                lambda place:list_resize(
                    {{ point }},
                    cast(coalesce({{ minutes }} [place + 1], 1440) as integer) - {{ minutes }} [place],
                    cast(0 as double)
                )
            )
        )
    )
{% endmacro %}
