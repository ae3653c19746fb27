NAME = "own statistics"
