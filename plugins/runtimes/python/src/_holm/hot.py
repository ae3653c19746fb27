"""Modules that are loaded while the component is built: those that scripts import most, measured over 2,009 of them.

Then Holm's own are laid over them.
"""

import importlib

HOT = """
    __future__ argparse ast asyncio atexit base64 bisect calendar codecs collections concurrent.futures
    concurrent.futures.thread configparser contextlib copy csv dataclasses datetime decimal difflib email.message
    email.mime.multipart email.mime.text email.parser encodings.ascii encodings.cp1252 encodings.idna
    encodings.latin_1 encodings.utf_8_sig enum fcntl fnmatch fractions functools getpass gettext glob grp gzip
    hashlib heapq hmac html html.parser http.client http.cookiejar http.server importlib.metadata
    importlib.resources importlib.util inspect io ipaddress itertools json linecache locale logging
    logging.handlers math mimetypes operator pathlib pickle platform pprint pwd queue random re resource runpy
    secrets select selectors shlex shutil signal socket sqlite3 ssl statistics string struct subprocess tarfile
    tempfile termios textwrap threading time tomllib traceback types typing unicodedata urllib.error urllib.parse
    urllib.request urllib.robotparser uuid warnings xml.dom.minidom xml.etree.ElementTree zipfile zipimport zlib
    zoneinfo
""".split()


def lay() -> None:
    """Loads them, and lays over them what Holm does in its own way."""
    for name in HOT:
        importlib.import_module(name)
    from . import eventloop, process, refusals, stdio, surroundings, threads, tracebacks, web

    for part in (stdio, threads, process, web, eventloop, surroundings, refusals, tracebacks):
        part.lay()
