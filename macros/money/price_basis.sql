{# Which price a unit is valued at: the list's, or what the account was billed for it. Over usage that no
   commitment covers, what is amortised is what was charged, so that net and amortized are one price there. #}
{% macro price_basis() %}
    {%- set basis = var("price_basis") -%}
    {%- if basis not in ["list", "net", "amortized"] -%}
        {{-
            exceptions.raise_compiler_error(
                "The variable price_basis is '" ~ basis ~ "'; it must be list, net or amortized."
            )
        -}}
    {%- endif -%}
    {{- return(basis) -}}
{% endmacro %}
