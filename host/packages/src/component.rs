//! What a component file imports and exports, read without compiling or running it.

use holm_kernel::devices::Grants;
use serde::Serialize;
use wasmparser::{
    ComponentTypeRef, Encoding, Parser, Payload, PrimitiveValType, TypeBounds, ValidPayload, Validator,
    component_types::{
        ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType, ComponentFuncType, ComponentValType,
    },
    types::Types,
};

use crate::{
    docs::Docs,
    interfaces,
    text::{is_hidden, printable},
};

/// Stops files that would take minutes to compile.
pub const MAXIMUM_COMPONENT_BYTES: u64 = 64 << 20;

/// Imports and exports of one component. Stops endless listings; real ones have dozens.
const MAXIMUM_NAMES: usize = 1_000;

/// Why a file is not accepted as a component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComponentError {
    /// It is larger than any component may be.
    #[error("the component has {0} bytes; at most {MAXIMUM_COMPONENT_BYTES} are accepted: build it with optimisation")]
    TooLarge(u64),
    /// It is not WebAssembly at all.
    #[error("this is no WebAssembly file: name the `.wasm` file that your build made")]
    NotWasm,
    /// It is a module and not a component.
    #[error("this is a core module, not a component: build for `wasm32-wasip2`, or run `holm build`")]
    CoreModule,
    /// It is cut off or broken.
    #[error("the component is malformed: {0}; build or download it anew")]
    Malformed(String),
    /// It has more imports or exports than make sense.
    #[error("the component has over {MAXIMUM_NAMES} imports or exports")]
    TooManyNames,
    /// It imports what nobody can give it.
    #[error("the component asks for an interface Holm does not offer: `{0}`")]
    NotOffered(String),
    /// It is a policy whose manifest does not say when it is asked, or no policy and its manifest does.
    #[error("{}", if *.0 {
        "it exports `holm:sys/policy`: name in `judges` of plugin.toml when it is asked, like judges = [\"before-tool\"]"
    } else {
        "its plugin.toml names `judges`, but it exports no `holm:sys/policy`"
    })]
    Judges(bool),
    /// It imports what its manifest does not declare.
    #[error("the component imports more than its ceiling names: {}; {}", list(.0), advice(.0))]
    Beyond(Vec<(&'static str, String)>),
}

fn list(beyond: &[(&'static str, String)]) -> String {
    beyond.iter().map(|(capability, import)| format!("{import} ({capability})")).collect::<Vec<_>>().join(", ")
}

fn advice(beyond: &[(&'static str, String)]) -> String {
    let mut capabilities: Vec<_> = beyond.iter().map(|(capability, _)| *capability).collect();
    capabilities.dedup();
    format!("its author has to name {} in [ceiling] of plugin.toml", capabilities.join(" and "))
}

/// How a component is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// It exports `wasi:cli/run`: an ordinary program.
    Command,
    /// It exports `run`: an agent.
    Agent,
    /// It exports `holm:sys/tools`.
    Tools,
    /// It exports `holm:sys/resources`.
    Resources,
    /// It exports `holm:sys/prompts`.
    Prompts,
    /// It exports `holm:sys/policy`.
    Policy,
    /// It exports functions of its own types, each of which may be a tool.
    Functions,
}

/// The imports and exports of a component, by name, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Surface {
    /// Interfaces it needs, like `wasi:io/streams@0.2.6`.
    pub imports: Vec<String>,
    /// Interfaces and functions it offers.
    pub exports: Vec<String>,
    /// Whether its `run` is an agent's.
    #[serde(skip)]
    agent: bool,
    /// Whether it exports functions of its own types.
    #[serde(skip)]
    functions: bool,
    /// What its functions are for, where it says so.
    #[serde(skip)]
    pub(crate) docs: Docs,
}

impl Surface {
    /// Reads a component. Its code is not looked at: that is the compiler's work, in a process of its own.
    ///
    /// # Errors
    /// It is no component, or a broken one.
    pub fn read(bytes: &[u8]) -> Result<Self, ComponentError> {
        let size = bytes.len() as u64;
        if size > MAXIMUM_COMPONENT_BYTES {
            return Err(ComponentError::TooLarge(size));
        }
        if !bytes.starts_with(b"\0asm") {
            return Err(ComponentError::NotWasm);
        }
        let malformed = |error: wasmparser::BinaryReaderError| ComponentError::Malformed(printable(&error.to_string()));
        let (mut surface, mut depth, mut validator) = (Self::default(), 0_usize, Validator::new());
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(malformed)?;
            if let Payload::Version { encoding, .. } = payload {
                if depth == 0 && encoding == Encoding::Module {
                    return Err(ComponentError::CoreModule);
                }
                depth += 1;
            }
            if depth == 1 {
                surface.take(&payload).map_err(malformed)?;
            }
            if matches!(payload, Payload::End(_)) {
                depth = depth.saturating_sub(1);
            }
            if let ValidPayload::End(types) = validator.payload(&payload).map_err(malformed)?
                && depth == 0
            {
                surface.look(&types);
            }
            if surface.imports.len().max(surface.exports.len()) > MAXIMUM_NAMES {
                return Err(ComponentError::TooManyNames);
            }
        }
        let names = surface.imports.iter().chain(&surface.exports);
        if let Some(name) = names.clone().find(|name| name.len() > 512 || name.chars().any(is_hidden)) {
            return Err(ComponentError::Malformed(format!("it uses the name `{}`", printable(name))));
        }
        surface.imports.sort();
        surface.exports.sort();
        Ok(surface)
    }

    fn take(&mut self, payload: &Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    let import = import?;
                    // A type that the world uses is a name for it, and nothing to call.
                    if !matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) {
                        self.imports.push(import.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    self.exports.push(export?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) if section.name() == Docs::SECTION => {
                self.docs = Docs::parse(section.data());
            }
            _ => {}
        }
        Ok(())
    }

    /// Looks at the types of its exports.
    fn look(&mut self, types: &Types) {
        let types = types.as_ref();
        for name in &self.exports {
            let own = !["wasi:", "holm:"].iter().any(|prefix| name.starts_with(prefix));
            match types.component_item_for_export(name).map(|item| item.ty) {
                Some(ComponentEntityType::Func(id)) if name == "run" && is_agent(&types[id], |id| &types[id]) => {
                    self.agent = true;
                }
                Some(ComponentEntityType::Func(_)) => self.functions = true,
                Some(ComponentEntityType::Instance(id)) if own => {
                    let exports = types[id].exports.values();
                    self.functions |= exports.into_iter().any(|item| matches!(item.ty, ComponentEntityType::Func(_)));
                }
                _ => {}
            }
        }
    }

    /// The ways in which it can be used.
    pub fn entries(&self) -> Vec<Entry> {
        let exports = |prefix: &str| self.exports.iter().any(|name| name.starts_with(prefix));
        let mut entries = Vec::new();
        if exports("wasi:cli/run@0.2.") {
            entries.push(Entry::Command);
        }
        if self.agent {
            entries.push(Entry::Agent);
        }
        if exports("holm:sys/tools@0.1.") {
            entries.push(Entry::Tools);
        }
        if exports("holm:sys/resources@0.1.") {
            entries.push(Entry::Resources);
        }
        if exports("holm:sys/prompts@0.1.") {
            entries.push(Entry::Prompts);
        }
        if exports("holm:sys/policy@0.1.") {
            entries.push(Entry::Policy);
        }
        // A toolbox and a policy are nothing besides.
        if self.functions && entries.iter().all(|entry| matches!(entry, Entry::Command | Entry::Agent)) {
            entries.push(Entry::Functions);
        }
        entries
    }

    /// Checks that its imports need nothing that the ceiling does not name.
    ///
    /// # Errors
    /// The list of imports that do, or an import that Holm does not offer.
    pub fn within(&self, ceiling: &Grants) -> Result<(), ComponentError> {
        match interfaces::beyond(&self.imports, ceiling)? {
            beyond if beyond.is_empty() => Ok(()),
            beyond => Err(ComponentError::Beyond(beyond)),
        }
    }
}

/// Whether this is `run` of an agent: a list of strings to a code.
fn is_agent<'a>(run: &ComponentFuncType, defined: impl Fn(ComponentDefinedTypeId) -> &'a ComponentDefinedType) -> bool {
    let text = ComponentValType::Primitive(PrimitiveValType::String);
    let takes = match run.params.as_ref() {
        [(_, ComponentValType::Type(id))] => {
            matches!(defined(*id), ComponentDefinedType::List { element, .. } if same(*element, text))
        }
        _ => false,
    };
    takes && run.result.is_some_and(|code| same(code, ComponentValType::Primitive(PrimitiveValType::U8)))
}

fn same(one: ComponentValType, other: ComponentValType) -> bool {
    match (one, other) {
        (ComponentValType::Primitive(one), ComponentValType::Primitive(other)) => one == other,
        _ => false,
    }
}
