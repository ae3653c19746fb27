// Makes the component: `node componentize.mjs COMPONENTIZE-QJS STAGE COMPONENT`.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [tool, stage, to] = process.argv.slice(2);
const { componentize } = await import(pathToFileURL(tool));
const entry = `${stage}/skill/holm-entry.js`;
try {
  const { component } = await componentize({
    witPath: `${stage}/wit`,
    world: "skill",
    jsSource: readFileSync(entry, "utf8"),
    jsPath: entry,
    moduleRoot: `${stage}/skill`,
    // The kernel runs WASI 0.2: no asynchronous functions.
    sync: true,
  });
  writeFileSync(to, component);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
