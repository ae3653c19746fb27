"""What cannot be done is refused with the reason."""

import asyncio
import importlib.util
import multiprocessing
import os
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer


def show(call, *arguments):
    try:
        print(call(*arguments))
    except Exception as error:
        print(f"{type(error).__name__}: {error}")


def numpy():
    import numpy


def ctypes():
    import ctypes


def unknown():
    import no_such_package


show(numpy)
show(ctypes)
show(unknown)
show(importlib.util.find_spec, "numpy")
show(lambda: socket.create_connection(("example.com", 80)))
show(socket.gethostbyname, "example.com")
show(lambda: socket.socket().bind(("", 0)))
show(HTTPServer, ("", 8000), BaseHTTPRequestHandler)
show(lambda: asyncio.run(asyncio.open_connection("example.com", 80)))
show(os.fork)
show(os.pipe)
show(lambda: multiprocessing.Process(target=print).start())
show(lambda: multiprocessing.Pool(2).map(abs, [1]))
