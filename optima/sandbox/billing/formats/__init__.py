"""The forms in which AWS writes a bill: what a file of each holds, and where its files and manifests lie."""
