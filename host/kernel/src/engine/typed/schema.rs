//! JSON Schema (2020-12) of a shape.
//!
//! | WIT | JSON |
//! |---|---|
//! | `bool`, `string`, `char` | boolean, string, string of one character |
//! | `s8` … `u32` | integer |
//! | `s64`, `u64` | integer, or a string of digits: beyond 2^53 it comes so |
//! | `f32`, `f64` | number, or `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | `list<u8>` | Base64; an array of bytes is taken too |
//! | `list<t>`, `tuple<…>` | array |
//! | `map<string, v>`, `map<k, v>` | object, array of pairs |
//! | `record` | object; a field that is an option may be left out |
//! | `variant` | `{"tag": case, "val": payload}`, without `val` where the case has none |
//! | `enum`, `flags` | string, array of strings |
//! | `option<t>` | null or the value; `{"some": …}` where the value itself may be null |
//! | `result<t, e>` | `{"ok": …}` or `{"err": …}` |

use serde_json::{Map, Value, json};

use super::shape::{Int, Shape};

/// Which way values go: more is taken than is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// The schema of named values, as one object.
pub(super) fn object(fields: &[(String, Shape)], way: Way) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|(name, shape)| (name.clone(), schema(shape, way))).collect();
    // What is given is given whole.
    let needed = |shape: &Shape| way == Way::Out || !matches!(shape, Shape::Option(_));
    let required: Vec<&str> = fields.iter().filter(|(_, shape)| needed(shape)).map(|(name, _)| name.as_str()).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// The schema of one value.
pub(super) fn schema(shape: &Shape, way: Way) -> Value {
    let inner = |shape: &Shape| schema(shape, way);
    match shape {
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Int(int) => integer(*int),
        Shape::F32 | Shape::F64 => json!({"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}),
        Shape::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Shape::Text => json!({"type": "string"}),
        Shape::Bytes => {
            let text = json!({"type": "string", "contentEncoding": "base64"});
            match way {
                Way::In => json!({"anyOf": [text, {"type": "array", "items": integer(Int::U8)}]}),
                Way::Out => text,
            }
        }
        Shape::List(element) => json!({"type": "array", "items": inner(element)}),
        Shape::Fixed(element, length) => {
            json!({"type": "array", "items": inner(element), "minItems": length, "maxItems": length})
        }
        Shape::Map(key, value) if **key == Shape::Text => {
            json!({"type": "object", "additionalProperties": inner(value)})
        }
        Shape::Map(key, value) => {
            json!({"type": "array", "items": tuple(vec![inner(key), inner(value)])})
        }
        Shape::Record(fields) => object(fields, way),
        Shape::Tuple(shapes) => tuple(shapes.iter().map(inner).collect()),
        Shape::Variant(cases) => {
            let cases: Vec<Value> = cases
                .iter()
                .map(|(name, payload)| match payload {
                    // Nothing is what an option is where it is left out.
                    Some(payload @ Shape::Option(_)) if way == Way::In => {
                        let mut case = keyed(&[("tag", json!({"const": name})), ("val", inner(payload))]);
                        case["required"] = json!(["tag"]);
                        case
                    }
                    Some(payload) => keyed(&[("tag", json!({"const": name})), ("val", inner(payload))]),
                    None => keyed(&[("tag", json!({"const": name}))]),
                })
                .collect();
            json!({"oneOf": cases})
        }
        Shape::Enum(names) => json!({"type": "string", "enum": names}),
        Shape::Option(some) if some.may_be_null() => {
            json!({"anyOf": [{"type": "null"}, keyed(&[("some", inner(some))])]})
        }
        Shape::Option(some) => json!({"anyOf": [{"type": "null"}, inner(some)]}),
        Shape::Result(ok, err) => {
            let side = |side: &Option<Box<Shape>>| side.as_ref().map_or(json!({"type": "null"}), |shape| inner(shape));
            json!({"oneOf": [keyed(&[("ok", side(ok))]), keyed(&[("err", side(err))])]})
        }
        Shape::Flags(names) => {
            json!({"type": "array", "items": {"type": "string", "enum": names}, "uniqueItems": true})
        }
    }
}

fn integer(int: Int) -> Value {
    let (least, greatest) = int.range();
    match int {
        Int::S64 => json!({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]{1,19}$"}]}),
        Int::U64 => {
            json!({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]{1,20}$"}]})
        }
        _ => {
            // All of them fit 64 bits.
            let bound = |value: i128| i64::try_from(value).unwrap_or_default();
            json!({"type": "integer", "minimum": bound(least), "maximum": bound(greatest)})
        }
    }
}

fn tuple(items: Vec<Value>) -> Value {
    let length = items.len();
    match length {
        // An empty `prefixItems` is no schema.
        0 => json!({"type": "array", "maxItems": 0}),
        _ => {
            json!({"type": "array", "prefixItems": items, "items": false, "minItems": length, "maxItems": length})
        }
    }
}

/// An object of exactly these keys.
fn keyed(keys: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let required: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
