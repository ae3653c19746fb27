//! Compiles Node's modules (`src/node/*.js`) to QuickJS's bytecode, so that a run parses none of them.

use rquickjs::module::WriteOptions;
use rquickjs::{CatchResultExt, Context, Module, Runtime};
use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let runtime = Runtime::new()?;
    let context = Context::full(&runtime)?;
    let mut files =
        fs::read_dir("src/node")?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    let mut table =
        String::from("/// Node's modules by their names, compiled.\nconst COMPILED: &[(&str, &[u8])] = &[\n");
    println!("cargo::rerun-if-changed=src/node");
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.file_stem().unwrap_or_default().to_string_lossy().replace('.', "/");
        let body = fs::read_to_string(&file)?;
        // Not `node:`: that is what scripts import, and what they find has more names.
        // As Node wraps its own: the body of a function. On one line, so that line numbers stay.
        let source = format!("export default (function (exports, require, module, native) {{{body}\n}});");
        let bytes = context.with(|ctx| {
            let module = Module::declare(ctx.clone(), format!("holm:{name}"), source);
            let module = module.catch(&ctx).map_err(|error| format!("{}: {error}", file.display()))?;
            let options = WriteOptions { strip_source: true, ..WriteOptions::default() };
            module.write(options).map_err(|error| error.to_string())
        })?;
        let compiled = out.join(format!("{}.bytecode", name.replace('/', ".")));
        fs::write(&compiled, bytes)?;
        writeln!(table, "    ({name:?}, include_bytes!({:?})),", compiled.display().to_string())?;
    }
    table.push_str("];\n");
    fs::write(out.join("compiled.rs"), table)?;
    Ok(())
}
