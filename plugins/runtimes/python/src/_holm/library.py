"""The library in memory: Python's own, the shims and the bundled packages, found as if they lay on a disk.

Filled while the component is built, in two parts (`_holm_pack`). At run time an import costs no system call.
"""

import importlib.machinery
import importlib.metadata
import marshal
import os
import sys
import zlib
from importlib.resources.abc import Traversable, TraversableResources

STANDARD = "/usr/lib/python3.14"
PACKAGES = "/usr/lib/python3.14/site-packages"

# Where the build has put Holm's own modules, and what its first part wrote for its second.
BUILD = os.path.dirname(os.path.dirname(__file__))
PACK = "library.pack"

# What no script wants of the standard library: its tests, its editor, and what needs a window.
LEFT_OUT = {"test", "idlelib", "tkinter", "turtledemo", "turtle", "lib2to3", "site-packages", "__pycache__", "curses", "_pyrepl", "ensurepip"}
# Data of packages that is something else's copy, is never read, or would only be read by people.
NO_DATA = (".py", ".pyi", ".pyc", ".so", ".pyx", ".c", ".h", ".typed")

# What of a package's own description is asked for.
KNOWN = {"METADATA", "entry_points.txt", "top_level.txt"}

# path of a module: its code, packed; path of a datum: its bytes, packed; path of a folder: the names in it.
_code: dict[str, bytes] = {}
_data: dict[str, bytes] = {}
_folders: dict[str, set[str]] = {}


def take_in(folder: str, place: str) -> None:
    """Keeps all modules and data of a folder as if it lay at `place`. Only while the component is built."""
    for name in sorted(os.listdir(folder)):
        path, kept = f"{folder}/{name}", f"{place}/{name}"
        if name in LEFT_OUT or name.startswith("config-"):
            continue
        if os.path.isdir(path):
            if name.endswith(".dist-info"):
                for known in KNOWN.intersection(os.listdir(path)):
                    _keep(_data, place, f"{name}/{known}", _read(f"{path}/{known}"))
            elif not name.endswith(".data") and name != "bin":
                take_in(path, kept)
        elif name.endswith(".py"):
            try:
                code = compile(_read(path), kept, "exec", dont_inherit=True, optimize=0)
            except (SyntaxError, ValueError):
                continue  # A template, or a test of what does not parse.
            _keep(_code, place, name, marshal.dumps(code))
        elif not name.endswith(NO_DATA) and place != STANDARD:
            _keep(_data, place, name, _read(path))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _keep(where: dict[str, bytes], folder: str, name: str, content: bytes) -> None:
    path = f"{folder}/{name}"
    where[path] = zlib.compress(content, 6)
    while path.startswith(STANDARD + "/"):
        path, _, name = path.rpartition("/")
        _folders.setdefault(path, set()).add(name)


class Shelf(importlib.machinery.SourceFileLoader):
    """One folder of the library: `sys.path` and `__path__` lead to it as to any other."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.path = folder
        self.name = None

    def find_spec(self, name: str, target=None):
        """The module of this name in this folder, if there is one."""
        path = f"{self.folder}/{name.rpartition('.')[2]}"
        if (package := f"{path}/__init__.py") in _code:
            spec = importlib.machinery.ModuleSpec(name, self, origin=package, is_package=True)
            spec.submodule_search_locations.append(path)
        elif (module := f"{path}.py") in _code:
            spec = importlib.machinery.ModuleSpec(name, self, origin=module)
        elif path in _folders:
            spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations.append(path)
            return spec
        else:
            return None
        spec.has_location = True
        spec.cached = None
        return spec

    def invalidate_caches(self) -> None:
        """Nothing here ever changes."""

    def create_module(self, spec):
        return None

    def exec_module(self, module) -> None:
        exec(self.get_code(module.__spec__.name), module.__dict__)

    def _path_of(self, name: str) -> str:
        path = f"{self.folder}/{name.rpartition('.')[2]}"
        return found if (found := f"{path}/__init__.py") in _code else f"{path}.py"

    def get_code(self, name: str):
        """The code of a module of this folder."""
        return marshal.loads(zlib.decompress(_code[self._path_of(name)]))

    def get_source(self, name: str):
        """The library is kept as code alone."""
        return None

    def is_package(self, name: str) -> bool:
        return self._path_of(name).endswith("/__init__.py")

    def get_filename(self, name: str) -> str:
        return self._path_of(name)

    def get_data(self, path: str) -> bytes:
        """A datum that lies beside the modules."""
        if path not in _data:
            raise FileNotFoundError(2, "No such file or directory", path)
        return zlib.decompress(_data[path])

    def get_resource_reader(self, name: str):
        return Resources(self._path_of(name).rpartition("/")[0])


class Resources(TraversableResources):
    """The data of one package, for `importlib.resources`."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def files(self):
        return Item(self.folder)


