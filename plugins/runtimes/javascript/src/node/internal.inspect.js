// Values as Node shows them: `util.inspect`, and `util.format`.
'use strict';

const custom = Symbol.for('nodejs.util.inspect.custom');

const defaults = {
  showHidden: false, depth: 2, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100,
  maxStringLength: 10000, breakLength: 80, compact: 3, sorted: false, getters: false, numericSeparator: false,
};

const codes = {
  bold: [1, 22], italic: [3, 23], underline: [4, 24], inverse: [7, 27], reset: [0, 0], dim: [2, 22],
  strikethrough: [9, 29], hidden: [8, 28], black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39],
  blue: [34, 39], magenta: [35, 39], cyan: [36, 39], white: [37, 39], gray: [90, 39], grey: [90, 39],
  redBright: [91, 39], greenBright: [92, 39], yellowBright: [93, 39], blueBright: [94, 39],
  magentaBright: [95, 39], cyanBright: [96, 39], whiteBright: [97, 39], bgBlack: [40, 49], bgRed: [41, 49],
  bgGreen: [42, 49], bgYellow: [43, 49], bgBlue: [44, 49], bgMagenta: [45, 49], bgCyan: [46, 49], bgWhite: [47, 49],
};

const styles = {
  special: 'cyan', number: 'yellow', bigint: 'yellow', boolean: 'yellow', undefined: 'grey', null: 'bold',
  string: 'green', symbol: 'green', date: 'magenta', regexp: 'red', module: 'underline',
};

const OBJECT = 0;
const ARRAY = 1;
const EXTRAS = 2;

function plain(text) {
  return text;
}

function coloured(text, style) {
  const code = codes[inspect.styles[style]];
  return code ? `\x1b[${code[0]}m${text}\x1b[${code[1]}m` : text;
}

const stripped = (text) => text.replace(/\x1b\[[0-9;]*m/g, '');

function inspect(value, options, ...legacy) {
  const view = { ...defaults, ...inspect.changed, seen: [], circular: undefined, indentation: 0, level: 0, stylize: plain };
  if (typeof options === 'boolean') {
    view.showHidden = options;
    if (legacy[0] !== undefined) view.depth = legacy[0];
    if (legacy[1] !== undefined) view.colors = legacy[1];
  } else if (options && typeof options === 'object') {
    for (const name of Object.keys(options)) {
      if (name in defaults || name === 'stylize') view[name] = options[name];
      else view.user = { ...view.user, [name]: options[name] };
    }
  }
  if (view.colors) view.stylize = coloured;
  if (view.maxArrayLength === null) view.maxArrayLength = Infinity;
  if (view.maxStringLength === null) view.maxStringLength = Infinity;
  if (view.depth === null || view.depth === undefined) view.depth = Infinity;
  return show(view, value, 0);
}

function show(view, value, depth, typed) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return primitive(view, value);
  const original = value;
  const target = native.proxyParts(value);
  if (target !== undefined) {
    if (view.showProxy) return view.stylize(`Proxy [ ${show(view, target, depth + 1)}, {} ]`, 'special');
    value = target;
    while (native.proxyParts(value) !== undefined) value = native.proxyParts(value);
  }
  if (view.customInspect) {
    const own = value[custom];
    if (typeof own === 'function' && own !== inspect && !(value.constructor && value.constructor.prototype === value)) {
      const left = view.depth === Infinity ? Infinity : view.depth - depth;
      const { seen, circular, indentation, level, user, ...options } = view;
      const told = own.call(original, left, { ...options, ...user, stylize: view.stylize, depth: left }, inspect);
      if (told !== original) {
        if (typeof told !== 'object') return `${told}`;
        return show(view, told, depth).replaceAll('\n', `\n${' '.repeat(view.indentation)}`);
      }
    }
  }
  if (view.seen.includes(value)) {
    view.circular ??= new Map();
    if (!view.circular.has(value)) view.circular.set(value, view.circular.size + 1);
    return view.stylize(`[Circular *${view.circular.get(value)}]`, 'special');
  }
  return raw(view, value, depth, typed);
}

