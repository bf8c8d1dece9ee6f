"""Every question the pages ask of a build, a module per subject.

SQL is constant: what a reader types reaches it as a bound parameter only.
"""
