import { greet } from './greet.js';
import fs, { existsSync } from 'node:fs';
export const greeting = greet('module');
export default () => [fs.existsSync === existsSync, import.meta.filename.endsWith('esm.mjs'), import.meta.url.startsWith('file:///')];
