"""Errors by kind, number and text, as on Linux."""

import errno
import os
import pathlib
import shutil


def show(call, *arguments):
    try:
        call(*arguments)
        print("nothing")
    except OSError as error:
        print(repr(error), str(error), error.errno, errno.errorcode[error.errno], error.filename, isinstance(error, FileNotFoundError))


os.mkdir("folder")
pathlib.Path("file").write_text("x")
show(open, "none")
show(open, "folder")
show(open, "none/deep", "w")
show(open, "file/below")
show(os.mkdir, "folder")
show(os.rmdir, "file")
show(os.remove, "none")
show(os.listdir, "file")
show(os.rename, "none", "other")
show(os.stat, "none")
show(shutil.copy, "none", "other")
show(pathlib.Path("none").read_text)
show(os.readlink, "file")
pathlib.Path("folder/inside").write_text("")
show(os.rmdir, "folder")
show(os.read, 77, 1)
show(os.chdir, "none")
print(errno.ENOENT, errno.EACCES, errno.EAGAIN, errno.ENOTEMPTY, os.strerror(errno.EEXIST))
for error in (OSError(2, "two"), OSError(errno.EACCES, "own text", "name"), OSError(5, "five"), OSError("text"), OSError(104, "reset")):
    print(type(error).__name__, error, error.errno)
try:
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "given")
except OSError as error:
    print(error)
