"""Loaders: AWS into the raw schemas of the warehouse. They move facts and decide nothing."""
