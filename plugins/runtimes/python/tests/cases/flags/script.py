"""Options that are taken, and -O does what it says."""

import warnings

assert False, "not under -O"
warnings.warn("not under -W ignore")
print(__debug__)
