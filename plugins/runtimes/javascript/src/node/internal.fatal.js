// The end of a process by an error that nobody caught: what Node prints, and its code.
'use strict';

const { inspect } = require('internal/inspect');
const { coded } = require('internal/errors');

// The line that an error came from, with a mark below it.
function source(error) {
  const at = /\n {4}at (?:.*\()?(?:file:\/\/)?(\/[^\n]*?|\[eval\]|\[stdin\]):(\d+):(\d+)\)?/.exec(String(error?.stack));
  if (!at) return '';
  const [, file, line, column] = at;
  const text = require('module').sources.get(file)?.split('\n')[line - 1];
  if (text === undefined) return '';
  return `${file}:${line}\n${text}\n${' '.repeat(Math.max(0, Math.min(column - 1, text.length)))}^\n\n`;
}

// What to do about a package that is not there: none is fetched while a script runs.
function hint(error) {
  if (!/^(ERR_)?MODULE_NOT_FOUND$/.test(error?.code)) return '';
  const [, name] = /^Cannot find (?:module|package) '([^./'][^']*)'/.exec(error.message) ?? [];
  return name ? `\nHolm: the package '${name}' is not installed, and none is fetched at run time: put it into the skill's folder (node_modules), or bundle it into the script.\n` : '';
}

function fatal(error, rejection) {
  let text;
  if (error instanceof Error) {
    text = `${source(error)}${inspect(error)}\n`;
  } else if (rejection) {
    const reason = `This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled with .catch(). The promise rejected with the reason "${typeof error === 'object' ? inspect(error) : String(error)}".`;
    text = `node:internal/process/promises\n      new UnhandledPromiseRejection(reason);\n      ^\n\n${inspect(coded(Error, 'ERR_UNHANDLED_REJECTION', reason)).replace('Error [ERR_UNHANDLED_REJECTION]', 'UnhandledPromiseRejection')}\n`;
  } else {
    text = `Uncaught:\n${typeof error === 'string' ? error : inspect(error)}\n(Use \`node --trace-uncaught ...\` to show where the exception was thrown)\n`;
  }
  text += hint(error);
  native.writeText(2, `${text}\nNode.js ${process.version}\n`);
  process.leave(1);
}

module.exports = fatal;
