// `util.parseArgs`.
'use strict';

const { coded, wrongType } = require('internal/errors');

function parseArgs({ args = process.argv.slice(process.execArgv.some((arg) => /^(-e|-p|-pe|--eval|--print)/.test(arg)) ? 1 : 2), options = {}, strict = true, allowPositionals = !strict, allowNegative = false, tokens: wantTokens = false } = {}) {
  for (const [name, option] of Object.entries(options)) {
    if (option.type !== 'string' && option.type !== 'boolean') throw wrongType(`options.${name}.type`, "one of type 'string' or 'boolean'", option.type);
    if (option.short !== undefined && option.short.length !== 1) throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The property 'options.${name}.short' must be a single character. Received ${require('internal/inspect').inspect(option.short)}`);
  }
  const values = Object.create(null);
  const positionals = [];
  const tokens = split([...args], options, allowNegative);
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (!allowPositionals) {
        throw coded(TypeError, 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL', `Unexpected argument '${token.value}'. This command does not take positional arguments`);
      }
      positionals.push(token.value);
    } else if (token.kind === 'option') {
      if (strict) check(token, options, allowPositionals);
      store(token, options, values, allowNegative);
    }
  }
  for (const [name, option] of Object.entries(options)) {
    if (option.default !== undefined && values[name] === undefined) values[name] = option.default;
  }
  return wantTokens ? { values, positionals, tokens } : { values, positionals };
}

function split(args, options, allowNegative) {
  const tokens = [];
  const long = (short) => Object.keys(options).find((name) => options[name].short === short) ?? short;
  const queue = args.map((arg, index) => [arg, index]);
  while (queue.length) {
    const [arg, index] = queue.shift();
    const next = queue[0]?.[0];
    const take = (name, rawName) => {
      const wants = options[name]?.type === 'string' && next !== undefined;
      tokens.push({ kind: 'option', name, rawName, index, value: wants ? queue.shift()[0] : undefined, inlineValue: wants ? false : undefined });
    };
    if (arg === '--') {
      tokens.push({ kind: 'option-terminator', index });
      for (const [rest, at] of queue.splice(0)) tokens.push({ kind: 'positional', index: at, value: rest });
    } else if (/^-[^-]$/.test(arg)) {
      take(long(arg[1]), arg);
    } else if (/^-[^-]/.test(arg)) {
      const short = long(arg[1]);
      if (options[short]?.type === 'string') {
        tokens.push({ kind: 'option', name: short, rawName: arg.slice(0, 2), index, value: arg.slice(2), inlineValue: true });
      } else {
        const parts = [];
        for (let at = 1; at < arg.length; at++) {
          if (options[long(arg[at])]?.type !== 'string' || at === arg.length - 1) {
            parts.push([`-${arg[at]}`, index]);
          } else {
            parts.push([`-${arg.slice(at)}`, index]);
            break;
          }
        }
        queue.unshift(...parts);
      }
    } else if (/^--[^=]+$/.test(arg)) {
      take(arg.slice(2), arg);
    } else if (/^--./.test(arg)) {
      const at = arg.indexOf('=');
      tokens.push({ kind: 'option', name: arg.slice(2, at), rawName: arg.slice(0, at), index, value: arg.slice(at + 1), inlineValue: true });
    } else {
      tokens.push({ kind: 'positional', index, value: arg });
    }
  }
  return tokens;
}

function check(token, options, allowPositionals) {
  const positive = token.name.replace(/^no-/, '');
  const option = options[token.name] ?? (options[positive]?.type === 'boolean' ? options[positive] : undefined);
  if (!option) {
    const hint = allowPositionals ? `. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- "${token.rawName}"` : '';
    throw coded(TypeError, 'ERR_PARSE_ARGS_UNKNOWN_OPTION', `Unknown option '${token.rawName}'${hint}`);
  }
  const shown = option.short ? `-${option.short}, --${token.name}` : `--${token.name}`;
  if (option.type === 'string' && typeof token.value !== 'string') {
    throw coded(TypeError, 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE', `Option '${shown} <value>' argument missing`);
  }
  if (option.type === 'boolean' && token.value !== undefined) {
    throw coded(TypeError, 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE', `Option '${shown}' does not take an argument`);
  }
  if (token.inlineValue === false && token.value.length > 1 && token.value.startsWith('-')) {
    const example = token.rawName.startsWith('--') ? `'${token.rawName}=-XYZ'` : `'--${token.name}=-XYZ' or '${token.rawName}-XYZ'`;
    throw coded(TypeError, 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE', `Option '${token.rawName}' argument is ambiguous.\nDid you forget to specify the option argument for '${token.rawName}'?\nTo specify an option argument starting with a dash use ${example}.`);
  }
}

function store(token, options, values, allowNegative) {
  let { name, value } = token;
  if (name === '__proto__') return;
  if (allowNegative && value === undefined && name.startsWith('no-') && options[name.slice(3)]?.type === 'boolean') {
    name = name.slice(3);
    value = false;
  }
  value ??= true;
  if (options[name]?.multiple) (values[name] ??= []).push(value);
  else values[name] = value;
}

module.exports = parseArgs;
