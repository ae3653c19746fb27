"""Harmless in its first version."""
print("translated")
