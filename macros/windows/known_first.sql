{# Key to order the loads' instants by, so that those at or before the build's moment come first. The sandbox's clock stands still
   while loads are dated by the real one: then all lie after it, and the last of all is the best guess. #}
{% macro known_first(instant) %} case when {{ instant }} <= {{ as_of() }} then 0 else 1 end{% endmacro %}
