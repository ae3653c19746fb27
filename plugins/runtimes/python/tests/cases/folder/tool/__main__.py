import sys

import beside

print(sys.argv, beside.NAME)
