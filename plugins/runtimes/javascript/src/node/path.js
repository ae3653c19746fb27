// `path`: names of files, as text.
'use strict';

const { needString, wrongType } = require('internal/errors');

// Takes `.` and `..` out of what lies between separators.
function normalized(path, absolute, separator = '/') {
  const parts = [];
  for (const part of path.split(separator === '/' ? '/' : /[\\/]/)) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length && parts.at(-1) !== '..') parts.pop();
    else if (!absolute) parts.push('..');
  }
  return parts.join(separator);
}

const posix = {
  sep: '/', delimiter: ':',
  resolve(...paths) {
    let path = '';
    for (let index = paths.length - 1; index >= -1; index--) {
      const next = index >= 0 ? paths[index] : process.cwd();
      needString(next, `paths[${index}]`);
      if (next === '') continue;
      path = `${next}/${path}`;
      if (next.startsWith('/')) return `/${normalized(path, true)}`;
    }
    return normalized(path, false) || '.';
  },
  normalize(path) {
    needString(path, 'path');
    if (path === '') return '.';
    const absolute = path.startsWith('/');
    let clean = normalized(path, absolute);
    if (clean === '' && !absolute) clean = '.';
    if (clean !== '' && path.endsWith('/')) clean += '/';
    return absolute ? `/${clean}` : clean;
  },
  isAbsolute(path) {
    needString(path, 'path');
    return path.startsWith('/');
  },
  join(...paths) {
    for (const path of paths) needString(path, 'path');
    const joined = paths.filter((path) => path !== '').join('/');
    return joined === '' ? '.' : posix.normalize(joined);
  },
  relative(from, to) {
    needString(from, 'from');
    needString(to, 'to');
    if (from === to) return '';
    const here = posix.resolve(from).split('/').filter(Boolean);
    const there = posix.resolve(to).split('/').filter(Boolean);
    let shared = 0;
    while (shared < here.length && shared < there.length && here[shared] === there[shared]) shared++;
    return [...here.slice(shared).map(() => '..'), ...there.slice(shared)].join('/');
  },
  toNamespacedPath: (path) => path,
  dirname(path) {
    needString(path, 'path');
    if (path === '') return '.';
    const trimmed = path.replace(/\/+$/, '');
    if (trimmed === '') return '/';
    const end = trimmed.lastIndexOf('/');
    if (end < 0) return '.';
    if (end === 0) return '/';
    return end === 1 && path.startsWith('//') ? '//' : trimmed.slice(0, end);
  },
  basename(path, suffix) {
    needString(path, 'path');
    if (suffix !== undefined) needString(suffix, 'suffix');
    if (suffix !== undefined && suffix !== '' && path === suffix) return '';
    const name = path.replace(/\/+$/, '').split('/').at(-1);
    return suffix && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  },
  extname(path) {
    needString(path, 'path');
    const name = posix.basename(path);
    const dot = name.lastIndexOf('.');
    return dot <= 0 || name === '..' ? '' : name.slice(dot);
  },
  format(parts) {
    if (parts === null || typeof parts !== 'object') throw wrongType('pathObject', 'of type object', parts);
    const directory = parts.dir || parts.root;
    const extension = parts.ext ? `${parts.ext.startsWith('.') ? '' : '.'}${parts.ext}` : '';
    const base = parts.base || `${parts.name ?? ''}${extension}`;
    if (!directory) return base;
    return directory === parts.root ? `${directory}${base}` : `${directory}/${base}`;
  },
  parse(path) {
    needString(path, 'path');
    const root = path.startsWith('/') ? '/' : '';
    const base = posix.basename(path);
    const ext = posix.extname(path);
    const trimmed = path.replace(/\/+$/, '');
    const end = trimmed.lastIndexOf('/');
    const dir = end < 0 ? root && trimmed === '' ? '/' : '' : trimmed.slice(0, end) || root;
    return { root, dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
  },
  matchesGlob(path, pattern) {
    return require('internal/glob')(pattern).test(path);
  },
};

// Windows' names, as far as text goes: scripts use them to show what a path would be there.
const win32 = {
  ...posix, sep: '\\', delimiter: ';',
  isAbsolute: (path) => /^([a-zA-Z]:)?[\\/]/.test(path),
  normalize(path) {
    const [, drive = '', root = '', rest] = /^([a-zA-Z]:)?([\\/])?(.*)$/s.exec(path);
    let clean = normalized(rest, root !== '', '\\');
    if (clean === '' && root === '') clean = '.';
    if (/[\\/]$/.test(rest) && clean !== '.') clean += '\\';
    return `${drive}${root && '\\'}${clean}`;
  },
  join: (...paths) => win32.normalize(paths.filter(Boolean).join('\\') || '.'),
  resolve(...paths) {
    let path = '';
    for (const next of paths.toReversed()) {
      if (next === '') continue;
      path = `${next}\\${path}`;
      if (win32.isAbsolute(next)) break;
    }
    return win32.normalize(win32.isAbsolute(path) ? path : `${process.cwd()}\\${path}`).replace(/(?<=[^:])\\$/, '');
  },
  basename: (path, suffix) => posix.basename(path.replace(/^[a-zA-Z]:/, '').replaceAll('\\', '/'), suffix),
  extname: (path) => posix.extname(path.replaceAll('\\', '/')),
  dirname: (path) => {
    const [, drive = '', rest] = /^([a-zA-Z]:)?(.*)$/s.exec(path);
    const directory = posix.dirname(rest.replaceAll('\\', '/')).replaceAll('/', '\\');
    return drive && directory === '.' ? drive : drive + directory;
  },
  parse(path) {
    const root = /^([a-zA-Z]:)?[\\/]?/.exec(path)[0];
    const base = win32.basename(path);
    const ext = win32.extname(base);
    const dir = win32.dirname(path);
    return { root, dir: dir === '.' ? '' : dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
  },
};

for (const flavour of [posix, win32]) Object.assign(flavour, { posix, win32, _makeLong: flavour.toNamespacedPath });

module.exports = posix;