function quoted(text) {
  let quote = "'";
  if (text.includes("'")) {
    if (!text.includes('"')) quote = '"';
    else if (!text.includes('`') && !text.includes('${')) quote = '`';
  }
  const meta = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '\\': '\\\\', [quote]: `\\${quote}` };
  const escaped = text.replace(
    /[\x00-\x1f'"`\\\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (unit) => {
      if (meta[unit]) return meta[unit];
      const number = unit.charCodeAt(0);
      if (number >= 0xd800) return `\\u${number.toString(16).toUpperCase()}`;
      return number < 0x20 || number > 0x7e ? `\\x${number.toString(16).toUpperCase().padStart(2, '0')}` : unit;
    },
  );
  return quote + escaped + quote;
}

const digits = (text, separated) =>
  separated ? text.replace(/^(-?\d+)(\.\d+)?/, (_, whole, part = '') =>
    whole.replace(/\B(?=(\d{3})+$)/g, '_') + part.replace(/(\d{3})(?=\d)/g, '$1_')) : text;

function numeral(view, value) {
  return view.stylize(Object.is(value, -0) ? '-0' : digits(`${value}`, view.numericSeparator), 'number');
}

function primitive(view, value) {
  switch (typeof value) {
    case 'string': {
      let trailer = '';
      if (value.length > view.maxStringLength) {
        const left = value.length - view.maxStringLength;
        value = value.slice(0, view.maxStringLength);
        trailer = `... ${left} more character${left > 1 ? 's' : ''}`;
      }
      if (view.compact !== true && value.length > 16 && value.length > view.breakLength - view.indentation - 4) {
        return value.split(/(?<=\n)/).map((line) => view.stylize(quoted(line), 'string'))
          .join(` +\n${' '.repeat(view.indentation + 2)}`) + trailer;
      }
      return view.stylize(quoted(value), 'string') + trailer;
    }
    case 'number': return numeral(view, value);
    case 'bigint': return view.stylize(`${digits(`${value}`, view.numericSeparator)}n`, 'bigint');
    case 'boolean': return view.stylize(`${value}`, 'boolean');
    case 'undefined': return view.stylize('undefined', 'undefined');
    case 'symbol': return view.stylize(Symbol.prototype.toString.call(value), 'symbol');
    default: return view.stylize('null', 'null');
  }
}

function constructorName(view, object, depth) {
  let first;
  for (let at = object; at; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptor(at, 'constructor');
    if (own && typeof own.value === 'function' && own.value.name !== '') {
      let instance;
      try {
        instance = object instanceof own.value;
      } catch {
        instance = false;
      }
      if (instance) return String(own.value.name);
    }
    first ??= Object.getPrototypeOf(at);
  }
  if (!first) return null;
  const name = builtinName(object);
  if (depth > view.depth) return `${name} <Complex prototype>`;
  const next = constructorName(view, first, depth + 1);
  if (next !== null) return `${name} <${next}>`;
  return `${name} <${inspect(first, { customInspect: false, depth: -1 })}>`;
}

const builtinName = (object) => Object.prototype.toString.call(object).slice(8, -1);

function prefix(constructor, tag, fallback, size = '') {
  if (constructor === null) {
    return tag !== '' && fallback !== tag ? `[${fallback}${size}: null prototype] [${tag}] ` : `[${fallback}${size}: null prototype] `;
  }
  return tag !== '' && constructor !== tag ? `${constructor}${size} [${tag}] ` : `${constructor}${size} `;
}

function keysOf(view, object) {
  let keys;
  const symbols = Object.getOwnPropertySymbols(object);
  if (view.showHidden) {
    keys = Object.getOwnPropertyNames(object);
    keys.push(...symbols);
  } else {
    try {
      keys = Object.keys(object);
    } catch {
      keys = Object.getOwnPropertyNames(object);
    }
    keys.push(...symbols.filter((key) => Object.prototype.propertyIsEnumerable.call(object, key)));
  }
  return keys;
}

const named = (view, object) =>
  keysOf(view, object).filter((key) => !(typeof key === 'string' && /^(0|[1-9]\d*)$/.test(key) && Number(key) < 2 ** 32 - 1));

