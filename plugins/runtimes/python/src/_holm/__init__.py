"""What makes CPython a runtime of Holm: its library in memory, and the host's calls behind Python's own names."""
