//! Components that no compiler makes, written as text.

/// Around core modules: `wasi:cli/run`, which calls `run` of the core instance `$main`.
/// It succeeds where that returns 0.
const RUN: &str = r#"
    (func $run (result (result)) (canon lift (core func $main "run")))
    (instance $cli (export "run" (func $run)))
    (export "wasi:cli/run@0.2.12" (instance $cli))"#;

/// The component of this text.
pub(crate) fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A component of one core module, which exports `run`.
pub(crate) fn module(fields: &str) -> String {
    format!("(component (core module $m {fields}) (core instance $main (instantiate $m)) {RUN})")
}

/// A component that asks for a thousand random bytes, whose `realloc` has this body: it runs
/// while the kernel lowers the result.
pub(crate) fn realloc(body: &str) -> String {
    format!(
        r#"(component
        (import "wasi:random/random@0.2.12" (instance $random
            (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
        (core module $m1
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) {body}))
        (core instance $i1 (instantiate $m1))
        (core func $get (canon lower (func $random "get-random-bytes")
            (memory (core memory $i1 "memory")) (realloc (core func $i1 "realloc"))))
        (core module $m2
            (import "" "get" (func $get (param i64 i32)))
            (func (export "run") (result i32) (call $get (i64.const 1000) (i32.const 8)) (i32.const 0)))
        (core instance $main (instantiate $m2 (with "" (instance (export "get" (func $get))))))
        {RUN})"#
    )
}

/// A component that makes so many sets of header fields, call after call, with no branch between them.
pub(crate) fn straight(calls: usize) -> String {
    let calls = "(drop (call $new))".repeat(calls);
    format!(
        r#"(component
        (import "wasi:http/types@0.2.12" (instance $http
            (export "fields" (type $fields (sub resource)))
            (export "[constructor]fields" (func (result (own $fields))))))
        (core func $new (canon lower (func $http "[constructor]fields")))
        (core module $m
            (import "" "new" (func $new (result i32)))
            (func (export "run") (result i32) {calls} (i32.const 0)))
        (core instance $main (instantiate $m (with "" (instance (export "new" (func $new))))))
        {RUN})"#
    )
}

/// A component of so many core instances.
pub(crate) fn instances(count: usize) -> String {
    let more = "(core instance (instantiate $m))".repeat(count - 1);
    format!(
        r#"(component (core module $m (func (export "run") (result i32) (i32.const 0)))
        (core instance $main (instantiate $m)) {more} {RUN})"#
    )
}

/// A component of a module with so many functions.
pub(crate) fn functions(count: usize) -> String {
    module(&format!(r#"{} (func (export "run") (result i32) (i32.const 0))"#, "(func)".repeat(count)))
}

/// A component whose import has a type as deep as this.
pub(crate) fn nested(depth: usize) -> String {
    let mut types = "(type $t0 u8)".to_owned();
    for level in 1..=depth {
        types += &format!("(type $t{level} (list $t{}))", level - 1);
    }
    format!("(component {types} (type $f (func (param \"deep\" $t{depth}))) (import \"deep\" (func (type $f))))")
}
