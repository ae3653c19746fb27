"""The component's beginning: readied once, while it is built; then `run` in each process."""

# First of all: what is imported later copies the numbers of errors.
import sys

from _holm import errors, library

errors.speak_linux()
library.open_library()

import gc

import wit_world

from _holm import hot, packages, program

hot.lay()
packages.lay()
library.close_library()
sys.dont_write_bytecode = True
sys.executable = sys._base_executable = "python"
# What all processes share is never looked at again: their pages stay the image's.
gc.collect()
gc.freeze()


class WitWorld(wit_world.WitWorld):
    """What the component exports."""

    def run(self, arguments: list[str]) -> int:
        """Runs `python`."""
        return program.main(arguments)
