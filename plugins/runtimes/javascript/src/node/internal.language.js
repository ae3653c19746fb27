// Where the engine's own words differ from V8's: messages that scripts print, and what depends on a locale.
'use strict';

// Messages of errors, as the engine says them and as V8 does. Made when there is an error.
const messages = () => [
  [/^cannot read property 'Symbol\.iterator' of (null|undefined)$/, (_, of) => `${of} is not iterable`],
  [/^cannot read property '(.*)' of (null|undefined)$/s, (_, name, of) => `Cannot read properties of ${of} (reading '${name}')`],
  [/^cannot set property '(.*)' of (null|undefined)$/s, (_, name, of) => `Cannot set properties of ${of} (setting '${name}')`],
  [/^'(.*)' is not defined$/s, (_, name) => `${name} is not defined`],
  [/^'?(.*?)'? is read-only$/s, (_, name) => (name ? `Assignment to constant variable.` : undefined)],
  [/^this is not initialized$/, () => "Must call super constructor in derived class before accessing 'this' or returning from derived constructor"],
  [/^(.+) is not initialized$/s, (_, name) => `Cannot access '${name.replace(/^'|'$/g, '')}' before initialization`],
  [/^lexical variable is not initialized$/, () => 'Cannot access variable before initialization'],
  [/^circular reference$/, () => 'Converting circular structure to JSON'],
  [/^(?:bigint operand|cannot convert bigint to number|cannot mix BigInt.*|cannot convert to number: bigint.*)$/i, () => 'Cannot mix BigInt and other types, use explicit conversions'],
  [/^invalid repeat count$/, () => 'Invalid count value'],
  [/^cannot convert symbol to string$/, () => 'Cannot convert a Symbol value to a string'],
  [/^expecting hex digit$|^malformed.*UTF-8$|^invalid character$/i, () => 'URI malformed'],
  [/^Date value is NaN$/, () => 'Invalid time value'],
  [/^class constructors must be invoked with 'new'$/, () => "Class constructor cannot be invoked without 'new'"],
  [/^object is not extensible$/, () => 'Cannot add property, object is not extensible'],
  [/^empty array$/, () => 'Reduce of empty array with no initial value'],
  [/^invalid number of digits$/, () => 'toFixed() digits argument must be between 0 and 100'],
  [/^invalid 'in' operand$/, () => "Cannot use 'in' operator to search in a primitive value"],
  [/^invalid 'instanceof' right operand$/, () => "Right-hand side of 'instanceof' is not an object"],
  [/^invalid BigInt literal$/, () => 'Cannot convert to a BigInt'],
  [/^invalid array length$/, () => 'Invalid array length'],
  [/^(.+) is not iterable$/s, (_, name) => `${name} is not iterable`],
];

let known;

