// `assert`.
'use strict';

const { inspect } = require('internal/inspect');
const { coded, wrongType } = require('internal/errors');
const equal = require('internal/equal');

const TITLES = {
  strictEqual: 'Expected values to be strictly equal:', deepStrictEqual: 'Expected values to be strictly deep-equal:',
  deepEqual: 'Expected values to be loosely deep-equal:', notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:', notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  notIdentical: 'Values have same structure but are not reference-equal:', strictEqualObject: 'Expected "actual" to be reference-equal to "expected":',
};

const show = (value) => inspect(value, { compact: false, customInspect: false, depth: 1000, maxArrayLength: Infinity, showHidden: false, showProxy: false, sorted: true, getters: true });

class AssertionError extends Error {
  constructor(options) {
    if (typeof options !== 'object' || options === null) throw wrongType('options', 'of type object', options);
    const { message, operator, actual, expected } = options;
    super(message !== undefined ? owned(String(message), operator, actual, expected) : described(operator, actual, expected));
    Object.defineProperty(this, 'name', { value: 'AssertionError', enumerable: false, writable: true, configurable: true });
    Object.defineProperty(this, 'stack', { value: this.stack.replace(/^[^\n]*Error: ?/, () => 'AssertionError [ERR_ASSERTION]: '), writable: true, configurable: true });
    this.generatedMessage = message === undefined;
    this.code = 'ERR_ASSERTION';
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;

  }
  toString() { return `${this.name} [${this.code}]: ${this.message}`; }
}

// Both sides, line by line, with what only one has marked.
function difference(actual, expected) {
  const left = show(actual).split('\n');
  const right = show(expected).split('\n');
  const table = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const same = left[i].replace(/,$/, '') === right[j].replace(/,$/, '');
      table[i][j] = same ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  const lines = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i].replace(/,$/, '') === right[j].replace(/,$/, '')) {
      lines.push(`  ${left[i]}`);
      i++;
      j++;
    } else if (i < left.length && (j >= right.length || table[i + 1][j] >= table[i][j + 1])) {
      lines.push(`+ ${left[i++]}`);
    } else {
      lines.push(`- ${right[j++]}`);
    }
  }
  return lines.join('\n');
}

// Lines of a comparison: more of them would take time by their square.
const COMPARED = 1000;

const isPrimitive = (value) => value === null || (typeof value !== 'object' && typeof value !== 'function');

// Two short values stand side by side.
function sideBySide(actual, expected) {
  if (!isPrimitive(actual) || !isPrimitive(expected)) return undefined;
  const [left, right] = [show(actual), show(expected)];
  return left !== right && left.length + right.length <= 13 ? `\n\n${left} !== ${right}\n` : undefined;
}

function compared(actual, expected) {
  if (show(actual).split('\n').length + show(expected).split('\n').length > COMPARED) return '';
  return `\n+ actual - expected\n\n${difference(actual, expected)}`;
}

function described(operator, actual, expected) {
  if (operator === 'deepStrictEqual' || operator === 'strictEqual') {
    const short = sideBySide(actual, expected);
    if (short) return TITLES[operator] + short;
    let title = TITLES[operator];
    if (operator === 'strictEqual' && !isPrimitive(actual) && !isPrimitive(expected)) {
      if (show(actual) === show(expected)) return `${TITLES.notIdentical}\n\n${show(actual)}\n`;
      title = TITLES.strictEqualObject;
    }
    return title + compared(actual, expected);
  }
  if (operator === 'deepEqual') return `${TITLES.deepEqual}\n\n${show(actual)}\n\nshould loosely deep-equal\n\n${show(expected)}`;
  if (operator in TITLES) {
    const text = show(actual);
    return operator === 'notStrictEqual' && !text.includes('\n') && text.length <= 50 ? `${TITLES[operator]} ${text}` : `${TITLES[operator]}\n\n${text}\n`;
  }
  return operator === '==' || operator === '!=' ? `${inspect(actual)} ${operator} ${inspect(expected)}` : 'Failed';
}

// An author's own message is followed by what both sides are, where that is short.
function owned(message, operator, actual, expected) {
  if (operator === 'strictEqual') return message + (sideBySide(actual, expected) ?? '');
  return operator === 'deepStrictEqual' ? message + (sideBySide(actual, expected) ?? compared(actual, expected)) : message;
}

function fail(actual, expected, message, operator) {
  if (message instanceof Error) throw message;
  throw new AssertionError({ message, actual, expected, operator });
}

function falsy(value, message, args) {
  if (message instanceof Error) throw message;
  const error = new AssertionError({
    message: args === 0 ? 'No value argument passed to `assert.ok()`' : message ?? 'The expression evaluated to a falsy value:\n\n  assert(' + inspect(value) + ')\n',
    actual: value, expected: true, operator: '==',
  });
  error.generatedMessage = message === undefined;
  throw error;
}

function assert(value, message) {
  if (!value) falsy(value, message, arguments.length);
}

