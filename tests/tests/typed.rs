//! Components with functions of their own types: what their tools are called, take, give and refuse.

use std::sync::Arc;

use expect_test::{Expect, expect};
use holm_kernel::{Spawn, ToolError, program::Program};
use holm_tests::{guest, machine};

/// The guest of one function for each way in which WIT makes types.
fn typed() -> Arc<Program> {
    guest("typed").program()
}

/// What a call gives, in a line.
async fn call(tool: &str, arguments: &str) -> String {
    let spawn = Spawn::new(typed());
    let answer = machine().kernel.call_tool(spawn, tool, arguments.to_owned()).await.expect("it starts");
    match answer.result {
        Ok(result) => result,
        Err(ToolError::NoSuchTool) => "no such tool".to_owned(),
        Err(ToolError::InvalidArguments(reason)) => format!("invalid: {reason}"),
        Err(ToolError::Failed(reason)) => format!("failed: {reason}"),
        Err(ToolError::Ended(status)) => format!("ended: {status}"),
    }
}

fn check(calls: &[(&str, &str)], expected: &Expect) {
    machine().block_on(async {
        let mut lines = String::new();
        for (tool, arguments) in calls {
            lines += &format!("{tool} {arguments}\n  {}\n", call(tool, arguments).await);
        }
        expected.assert_eq(&lines);
    });
}

