"""Too deep is an error and no crash."""

def down(depth):
    return down(depth + 1)


try:
    down(0)
except RecursionError as error:
    print(error)
print(len(repr(eval("[" * 50 + "]" * 50))))
