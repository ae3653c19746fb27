// Adds up the numbers in the files of a folder.
const fs = require('fs');
const path = require('path');
const { execFileSync } = require('child_process');

const [folder, report] = process.argv.slice(2);
const sums = fs.readdirSync(folder).filter((name) => name.endsWith('.txt')).map((name) => {
  const numbers = fs.readFileSync(path.join(folder, name), 'utf8').split(/\s+/).map(Number);
  return `${numbers.reduce((sum, number) => sum + number, 0)} ${name}\n`;
});
fs.writeFileSync(report, execFileSync('sort', ['-n'], { input: sums.join('') }));
console.log(fs.readFileSync(report, 'utf8').trimEnd());
