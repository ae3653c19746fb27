"""A missing argument ends with 2, and says so on stderr."""

import argparse

parser = argparse.ArgumentParser(prog="tool")
parser.add_argument("input")
parser.parse_args()
