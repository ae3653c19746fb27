"""What cannot be imported here, and why: machine code, windows, shared memory."""

import os
import sys

# Packages that scripts of skills import and that are machine code, or stand on it.
COMPILED = frozenset(
    """numpy pandas scipy matplotlib PIL cv2 lxml cryptography torch tensorflow sklearn skimage numba polars pyarrow
    h5py psycopg2 psycopg asyncpg mysqlclient MySQLdb grpc orjson ujson msgpack zstandard lz4 brotli pydantic
    pydantic_core rpds tiktoken tokenizers transformers sentence_transformers faiss onnxruntime spacy shapely rtree
    gdal fiona rasterio geopandas pyproj netCDF4 xarray seaborn statsmodels pymupdf fitz
    pikepdf reportlab pypdfium2 playwright greenlet gevent uvloop aiohttp multidict yarl frozenlist bcrypt nacl
    argon2 coincurve ckzg eth_account web3 solders psutil zmq watchdog pynput pyautogui sounddevice pyaudio
    imageio moviepy pygame rdkit openmm anndata scanpy jax jaxlib xgboost lightgbm catboost ctypes _ctypes
    tkinter _tkinter curses _curses mmap win32api""".split()
)
WHY = (
    "it needs machine code, and Python in Holm is WebAssembly, which loads none. "
    "Use what is written in Python alone, or run this script outside Holm"
)


class Refusals:
    """Comes last: where nobody has a module, says why if it is one of these."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        caller = sys._getframe(2).f_code.co_name
        # Who only asks whether it is there (`importlib.util.find_spec`) is told that it is not.
        if caller == "_find_and_load_unlocked" and (name.partition(".")[0] in COMPILED or _machine_code(name, path)):
            raise ModuleNotFoundError(f"No module named {name!r}: {WHY}", name=name)
        return None


def _machine_code(name: str, path) -> bool:
    """Whether the module lies there in another machine's code."""
    last = name.rpartition(".")[2]
    for folder in path or sys.path:
        if not isinstance(folder, str) or folder.startswith("/usr/lib/python3.14"):
            continue
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        if any(found.startswith(last + ".") and found.endswith((".so", ".pyd", ".dylib")) for found in names):
            return True
    return False


def lay() -> None:
    """Puts this last among the finders."""
    sys.meta_path.append(Refusals)
