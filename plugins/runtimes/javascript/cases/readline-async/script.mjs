import readline from 'node:readline/promises';
import { stdin, stdout } from 'node:process';
const rl = readline.createInterface({ input: stdin, output: stdout });
const name = await rl.question('name? ');
const age = await rl.question('age? ');
console.log(`\n${name} is ${age}`);
rl.close();
