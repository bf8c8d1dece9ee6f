{# What the columns of a price begin with: nothing where it is that of the build's price basis, then each basis by name. #}
{% macro price_prefixes() %} {{- return(["", "list_", "net_", "amortized_"]) -}} {% endmacro %}
