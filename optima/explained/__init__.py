"""One table of a build, explained: what the marts say of it, and the arithmetic behind every figure."""
