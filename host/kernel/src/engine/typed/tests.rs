//! Conversions as data: any value of any type, there and back, and what fits no type.

use proptest::prelude::*;
use serde_json::{Value, json};
use wasmtime::component::Val;

use super::{
    lift::{Lift, Unwritten},
    lower::{Lower, Unfit},
    schema::{self, Way},
    shape::{Int, Shape},
};

const ROOM: u64 = 1 << 30;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,3}(-[a-z0-9]{1,3})?",
        prop::sample::select(vec!["tag", "val", "some", "ok", "err", "proto"]).prop_map(str::to_owned)
    ]
}

fn ints() -> impl Strategy<Value = Int> {
    prop::sample::select(vec![Int::S8, Int::U8, Int::S16, Int::U16, Int::S32, Int::U32, Int::S64, Int::U64])
}

/// Any type, up to four deep.
fn shapes() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Bool),
        ints().prop_map(Shape::Int),
        Just(Shape::F32),
        Just(Shape::F64),
        Just(Shape::Char),
        Just(Shape::Text),
        Just(Shape::Bytes),
        prop::collection::vec(name(), 1..5).prop_map(|names| Shape::Enum(names.into_iter().collect())),
        prop::collection::vec(name(), 1..5).prop_map(|names| Shape::Flags(names.into_iter().collect())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let named = prop::collection::hash_map(name(), inner.clone(), 1..4);
        let cases = prop::collection::hash_map(name(), prop::option::of(inner.clone()), 1..4);
        let keys = prop_oneof![Just(Shape::Text), ints().prop_map(Shape::Int), Just(Shape::Char)].prop_map(Box::new);
        prop_oneof![
            inner
                .clone()
                .prop_filter("a list of bytes is bytes", |shape| *shape != Shape::Int(Int::U8))
                .prop_map(|shape| Shape::List(Box::new(shape))),
            (boxed.clone(), 1_u32..4).prop_map(|(shape, length)| Shape::Fixed(shape, length)),
            (keys, boxed.clone()).prop_map(|(key, value)| Shape::Map(key, value)),
            named.prop_map(|fields| Shape::Record(fields.into_iter().collect())),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Shape::Tuple),
            cases.prop_map(|cases| Shape::Variant(cases.into_iter().collect())),
            boxed.clone().prop_map(Shape::Option),
            (prop::option::of(boxed.clone()), prop::option::of(boxed)).prop_map(|(ok, err)| Shape::Result(ok, err)),
        ]
    })
}

fn floats() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0)]
}

