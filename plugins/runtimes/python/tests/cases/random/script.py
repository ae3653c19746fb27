"""No two runs share what is random."""

import os
import random
import secrets
import subprocess
import sys
import uuid

code = "import os, random, secrets, uuid; print(random.random(), os.urandom(8).hex(), secrets.token_hex(8), uuid.uuid4())"
found = [subprocess.check_output([sys.executable, "-c", code], text=True).split() for _ in range(3)]
print([len(set(column)) for column in zip(*found)])
random.seed(1)
print(random.random(), random.sample(range(100), 3))
