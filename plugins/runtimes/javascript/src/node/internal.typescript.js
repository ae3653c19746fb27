// TypeScript: its types are taken out when a file is loaded. Nothing checks them.
'use strict';

// A file is a module where its name, its package or its own text says so.
module.exports = (source, file) => {
  const format = require('module').start.formatOf(file);
  const module = format === 'module' || (format === undefined && /^\s*(import|export)\b(?!\s*\()/m.test(source));
  return native.stripTypes(source, file, module || format === undefined);
};