// What a value is by its insides, whatever it says of itself.
function builtinTag(object) {
  if (Array.isArray(object)) return 'Array';
  if (typeof object === 'function') return 'Function';
  if (ArrayBuffer.isView(object)) return object instanceof DataView || !typedName(object) ? 'DataView' : 'TypedArray';
  return require('internal/types').tag(object);
}

const typedName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get.call.bind(
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get);

function raw(view, value, depth, typed) {
  const constructor = constructorName(view, value, depth);
  let tag = value[Symbol.toStringTag];
  if (typeof tag !== 'string' || (tag !== '' && (view.showHidden ? Object.hasOwn : (object, key) => Object.prototype.propertyIsEnumerable.call(object, key))(value, Symbol.toStringTag))) tag = '';
  let base = '';
  let entries = () => [];
  let braces = ['{', '}'];
  let extras = OBJECT;
  let keys;
  const kind = builtinTag(value);
  const bare = () => keys.length === 0;
  switch (kind) {
    case 'Array': {
      const before = constructor !== 'Array' || tag !== '' ? prefix(constructor, tag, 'Array', `(${value.length})`) : '';
      keys = named(view, value);
      braces = [`${before}[`, ']'];
      if (value.length === 0 && bare()) return `${braces[0]}]`;
      extras = EXTRAS;
      entries = array;
      break;
    }
    case 'Set':
    case 'Map': {
      const size = value.size;
      const before = prefix(constructor, tag, kind, `(${size})`);
      keys = keysOf(view, value);
      if (size === 0 && bare()) return `${before}{}`;
      braces = [`${before}{`, '}'];
      entries = kind === 'Set' ? set : map;
      break;
    }
    case 'TypedArray': {
      keys = named(view, value);
      const before = prefix(constructor, tag, typedName(value), `(${value.length})`);
      braces = [`${before}[`, ']'];
      if (value.length === 0 && bare() && !view.showHidden) return `${braces[0]}]`;
      extras = EXTRAS;
      entries = numbers;
      break;
    }
    case 'Map Iterator':
    case 'Set Iterator':
      keys = keysOf(view, value);
      braces = [`[${tag}] {`, '}'];
      entries = iterator;
      break;
    case 'Arguments':
      keys = keysOf(view, value);
      braces[0] = '[Arguments] {';
      if (bare()) return `${braces[0]}}`;
      break;
    case 'Function':
      keys = keysOf(view, value);
      base = functionBase(value, constructor, tag);
      if (bare()) return view.stylize(base, 'special');
      break;
    case 'RegExp': {
      keys = keysOf(view, value);
      base = RegExp.prototype.toString.call(value);
      const before = prefix(constructor, tag, 'RegExp');
      if (before !== 'RegExp ') base = `${before}${base}`;
      if (bare() || depth > view.depth) return view.stylize(base, 'regexp');
      break;
    }
    case 'Date': {
      keys = keysOf(view, value);
      base = Number.isNaN(Date.prototype.getTime.call(value)) ? 'Invalid Date' : Date.prototype.toISOString.call(value);
      const before = prefix(constructor, tag, 'Date');
      if (before !== 'Date ') base = `${before}${base}`;
      if (bare()) return view.stylize(base, 'date');
      break;
    }
    case 'Error':
      keys = keysOf(view, value);
      base = errorBase(view, value, constructor, keys);
      if (bare()) return base;
      break;
    case 'ArrayBuffer':
    case 'SharedArrayBuffer': {
      keys = keysOf(view, value);
      const before = prefix(constructor, tag, kind);
      if (typed === undefined) entries = contents;
      else if (bare()) return `${before}{ byteLength: ${numeral(view, value.byteLength)} }`;
      braces[0] = `${before}{`;
      keys.unshift('byteLength');
      break;
    }
    case 'DataView':
      keys = keysOf(view, value);
      braces[0] = `${prefix(constructor, tag, 'DataView')}{`;
      keys.unshift('byteLength', 'byteOffset', 'buffer');
      break;
    case 'Promise':
      keys = keysOf(view, value);
      braces[0] = `${prefix(constructor, tag, 'Promise')}{`;
      entries = promise;
      break;
    case 'WeakSet':
    case 'WeakMap':
      keys = keysOf(view, value);
      braces[0] = `${prefix(constructor, tag, kind)}{`;
      entries = () => [view.stylize('<items unknown>', 'special')];
      break;
    case 'WeakRef':
      keys = keysOf(view, value);
      braces[0] = `${prefix(constructor, tag, 'WeakRef')}{`;
      entries = (view, value, depth) => [show(view, value.deref(), depth)];
      break;
    case 'Number': case 'String': case 'Boolean': case 'BigInt': case 'Symbol': {
      keys = kind === 'String' ? named(view, value) : keysOf(view, value);
      const inner = value.valueOf();
      base = `[${kind}`;
      if (constructor !== kind) base += constructor === null ? ' (null prototype)' : ` (${constructor})`;
      base += `: ${primitive({ ...view, stylize: plain }, inner)}]`;
      if (tag !== '' && tag !== constructor) base += ` [${tag}]`;
      if (bare()) return view.stylize(base, typeof inner);
      break;
    }
    case 'Module':
      keys = keysOf(view, value);
      braces[0] = `${prefix(constructor, tag, 'Module')}{`;
      break;
    default:
      keys = keysOf(view, value);
      if (constructor === 'Object') {
        if (tag !== '') braces[0] = `${prefix(constructor, tag, 'Object')}{`;
        if (bare()) return `${braces[0]}}`;
      } else {
        if (bare()) return `${prefix(constructor, tag, 'Object')}{}`;
        braces[0] = `${prefix(constructor, tag, 'Object')}{`;
      }
  }
  if (depth > view.depth) {
    const name = prefix(constructor, tag, kind === 'Array' ? 'Array' : 'Object').slice(0, -1);
    return view.stylize(constructor === null ? name : `[${name}]`, 'special');
  }
  depth += 1;
  view.seen.push(value);
  view.level = depth;
  const output = entries(view, value, depth);
  for (const key of keys) output.push(property(view, value, depth, key, extras));
  const index = view.circular?.get(value);
  if (index !== undefined) {
    const reference = view.stylize(`<ref *${index}>`, 'special');
    if (view.compact !== true) base = base === '' ? reference : `${reference} ${base}`;
    else braces[0] = `${reference} ${braces[0]}`;
  }
  view.seen.pop();
  if (view.sorted) {
    const order = view.sorted === true ? undefined : view.sorted;
    if (extras === OBJECT) output.sort(order);
    else if (keys.length > 1) output.push(...output.splice(output.length - keys.length).sort(order));
  }
  return joined(view, output, base, braces, extras, depth, value);
}

