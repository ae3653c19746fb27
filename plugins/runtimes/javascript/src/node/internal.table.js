// Tables of the console.
'use strict';

function table(data, columns, inspect, width) {
  const shown = (value) => inspect(value, {
    maxArrayLength: 3, breakLength: Infinity, colors: false,
    depth: value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 2 ? -1 : 0,
  });
  const heads = [];
  const values = [];
  const rows = [];
  let primitives = false;
  let first = '(index)';
  const add = (index, key, row) => {
    const cells = new Map();
    const simple = row === null || (typeof row !== 'object' && typeof row !== 'function');
    if (simple) {
      primitives = true;
      values[rows.length] = shown(row);
    } else {
      for (const name of columns ?? Object.keys(row)) {
        if (!heads.includes(name)) heads.push(name);
        if (Object.hasOwn(row, name)) cells.set(name, shown(row[name]));
      }
    }
    rows.push([index, key, cells]);
  };
  let keyed = false;
  if (data instanceof Map) {
    first = '(iteration index)';
    keyed = true;
    let index = 0;
    for (const [key, value] of data) {
      values[index] = shown(value);
      rows.push([String(index++), shown(key), new Map()]);
    }
    primitives = rows.length > 0;
  } else if (data instanceof Set) {
    first = '(iteration index)';
    let index = 0;
    for (const value of data) {
      values[index] = shown(value);
      rows.push([String(index++), undefined, new Map()]);
    }
    primitives = rows.length > 0;
  } else {
    for (const key of Object.keys(data)) add(key, undefined, data[key]);
  }
  const head = [first, ...(keyed ? ['Key'] : []), ...heads, ...(primitives ? ['Values'] : [])];
  const body = rows.map(([index, key, cells], at) => [
    index, ...(keyed ? [key] : []), ...heads.map((name) => cells.get(name) ?? ''), ...(primitives ? [values[at] ?? ''] : []),
  ]);
  const widths = head.map((name, column) => Math.max(width(String(name)), ...body.map((row) => width(row[column]))) + 2);
  const padded = (text, room) => ` ${text}${' '.repeat(room - width(text) - 1)}`;
  const line = (row) => `│${row.map((text, column) => padded(String(text), widths[column])).join('│')}│`;
  const rule = (left, middle, right) => left + widths.map((room) => '─'.repeat(room)).join(middle) + right;
  return [rule('┌', '┬', '┐'), line(head), rule('├', '┼', '┤'), ...body.map(line), rule('└', '┴', '┘')].join('\n');
}

module.exports = table;
