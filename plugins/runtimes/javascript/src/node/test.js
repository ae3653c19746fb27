// `node:test`, small: tests, suites, hooks and mocks, reported as TAP. They run one after the other.
'use strict';

const { inspect } = require('internal/inspect');
const { coded } = require('internal/errors');

const counts = { tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };
const begun = native.hrtime();

const arranged = (args) => {
  const name = typeof args[0] === 'string' ? args.shift() : undefined;
  const options = args[0] !== null && typeof args[0] === 'object' ? args.shift() : {};
  return { name: name ?? (args[0]?.name || '<anonymous>'), options, act: args[0] };
};

// One test or suite: what it runs, what is below it, and what runs around those.
class Step {
  constructor(kind, parent, { name, options, act }) {
    Object.assign(this, { kind, parent, name, options, act, children: [], hooks: { before: [], after: [], beforeEach: [], afterEach: [] }, depth: parent ? parent.depth + 1 : 0, notes: [], skipped: options.skip, todo: options.todo });
  }
  write(text) { native.writeText(1, text.replace(/^(?=.)/gm, '    '.repeat(Math.max(0, this.depth - 1)))); }
}

const root = new Step('suite', undefined, { name: '<root>', options: {} });
let current = root;
let scheduled = false;

function added(kind, args, extra) {
  const given = arranged(args);
  const node = new Step(kind, current, { ...given, options: { ...given.options, ...extra } });
  current.children.push(node);
  if (kind === 'suite' && node.act && !node.options.skip) {
    const outer = current;
    current = node;
    try {
      node.act();
    } catch (error) {
      node.failure = error;
    }
    current = outer;
  }
  if (!scheduled) {
    scheduled = true;
    setImmediate(begin);
  }
  return new Promise((resolve) => { node.done = resolve; });
}

const around = (node, which) => (node ? [...around(node.parent, which), ...node.hooks[which]] : []);

function timed(promise, milliseconds) {
  if (!milliseconds || milliseconds === Infinity) return promise;
  return Promise.race([promise, new Promise((resolve, reject) => {
    setTimeout(() => reject(coded(Error, 'ERR_TEST_FAILURE', `test timed out after ${milliseconds}ms`)), milliseconds).unref();
  })]);
}

async function called(act, context) {
  if (act.length > 1) return new Promise((resolve, reject) => { act(context, (error) => (error ? reject(error) : resolve())); });
  return act(context);
}

async function execute(node, number) {
  const from = native.hrtime();
  let failure = node.failure;
  const below = node.children;
  node.write(`# Subtest: ${node.name}\n`);
  if (!node.skipped && !failure) {
    const context = contextOf(node);
    try {
      if (node.kind === 'suite') {
        for (const hook of node.hooks.before) await called(hook, context);
        for (const [index, child] of below.entries()) await execute(child, index + 1);
        for (const hook of node.hooks.after) await called(hook, context);
      } else if (node.act) {
        for (const hook of around(node.parent, 'beforeEach')) await called(hook, context);
        try {
          await timed(called(node.act, context), node.options.timeout);
          for (const pending of node.subtests ?? []) await pending;
        } finally {
          for (const hook of around(node.parent, 'afterEach')) await called(hook, context);
          for (const hook of node.hooks.after) await called(hook, context);
        }
      }
    } catch (error) {
      failure = error;
    }
  }
  const broken = below.filter((child) => child.failed).length;
  if (!failure && broken) failure = Object.assign(new Error(`${broken} subtest${broken > 1 ? 's' : ''} failed`), { plain: true });
  node.failed = failure !== undefined && node.todo === undefined;
  count(node, failure);
  report(node, number, failure, below.length, (native.hrtime() - from) / 1e6);
  node.done?.();
}

function count(node, failure) {
  if (node.kind === 'suite') {
    counts.suites++;
    return;
  }
  counts.tests++;
  if (node.skipped) counts.skipped++;
  else if (node.todo) counts.todo++;
  else if (failure) counts.fail++;
  else counts.pass++;
}

