//! `declare`, `local`, `export`, `readonly`, `typeset` and `unset`.

use crate::expand::quote;
use crate::shell::{Outcome, Shell};
use crate::simple::{Argument, name_of};
use crate::variables::{Value, Variable};
use brush_parser::ast::{Assignment, AssignmentName, AssignmentValue};

/// What the options of a declaration ask for.
#[derive(Default)]
struct Wish {
    set: String,
    clear: String,
    print: bool,
    functions: bool,
    names_only: bool,
    global: bool,
}

pub(crate) fn declare(shell: &mut Shell, arguments: &[Argument<'_>]) -> Outcome {
    let command = match arguments.first() {
        Some(Argument::Word(name)) => name.clone(),
        _ => String::new(),
    };
    let mut wish = Wish::default();
    match command.as_str() {
        "export" => wish.set.push('x'),
        "readonly" => wish.set.push('r'),
        "local" if !shell.variables.is_local() => {
            shell.complain("local: can only be used in a function");
            return Ok(1);
        }
        _ => {}
    }
    let mut status = 0;
    let mut any = false;
    let mut options = true;
    for argument in &arguments[1..] {
        match argument {
            Argument::Word(word) if options && word == "--" => options = false,
            Argument::Word(word) if options && word.len() > 1 && word.starts_with(['-', '+']) => {
                let on = word.starts_with('-');
                for letter in word.chars().skip(1) {
                    match (letter, on) {
                        ('p', _) => wish.print = true,
                        ('f', _) => wish.functions = true,
                        ('F', _) => (wish.functions, wish.names_only) = (true, true),
                        ('g', _) => wish.global = true,
                        ('n', _) if command == "export" => wish.clear.push('x'),
                        ('a' | 'A' | 'i' | 'l' | 'n' | 'r' | 't' | 'u' | 'x' | 'I', true) => wish.set.push(letter),
                        ('a' | 'A' | 'i' | 'l' | 'n' | 'r' | 't' | 'u' | 'x', false) => wish.clear.push(letter),
                        (other, _) => return shell.misused(&command, format_args!("-{other}: invalid option")),
                    }
                }
            }
            argument => {
                options = false;
                any = true;
                status = status.max(one(shell, &command, &wish, argument)?);
            }
        }
    }
    if !any {
        return Ok(list(shell, &command, &wish));
    }
    Ok(status)
}

fn one(shell: &mut Shell, command: &str, wish: &Wish, argument: &Argument<'_>) -> Outcome {
    let name = match argument {
        Argument::Word(word) => {
            word.split_once('=').map_or(word.as_str(), |(name, _)| name).trim_end_matches('+').to_owned()
        }
        Argument::Assignment(assignment) => name_of(assignment).to_owned(),
    };
    if wish.functions {
        return Ok(function(shell, command, wish, &name));
    }
    if wish.print {
        return match shell.variables.get(&name).cloned() {
            Some(variable) => Ok(shell.printed(command, declaration(&name, &variable) + "\n")),
            None => {
                shell.complain(format_args!("{command}: {name}: not found"));
                Ok(1)
            }
        };
    }
    let valid = |name: &str| {
        !name.starts_with(|first: char| first.is_ascii_digit())
            && !name.is_empty()
            && name.chars().all(|character| character == '_' || character.is_ascii_alphanumeric())
    };
    let bare = name.split('[').next().unwrap_or_default();
    if !valid(bare) {
        shell.complain(format_args!("{command}: `{}': not a valid identifier", text_of(argument)));
        return Ok(1);
    }
    let bare = bare.to_owned();
    let has_value =
        matches!(argument, Argument::Assignment(_)) || matches!(argument, Argument::Word(word) if word.contains('='));
    let current = shell.variables.get(&bare).is_some_and(|variable| variable.readonly);
    if current && has_value {
        shell.complain(format_args!("{bare}: readonly variable"));
        return Ok(1);
    }
    let local = shell.variables.is_local() && !wish.global && !matches!(command, "export" | "readonly");
    let target = if matches!(command, "export" | "readonly") { shell.target(&bare).0 } else { bare };
    // The value is expanded before the variable is made: `local x=$x`.
    let value = match argument {
        Argument::Assignment(Assignment { value: AssignmentValue::Scalar(word), .. }) => {
            Some(shell.expand_assigned(&word.value)?)
        }
        Argument::Word(word) => word.split_once('=').map(|(_, value)| value.to_owned()),
        Argument::Assignment(_) => None,
    };
    if wish.set.contains('n') && value.as_deref() == Some(target.as_str()) {
        shell.complain(format_args!("{command}: {target}: nameref variable self references not allowed"));
        return Ok(1);
    }
    let fresh = match (local, wish.global) {
        (true, _) => {
            let outer = shell.variables.get(&target).cloned();
            let variable = shell.variables.local(&target);
            if let (Value::Unset, Some(outer), true) = (&variable.value, outer, wish.set.contains('I')) {
                *variable = outer;
            }
            variable
        }
        (false, true) => shell.variables.global(&target),
        (false, false) => shell.variables.entry(&target),
    };
    attributes(fresh, wish);
    let readonly = std::mem::replace(&mut fresh.readonly, false);
    let reference = std::mem::replace(&mut fresh.reference, false);
    let outcome = assign(shell, &target, argument, value);
    let variable = match (local, wish.global) {
        (true, _) => shell.variables.local(&target),
        (false, true) => shell.variables.global(&target),
        (false, false) => shell.variables.entry(&target),
    };
    variable.readonly = readonly;
    variable.reference = reference;
    outcome?;
    Ok(0)
}

fn assign(shell: &mut Shell, name: &str, argument: &Argument<'_>, value: Option<String>) -> Outcome<()> {
    match (argument, value) {
        (Argument::Assignment(assignment), Some(value)) => {
            let index = match &assignment.name {
                AssignmentName::VariableName(_) => None,
                AssignmentName::ArrayElementName(_, index) => Some(index.as_str()),
            };
            shell.assign(name, index, Value::Scalar(value), assignment.append)
        }
        (Argument::Assignment(assignment), None) => shell.assign_parsed(assignment),
        (Argument::Word(word), Some(value)) => {
            let (left, _) = word.split_once('=').unwrap_or((word, ""));
            let append = left.ends_with('+');
            // `declare "a=(1 2)"` is an array too.
            if let Some(inner) = value.strip_prefix('(').and_then(|value| value.strip_suffix(')'))
                && shell.variables.get(name).is_some_and(|variable| variable.value.is_array())
            {
                let text = format!("{name}{}=({inner})", if append { "+" } else { "" });
                return shell.eval(&text).map(|_| ());
            }
            shell.assign(name, None, Value::Scalar(value), append)
        }
        (Argument::Word(_), None) => Ok(()),
    }
}

fn attributes(variable: &mut Variable, wish: &Wish) {
    for (letters, on) in [(&wish.set, true), (&wish.clear, false)] {
        for letter in letters.chars() {
            match letter {
                'a' if on => Shell::make_array(&mut variable.value, false),
                'A' if on => Shell::make_array(&mut variable.value, true),
                'i' => variable.integer = on,
                'l' => (variable.lower, variable.upper) = (on, variable.upper && !on),
                'u' => (variable.upper, variable.lower) = (on, variable.lower && !on),
                'n' => variable.reference = on,
                'r' => variable.readonly |= on,
                'x' => variable.exported = on,
                _ => {}
            }
        }
    }
}

fn text_of(argument: &Argument<'_>) -> String {
    match argument {
        Argument::Word(word) => word.clone(),
        Argument::Assignment(assignment) => assignment.to_string(),
    }
}

fn function(shell: &Shell, command: &str, wish: &Wish, name: &str) -> i32 {
    match shell.functions.get(name) {
        // Children are processes of other components; a function does not reach them.
        Some(_) if command == "export" => 0,
        Some(_) if wish.names_only => shell.printed(command, format!("{name}\n")),
        Some(function) => shell.printed(command, format!("{}\n", function.definition)),
        None => 1,
    }
}

fn list(shell: &Shell, command: &str, wish: &Wish) -> i32 {
    let mut text = String::new();
    if wish.functions {
        let mut names: Vec<_> = shell.functions.keys().collect();
        names.sort();
        for name in names {
            match (wish.names_only, shell.functions.get(name)) {
                (true, _) => text.push_str(&format!("declare -f {name}\n")),
                (false, Some(function)) => text.push_str(&format!("{}\n", function.definition)),
                (false, None) => {}
            }
        }
        return shell.printed(command, text);
    }
    for name in shell.variables.names() {
        let Some(variable) = shell.variables.get(&name) else { continue };
        let flags = variable.flags();
        if wish.set.chars().all(|letter| flags.contains(letter)) {
            text.push_str(&declaration(&name, variable));
            text.push('\n');
        }
    }
    shell.printed(command, text)
}

/// What `declare -p` says of a variable.
pub(crate) fn declaration(name: &str, variable: &Variable) -> String {
    let flags = variable.flags();
    let flags = if flags.is_empty() { "-" } else { &flags };
    let elements = |value: &Value| {
        let pairs = value.keys().into_iter().zip(value.all());
        let element = |(key, text): (String, String)| {
            let plain = key.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
            let key = if plain { key } else { quote::double(&key) };
            format!("[{key}]={}", quote::double(&text))
        };
        pairs.map(element).collect::<Vec<_>>().join(" ")
    };
    match &variable.value {
        Value::Unset => format!("declare -{flags} {name}"),
        Value::Scalar(text) => format!("declare -{flags} {name}={}", quote::double(text)),
        value @ Value::Indexed(_) => format!("declare -{flags} {name}=({})", elements(value)),
        value @ Value::Associative(_) => format!("declare -{flags} {name}=({} )", elements(value)),
    }
}

pub(super) fn unset(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let (mut functions, mut variables, mut reference) = (false, false, false);
    let mut status = 0;
    for argument in &arguments[1..] {
        match argument.as_str() {
            "-f" => functions = true,
            "-v" => variables = true,
            "-n" => reference = true,
            name => {
                if let (Some((array, index)), false) =
                    (name.strip_suffix(']').and_then(|name| name.split_once('[')), functions)
                {
                    let (array, _) = shell.target(array);
                    if matches!(index, "@" | "*") && !matches!(shell.value(&array), Value::Associative(_)) {
                        shell.variables.remove(&array);
                    } else {
                        shell.unset_element(&array, index)?;
                    }
                    continue;
                }
                let target = if reference { name.to_owned() } else { shell.target(name).0 };
                if shell.variables.get(&target).is_some_and(|variable| variable.readonly) && !functions {
                    shell.complain(format_args!("unset: {name}: cannot unset: readonly variable"));
                    status = 1;
                    continue;
                }
                let known = shell.variables.get(&target).is_some();
                if !functions && known {
                    shell.variables.remove(&target);
                } else if !variables {
                    shell.functions.remove(name);
                }
            }
        }
    }
    Ok(status)
}
