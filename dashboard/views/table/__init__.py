"""The page of one table, part by part."""
