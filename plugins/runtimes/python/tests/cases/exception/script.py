"""An uncaught exception: its traceback on stderr, and 1."""

def inner(number):
    return 1 / number


def outer():
    try:
        inner(0)
    except ZeroDivisionError as error:
        raise ValueError("outer") from error


print("before")
outer()