// What was called, as the script's text names it.
function callee(site) {
  if (!site || site.isNative?.()) return 'undefined';
  const line = require('module').sources.get(site.getFileName())?.split('\n')[site.getLineNumber() - 1];
  if (line === undefined) return undefined;
  let end = site.getColumnNumber() - 1;
  if (line[end] === '(') {
    while (/\s/.test(line[end - 1] ?? '')) end--;
  } else {
    end += /^[\w$]*/.exec(line.slice(end))[0].length;
  }
  return /(?:[\w$]+|\])(?:\??\.[\w$]+|\[[\w$'"]+\])*$/.exec(line.slice(0, end))?.[0];
}

module.exports = {
  message(text, site) {
    if (text === 'not a function') {
      const name = callee(site);
      return name && `${name} is not a function`;
    }
    known ??= messages();
    for (const [form, said] of known) {
      const found = form.exec(text);
      if (found) return said(...found);
    }
    return undefined;
  },
};

// JSON that does not parse: the engine says so, and V8 says where.
const parse = JSON.parse;
Object.defineProperty(JSON, 'parse', {
  writable: true, configurable: true,
  value: function (text, reviver) {
    try {
      return reviver === undefined ? parse(text) : parse(text, reviver);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SyntaxError(require('internal/json')(String(text)) ?? error.message);
    }
  },
});
Object.defineProperty(JSON.parse, 'name', { value: 'parse' });

const replace = (prototype, methods) => {
  for (const name of Object.keys(methods)) Object.defineProperty(prototype, name, { value: methods[name], writable: true, configurable: true });
};
const intl = () => require('internal/intl').Intl;

replace(Number.prototype, { toLocaleString(locale, options) { return new (intl().NumberFormat)(locale, options).format(Number(this)); } });
replace(BigInt.prototype, { toLocaleString(locale, options) { return new (intl().NumberFormat)(locale, options).format(BigInt(this)); } });

const DATE = { year: 'numeric', month: 'numeric', day: 'numeric' };
const TIME = { hour: 'numeric', minute: '2-digit', second: '2-digit' };
const some = (options, names) => options && names.some((name) => options[name] !== undefined);
const DATES = ['weekday', 'year', 'month', 'day', 'dateStyle'];
const TIMES = ['hour', 'minute', 'second', 'timeStyle'];

function dated(date, locale, options, fallback, names) {
  if (Number.isNaN(date.getTime())) return 'Invalid Date';
  return new (intl().DateTimeFormat)(locale, some(options, names) ? options : { ...fallback, ...options }).format(date);
}
replace(Date.prototype, {
  toLocaleString(locale, options) { return dated(this, locale, options, { ...DATE, ...TIME }, [...DATES, ...TIMES]); },
  toLocaleDateString(locale, options) { return dated(this, locale, options, DATE, DATES); },
  toLocaleTimeString(locale, options) { return dated(this, locale, options, TIME, TIMES); },
});

// Order as dictionaries have it: letters first, then accents, then case; signs before digits before letters.
const rank = (letter) => (/\s/.test(letter) ? 0 : /[\p{P}]/u.test(letter) ? 1 : /[\p{S}]/u.test(letter) ? 2 : /\p{N}/u.test(letter) ? 3 : 4);
const SIGNS = '_-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$';

function order(left, right) {
  if (left === right) return 0;
  const rankings = rank(left) - rank(right);
  if (rankings) return rankings;
  const [one, other] = [SIGNS.indexOf(left), SIGNS.indexOf(right)];
  if (one >= 0 && other >= 0) return one - other;
  return left < right ? -1 : 1;
}

function compare(left, right) {
  if (left === right) return 0;
  const plain = (text) => (/^[\x20-\x7e]*$/.test(text) ? text : text.normalize('NFD'));
  const [one, other] = [plain(left), plain(right)];
  const bare = (text) => (/^[\x20-\x7e]*$/.test(text) ? text : text.replace(/\p{M}/gu, '')).toLowerCase();
  const [first, second] = [bare(one), bare(other)];
  const length = Math.min(first.length, second.length);
  for (let index = 0; index < length; index++) {
    const found = order(first[index], second[index]);
    if (found) return found < 0 ? -1 : 1;
  }
  if (first.length !== second.length) return first.length < second.length ? -1 : 1;
  const [low, high] = [one.toLowerCase(), other.toLowerCase()];
  if (low !== high) return low < high ? -1 : 1;
  // A small letter comes before its capital.
  for (let index = 0; index < Math.min(one.length, other.length); index++) {
    if (one[index] !== other[index]) return one[index] === one[index].toLowerCase() ? -1 : 1;
  }
  return Math.sign(one.length - other.length);
}
replace(String.prototype, {
  localeCompare(other, locale, options) {
    const text = String(this);
    other = String(other);
    if (options && (options.numeric || options.sensitivity)) return new (intl().Collator)(locale, options).compare(text, other);
    return compare(text, other);
  },
  toLocaleLowerCase() { return this.toLowerCase(); },
  toLocaleUpperCase() { return this.toUpperCase(); },
});
