// Patterns of file names as expressions: `*`, `**`, `?`, `[..]`, `{..}`.
'use strict';

module.exports = (pattern) => {
  let source = '';
  let depth = 0;
  for (let index = 0; index < pattern.length; index++) {
    const letter = pattern[index];
    if (letter === '*') {
      if (pattern[index + 1] === '*') {
        const slash = pattern[index + 2] === '/';
        source += slash ? '(?:[^/]+/)*' : '.*';
        index += slash ? 2 : 1;
      } else {
        source += '[^/]*';
      }
    } else if (letter === '?') {
      source += '[^/]';
    } else if (letter === '{') {
      depth++;
      source += '(?:';
    } else if (letter === '}' && depth) {
      depth--;
      source += ')';
    } else if (letter === ',' && depth) {
      source += '|';
    } else if (letter === '[') {
      const end = pattern.indexOf(']', index + 1);
      if (end < 0) {
        source += '\\[';
      } else {
        source += `[${pattern.slice(index + 1, end).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
        index = end;
      }
    } else {
      source += letter.replace(/[\\^$.|+()\]]/g, '\\$&');
    }
  }
  return new RegExp(`^${source}${')'.repeat(depth)}$`, 's');
};
