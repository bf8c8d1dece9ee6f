"""Commands about the bill: what was paid, how well the model meets it, what was bought ahead."""
