//! Reading and writing variables by name: references, attributes, and those that the shell computes.

use crate::limits::EXPANSION;
use crate::shell::{Outcome, Shell, Stop};
use crate::variables::{Map, Value, Variable};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// References that lead to each other: `declare -n a=b b=a`.
const REFERENCES: usize = 8;

impl Shell {
    /// The name and, of an element, the index that a reference stands for.
    pub(crate) fn target(&self, name: &str) -> (String, Option<String>) {
        let mut name = name.to_owned();
        for _ in 0..REFERENCES {
            let Some(variable) = self.variables.get(&name).filter(|variable| variable.reference) else { break };
            let Some(next) = variable.value.scalar().filter(|next| !next.is_empty()) else { break };
            match next.strip_suffix(']').and_then(|next| next.split_once('[')) {
                Some((array, index)) => return (array.to_owned(), Some(index.to_owned())),
                None => name = next.clone(),
            }
        }
        (name, None)
    }

    /// The value of a name; of an array, its element 0.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        if let Some(value) = self.computed(name) {
            return Some(value);
        }
        let (name, index) = self.target(name);
        let value = &self.variables.get(&name)?.value;
        match index {
            Some(index) => element(value, &index),
            None => value.scalar().cloned(),
        }
    }

    fn computed(&self, name: &str) -> Option<String> {
        let since = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(match name {
            "LINENO" => self.line.to_string(),
            "SECONDS" if self.variables.get(name).is_none() => self.started.elapsed().as_secs().to_string(),
            "EPOCHSECONDS" => since().as_secs().to_string(),
            "EPOCHREALTIME" => format!("{}.{:06}", since().as_secs(), since().subsec_micros()),
            "BASHPID" => self.pid.to_string(),
            "BASH_SUBSHELL" => self.subshells.to_string(),
            "FUNCNAME" => self.call_stack().first()?.function.clone(),
            "BASH_SOURCE" => self.call_stack().first()?.source.clone(),
            "BASHOPTS" => self.options.shopt.iter().cloned().collect::<Vec<_>>().join(":"),
            "SHELLOPTS" => self.switched_on().join(":"),
            _ => return None,
        })
    }

    /// What a name holds as a whole.
    pub(crate) fn value(&self, name: &str) -> Value {
        let indexed = |texts: Vec<String>| Value::Indexed((0..).zip(texts).collect());
        match name {
            "FUNCNAME" => return indexed(self.call_stack().into_iter().map(|frame| frame.function).collect()),
            "BASH_SOURCE" => return indexed(self.call_stack().into_iter().map(|frame| frame.source).collect()),
            "BASH_LINENO" => {
                return indexed(self.call_stack().into_iter().map(|frame| frame.line.to_string()).collect());
            }
            "DIRSTACK" => {
                let mut all = vec![self.directory.clone()];
                all.extend(self.directories.iter().rev().cloned());
                return indexed(all);
            }
            _ => {}
        }
        if let Some(text) = self.computed(name) {
            return Value::Scalar(text);
        }
        let (name, index) = self.target(name);
        let value = self.variables.get(&name).map(|variable| variable.value.clone()).unwrap_or_default();
        match index {
            Some(index) => element(&value, &index).map_or(Value::Unset, Value::Scalar),
            None => value,
        }
    }

    /// Functions and files that are being run, the innermost first.
    pub(crate) fn call_stack(&self) -> Vec<crate::shell::Frame> {
        let mut frames: Vec<_> = self.frames.iter().rev().cloned().collect();
        if frames.iter().all(|frame| frame.function.is_empty()) && !frames.is_empty() {
            frames.iter_mut().for_each(|frame| frame.function = "main".to_owned());
        }
        frames
    }

    /// Sets a name to a text.
    pub(crate) fn set(&mut self, name: &str, text: impl Into<String>) -> Outcome<()> {
        let (target, index) = self.target(name);
        match index {
            Some(index) => self.set_element(&target, &index, text.into(), false),
            None => self.assign(&target, None, Value::Scalar(text.into()), false),
        }
    }

    /// Sets or extends a variable, or an element of it; `value` is a text or a whole array.
    pub(crate) fn assign(&mut self, name: &str, index: Option<&str>, value: Value, append: bool) -> Outcome<()> {
        let (name, target_index) = self.target(name);
        if let Some(index) = index.or(target_index.as_deref()) {
            let Value::Scalar(text) = value else {
                self.complain(format_args!("{name}[{index}]: cannot assign list to array member"));
                return Err(Stop::Discard(1));
            };
            return self.set_element(&name, index, text, append);
        }
        self.writable(&name)?;
        match name.as_str() {
            "RANDOM" => {
                if let Value::Scalar(text) = &value {
                    self.random = text.parse::<u64>().unwrap_or(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
                }
                return Ok(());
            }
            "OPTIND" => self.option_place = 0,
            _ => {}
        }
        let old = self.variables.get(&name).cloned().unwrap_or_default();
        let new = match (value, old.value.clone()) {
            (Value::Scalar(text), old_value) => {
                let text = self.shaped(&old, text, if append { old_value.scalar() } else { None }, append)?;
                match old_value {
                    Value::Indexed(mut elements) => {
                        elements.insert(0, text);
                        Value::Indexed(elements)
                    }
                    Value::Associative(mut elements) => {
                        elements.insert("0", text);
                        Value::Associative(elements)
                    }
                    _ => Value::Scalar(text),
                }
            }
            (value, _) => value,
        };
        let export = self.options.allexport;
        let variable = self.variables.entry(&name);
        variable.value = new;
        variable.exported |= export;
        Ok(())
    }

    /// A text as the attributes of its variable want it.
    fn shaped(&mut self, variable: &Variable, text: String, before: Option<&String>, append: bool) -> Outcome<String> {
        let text = match (variable.integer, append) {
            (true, false) => self.arithmetic(&text)?.to_string(),
            (true, true) => {
                let before = before.map_or("0", |before| if before.is_empty() { "0" } else { before }).to_owned();
                let sum = self.arithmetic(&before)?.wrapping_add(self.arithmetic(&text)?);
                sum.to_string()
            }
            (false, true) => format!("{}{text}", before.map_or("", String::as_str)),
            (false, false) => text,
        };
        if text.len() > EXPANSION {
            self.complain(format_args!("a variable would be larger than {EXPANSION} bytes"));
            return Err(Stop::Discard(1));
        }
        Ok(match variable {
            Variable { upper: true, .. } => text.to_uppercase(),
            Variable { lower: true, .. } => text.to_lowercase(),
            _ => text,
        })
    }

    /// Sets an element; its index is a key, or arithmetic.
    pub(crate) fn set_element(&mut self, name: &str, index: &str, text: String, append: bool) -> Outcome<()> {
        self.writable(name)?;
        let old = self.variables.get(name).cloned().unwrap_or_default();
        if let Value::Associative(mut elements) = old.value.clone() {
            let key = self.expand_string(index)?;
            let before = elements.get(&key).cloned();
            let text = self.shaped(&old, text, before.as_ref(), append)?;
            elements.insert(&key, text);
            self.variables.entry(name).value = Value::Associative(elements);
            return Ok(());
        }
        let index = self.index(name, index)?;
        let before = match &old.value {
            Value::Indexed(elements) => elements.get(&index).cloned(),
            Value::Scalar(text) if index == 0 => Some(text.clone()),
            _ => None,
        };
        let text = self.shaped(&old, text, before.as_ref(), append)?;
        let variable = self.variables.entry(name);
        match &mut variable.value {
            Value::Indexed(elements) => {
                elements.insert(index, text);
            }
            value => {
                let mut elements: BTreeMap<_, _> = value.scalar().map(|first| (0, first.clone())).into_iter().collect();
                elements.insert(index, text);
                *value = Value::Indexed(elements);
            }
        }
        Ok(())
    }

    /// An index of an array with numbers; a negative one counts from its end.
    pub(crate) fn index(&mut self, name: &str, index: &str) -> Outcome<i64> {
        let text = self.expand_arithmetic(index)?;
        let number = self.arithmetic(&text)?;
        if number >= 0 {
            return Ok(number);
        }
        let end = match self.value(name) {
            Value::Indexed(elements) => elements.keys().next_back().map_or(0, |last| last + 1),
            _ => 1,
        };
        if end + number < 0 {
            self.complain(format_args!("{name}[{index}]: bad array subscript"));
            return Err(Stop::Discard(1));
        }
        Ok(end + number)
    }

    /// An element by its key or number.
    pub(crate) fn element(&mut self, name: &str, index: &str) -> Outcome<Option<String>> {
        let (name, _) = self.target(name);
        match self.value(&name) {
            Value::Associative(elements) => Ok(elements.get(&self.expand_string(index)?).cloned()),
            value => {
                let index = self.index(&name, index)?;
                Ok(match value {
                    Value::Indexed(elements) => elements.get(&index).cloned(),
                    Value::Scalar(text) if index == 0 => Some(text),
                    _ => None,
                })
            }
        }
    }

    /// Takes an element out.
    pub(crate) fn unset_element(&mut self, name: &str, index: &str) -> Outcome<()> {
        self.writable(name)?;
        let key = match self.value(name) {
            Value::Associative(_) => self.expand_string(index)?,
            _ => self.index(name, index)?.to_string(),
        };
        match &mut self.variables.entry(name).value {
            Value::Associative(elements) => elements.remove(&key),
            Value::Indexed(elements) => {
                elements.remove(&key.parse().unwrap_or_default());
            }
            value => *value = Value::Unset,
        }
        Ok(())
    }

    /// # Errors
    /// The variable is read-only; it was said.
    pub(crate) fn writable(&self, name: &str) -> Outcome<()> {
        if self.variables.get(name).is_some_and(|variable| variable.readonly) {
            self.complain(format_args!("{name}: readonly variable"));
            return Err(Stop::Discard(1));
        }
        Ok(())
    }

    /// Makes it an array of this kind, keeping what fits.
    pub(crate) fn make_array(value: &mut Value, associative: bool) {
        match (associative, &*value) {
            (true, Value::Associative(_)) | (false, Value::Indexed(_)) => {}
            (true, _) => *value = Value::Associative(Map::default()),
            (false, _) => *value = Value::Indexed(value.scalar().map(|text| (0, text.clone())).into_iter().collect()),
        }
    }
}

fn element(value: &Value, index: &str) -> Option<String> {
    match value {
        Value::Associative(elements) => elements.get(index).cloned(),
        Value::Indexed(elements) => elements.get(&index.parse().ok()?).cloned(),
        value => value.scalar().filter(|_| index == "0").cloned(),
    }
}
