"""Told without a traceback."""
print('never')
if True print(1)
