{# The columns that every kind of advice has, in their order. #}
{% macro advice_columns() %}
    {{-
        return(
            [
                "recommendation_id",
                "kind",
                "account_id",
                "account_name",
                "ou_path",
                "region",
                "table_name",
                "index_name",
                "current_setting",
                "recommended_setting",
                "current_monthly_cost_usd",
                "projected_monthly_cost_usd",
                "monthly_savings_usd",
                "annual_savings_usd",
                "list_current_cost_usd",
                "list_projected_cost_usd",
                "list_monthly_savings_usd",
                "price_basis",
                "price_source",
                "price_effective_on",
                "window_start",
                "window_end",
                "coverage_ratio",
                "confidence",
                "model_error_pct",
                "risk",
                "advice",
                "keep_reason",
                "reason",
            ]
        )
    -}}
{% endmacro %}