assert.ok = function ok(value, message) {
  if (!value) falsy(value, message, arguments.length);
};
assert.fail = (message = 'Failed') => {
  if (message instanceof Error) throw message;
  const error = new AssertionError({ message, operator: 'fail' });
  error.generatedMessage = message === 'Failed';
  throw error;
};
assert.equal = (actual, expected, message) => { if (!(actual == expected || (actual !== actual && expected !== expected))) fail(actual, expected, message, '=='); }; // eslint-disable-line eqeqeq
assert.notEqual = (actual, expected, message) => { if (actual == expected || (actual !== actual && expected !== expected)) fail(actual, expected, message, '!='); }; // eslint-disable-line eqeqeq
assert.strictEqual = (actual, expected, message) => { if (!Object.is(actual, expected)) fail(actual, expected, message, 'strictEqual'); };
assert.notStrictEqual = (actual, expected, message) => { if (Object.is(actual, expected)) fail(actual, expected, message, 'notStrictEqual'); };
assert.deepEqual = (actual, expected, message) => { if (!equal(actual, expected, false)) fail(actual, expected, message, 'deepEqual'); };
assert.notDeepEqual = (actual, expected, message) => { if (equal(actual, expected, false)) fail(actual, expected, message, 'notDeepEqual'); };
assert.deepStrictEqual = (actual, expected, message) => { if (!equal(actual, expected, true)) fail(actual, expected, message, 'deepStrictEqual'); };
assert.notDeepStrictEqual = (actual, expected, message) => { if (equal(actual, expected, true)) fail(actual, expected, message, 'notDeepStrictEqual'); };
assert.match = (text, pattern, message) => {
  if (typeof text !== 'string' || !pattern.test(text)) fail(text, pattern, message ?? (typeof text === 'string' ? `The input did not match the regular expression ${inspect(pattern)}. Input:\n\n${inspect(text)}\n` : `The "string" argument must be of type string. Received type ${typeof text} (${inspect(text)})`), 'match');
};
assert.doesNotMatch = (text, pattern, message) => {
  if (typeof text === 'string' && pattern.test(text)) fail(text, pattern, message ?? `The input was expected to not match the regular expression ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`, 'doesNotMatch');
};
assert.ifError = (value) => {
  if (value === null || value === undefined) return;
  fail(value, null, `ifError got unwanted exception: ${value instanceof Error ? value.message : inspect(value)}`, 'ifError');
};

// Whether an error is as it was expected: by class, pattern, shape or a function that says so.
function expectedError(error, expected, message, operator) {
  if (expected === undefined) return;
  if (typeof expected === 'function') {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (Error.isPrototypeOf(expected) || expected === Error) {
      fail(error, expected, message ?? `The error is expected to be an instance of "${expected.name}". Received "${error?.constructor?.name}"\n\nError message:\n\n${error?.message}`, operator);
    }
    if (Reflect.apply(expected, {}, [error]) === true) return;
    fail(error, expected, message ?? `The ${expected.name ? `"${expected.name}" ` : ''}validation function is expected to return "true". Received ${inspect(false)}\n\nCaught error:\n\n${error}`, operator);
  }
  if (expected instanceof RegExp) {
    if (expected.test(String(error))) return;
    fail(error, expected, message ?? `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(error))}\n`, operator);
  }
  const keys = Object.keys(expected);
  if (expected instanceof Error) keys.push('name', 'message');
  for (const key of keys) {
    const matches = expected[key] instanceof RegExp && typeof error[key] === 'string' ? expected[key].test(error[key]) : equal(error[key], expected[key], true);
    if (!matches) {
      const pick = (value) => Object.fromEntries(keys.filter((own) => own in value).map((own) => [own, value[own]]));
      fail(error, expected, message ?? described('deepStrictEqual', pick(error), pick(expected)), operator);
    }
  }
}

const arranged = (expected, message) => (typeof expected === 'string' ? [undefined, expected] : [expected, message]);

const missing = (expected, message, what, operator) => {
  const name = expected?.name ? ` (${expected.name})` : '';
  fail(undefined, expected, `Missing expected ${what}${name}${message ? `: ${message}` : '.'}`, operator);
};

assert.throws = (act, ...rest) => {
  if (typeof act !== 'function') throw wrongType('fn', 'of type function', act);
  const [expected, message] = arranged(...rest);
  try {
    act();
  } catch (thrown) {
    expectedError(thrown, expected, message, 'throws');
    return;
  }
  missing(expected, message, 'exception', 'throws');
};
const settled = async (promise) => {
  if (typeof promise === 'function') {
    const returned = promise();
    if (typeof returned?.then !== 'function') throw coded(TypeError, 'ERR_INVALID_RETURN_VALUE', `Expected instance of Promise to be returned from the "promiseFn" function but got ${typeof returned}.`);
    promise = returned;
  } else if (typeof promise?.then !== 'function') {
    throw wrongType('promiseFn', 'of type function or an instance of Promise', promise);
  }
  try {
    await promise;
    return undefined;
  } catch (error) {
    return { error };
  }
};
assert.rejects = async (promise, ...rest) => {
  const [expected, message] = arranged(...rest);
  const failed = await settled(promise);
  if (!failed) missing(expected, message, 'rejection', 'rejects');
  expectedError(failed.error, expected, message, 'rejects');
};
const unwanted = (error, expected, message, what, operator) => {
  if (expected !== undefined && typeof expected === 'function' && !(error instanceof expected)) throw error;
  fail(error, expected, `Got unwanted ${what}${message ? `: ${message}` : '.'}\nActual message: "${error?.message}"`, operator);
};
assert.doesNotThrow = (act, ...rest) => {
  const [expected, message] = arranged(...rest);
  try {
    act();
  } catch (error) {
    unwanted(error, expected, message, 'exception', 'doesNotThrow');
  }
};
assert.doesNotReject = async (promise, ...rest) => {
  const [expected, message] = arranged(...rest);
  const failed = await settled(promise);
  if (failed) unwanted(failed.error, expected, message, 'rejection', 'doesNotReject');
};
assert.AssertionError = AssertionError;
assert.strict = Object.assign(function strict(value, message) { if (!value) falsy(value, message, arguments.length); }, assert, {
  equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual, notDeepEqual: assert.notDeepStrictEqual,
});
assert.strict.strict = assert.strict;

module.exports = assert;
