"""The first of two builds: compiles the library by the very Python that is to run it, and writes it down.

In the second it is read. What compiling leaves behind in memory would else be every process's.
"""

import marshal

import wit_world

from _holm import library

library.take_in_all()
with open(f"{library.BUILD}/{library.PACK}", "wb") as file:
    marshal.dump(library.contents(), file)


class WitWorld(wit_world.WitWorld):
    """A component that is thrown away."""

    def run(self, arguments: list[str]) -> int:
        return 0
