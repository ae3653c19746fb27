// Functions of WIT's types, in JavaScript: each gives back what it is given.

const same = (it) => it;

export const shapes = {
  integers: (small, large, signed, wide) => [small, large, signed, wide],
  floats: (single, double) => [single, double],
  results: (it) => {
    if (it.tag === 'err') throw it.val;
    return it.val;
  },
};

for (const name of ['bools', 'chars', 'strings', 'lists', 'bytes', 'records', 'tuples', 'variants', 'enums',
  'rightsOf', 'options']) {
  shapes[name] = same;
}
