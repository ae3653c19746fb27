"""A script's own modules come first, also where the library has one of that name."""

import os

import helper
import statistics
from package.inner import VALUE

print(helper.NAME, statistics.NAME, VALUE, os.path.basename(helper.__file__))
