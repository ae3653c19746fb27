const text = require('fs').readFileSync(0, 'utf8');
console.log(text.trim().split('\n').map((line) => line.toUpperCase()));