class Item(Traversable):
    """A datum or a folder of the library."""

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def __str__(self) -> str:
        return self.path

    def is_dir(self) -> bool:
        return self.path in _folders

    def is_file(self) -> bool:
        return self.path in _data

    def iterdir(self):
        return (Item(f"{self.path}/{name}") for name in sorted(_folders.get(self.path, ())))

    def joinpath(self, *parts):
        path = "/".join((self.path, *map(str, parts)))
        return Item(os.path.normpath(path)) if parts else self

    def __truediv__(self, part):
        return self.joinpath(part)

    def open(self, mode="r", *arguments, **options):
        import io

        binary = io.BytesIO(self.read_bytes())
        return binary if "b" in mode else io.TextIOWrapper(binary, *arguments, **options)

    def read_bytes(self) -> bytes:
        return Shelf(self.path).get_data(self.path)

    def read_text(self, encoding=None, errors=None) -> str:
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")


class Bundled(importlib.metadata.Distribution):
    """What a bundled package says of itself."""

    def __init__(self, path: str) -> None:
        self.path = path

    def read_text(self, filename):
        content = _data.get(f"{self.path}/{filename}")
        return content and zlib.decompress(content).decode()

    def locate_file(self, path):
        return Item(f"{PACKAGES}/{path}")


class Distributions(importlib.metadata.DistributionFinder):
    """Tells `importlib.metadata` of the bundled packages, after those that lie on `sys.path`."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return None

    @staticmethod
    def find_distributions(context=importlib.metadata.DistributionFinder.Context()):
        wanted = context.name and importlib.metadata.Prepared(context.name)
        for name in sorted(_folders[PACKAGES]):
            if not name.endswith(".dist-info"):
                continue
            stem = name.partition("-")[0].lower().replace("-", "_").replace(".", "_")
            if not wanted or stem == wanted.normalized:
                yield Bundled(f"{PACKAGES}/{name}")


def shelf(path: str) -> Shelf:
    """The hook by which `sys.path` finds folders of the library."""
    if path == STANDARD or path.startswith(STANDARD + "/"):
        return Shelf(path)
    raise ImportError("not of the library", path=path)


def take_in_all() -> None:
    """Takes in what the build has laid out: in its first part, which ends with it."""
    for folder in [path for path in sys.path if path.strip("/").isdigit() and path != BUILD]:
        take_in(folder, STANDARD if os.path.exists(f"{folder}/fcntl.py") else PACKAGES)
    # After the shims, which take the place of modules of the same name.
    shims = dict(_code)
    take_in("/python", STANDARD)
    _code.update(shims)


def contents() -> tuple:
    """All of it, to be written down."""
    return _code, _data, _folders


def open_library() -> None:
    """Reads what the first part of the build wrote down, and lets imports find it."""
    with open(f"{BUILD}/{PACK}", "rb") as file:
        for kept, read in zip(contents(), marshal.load(file)):
            kept.update(read)
    sys.path_hooks.insert(0, shelf)
    sys.meta_path.append(Distributions)
    sys.path[:0] = [STANDARD, PACKAGES]
    sys.path_importer_cache.clear()


def close_library() -> None:
    """Forgets where the build found things: what was loaded before the library was open now lies in it too."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if not file.startswith("/python/"):
            continue
        module.__file__ = STANDARD + file.removeprefix("/python")
        folder = module.__file__.removesuffix("/__init__.py").rpartition("/")[0]
        if hasattr(module, "__path__"):
            module.__path__ = [module.__file__.rpartition("/")[0]]
        if (spec := getattr(module, "__spec__", None)) is not None:
            module.__spec__ = module.__loader__ = None
            spec = importlib.machinery.ModuleSpec(name, Shelf(folder), origin=module.__file__)
            spec.submodule_search_locations = getattr(module, "__path__", None)
            module.__spec__, module.__loader__ = spec, spec.loader
    sys.path[:] = [STANDARD, PACKAGES]
    sys.path_importer_cache.clear()
