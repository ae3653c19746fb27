//! The guest SDKs of the languages whose components this `holm` builds: its own, so that both speak one interface.

macro_rules! files {
    ($folder:literal: $($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../../../../sdk-guest/", $folder, $file)))),*]
    };
}

/// Files by their names, and what they say.
type Files = &'static [(&'static str, &'static str)];

pub(super) const PYTHON: Files = files!["python/holm/":
    "__init__.py", "_entry.py", "_errors.py", "_schema.py", "_tools.py", "files.py", "llm.py", "log.py", "spawn.py",
    "storage.py",
];

pub(super) const JAVASCRIPT: Files = files!["js/":
    "console.js", "entry.js", "errors.js", "files.js", "holm.js", "llm.js", "log.js", "package.json", "schema.js",
    "spawn.js", "storage.js", "text.js", "tools.js",
];

pub(super) const C: Files = files!["c/": "holm.c", "holm.h"];
