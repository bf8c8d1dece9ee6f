"""The bill: what it is made of, by rules of its own, and the exports in which it is delivered."""
