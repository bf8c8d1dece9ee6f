{# What a line of the bill is paid for: every line is one of them. #}
{% macro components() %}
    {{-
        return(
            [
                "read",
                "write",
                "replicated_write",
                "storage",
                "pitr",
                "backup",
                "restore",
                "export",
                "import",
                "streams",
                "transfer",
                "commitment",
                "discount",
                "tax",
                "credit",
                "other",
            ]
        )
    -}}
{% endmacro %}
