// What V8 says of a text that is no JSON.
'use strict';

class Wrong extends Error {}

function why(text) {
  let at = 0;
  const where = () => ` in JSON at position ${at}`;
  const space = () => { while (at < text.length && ' \t\n\r'.includes(text[at])) at++; };
  const end = () => { throw new Wrong('Unexpected end of JSON input'); };
  const wrong = (message) => { throw new Wrong(message + where()); };
  const unexpected = () => {
    if (at >= text.length) end();
    const letter = String.fromCodePoint(text.codePointAt(at));
    if (letter === '"') wrong('Unexpected string');
    const from = Math.max(0, at - 10);
    const to = Math.min(text.length, at + 10);
    const shown = text.length <= 40 ? `"${text}"` : `${from > 0 ? '...' : ''}"${text.slice(from, to)}"${to < text.length ? '... ' : ' '}`;
    throw new Wrong(text.length <= 40 ? `Unexpected token '${letter}', ${shown} is not valid JSON` : `Unexpected token '${letter}', ${shown}is not valid JSON`);
  };
  const string = () => {
    for (at++; ; at++) {
      if (at >= text.length) wrong('Unterminated string');
      const letter = text[at];
      if (letter === '"') {
        at++;
        return;
      }
      if (letter < ' ') wrong('Bad control character in string literal');
      if (letter === '\\') {
        at++;
        if (at >= text.length) wrong('Unterminated string');
        if (text[at] === 'u') {
          for (let digit = 1; digit <= 4; digit++) {
            at++;
            if (!/[0-9a-f]/i.test(text[at] ?? '')) wrong('Bad Unicode escape');
          }
        } else if (!'"\\/bfnrt'.includes(text[at])) {
          wrong('Bad escaped character');
        }
      }
    }
  };
  const number = () => {
    if (text[at] === '-' && !/\d/.test(text[++at] ?? '')) wrong('No number after minus sign');
    const found = /^(0|[1-9]\d*)/.exec(text.slice(at, at + 400));
    at += found[0].length;
    if (text[at] === '.') {
      at++;
      if (!/\d/.test(text[at] ?? '')) wrong('Unterminated fractional number');
      while (/\d/.test(text[at] ?? '')) at++;
    }
    if (/e/i.test(text[at] ?? '')) {
      at++;
      if (/[+-]/.test(text[at] ?? '')) at++;
      if (!/\d/.test(text[at] ?? '')) wrong('Exponent part is missing a number');
      while (/\d/.test(text[at] ?? '')) at++;
    }
  };
  // Nested values are kept on a list, and not on the stack: a text may nest as deep as it is long.
  const open = [];
  let state = 'value';
  for (;;) {
    space();
    const letter = text[at];
    if (state === 'value' || state === 'first') {
      if (state === 'first' && letter === ']') {
        at++;
        open.pop();
        state = 'after';
      } else if (letter === '{') {
        at++;
        open.push('{');
        state = 'name first';
      } else if (letter === '[') {
        at++;
        open.push('[');
        state = 'first';
      } else if (letter === '"') {
        string();
        state = 'after';
      } else if (letter === '-' || (letter >= '0' && letter <= '9')) {
        number();
        state = 'after';
      } else {
        const word = ['true', 'false', 'null'].find((one) => one[0] === letter);
        if (!word) {
          if (text === 'undefined' || text === '[object Object]' || text === 'NaN') throw new Wrong(`"${text}" is not valid JSON`);
          unexpected();
        }
        for (const each of word) {
          if (text[at] !== each) unexpected();
          at++;
        }
        state = 'after';
      }
    } else if (state === 'name' || state === 'name first') {
      if (letter === '}' && state === 'name first') {
        at++;
        open.pop();
        state = 'after';
      } else if (letter === '"') {
        string();
        space();
        if (text[at] !== ':') {
          if (at >= text.length) end();
          wrong("Expected ':' after property name");
        }
        at++;
        state = 'value';
      } else if (at >= text.length && state === 'name first') {
        wrong("Expected property name or '}'");
      } else {
        wrong(state === 'name first' ? "Expected property name or '}'" : 'Expected double-quoted property name');
      }
    } else {
      const inside = open.at(-1);
      if (inside === undefined) {
        if (at >= text.length) return undefined;
        throw new Wrong(`Unexpected non-whitespace character after JSON at position ${at}`);
      }
      if (letter === ',') {
        at++;
        state = inside === '{' ? 'name' : 'value';
      } else if (letter === (inside === '{' ? '}' : ']')) {
        at++;
        open.pop();
      } else if (at >= text.length && inside === '[') {
        wrong("Expected ',' or ']' after array element");
      } else {
        wrong(inside === '{' ? "Expected ',' or '}' after property value" : "Expected ',' or ']' after array element");
      }
    }
  }
}

module.exports = (text) => {
  try {
    why(text);
  } catch (error) {
    if (error instanceof Wrong) return error.message;
    throw error;
  }
  return undefined;
};