#[test]
fn each_function_is_a_tool() {
    machine().block_on(async {
        let tools = machine().kernel.describe_tools(typed()).await.expect("tools");
        let lines: Vec<String> = tools.iter().map(|tool| format!("{}  {}", tool.name, tool.summary)).collect();
        expect![[r#"
            add  add(a: s32, b: s32) -> s32
            greet  greet(name: string) -> string
            misdeeds.deep  deep() -> list<list<list<u32>>>
            misdeeds.many  many(count: u32) -> list<u8>
            misdeeds.panic  panic()
            misdeeds.spin  spin()
            run  run(code: string) -> string
            shapes.bools  bools(it: bool) -> bool
            shapes.bytes  bytes(it: list<u8>) -> list<u8>
            shapes.chars  chars(it: char) -> char
            shapes.counter.add  counter.add(counter: record { start: u64 }, more: u64) -> u64
            shapes.counter.largest  counter.largest(one: u64, other: u64) -> u64
            shapes.enums  enums(it: enum { red, dark-green, blue }) -> enum { red, dark-green, blue }
            shapes.fail  fail(figure: variant { nothing, circle(f64), polygon(list<record { x: f64, y: f64, label: option<string> }>), named(option<string>) }, color: option<enum { red,…
            shapes.fail-in-words  fail-in-words(words: option<string>) -> result<_, string>
            shapes.fail-silently  fail-silently() -> result
            shapes.flags  flags(it: flags { read, write, run }) -> flags { read, write, run }
            shapes.floats  floats(single: f32, double: f64) -> tuple<f32, f64>
            shapes.integers  integers(a: s8, b: u8, c: s16, d: u16, e: s32, f: u32, g: s64, h: u64) -> tuple<s8, u8, s16, u16, s32, u32, s64, u64>
            shapes.lists  lists(it: list<list<s16>>) -> list<list<s16>>
            shapes.options  options(it: option<option<u8>>) -> option<option<u8>>
            shapes.records  records(it: record { x: f64, y: f64, label: option<string> }) -> record { x: f64, y: f64, label: option<string> }
            shapes.results  results(it: list<result<record { x: f64, y: f64, label: option<string> }, enum { red, dark-green, blue }>>) -> list<result<record { x: f64, y: f64, label: optio…
            shapes.strings  strings(it: string) -> string
            shapes.tuples  tuples(it: tuple<bool, string>) -> tuple<bool, string>
            shapes.units  units(it: result)
            shapes.variants  variants(it: list<variant { nothing, circle(f64), polygon(list<record { x: f64, y: f64, label: option<string> }>), named(option<string>) }>) -> list<variant { n…"#]].assert_eq(&lines.join("\n"));
        let image = machine().kernel.inspect(&typed()).await.expect("an image");
        let refused: Vec<String> =
            image.refused().iter().map(|(export, reason)| format!("{export}: {reason}")).collect();
        expect!["local:typed/shapes@1.0.0#look: it takes or gives a handle of a resource, and each call is a process of its own"].assert_eq(&refused.join("\n"));
        let schemas = |name: &str| {
            let tool = tools.iter().find(|tool| tool.name == name).expect("it is there");
            format!("{}\n{}", tool.input_schema, tool.output_schema.as_deref().unwrap_or_default())
        };
        expect![[r#"
            {"additionalProperties":false,"properties":{"a":{"maximum":2147483647,"minimum":-2147483648,"type":"integer"},"b":{"maximum":2147483647,"minimum":-2147483648,"type":"integer"}},"required":["a","b"],"type":"object"}
            {"maximum":2147483647,"minimum":-2147483648,"type":"integer"}"#]].assert_eq(&schemas("add"));
        expect![[r#"
            {"additionalProperties":false,"properties":{"it":{"additionalProperties":false,"properties":{"label":{"anyOf":[{"type":"null"},{"type":"string"}]},"x":{"anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]},"y":{"anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]}},"required":["x","y"],"type":"object"}},"required":["it"],"type":"object"}
            {"additionalProperties":false,"properties":{"label":{"anyOf":[{"type":"null"},{"type":"string"}]},"x":{"anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]},"y":{"anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]}},"required":["x","y","label"],"type":"object"}"#]].assert_eq(&schemas("shapes.records"));
        expect![[r#"
            {"additionalProperties":false,"properties":{"color":{"anyOf":[{"type":"null"},{"enum":["red","dark-green","blue"],"type":"string"}]},"figure":{"oneOf":[{"additionalProperties":false,"properties":{"tag":{"const":"nothing"}},"required":["tag"],"type":"object"},{"additionalProperties":false,"properties":{"tag":{"const":"circle"},"val":{"anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]}},"required":["tag","val"],"type":"object"},{"additionalProperties":false,"properties":{"tag":{"const":"polygon"},"val":{"items":{"additionalProperties":false,"properties":{"label":{"anyOf":[{"type":"null"},{"type":"string"}]},"x":{"anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]},"y":{"anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]}},"required":["x","y"],"type":"object"},"type":"array"}},"required":["tag","val"],"type":"object"},{"additionalProperties":false,"properties":{"tag":{"const":"named"},"val":{"anyOf":[{"type":"null"},{"type":"string"}]}},"required":["tag"],"type":"object"}]}},"required":["figure"],"type":"object"}
            {"oneOf":[{"additionalProperties":false,"properties":{"tag":{"const":"nothing"}},"required":["tag"],"type":"object"},{"additionalProperties":false,"properties":{"tag":{"const":"circle"},"val":{"anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]}},"required":["tag","val"],"type":"object"},{"additionalProperties":false,"properties":{"tag":{"const":"polygon"},"val":{"items":{"additionalProperties":false,"properties":{"label":{"anyOf":[{"type":"null"},{"type":"string"}]},"x":{"anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]},"y":{"anyOf":[{"type":"number"},{"enum":["NaN","Infinity","-Infinity"]}]}},"required":["x","y","label"],"type":"object"},"type":"array"}},"required":["tag","val"],"type":"object"},{"additionalProperties":false,"properties":{"tag":{"const":"named"},"val":{"anyOf":[{"type":"null"},{"type":"string"}]}},"required":["tag","val"],"type":"object"}]}"#]].assert_eq(&schemas("shapes.fail"));
        expect![[r#"
            {"additionalProperties":false,"properties":{"it":{"anyOf":[{"contentEncoding":"base64","type":"string"},{"items":{"maximum":255,"minimum":0,"type":"integer"},"type":"array"}]}},"required":["it"],"type":"object"}
            {"contentEncoding":"base64","type":"string"}"#]].assert_eq(&schemas("shapes.bytes"));
        expect![[r#"
            {"additionalProperties":false,"properties":{"it":{"anyOf":[{"type":"null"},{"additionalProperties":false,"properties":{"some":{"anyOf":[{"type":"null"},{"maximum":255,"minimum":0,"type":"integer"}]}},"required":["some"],"type":"object"}]}},"required":[],"type":"object"}
            {"anyOf":[{"type":"null"},{"additionalProperties":false,"properties":{"some":{"anyOf":[{"type":"null"},{"maximum":255,"minimum":0,"type":"integer"}]}},"required":["some"],"type":"object"}]}"#]].assert_eq(&schemas("shapes.options"));
    });
}

#[test]
fn values_come_back_as_they_were_given() {
    check(
        &[
            ("add", r#"{"a":2,"b":-40}"#),
            ("run", r#"{"code":"ls"}"#),
            ("greet", r#"{"name":"Ada"}"#),
            ("shapes.bools", r#"{"it":true}"#),
            (
                "shapes.integers",
                r#"{"a":-128,"b":255,"c":-32768,"d":65535,"e":-2147483648,"f":4294967295,"g":-9223372036854775808,"h":18446744073709551615}"#,
            ),
            (
                "shapes.integers",
                r#"{"a":1.0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":"-9007199254740993","h":"9007199254740991"}"#,
            ),
            ("shapes.floats", r#"{"single":0.1,"double":-0.0}"#),
            ("shapes.floats", r#"{"single":"NaN","double":"-Infinity"}"#),
            ("shapes.floats", r#"{"single":3.4e38,"double":5e-324}"#),
            ("shapes.chars", r#"{"it":"\ud83d\ude80"}"#),
            ("shapes.strings", r#"{"it":"a\u0000\"ü"}"#),
            ("shapes.lists", r#"{"it":[[1,-2],[],[3]]}"#),
            ("shapes.bytes", r#"{"it":"AP+A"}"#),
            ("shapes.bytes", r#"{"it":[0,255,128]}"#),
            ("shapes.bytes", r#"{"it":""}"#),
            ("shapes.records", r#"{"it":{"x":1,"y":2.5,"label":"here"}}"#),
            ("shapes.records", r#"{"it":{"x":1,"y":2.5}}"#),
            ("shapes.tuples", r#"{"it":[true,"x"]}"#),
            (
                "shapes.variants",
                r#"{"it":[{"tag":"nothing"},{"tag":"circle","val":1.5},{"tag":"polygon","val":[{"x":0,"y":0}]},{"tag":"named"},{"val":"x","tag":"named"}]}"#,
            ),
            ("shapes.enums", r#"{"it":"dark-green"}"#),
            ("shapes.flags", r#"{"it":["run","read"]}"#),
            ("shapes.options", "{}"),
            ("shapes.options", r#"{"it":{"some":null}}"#),
            ("shapes.options", r#"{"it":{"some":7}}"#),
            ("shapes.results", r#"{"it":[{"ok":{"x":1,"y":2}},{"err":"red"}]}"#),
            ("shapes.units", r#"{"it":{"ok":null}}"#),
            ("shapes.counter.largest", r#"{"one":3,"other":18446744073709551615}"#),
            // Made, and asked once.
            ("shapes.counter.add", r#"{"counter":{"start":40},"more":2}"#),
        ],
        &expect![[r#"
            add {"a":2,"b":-40}
              -38
            run {"code":"ls"}
              "LS"
            greet {"name":"Ada"}
              "Hello, Ada!"
            shapes.bools {"it":true}
              true
            shapes.integers {"a":-128,"b":255,"c":-32768,"d":65535,"e":-2147483648,"f":4294967295,"g":-9223372036854775808,"h":18446744073709551615}
              [-128,255,-32768,65535,-2147483648,4294967295,"-9223372036854775808","18446744073709551615"]
            shapes.integers {"a":1.0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":"-9007199254740993","h":"9007199254740991"}
              [1,0,0,0,0,0,"-9007199254740993",9007199254740991]
            shapes.floats {"single":0.1,"double":-0.0}
              [0.1,-0.0]
            shapes.floats {"single":"NaN","double":"-Infinity"}
              ["NaN","-Infinity"]
            shapes.floats {"single":3.4e38,"double":5e-324}
              [3.4e+38,5e-324]
            shapes.chars {"it":"\ud83d\ude80"}
              "🚀"
            shapes.strings {"it":"a\u0000\"ü"}
              "a\u0000\"ü"
            shapes.lists {"it":[[1,-2],[],[3]]}
              [[1,-2],[],[3]]
            shapes.bytes {"it":"AP+A"}
              "AP+A"
            shapes.bytes {"it":[0,255,128]}
              "AP+A"
            shapes.bytes {"it":""}
              ""
            shapes.records {"it":{"x":1,"y":2.5,"label":"here"}}
              {"x":1.0,"y":2.5,"label":"here"}
            shapes.records {"it":{"x":1,"y":2.5}}
              {"x":1.0,"y":2.5,"label":null}
            shapes.tuples {"it":[true,"x"]}
              [true,"x"]
            shapes.variants {"it":[{"tag":"nothing"},{"tag":"circle","val":1.5},{"tag":"polygon","val":[{"x":0,"y":0}]},{"tag":"named"},{"val":"x","tag":"named"}]}
              [{"tag":"nothing"},{"tag":"circle","val":1.5},{"tag":"polygon","val":[{"x":0.0,"y":0.0,"label":null}]},{"tag":"named","val":null},{"tag":"named","val":"x"}]
            shapes.enums {"it":"dark-green"}
              "dark-green"
            shapes.flags {"it":["run","read"]}
              ["read","run"]
            shapes.options {}
              null
            shapes.options {"it":{"some":null}}
              {"some":null}
            shapes.options {"it":{"some":7}}
              {"some":7}
            shapes.results {"it":[{"ok":{"x":1,"y":2}},{"err":"red"}]}
              [{"ok":{"x":1.0,"y":2.0,"label":null}},{"err":"red"}]
            shapes.units {"it":{"ok":null}}
              null
            shapes.counter.largest {"one":3,"other":18446744073709551615}
              "18446744073709551615"
            shapes.counter.add {"counter":{"start":40},"more":2}
              42
        "#]],
    );
}

#[test]
fn what_a_result_says_went_wrong_is_the_tools_own_error() {
    check(
        &[
            ("shapes.fail", r#"{"figure":{"tag":"circle","val":1}}"#),
            ("shapes.fail", r#"{"figure":{"tag":"nothing"},"color":"blue"}"#),
            ("shapes.fail-in-words", r#"{"words":"no \"such\" thing"}"#),
            ("shapes.fail-in-words", "{}"),
            ("shapes.fail-silently", "{}"),
        ],
        &expect![[r#"
            shapes.fail {"figure":{"tag":"circle","val":1}}
              {"tag":"circle","val":1.0}
            shapes.fail {"figure":{"tag":"nothing"},"color":"blue"}
              failed: "blue"
            shapes.fail-in-words {"words":"no \"such\" thing"}
              failed: no "such" thing
            shapes.fail-in-words {}
              null
            shapes.fail-silently {}
              failed: it failed, and does not say why
        "#]],
    );
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    check(
        &[
            ("add", "{}"),
            ("add", r#"{"a":1,"b":"2"}"#),
            ("add", r#"{"a":1,"b":2,"c":3}"#),
            ("add", r#"{"a":1.5,"b":2}"#),
            ("add", r#"{"a":2147483648,"b":2}"#),
            ("add", "[1,2]"),
            ("add", "{"),
            ("add", r#"{"a":1,"b":2,"a":3}"#),
            ("shapes.integers", r#"{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":"18446744073709551616"}"#),
            ("shapes.integers", r#"{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":9223372036854775808,"h":0}"#),
            ("shapes.integers", r#"{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":"+1","h":0}"#),
            ("shapes.floats", r#"{"single":1e39,"double":0}"#),
            ("shapes.floats", r#"{"single":"nan","double":0}"#),
            ("shapes.chars", r#"{"it":"ab"}"#),
            ("shapes.lists", r#"{"it":[[1],[2,70000]]}"#),
            ("shapes.bytes", r#"{"it":"A*"}"#),
            ("shapes.bytes", r#"{"it":[256]}"#),
            ("shapes.records", r#"{"it":{"x":1,"y":2,"z":3}}"#),
            ("shapes.records", r#"{"it":[1,2]}"#),
            ("shapes.tuples", r#"{"it":[true]}"#),
            ("shapes.variants", r#"{"it":[{"tag":"square"}]}"#),
            ("shapes.variants", r#"{"it":[{"tag":"nothing","val":1}]}"#),
            ("shapes.variants", r#"{"it":[{"tag":"polygon","val":[{"x":0,"y":0},{"x":"a","y":0}]}]}"#),
            ("shapes.variants", r#"{"it":["nothing"]}"#),
            ("shapes.variants", r#"{"it":[{"tag":"circle"}]}"#),
            ("shapes.variants", r#"{"it":[{"tag":"nothing","__proto__":{}}]}"#),
            ("shapes.enums", r#"{"it":"green"}"#),
            ("shapes.flags", r#"{"it":["run","run"]}"#),
            ("shapes.flags", r#"{"it":["fly"]}"#),
            ("shapes.options", r#"{"it":7}"#),
            ("shapes.results", r#"{"it":[{"ok":{"x":1,"y":2},"err":"red"}]}"#),
            ("shapes.results", r#"{"it":[{}]}"#),
            ("subtract", "{}"),
            ("shapes.look", r#"{"it":1}"#),
            ("shapes.counter.add", r#"{"more":2}"#),
            ("shapes.counter.add", r#"{"counter":{"start":-1},"more":2}"#),
        ],
        &expect![[r#"
            add {}
              invalid: a: is missing
            add {"a":1,"b":"2"}
              invalid: b: expected an integer from -2147483648 to 2147483647, found "2"
            add {"a":1,"b":2,"c":3}
              invalid: there is no parameter `c`; it takes a, b
            add {"a":1.5,"b":2}
              invalid: a: expected an integer from -2147483648 to 2147483647, found 1.5
            add {"a":2147483648,"b":2}
              invalid: a: expected an integer from -2147483648 to 2147483647, found 2147483648
            add [1,2]
              invalid: the arguments are no JSON object
            add {
              invalid: the arguments are no JSON object: EOF while parsing an object at line 1 column 1
            add {"a":1,"b":2,"a":3}
              invalid: the arguments are no JSON object: a name stands twice in one object at line 1 column 19
            shapes.integers {"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":"18446744073709551616"}
              invalid: h: expected an integer from 0 to 18446744073709551615, found "18446744073709551616"
            shapes.integers {"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":9223372036854775808,"h":0}
              invalid: g: expected an integer from -9223372036854775808 to 9223372036854775807, found 9223372036854775808
            shapes.integers {"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":"+1","h":0}
              invalid: g: expected an integer from -9223372036854775808 to 9223372036854775807, found "+1"
            shapes.floats {"single":1e39,"double":0}
              invalid: single: expected a number that fits 32 bits, found 1e+39
            shapes.floats {"single":"nan","double":0}
              invalid: single: expected a number, or one of "NaN", "Infinity" and "-Infinity", found "nan"
            shapes.chars {"it":"ab"}
              invalid: it: expected one character, found "ab"
            shapes.lists {"it":[[1],[2,70000]]}
              invalid: it[1][1]: expected an integer from -32768 to 32767, found 70000
            shapes.bytes {"it":"A*"}
              invalid: it: is no Base64 (Invalid symbol 42, offset 1.)
            shapes.bytes {"it":[256]}
              invalid: it[0]: expected an integer from 0 to 255, found 256
            shapes.records {"it":{"x":1,"y":2,"z":3}}
              invalid: it: there is no field `z`; there are x, y, label
            shapes.records {"it":[1,2]}
              invalid: it: expected an object, found an array of 2
            shapes.tuples {"it":[true]}
              invalid: it: expected an array of 2, found an array of 1
            shapes.variants {"it":[{"tag":"square"}]}
              invalid: it[0].tag: expected one of nothing, circle, polygon, named, found "square"
            shapes.variants {"it":[{"tag":"nothing","val":1}]}
              invalid: it[0].val: expected nothing, found 1
            shapes.variants {"it":[{"tag":"polygon","val":[{"x":0,"y":0},{"x":"a","y":0}]}]}
              invalid: it[0].val[1].x: expected a number, or one of "NaN", "Infinity" and "-Infinity", found "a"
            shapes.variants {"it":["nothing"]}
              invalid: it[0]: expected an object with `tag`, found "nothing"
            shapes.variants {"it":[{"tag":"circle"}]}
              invalid: it[0].val: is missing
            shapes.variants {"it":[{"tag":"nothing","__proto__":{}}]}
              invalid: it[0]: there is no field `__proto__`; there are tag and val
            shapes.enums {"it":"green"}
              invalid: it: expected one of red, dark-green, blue, found "green"
            shapes.flags {"it":["run","run"]}
              invalid: it[1]: `run` stands twice
            shapes.flags {"it":["fly"]}
              invalid: it[0]: expected one of read, write, run, found "fly"
            shapes.options {"it":7}
              invalid: it: expected an object with `some` alone, found 7
            shapes.results {"it":[{"ok":{"x":1,"y":2},"err":"red"}]}
              invalid: it[0]: expected an object with `ok` alone, found an object
            shapes.results {"it":[{}]}
              invalid: it[0]: expected an object with `err` alone, found an object
            subtract {}
              no such tool
            shapes.look {"it":1}
              no such tool
            shapes.counter.add {"more":2}
              invalid: counter: is missing
            shapes.counter.add {"counter":{"start":-1},"more":2}
              invalid: counter.start: expected an integer from 0 to 18446744073709551615, found -1
        "#]],
    );
}
