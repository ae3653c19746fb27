//! A component imports what its code reaches and no more: imports count against the ceiling.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use wasmparser::{Parser, Payload};

#[test]
fn a_toolbox_imports_no_system_call() {
    let component = build("hello");
    assert_eq!(names(&component).imports, ["tool-types"]);
    assert_eq!(names(&component).exports, ["holm:sys/tools@0.1.0"]);
}

#[test]
fn a_component_that_runs_and_offers_tools_exports_both() {
    let component = build("notes");
    assert_eq!(names(&component).imports, ["storage", "tool-types", "types"]);
    assert_eq!(names(&component).exports, ["holm:sys/tools@0.1.0", "run"]);
}

struct Names {
    /// Interfaces of `holm:sys`.
    imports: Vec<String>,
    exports: Vec<String>,
}

fn names(component: &[u8]) -> Names {
    let (mut imports, mut exports) = (BTreeSet::new(), BTreeSet::new());
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.expect("a component") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                imports.extend(section.into_iter().map(|import| import.expect("an import").name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                exports.extend(section.into_iter().map(|export| export.expect("an export").name.name.to_owned()));
            }
            _ => {}
        }
    }
    let ours = |name: String| {
        let name = name.strip_prefix("holm:sys/")?.strip_suffix("@0.1.0")?;
        Some(name.to_owned())
    };
    Names { imports: imports.into_iter().filter_map(ours).collect(), exports: exports.into_iter().collect() }
}

fn build(example: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--target", "wasm32-wasip2"])
        .args(["--package", example])
        .current_dir(root)
        .env_remove("CARGO_TARGET_DIR")
        .status();
    assert!(status.is_ok_and(|status| status.success()), "{example} builds");
    let file = format!("target/wasm32-wasip2/release/{example}.wasm");
    std::fs::read(root.join(file)).expect("the component is there")
}
