"""The charts of the pages of the kinds of advice, a module per kind and the marks that they share."""
