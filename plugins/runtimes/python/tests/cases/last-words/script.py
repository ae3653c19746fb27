"""What objects and generators say when their program ends."""


class Last:
    def __del__(self):
        print("let go of")


def generator():
    try:
        yield 1
    finally:
        print("generator closed")


held = Last()
waiting = generator()
next(waiting)
print(__builtins__.__name__, __loader__.__class__.__name__, __package__)
