"""How much a build costs, measured on a warehouse that is made for it: `python -m benchmarks --help`."""