/// Any value of a type.
fn values(shape: &Shape) -> BoxedStrategy<Val> {
    let boxed = |shape: &Shape| values(shape).prop_map(Box::new);
    let side = |shape: &Option<Box<Shape>>| match shape {
        Some(shape) => values(shape).prop_map(|value| Some(Box::new(value))).boxed(),
        None => Just(None).boxed(),
    };
    match shape {
        Shape::Bool => any::<bool>().prop_map(Val::Bool).boxed(),
        Shape::Int(Int::S8) => any::<i8>().prop_map(Val::S8).boxed(),
        Shape::Int(Int::U8) => any::<u8>().prop_map(Val::U8).boxed(),
        Shape::Int(Int::S16) => any::<i16>().prop_map(Val::S16).boxed(),
        Shape::Int(Int::U16) => any::<u16>().prop_map(Val::U16).boxed(),
        Shape::Int(Int::S32) => any::<i32>().prop_map(Val::S32).boxed(),
        Shape::Int(Int::U32) => any::<u32>().prop_map(Val::U32).boxed(),
        Shape::Int(Int::S64) => any::<i64>().prop_map(Val::S64).boxed(),
        Shape::Int(Int::U64) => any::<u64>().prop_map(Val::U64).boxed(),
        Shape::F32 => any::<u32>().prop_map(|bits| Val::Float32(f32::from_bits(bits))).boxed(),
        Shape::F64 => floats().prop_map(Val::Float64).boxed(),
        Shape::Char => any::<char>().prop_map(Val::Char).boxed(),
        Shape::Text => any::<String>().prop_map(Val::String).boxed(),
        Shape::Bytes => prop::collection::vec(any::<u8>().prop_map(Val::U8), 0..20).prop_map(Val::List).boxed(),
        Shape::List(element) => prop::collection::vec(values(element), 0..4).prop_map(Val::List).boxed(),
        Shape::Fixed(element, length) => {
            prop::collection::vec(values(element), *length as usize).prop_map(Val::FixedLengthList).boxed()
        }
        Shape::Map(key, value) => {
            let entries = prop::collection::vec((values(key), values(value)), 0..4);
            // One entry of a key: of two the last would be left.
            entries
                .prop_map(|entries| {
                    let mut kept: Vec<(Val, Val)> = Vec::new();
                    for (key, value) in entries {
                        if kept.iter().all(|(known, _)| *known != key) {
                            kept.push((key, value));
                        }
                    }
                    kept.sort_by_key(|(key, _)| format!("{key:?}"));
                    Val::Map(kept)
                })
                .boxed()
        }
        Shape::Record(fields) => {
            let values: Vec<_> = fields.iter().map(|(name, shape)| (Just(name.clone()), values(shape))).collect();
            values.prop_map(Val::Record).boxed()
        }
        Shape::Tuple(shapes) => shapes.iter().map(values).collect::<Vec<_>>().prop_map(Val::Tuple).boxed(),
        Shape::Variant(cases) => {
            let cases: Vec<_> = cases
                .iter()
                .map(|(name, payload)| {
                    let name = name.clone();
                    side(&payload.clone().map(Box::new))
                        .prop_map(move |value| Val::Variant(name.clone(), value))
                        .boxed()
                })
                .collect();
            proptest::strategy::Union::new(cases).boxed()
        }
        Shape::Enum(names) => {
            prop::sample::select(names.iter().cloned().collect::<Vec<_>>()).prop_map(Val::Enum).boxed()
        }
        Shape::Option(some) => prop::option::of(boxed(some)).prop_map(Val::Option).boxed(),
        Shape::Result(ok, err) => prop_oneof![
            side(ok).prop_map(|value| Val::Result(Ok(value))),
            side(err).prop_map(|value| Val::Result(Err(value)))
        ]
        .boxed(),
        Shape::Flags(names) => {
            let names: Vec<String> = names.iter().cloned().collect();
            prop::sample::subsequence(names.clone(), 0..=names.len()).prop_map(Val::Flags).boxed()
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        name().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::hash_map(name(), inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Any value of any type is the same once it was JSON, and its JSON is what the schemas say.
    #[test]
    fn values_survive_json((shape, value) in shapes().prop_flat_map(|shape| {
        let values = values(&shape);
        (Just(shape), values)
    })) {
        let text = Lift::json(&shape, &value, 1 << 20).expect("it is written");
        let json: Value = serde_json::from_str(&text).expect("it is JSON");
        for way in [Way::In, Way::Out] {
            let schema = schema::schema(&shape, way);
            let validator = jsonschema::validator_for(&schema).expect("it is a schema");
            prop_assert!(validator.is_valid(&json), "{schema} and {json}");
        }
        let back = Lower::new(ROOM).value(&shape, json.clone()).expect("it is taken");
        // Maps have no order; all else is the same value.
        prop_assert!(format!("{value:?}").contains("Map") || back == value, "{value:?}, {text}, {back:?}");
        let again = Lift::json(&shape, &back, 1 << 20).expect("it is written");
        prop_assert_eq!(&serde_json::from_str::<Value>(&again).expect("it is JSON"), &json);
        // No byte too many.
        prop_assert_eq!(Lift::json(&shape, &value, text.len()), Ok(text.clone()));
        prop_assert_eq!(Lift::json(&shape, &value, text.len() - 1), Err(Unwritten::TooLong));
    }

    /// What fits no type is refused, and what is taken is what its schema takes.
    #[test]
    fn no_json_harms(shape in shapes(), json in any_json()) {
        let validator = jsonschema::validator_for(&schema::schema(&shape, Way::In)).expect("it is a schema");
        let taken = Lower::new(ROOM).value(&shape, json.clone());
        if let Ok(value) = &taken {
            prop_assert!(validator.is_valid(&json), "{json} was taken as {value:?}");
        }
        prop_assert_ne!(taken.err(), Some(Unfit::TooLarge));
    }
}

#[test]
fn what_takes_too_much_room_is_refused() {
    let bytes = |text: &str, room: u64| Lower::new(room).value(&Shape::Bytes, json!(text));
    let large = "AAAA".repeat(10_000);
    assert_eq!(bytes(&large, 30_000), Err(Unfit::TooLarge));
    let mut lower = Lower::new(ROOM);
    lower.value(&Shape::Bytes, json!(large)).expect("there is room");
    assert!(lower.taken() >= 30_000 * size_of::<Val>() as u64);
    // A record of which nothing is given is as large as it is.
    let fields: Vec<_> = (0..1000).map(|index| (format!("f{index}"), Shape::Option(Box::new(Shape::Bool)))).collect();
    let shape = Shape::List(Box::new(Shape::Record(fields)));
    assert_eq!(Lower::new(1 << 20).value(&shape, json!(vec![json!({}); 100])), Err(Unfit::TooLarge));
}