function functionBase(value, constructor, tag) {
  const text = Function.prototype.toString.call(value);
  if (/^class\b/.test(text) && text.endsWith('}')) {
    let base = `[class ${(Object.hasOwn(value, 'name') && value.name) || '(anonymous)'}`;
    if (constructor !== 'Function' && constructor !== null) base += ` [${constructor}]`;
    if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
    const above = constructor !== null ? Object.getPrototypeOf(value)?.name : null;
    if (constructor === null) base += ' extends null';
    else if (above) base += ` extends ${above}`;
    return `${base}]`;
  }
  const own = Object.prototype.toString.call(value).slice(8, -1);
  const type = /^(Async|Generator|AsyncGenerator)Function$/.test(own) ? own : 'Function';
  let base = `[${type}`;
  if (constructor === null) base += ' (null prototype)';
  base += value.name === '' ? ' (anonymous)' : `: ${String(value.name)}`;
  base += ']';
  if (constructor !== type && constructor !== null) base += ` ${constructor}`;
  if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
  return base;
}

function errorBase(view, error, constructor, keys) {
  let stack = error.stack ? String(error.stack) : Error.prototype.toString.call(error);
  const name = error.name != null ? String(error.name) : 'Error';
  const head = stack.split('\n    at ')[0];
  if (Object.hasOwn(error, 'name') && typeof error.name === 'string' && !head.includes(name)) {
    stack = stack.replace(/^([A-Z][\w ]*)(?=:|\n|$)/, () => name);
  }
  if (!view.showHidden) {
    for (const key of ['name', 'message', 'stack']) {
      const index = keys.indexOf(key);
      if (index >= 0 && (typeof error[key] !== 'string' || stack.includes(error[key]))) keys.splice(index, 1);
    }
  }
  if ('cause' in error && !keys.includes('cause')) keys.push('cause');
  if (Array.isArray(error.errors) && !keys.includes('errors')) keys.push('errors');
  if (constructor !== null && name.endsWith('Error') && stack.startsWith(name) && /^(?::|\n|$|\s\[)/.test(stack.slice(name.length)) && constructor !== name) {
    const rest = stack.slice(name.length);
    stack = constructor.includes(name) ? `${constructor}${rest}` : `${constructor} [${name}]${rest}`;
  }
  const after = (error.message && stack.indexOf(error.message)) || -1;
  if (stack.indexOf('\n    at', after === -1 ? 0 : after + error.message.length) === -1) stack = `[${stack}]`;
  return view.indentation ? stack.replaceAll('\n', `\n${' '.repeat(view.indentation)}`) : stack;
}

const more = (count) => `... ${count} more item${count > 1 ? 's' : ''}`;

function array(view, value, depth) {
  const output = [];
  const length = value.length;
  const limit = Math.min(Math.max(0, view.maxArrayLength), length);
  let index = 0;
  for (; index < length && output.length < limit; index++) {
    if (Object.hasOwn(value, index)) {
      output.push(property(view, value, depth, String(index), ARRAY));
      continue;
    }
    const from = index;
    while (index + 1 < length && !Object.hasOwn(value, index + 1)) index++;
    const holes = index - from + 1;
    output.push(view.stylize(`<${holes} empty item${holes > 1 ? 's' : ''}>`, 'undefined'));
  }
  if (index < length) output.push(more(length - index));
  return output;
}

function numbers(view, value, depth) {
  const limit = Math.min(Math.max(0, view.maxArrayLength), value.length);
  const output = [];
  for (let index = 0; index < limit; index++) output.push(primitive(view, value[index]));
  if (value.length > limit) output.push(more(value.length - limit));
  if (view.showHidden) {
    view.indentation += 2;
    for (const key of ['BYTES_PER_ELEMENT', 'length', 'byteLength', 'byteOffset', 'buffer']) {
      output.push(`[${key}]: ${show(view, value[key], depth, true)}`);
    }
    view.indentation -= 2;
  }
  return output;
}

function collected(view, value, each) {
  const output = [];
  const limit = Math.min(Math.max(0, view.maxArrayLength), value.size);
  view.indentation += 2;
  for (const entry of value) {
    if (output.length >= limit) break;
    output.push(each(entry));
  }
  if (value.size > limit) output.push(more(value.size - limit));
  view.indentation -= 2;
  return output;
}

const set = (view, value, depth) =>
  collected(view, value, (entry) => show(view, entry, depth));

const map = (view, value, depth) =>
  collected(view, value, ([key, entry]) => `${show(view, key, depth)} => ${show(view, entry, depth)}`);

function iterator(view) {
  // Looking must not use it up, and there is no way to copy one.
  return [view.stylize('<items unknown>', 'special')];
}

function contents(view, value) {
  const bytes = new Uint8Array(value);
  const limit = Math.min(Math.max(0, view.maxArrayLength), bytes.length);
  let text = [...bytes.subarray(0, limit)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  if (bytes.length > limit) text += ` ... ${bytes.length - limit} more byte${bytes.length - limit > 1 ? 's' : ''}`;
  return [`${view.stylize('[Uint8Contents]', 'special')}: <${text}>`];
}

function promise(view, value, depth) {
  const [resolved, result] = native.promiseState(value);
  if (resolved === undefined) return [view.stylize('<pending>', 'special')];
  view.indentation += 2;
  const text = show(view, result, depth);
  view.indentation -= 2;
  return [resolved ? text : `${view.stylize('<rejected>', 'special')} ${text}`];
}

function property(view, object, depth, key, type) {
  const own = Object.getOwnPropertyDescriptor(object, key) ?? { value: object[key], enumerable: true };
  let text;
  let gap = ' ';
  if (own.value !== undefined) {
    const deeper = view.compact !== true || type !== OBJECT ? 2 : 3;
    view.indentation += deeper;
    text = show(view, own.value, depth);
    if (deeper === 3 && view.breakLength < width(text)) gap = `\n${' '.repeat(view.indentation)}`;
    view.indentation -= deeper;
  } else if (own.get !== undefined) {
    const label = own.set !== undefined ? 'Getter/Setter' : 'Getter';
    const wanted = view.getters && (view.getters === true || (view.getters === 'get') === (own.set === undefined));
    if (wanted) {
      view.indentation += 2;
      const value = own.get.call(object);
      text = value === null || typeof value !== 'object'
        ? view.stylize(`[${label}: ${primitive({ ...view, stylize: plain }, value)}]`, 'special')
        : `${view.stylize(`[${label}]`, 'special')} ${show(view, value, depth)}`;
      view.indentation -= 2;
    } else {
      text = view.stylize(`[${label}]`, 'special');
    }
  } else if (own.set !== undefined) {
    text = view.stylize('[Setter]', 'special');
  } else {
    text = view.stylize('undefined', 'undefined');
  }
  if (type === ARRAY) return text;
  let name;
  if (typeof key === 'symbol') name = `[${view.stylize(Symbol.prototype.toString.call(key), 'symbol')}]`;
  else if (key === '__proto__') name = "['__proto__']";
  else if (own.enumerable === false) name = `[${key}]`;
  else if (/^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key)) name = view.stylize(key, 'name');
  else name = view.stylize(quoted(key), 'string');
  return `${name}:${gap}${text}`;
}

// Long lists of short things go in columns.
function grouped(view, output, value) {
  const cut = view.maxArrayLength < output.length;
  const count = cut ? output.length - 1 : output.length;
  const lengths = [];
  let total = 0;
  let longest = 0;
  for (let index = 0; index < count; index++) {
    const length = width(view.colors ? stripped(output[index]) : output[index]);
    lengths.push(length);
    total += length + 2;
    longest = Math.max(longest, length);
  }
  const most = longest + 2;
  if (!(most * 3 + view.indentation < view.breakLength && (total / most > 5 || longest <= 6))) return output;
  const bias = Math.max(most - 3 - Math.sqrt(most - total / output.length), 1);
  const columns = Math.min(
    Math.round(Math.sqrt(2.5 * bias * count) / bias), Math.floor((view.breakLength - view.indentation) / most),
    view.compact * 4, 15);
  if (columns <= 1) return output;
  const widths = [];
  for (let column = 0; column < columns; column++) {
    let widest = 0;
    for (let index = column; index < count; index += columns) widest = Math.max(widest, lengths[index]);
    widths.push(widest + 2);
  }
  let pad = 'padStart';
  if (value !== undefined) {
    for (let index = 0; index < output.length; index++) {
      if (typeof value[index] !== 'number' && typeof value[index] !== 'bigint') {
        pad = 'padEnd';
        break;
      }
    }
  }
  const lines = [];
  for (let start = 0; start < count; start += columns) {
    const end = Math.min(start + columns, count);
    let line = '';
    for (let index = start; index < end - 1; index++) {
      line += `${output[index]}, `[pad](widths[index - start] + output[index].length - lengths[index]);
    }
    const last = end - 1;
    line += pad === 'padStart'
      ? output[last].padStart(widths[last - start] + output[last].length - lengths[last] - 2)
      : output[last];
    lines.push(line);
  }
  if (cut) lines.push(output[count]);
  return lines;
}

function joined(view, output, base, braces, extras, depth, value) {
  if (view.compact !== true) {
    if (typeof view.compact === 'number' && view.compact >= 1) {
      const entries = output.length;
      if (extras === EXTRAS && entries > 6) output = grouped(view, output, value);
      if (view.level - depth < view.compact && entries === output.length) {
        const start = output.length + view.indentation + braces[0].length + base.length + 10;
        if (fits(view, output, start, base)) {
          const line = output.join(', ');
          if (!line.includes('\n')) return `${base ? `${base} ` : ''}${braces[0]} ${line} ${braces[1]}`;
        }
      }
    }
    const indent = `\n${' '.repeat(view.indentation)}`;
    return `${base ? `${base} ` : ''}${braces[0]}${indent}  ${output.join(`,${indent}  `)}${indent}${braces[1]}`;
  }
  if (fits(view, output, 0, base)) return `${braces[0]}${base ? ` ${base}` : ''} ${output.join(', ')} ${braces[1]}`;
  const indent = `\n${' '.repeat(view.indentation)}`;
  const line = base === '' && braces[0].length === 1 ? ' ' : `${base ? ` ${base}` : ''}\n${' '.repeat(view.indentation)}  `;
  return `${braces[0]}${line}${output.join(`,${indent}  `)} ${braces[1]}`;
}

function fits(view, output, start, base) {
  let total = output.length + start;
  if (total + output.length > view.breakLength) return false;
  for (const text of output) {
    total += view.colors ? stripped(text).length : text.length;
    if (total > view.breakLength) return false;
  }
  return base === '' || !base.includes('\n');
}

// Columns of a terminal: wide characters take two, joined ones none.
function width(text) {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const letter of text.normalize('NFC')) {
    const point = letter.codePointAt(0);
    if (/\p{M}|\p{Cf}|\p{Cc}/u.test(letter)) continue;
    columns += (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) ||
      (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff) ||
      (point >= 0xfe30 && point <= 0xfe6f) || (point >= 0xff00 && point <= 0xff60) ||
      (point >= 0xffe0 && point <= 0xffe6) || (point >= 0x1f300 && point <= 0x1faff) || (point >= 0x20000 && point <= 0x3fffd) ? 2 : 1;
  }
  return columns;
}

