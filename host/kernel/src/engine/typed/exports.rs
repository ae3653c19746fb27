//! What a component's exports are as tools, and which cannot be one.

use std::collections::HashMap;

use wasmtime::{
    Engine,
    component::{
        Component, Type,
        types::{ComponentFunc, ComponentItem},
    },
};

use super::{
    names::{self, CONSTRUCTOR, Path},
    schema::{self, Way},
    shape::{FUNCTION, Room, Shape},
};
use crate::{engine::image::is_agent, program::ToolDescription};

/// The typed functions of a component.
#[derive(Debug, Default)]
pub(in crate::engine) struct Typed {
    /// By name.
    functions: Vec<Function>,
    /// Exports that are no tools: what each is called, and why not.
    pub(in crate::engine) refused: Vec<(String, String)>,
}

/// A function that is a tool.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) path: Path,
    pub(super) parameters: Vec<(String, Shape)>,
    pub(super) result: Option<Shape>,
    /// What makes the resource that it is a method of.
    pub(super) maker: Option<Maker>,
}

/// A constructor: what a method is called on is made first, in the same process, and gone after it.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    pub(super) path: Path,
    /// Whether it takes anything: the first parameter of its methods, a record, is then for it.
    pub(super) takes: bool,
}

/// Functions of one component. Stops catalogues that take longer to write than to run.
const FUNCTIONS: usize = 1024;

/// Exports that are told as none. Stops components that are made of them.
const REFUSED: usize = FUNCTIONS + 64;

/// Bytes of an interface's name: it stands in the path of each of its functions.
const INTERFACE: usize = 512;

/// Room for the types of all of them.
const COMPONENT: usize = 1 << 20;

/// Characters of a signature where it is all that is known of a function, and in its one line.
const SIGNATURE: usize = 2000;
const LINE: usize = 160;

impl Typed {
    /// Looks at all exports.
    pub(in crate::engine) fn of(component: &Component, engine: &Engine) -> Self {
        let ty = component.component_type();
        let (mut found, mut count) = (Vec::new(), 0);
        let mut typed = Self::default();
        for (name, export) in ty.exports(engine) {
            match export.ty {
                _ if name.starts_with("holm:sys/") || name.starts_with("wasi:cli/run@") => {}
                ref run if name == "run" && is_agent(run) => {}
                ComponentItem::ComponentFunc(function) => {
                    count += 1;
                    typed.take(&mut found, None, name, function);
                }
                ComponentItem::ComponentInstance(_) if name.starts_with("wasi:") => {
                    typed.refuse(name, "Holm calls no interface of WASI but `wasi:cli/run`");
                }
                ComponentItem::ComponentInstance(instance) => {
                    for (function, export) in instance.exports(engine) {
                        if let ComponentItem::ComponentFunc(ty) = export.ty {
                            count += 1;
                            typed.take(&mut found, Some(name), function, ty);
                        }
                    }
                }
                _ => {}
            }
        }
        if count > FUNCTIONS {
            let told = format!("there are {count} functions; of the first {FUNCTIONS} are tools made");
            typed.refused.insert(0, (String::new(), told));
        }
        typed.name(found);
        typed
    }

    /// Keeps a function, where there is room for it and its names are none of those that fill memory.
    fn take(
        &mut self,
        found: &mut Vec<(Path, ComponentFunc)>,
        interface: Option<&str>,
        function: &str,
        ty: ComponentFunc,
    ) {
        if function.len() > names::NAME + CONSTRUCTOR.len() {
            return self.refuse(function, &format!("its name is longer than {} bytes", names::NAME));
        }
        if interface.is_some_and(|name| name.len() > INTERFACE) {
            return self.refuse(function, &format!("its interface's name is longer than {INTERFACE} bytes"));
        }
        if found.len() < FUNCTIONS {
            found.push((Path { interface: interface.map(str::to_owned), function: function.to_owned() }, ty));
        }
    }

    fn refuse(&mut self, export: &str, reason: &str) {
        if self.refused.len() < REFUSED {
            self.refused.push((cut(export, INTERFACE), reason.to_owned()));
        }
    }

