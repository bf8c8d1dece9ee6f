{# A JSON array of strings as an array of the engine. #}
{% macro json_text_array(expression) %}
    {{- return(adapter.dispatch("json_text_array", "dynamodb_optima")(expression)) -}}
{% endmacro %}

{% macro default__json_text_array(expression) %} from_json({{ expression }}, '["VARCHAR"]'){% endmacro %}

{% macro spark__json_text_array(expression) %} from_json({{ expression }}, 'array<string>'){% endmacro %}
