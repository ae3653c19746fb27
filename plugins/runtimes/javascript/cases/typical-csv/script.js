#!/usr/bin/env node
'use strict';
// Converts CSV to JSON and sums a column, as a skill's script would.
const fs = require('fs');
const path = require('path');

function parseCSV(text) {
  const rows = [];
  let row = [], cell = '', quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') { cell += '"'; i++; } else if (c === '"') quoted = false; else cell += c;
    } else if (c === '"') quoted = true;
    else if (c === ',') { row.push(cell); cell = ''; }
    else if (c === '\n' || c === '\r') { if (c === '\r' && text[i + 1] === '\n') i++; row.push(cell); rows.push(row); row = []; cell = ''; }
    else cell += c;
  }
  if (cell || row.length) { row.push(cell); rows.push(row); }
  return rows;
}

const args = process.argv.slice(2);
if (args.includes('--help')) { console.log('Usage: script.js FILE [--sum COLUMN]'); process.exit(0); }
const file = args.find((arg) => !arg.startsWith('--'));
if (!file) { console.error('no file'); process.exit(2); }
const [header, ...rows] = parseCSV(fs.readFileSync(path.resolve(__dirname, file), 'utf8'));
const records = rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])));
console.log(JSON.stringify(records, null, 2));
const column = args[args.indexOf('--sum') + 1];
const total = records.reduce((sum, record) => sum + Number(record[column] || 0), 0);
console.log(`${column}: ${total.toFixed(2)} over ${records.length} rows`);
fs.writeFileSync(path.join(process.cwd(), 'out.json'), JSON.stringify(records));
console.log(fs.statSync('out.json').size, new Map(records.map((r) => [r.name, r])));