// Whether `String(object)` says what the language says, and no author did.
function ownWords(object) {
  if (object[Symbol.toPrimitive] !== undefined && !(object instanceof Date)) return false;
  if (typeof object.toString !== 'function') return true;
  if (Object.hasOwn(object, 'toString')) return false;
  let at = object;
  do at = Object.getPrototypeOf(at); while (at && !Object.hasOwn(at, 'toString'));
  return at === null || at === Object.prototype || at === Error.prototype;
}

function format(...args) {
  return formatWithOptions({}, ...args);
}

function formatWithOptions(options, ...args) {
  let text = '';
  let next = 0;
  if (typeof args[0] === 'string') {
    if (args.length === 1) return args[0];
    next = 1;
    text = args[0].replace(/%[sdifjoOc%]/g, (mark) => {
      if (mark === '%%') return '%';
      if (next >= args.length) return mark;
      const value = args[next++];
      switch (mark) {
        case '%s':
          if (typeof value === 'number') return numeral({ stylize: plain }, value);
          if (typeof value === 'bigint') return `${value}n`;
          if (typeof value === 'symbol') return value.toString();
          if (typeof value !== 'object' || value === null || !ownWords(value)) return String(value);
          return inspect(value, { ...options, depth: 0, colors: false, compact: 3 });
        case '%d':
          if (typeof value === 'bigint') return `${value}n`;
          return typeof value === 'symbol' ? 'NaN' : numeral({ stylize: plain }, Number(value));
        case '%i':
          if (typeof value === 'bigint') return `${value}n`;
          return typeof value === 'symbol' ? 'NaN' : numeral({ stylize: plain }, parseInt(value));
        case '%f':
          return typeof value === 'symbol' ? 'NaN' : numeral({ stylize: plain }, parseFloat(value));
        case '%j':
          try {
            return JSON.stringify(value);
          } catch (error) {
            if (/circular/i.test(error.message)) return '[Circular]';
            throw error;
          }
        case '%O': return inspect(value, options);
        case '%o': return inspect(value, { ...options, showHidden: true, showProxy: true, depth: 4 });
        default: return '';
      }
    });
  }
  for (; next < args.length; next++) {
    const value = args[next];
    if (next > 0) text += ' ';
    text += typeof value === 'string' ? value : inspect(value, options);
  }
  return text;
}

inspect.custom = custom;
inspect.colors = Object.assign(Object.create(null), codes);
inspect.styles = Object.assign(Object.create(null), styles);
inspect.changed = {};
Object.defineProperty(inspect, 'defaultOptions', {
  get: () => ({ ...defaults, ...inspect.changed }),
  set(options) { Object.assign(inspect.changed, options); },
});

module.exports = { inspect, format, formatWithOptions, width, stripped, quoted };
