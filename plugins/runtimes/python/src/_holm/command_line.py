"""The arguments of `python`, read as CPython reads them."""

import dataclasses

USAGE = """usage: python [option] ... [-c cmd | -m mod | file | -] [arg] ...
Options (and corresponding environment variables):
-b     : accepted
-B     : accepted: no .pyc files are ever written
-c cmd : program passed in as string (terminates option list)
-E     : ignore PYTHON* environment variables (such as PYTHONPATH)
-h     : print this help message and exit (also -? or --help)
-i     : accepted: there is no prompt after a program
-I     : isolate Python from the user's environment (implies -E and -P)
-m mod : run library module as a script (terminates option list)
-O     : remove assert and __debug__-dependent statements (of the program itself)
-OO    : do -O changes and also discard docstrings
-P     : don't prepend a potentially unsafe path to sys.path
-q, -s, -S, -v, -d, -x : accepted
-u     : force the stdout and stderr streams to be unbuffered
-V     : print the Python version number and exit (also --version)
-W arg : warning control; arg is action:message:category:module:lineno
-X opt : accepted
file   : program read from script file
-      : program read from stdin (default; interactive mode if a tty)
arg ...: arguments passed to program in sys.argv[1:]
"""

_FLAGS = "bBdEhiIOPqsSuvVx?"


class UsageError(Exception):
    """An argument that `python` does not know."""


@dataclasses.dataclass
class CommandLine:
    """What to run and how."""

    # "file", "code", "module", "stdin", "help" or "version"
    what: str = "stdin"
    name: str = ""
    arguments: list[str] = dataclasses.field(default_factory=list)
    flags: str = ""
    warnings: list[str] = dataclasses.field(default_factory=list)
    extras: list[str] = dataclasses.field(default_factory=list)

    def has(self, flag: str) -> bool:
        return flag in self.flags

    @property
    def isolated(self) -> bool:
        """Whether variables of the environment are left alone."""
        return self.has("E") or self.has("I")

    @property
    def safe_path(self) -> bool:
        return self.has("P") or self.has("I")


def read(arguments: list[str]) -> CommandLine:
    """Reads the arguments after `python` itself."""
    line = CommandLine()
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "-" or not argument.startswith("-"):
            line.what, line.name = ("stdin", "-") if argument == "-" else ("file", argument)
            line.arguments = rest
            return line
        if argument.startswith("--"):
            if argument == "--":
                continue
            if argument == "--check-hash-based-pycs":
                rest[:1] = []
            elif argument == "--version":
                line.what = "version"
                return line
            elif argument in ("--help", "--help-all", "--help-env", "--help-xoptions"):
                line.what = "help"
                return line
            else:
                raise UsageError(f"unknown option {argument}")
            continue
        letters = argument[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in "cmWX":
                if not letters and not rest:
                    raise UsageError(f"Argument expected for the -{letter} option")
                value, letters = letters or rest.pop(0), ""
                if letter == "W":
                    line.warnings.append(value)
                elif letter == "X":
                    line.extras.append(value)
                else:
                    line.what, line.name = ("code" if letter == "c" else "module"), value
                    line.arguments = rest
                    return line
            elif letter not in _FLAGS:
                raise UsageError(f"Unknown option: -{letter}")
            elif letter in "hV?":
                line.what = "version" if letter == "V" else "help"
                return line
            else:
                line.flags += letter
    return line
