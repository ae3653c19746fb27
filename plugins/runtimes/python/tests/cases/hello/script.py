"""The smallest program."""
print("hi")
