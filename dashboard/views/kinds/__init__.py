"""One module per kind of advice that has a page of its own."""