    fn name(&mut self, found: Vec<(Path, ComponentFunc)>) {
        // Constructors are no tools by themselves.
        let (makers, found): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(path, _)| path.function.starts_with(CONSTRUCTOR));
        let makes = makers.into_iter().filter(|(_, ty)| matches!(ty.results().next(), Some(Type::Own(_))));
        let makers: HashMap<(Option<String>, String), ComponentFunc> =
            makes.map(|(path, ty)| ((path.interface, path.function), ty)).collect();
        let (paths, types): (Vec<Path>, Vec<ComponentFunc>) = found.into_iter().unzip();
        let mut room = COMPONENT;
        for ((name, path), ty) in names::shortest(&paths).into_iter().zip(paths).zip(types) {
            let mut own = Room(room.min(FUNCTION));
            let before = own.0;
            let maker = path.constructor().and_then(|maker| {
                let ty = makers.get(&(maker.interface.clone(), maker.function.clone()))?;
                Some((maker, ty))
            });
            match function(name, &path, &ty, maker, &mut own) {
                Ok(function) => self.functions.push(function),
                Err(reason) => self.refuse(&path.to_string(), &reason),
            }
            room -= before - own.0;
        }
        self.functions.sort_by(|one, other| one.name.cmp(&other.name));
    }

    /// Whether it has a tool.
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// The function of a tool.
    pub(super) fn find(&self, tool: &str) -> Option<&Function> {
        let at = self.functions.binary_search_by(|function| function.name.as_str().cmp(tool));
        at.ok().map(|at| &self.functions[at])
    }

    /// All tools in full.
    pub(in crate::engine) fn describe(&self) -> Vec<ToolDescription> {
        self.functions.iter().map(Function::describe).collect()
    }
}

fn function(
    name: Option<String>,
    path: &Path,
    ty: &ComponentFunc,
    maker: Option<(Path, &ComponentFunc)>,
    room: &mut Room,
) -> Result<Function, String> {
    let name = name.ok_or("another export has the same name")?;
    if name.len() > names::NAME {
        return Err(format!("its name as a tool is longer than {} bytes", names::NAME));
    }
    if ty.async_() {
        return Err("it is asynchronous, and Holm runs WASI 0.2".to_owned());
    }
    let mut parameters = Vec::new();
    let maker = match maker {
        Some((maker, ty)) => {
            let takes = shapes(ty.params(), room)?;
            let (resource, made) = (maker.plain().to_owned(), Maker { path: maker, takes: !takes.is_empty() });
            if made.takes {
                parameters.push((resource, Shape::Record(takes)));
            }
            Some(made)
        }
        None => None,
    };
    // The first parameter of a method is what it is called on.
    let own = shapes(ty.params().skip(usize::from(maker.is_some())), room)?;
    if own.iter().any(|(name, _)| parameters.iter().any(|(resource, _)| resource == name)) {
        return Err("a parameter is called as its resource is".to_owned());
    }
    parameters.extend(own);
    // There is one at most.
    let result = ty.results().next().map(|ty| Shape::of(&ty, room)).transpose()?;
    Ok(Function { name, path: path.clone(), parameters, result, maker })
}

fn shapes<'a>(named: impl Iterator<Item = (&'a str, Type)>, room: &mut Room) -> Result<Vec<(String, Shape)>, String> {
    named.map(|(name, ty)| Ok((name.to_owned(), Shape::of(&ty, room)?))).collect()
}

impl Function {
    /// What it gives where it does not fail.
    fn gives(&self) -> Option<&Shape> {
        match &self.result {
            Some(Shape::Result(ok, _)) => ok.as_deref(),
            result => result.as_ref(),
        }
    }

    /// `add(a: s32, b: s32) -> s32`
    fn signature(&self) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(|(name, shape)| format!("{name}: {shape}")).collect();
        let result = self.result.as_ref().map(|shape| format!(" -> {shape}")).unwrap_or_default();
        format!("{}({}){result}", self.path.plain(), parameters.join(", "))
    }

    fn describe(&self) -> ToolDescription {
        let output = self.gives().map_or(serde_json::json!({"type": "null"}), |shape| schema::schema(shape, Way::Out));
        let signature = self.signature();
        ToolDescription {
            name: self.name.clone(),
            summary: cut(&signature, LINE),
            description: cut(&signature, SIGNATURE),
            input_schema: schema::object(&self.parameters, Way::In).to_string(),
            output_schema: Some(output.to_string()),
        }
    }
}

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