function report(node, number, failure, below, milliseconds) {
  if (below) node.write(`    1..${below}\n`);
  const why = node.skipped ? ` # SKIP${typeof node.skipped === 'string' ? ` ${node.skipped}` : ''}` : node.todo ? ` # TODO${typeof node.todo === 'string' ? ` ${node.todo}` : ''}` : '';
  let text = `${failure ? 'not ok' : 'ok'} ${number} - ${node.name.replace(/[\\#]/g, '\\$&')}${why}\n  ---\n  duration_ms: ${milliseconds.toFixed(6)}\n`;
  if (node.kind === 'suite') text += "  type: 'suite'\n";
  if (failure) {
    const error = failure instanceof Error ? failure : new Error(String(failure));
    text += `  failureType: '${error.plain ? 'subtestsFailed' : 'testCodeFailure'}'\n`;
    text += error.message.includes('\n') ? `  error: |-\n${error.message.replace(/^/gm, '    ')}\n` : `  error: ${inspect(error.message)}\n`;
    text += `  code: '${error.code ?? 'ERR_TEST_FAILURE'}'\n`;
    if (!error.plain) text += `  stack: |-\n${String(error.stack).split('\n').slice(1).map((line) => `    ${line.trim().replace(/^at /, '')}`).join('\n')}\n`;
  }
  node.write(`${text}  ...\n`);
  for (const note of node.notes) node.write(`# ${note}\n`);
}

function contextOf(node) {
  return {
    name: node.name, signal: new AbortController().signal, mock: new Mocks(),
    diagnostic: (text) => node.notes.push(text),
    skip: (why = true) => { node.skipped = why; },
    todo: (why = true) => { node.todo = why; },
    plan() {},
    test: (...args) => below(node, args),
    before: (act) => called(act, contextOf(node)), after: (act) => node.hooks.after.push(act),
    beforeEach: (act) => node.hooks.beforeEach.push(act), afterEach: (act) => node.hooks.afterEach.push(act),
  };
}

// A test of a test: it begins at once, after those before it.
function below(node, args) {
  const child = new Step('test', node, arranged(args));
  node.children.push(child);
  const number = node.children.length;
  const before = node.subtests?.at(-1);
  const running = (async () => { await before; await execute(child, number); })();
  (node.subtests ??= []).push(running);
  return running;
}

async function begin() {
  native.writeText(1, 'TAP version 13\n');
  for (const hook of root.hooks.before) await hook();
  for (let index = 0; index < root.children.length; index++) await execute(root.children[index], index + 1);
  for (const hook of root.hooks.after) await hook();
  native.writeText(1, `1..${root.children.length}\n${Object.entries(counts).map(([name, number]) => `# ${name} ${number}\n`).join('')}# duration_ms ${((native.hrtime() - begun) / 1e6).toFixed(6)}\n`);
  if (root.children.some((child) => child.failed)) process.exitCode = 1;
}

class Mocks {
  #undo = [];
  fn(original = () => undefined, implementation = original) {
    const calls = [];
    let own = implementation;
    const mocked = function (...args) {
      const call = { arguments: args, this: this, target: new.target, result: undefined, error: undefined, stack: new Error() };
      calls.push(call);
      try {
        call.result = new.target ? Reflect.construct(own, args) : Reflect.apply(own, this, args);
        return call.result;
      } catch (error) {
        call.error = error;
        throw error;
      }
    };
    mocked.mock = {
      calls, callCount: () => calls.length, resetCalls: () => { calls.length = 0; },
      mockImplementation: (next) => { own = next; }, restore: () => { own = original; },
      mockImplementationOnce(next) {
        const after = own;
        own = function (...args) { own = after; return Reflect.apply(next, this, args); };
      },
    };
    return mocked;
  }
  method(object, name, implementation) {
    const original = object[name];
    const mocked = this.fn(original, typeof implementation === 'function' ? implementation : original);
    const restore = () => { object[name] = original; };
    mocked.mock.restore = restore;
    this.#undo.push(restore);
    object[name] = mocked;
    return mocked;
  }
  getter(object, name, implementation) { return this.method(object, name, implementation); }
  reset() { this.restoreAll(); }
  restoreAll() { for (const undo of this.#undo.splice(0)) undo(); }
  get timers() { throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'mock.timers is not available here: timers run as they are'); }
}

const kinds = (kind) => Object.assign((...args) => added(kind, args), {
  skip: (...args) => added(kind, args, { skip: true }), todo: (...args) => added(kind, args, { todo: true }), only: (...args) => added(kind, args),
});
const test = kinds('test');
const hook = (which) => (act) => { current.hooks[which].push(act); };

module.exports = Object.assign(test, {
  test, it: kinds('test'), describe: kinds('suite'), suite: kinds('suite'), mock: new Mocks(),
  before: hook('before'), after: hook('after'), beforeEach: hook('beforeEach'), afterEach: hook('afterEach'),
  run() { throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'test.run is not available here: run each file by itself'); },
});
