"""Usage, as argparse prints it."""

import argparse

parser = argparse.ArgumentParser(prog="tool", description="Does what it is told.")
parser.add_argument("input")
parser.add_argument("-n", "--number", type=int, default=3, help="how often (default: %(default)s)")
print(parser.parse_args())
