//! Somebody else's component, from its file to a tool under grants.

mod common;

use common::Holm;
use expect_test::expect;

#[test]
fn a_component_alone_is_a_plugin() {
    let holm = Holm::new();
    holm.file("Calc_1.wasm", common::component("typed"));
    holm.check(
        &[
            &["install", "Calc_1.wasm"],
            &["install", "Calc_1.wasm"],
            &["tool", "call", "calc-1/add", r#"{"a":2,"b":40}"#],
            &["tool", "call", "calc-1/add", "--arg", "a=2"],
            &["tool", "call", "calc-1/greet", "--arg", "name=Ada"],
            &["tool", "call", "calc-1/shapes.fail", "--arg", r#"figure={"tag":"nothing"}"#, "--arg", "color=red"],
            &["tool", "call", "calc-1/subtract"],
            &["tool", "call", "Calc_1.wasm/run", "--arg", "code=ls"],
            &["run", "calc-1"],
            &["grant", "calc-1", "fs=.:ro"],
            &["list"],
            &["uninstall", "calc-1"],
        ],
        expect![[r#"
            $ holm install Calc_1.wasm
            ! calc-1 0.0.0  The component Calc_1.wasm
            !   digest       [DIGEST]
            !   may ask for  nothing
            !   tools        add, greet, misdeeds.deep, misdeeds.many, misdeeds.panic, misdeeds.spin, run, shapes.bools, shapes.bytes, shapes.chars, shapes.counter.add, shapes.counter.largest, shapes.enums, shapes.fail, shapes.fail-in-words, shapes.fail-silently, shapes.flags, shapes.floats, shapes.integers, shapes.lists, shapes.options, shapes.records, shapes.results, shapes.strings, shapes.tuples, shapes.units, shapes.variants
            !   limits       the defaults
            !   no tools     local:typed/shapes@1.0.0#look: it takes or gives a handle of a resource, and each call is a process of its own
            ! installed calc-1 0.0.0

            $ holm install Calc_1.wasm
            ! calc-1 0.0.0 is installed already

            $ holm tool call calc-1/add {"a":2,"b":40}
            42

            $ holm tool call calc-1/add --arg a=2
            ! error: the arguments do not fit: b: is missing
            ! hint: `holm tool list calc-1` shows what it takes
            ? 2

            $ holm tool call calc-1/greet --arg name=Ada
            "Hello, Ada!"
            ! greeting Ada

            $ holm tool call calc-1/shapes.fail --arg figure={"tag":"nothing"} --arg color=red
            ! error: calc-1/shapes.fail failed: "red"
            ? 1

            $ holm tool call calc-1/subtract
            ! error: `calc-1` has no tool `subtract`
            ! hint: `holm tool list calc-1` shows its tools
            ? 4

            $ holm tool call Calc_1.wasm/run --arg code=ls
            "LS"

            $ holm run calc-1
            ! error: it offers tools, resources or prompts and cannot be run; `holm tool list` shows its tools
            ? 5

            $ holm grant calc-1 fs=.:ro
            ! error: `calc-1` does not ask for fs=[TEST]/work:ro; its ceiling is nothing
            ? 3

            $ holm list
            NAME    VERSION  DIGEST        TOOLS  GRANTS  DESCRIPTION
            calc-1  0.0.0    [DIGEST]     27       0  The component Calc_1.wasm

            $ holm uninstall calc-1
            ! uninstalled calc-1
        "#]],
    );
}

#[test]
fn what_has_no_use_is_not_installed() {
    let holm = Holm::new();
    holm.file("judge.wasm", common::component("judge"));
    holm.file("self.wasm", "no component");
    holm.check(&[&["install", "judge.wasm"], &["install", "self.wasm"], &["list"]], expect![[r#"
        $ holm install judge.wasm
        ! error: `[TEST]/work/judge.wasm` is a policy: put it into a folder with a plugin.toml that names in `judges` when it is asked
        ? 2

        $ holm install self.wasm
        ! error: `[TEST]/work/self.wasm`: this is no WebAssembly file: name the `.wasm` file that your build made
        ? 5

        $ holm list
        ! no plugin is installed
        ! hint: `holm new NAME` makes one, `holm install DIR` installs it
    "#]]);
}
