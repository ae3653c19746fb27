NAME = "own helper"
