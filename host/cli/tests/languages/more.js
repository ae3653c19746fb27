
import { Conflict, Denied, llm, log, spawn, storage } from "holm";

tool({
  name: "tour",
  description: "Uses each system call.",
  input: { path: { type: "string" }, grants: { type: "array", items: { type: "string" } } },
}, ({ path, grants }) => {
  const bucket = storage.open("notes");
  const version = bucket.write("today", "rain");
  bucket.writeIf("today", "sun", version);
  let kept, refused;
  try {
    bucket.writeIf("today", "snow", version);
  } catch (error) {
    kept = error instanceof Conflict && error.found === version + 1;
  }
  try {
    storage.open("others");
  } catch (error) {
    refused = error instanceof Denied && error.rule;
  }
  log.info("on tour");
  const child = spawn.start(null, [path], { grants });
  return {
    storage: `${bucket.read("today").text()} ${[...bucket.keys()]} ${kept}`,
    refused,
    llm: llm.open("smart").complete("hello", { system: "Be brief." }).text(),
    tool: String(tool.call("js/word_count", { text: "a b c d" })),
    spawn: `exit code ${child.wait().code}`,
  };
});
