import { createInterface } from 'node:readline';
let n = 0;
for await (const line of createInterface({ input: process.stdin })) console.log(++n, line);
console.log('total', n);
