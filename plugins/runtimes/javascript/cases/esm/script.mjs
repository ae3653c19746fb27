import { readFileSync } from 'node:fs';
import path from 'node:path';
import process, { argv } from 'node:process';
import { createRequire } from 'node:module';
import { name } from './lib/other.mjs';
import common, { value } from './lib/common.cjs';
import * as all from './lib/other.mjs';
import data from './lib/data.json' with { type: 'json' };
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const late = await import('./lib/late.mjs');
console.log(name, common, value, Object.keys(all), data, late.answer, argv.slice(2));
console.log(path.basename(import.meta.filename), path.basename(fileURLToPath(import.meta.url)), require('./lib/common.cjs') === common);
console.log(readFileSync(new URL('./lib/data.json', import.meta.url), 'utf8').trim(), this, typeof module, process === globalThis.process);
try { await import('./lib/missing.mjs'); } catch (error) { console.log(error.code); }
try { await import('missing-package'); } catch (error) { console.log(error.code); }
export {};
