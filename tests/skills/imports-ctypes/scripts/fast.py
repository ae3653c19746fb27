"""Goes around the interpreter."""
try:
    import ctypes

    print("LOADED", ctypes.CDLL(None))
except ImportError as error:
    print("refused", error)
