#!/usr/bin/env python3
"""Builds the Python runtime: CPython, its library, bundled packages and Holm's shims, as one component.

Needs nothing of the network once the wheels are there. Nothing is rebuilt whose inputs are as they were.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
TARGET = HERE.parent / "target" / "python"
COMPONENT = HERE / "python.wasm"
# A larger component is refused by `holm install`.
LARGEST = 64 * 1024 * 1024
# The packages' wheels are chosen for one platform, so that each has one hash wherever this is built. What
# they hold of machine code is left out: the Python beside it does the same.
PLATFORM = ["--platform=manylinux2014_x86_64", "--platform=manylinux_2_28_x86_64", "--python-version=3.14"]


def main() -> None:
    """Builds what is out of date."""
    TARGET.mkdir(parents=True, exist_ok=True)
    tools = installed("tools", HERE / "tools.txt", lay_tools)
    packages = installed("packages", HERE / "packages.txt", lay_packages)
    sources = sorted(path for part in ("src", "shims", "wit") for path in (HERE / part).rglob("*") if path.is_file())
    sources = [path for path in sources if path.suffix in (".py", ".wit")]
    interfaces = sorted((PROJECT / "wit").rglob("*.wit"))
    now = digest([HERE / "build.py", HERE / "tools.txt", HERE / "packages.txt", *sources, *interfaces])
    stamp = TARGET / "python.digest"
    if COMPONENT.exists() and stamp.exists() and stamp.read_text() == now:
        print(f"{COMPONENT.name} is up to date")
        return
    componentize(tools, packages, wit())
    size = COMPONENT.stat().st_size
    if size > LARGEST:
        COMPONENT.unlink()
        sys.exit(f"{COMPONENT.name} has {size:,} bytes, more than the {LARGEST:,} that a component may have")
    stamp.write_text(now)
    print(f"{COMPONENT.name}: {size / 1024 / 1024:.1f} MiB")


def digest(paths: list[pathlib.Path]) -> str:
    """One hash of all these files and their places."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(PROJECT)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def installed(name: str, requirements: pathlib.Path, lay) -> pathlib.Path:
    """The folder of what a list of requirements asks for, laid anew where the list has changed."""
    folder, stamp = TARGET / name, TARGET / f"{name}.digest"
    now = digest([HERE / "build.py", requirements])
    if not (folder.is_dir() and stamp.exists() and stamp.read_text() == now):
        shutil.rmtree(folder, ignore_errors=True)
        lay(folder, requirements)
        stamp.write_text(now)
    return folder


def lay_tools(folder: pathlib.Path, requirements: pathlib.Path) -> None:
    venv.create(folder, with_pip=True)
    pip(folder, "-r", requirements)


def lay_packages(folder: pathlib.Path, requirements: pathlib.Path) -> None:
    pip(TARGET / "tools", "--target", folder, *PLATFORM, "-r", requirements)


def pip(tools: pathlib.Path, *arguments) -> None:
    """Wheels only, each by its hash: nothing of a package runs here."""
    command = [tools / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    strict = ["--require-hashes", "--only-binary=:all:", "--no-deps", "--no-compile"]
    subprocess.run([*command, *strict, *arguments], check=True)


def wit() -> pathlib.Path:
    """The runtime's world with the project's interfaces laid beside it."""
    folder = TARGET / "wit"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "wit", folder)
    shutil.copytree(PROJECT / "wit" / "deps", folder / "deps")
    (folder / "deps" / "holm-sys").mkdir()
    for path in (PROJECT / "wit").glob("*.wit"):
        shutil.copy(path, folder / "deps" / "holm-sys")
    return folder


def componentize(tools: pathlib.Path, packages: pathlib.Path, interfaces: pathlib.Path) -> None:
    # componentize-py takes in the site-packages of whatever environment it finds: it is shown an empty one.
    nothing = TARGET / "nothing"
    nothing.mkdir(exist_ok=True)
    environment = {"PATH": os.defpath, "HOME": str(nothing), "VIRTUAL_ENV": str(nothing)}
    # Python leaves its caches beside what it reads.
    for part in ("src", "shims"):
        shutil.rmtree(TARGET / part, ignore_errors=True)
        shutil.copytree(HERE / part, TARGET / part)
    paths = [f"--python-path={path}" for path in (TARGET / "src", TARGET / "shims", packages)]
    command = [tools / "bin" / "componentize-py", "--quiet", "--wit-path", interfaces, "--world", "python", "componentize"]
    # First the library, which that writes into `src`; then all of it.
    subprocess.run([*command, *paths, "_holm_pack", "--output", TARGET / "pack.wasm"], check=True, env=environment)
    (TARGET / "pack.wasm").unlink()
    unfinished = TARGET / "python.wasm"
    # The packages' own folder is not needed any more: they are in the library.
    subprocess.run([*command, *paths[:1], "_holm_entry", "--output", unfinished], check=True, env=environment)
    unfinished.replace(COMPONENT)


if __name__ == "__main__":
    main()
