x
y # TODO two
