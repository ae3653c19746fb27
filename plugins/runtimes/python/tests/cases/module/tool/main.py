import os, sys

print(sys.argv[1:], os.path.relpath(sys.argv[0]), __name__, __package__)
print(sys.path[0] == os.getcwd())
