const { greet } = require('./lib/greet');
const data = require('./lib/data.json');
const pkg = require('small');
const { deep } = require('small/deep');
console.log(greet('world'), data.list, pkg.name, deep, require('./lib'), require.resolve('./lib/greet').split('/').slice(-2));
console.log(module.id, require.main === module, typeof module.paths, path_of(__filename), path_of(__dirname).length > 0);
function path_of(name) { return require('path').basename(name); }
try { require('./lib/missing'); } catch (error) { console.log(error.code, error.message.split('\n')[0]); }
try { require('missing-package'); } catch (error) { console.log(error.code, error.message.split('\n')[0]); }
import('./lib/esm.mjs').then((all) => console.log(all, all.default()));
console.log(require('./lib/cycle-a'));
console.log(require('module').builtinModules.includes('fs'), require('node:path') === require('path'));
