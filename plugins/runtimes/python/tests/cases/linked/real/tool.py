import os

import beside

print(beside.NAME, os.path.basename(os.path.dirname(__file__)))
