{# Whether what was made of a day was made of the day as it is. #}
{% macro is_of_the_same_build(wanted, built) %}
    {{ wanted }}.updated_at = {{ built }}.updated_at
{% endmacro %}
