//! What tools tell and ask, and what plugins offer beside tools, as commands show it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use common::Holm;
use expect_test::expect;

/// A home with the plugin that the conformance suite calls.
fn holm() -> Holm {
    let holm = Holm::new();
    holm.install("suite", "conformance", "");
    holm
}

#[test]
fn resources_and_prompts_are_listed_and_fetched() {
    let holm = holm();
    holm.check(
        &[
            &["resource", "list", "suite"],
            &["resource", "read", "suite", "test://template/7/data"],
            &["resource", "read", "suite", "test://static-text", "--json"],
            &["resource", "read", "suite", "test://nothing"],
            &["prompt", "list"],
            &["prompt", "get", "suite/test_prompt_with_arguments", "--arg", "arg1=a", "--arg", "arg2=b"],
            &["prompt", "get", "suite/test_prompt_with_arguments", "--arg", "arg1=a"],
            &["prompt", "get", "suite/nothing"],
            &["prompt", "get", "nothing"],
        ],
        expect![[r#"
            $ holm resource list suite
            PLUGIN  RESOURCE                   SUMMARY
            suite   test://static-text         A text that does not change.
            suite   test://static-binary       A picture that does not change.
            suite   test://watched-resource    A text that is watched.
            suite   test://example-resource    A text like others.
            suite   test://template/{id}/data  Data, by its number.

            $ holm resource read suite test://template/7/data
            {"data":"Data for ID: 7","id":"7","templateTest":true}
            $ holm resource read suite test://static-text --json
            {
              "contents": [
                {
                  "mimeType": "text/plain",
                  "text": "This is the content of the static text resource.",
                  "uri": "test://static-text"
                }
              ]
            }

            $ holm resource read suite test://nothing
            ! error: there is no resource test://nothing of `suite`
            ? 4

            $ holm prompt list
            PROMPT                                    ARGUMENTS    SUMMARY
            suite/test_simple_prompt                               A prompt without arguments.
            suite/test_prompt_with_arguments          arg1 arg2    A prompt with two arguments.
            suite/test_prompt_with_embedded_resource  resourceUri  A prompt that holds a resource.
            suite/test_prompt_with_image                           A prompt that holds a picture.
            suite/test_input_required_result_prompt                A prompt that asks first.

            $ holm prompt get suite/test_prompt_with_arguments --arg arg1=a --arg arg2=b
            user:
            Prompt with arguments: arg1='a', arg2='b'

            $ holm prompt get suite/test_prompt_with_arguments --arg arg1=a
            ! error: the arguments do not fit: missing argument `arg2`
            ? 2

            $ holm prompt get suite/nothing
            ! error: there is no prompt `nothing` of `suite`
            ? 4

            $ holm prompt get nothing
            ! error: `nothing` is no prompt: write PLUGIN/PROMPT
            ! hint: `holm prompt list` shows what there is
            ? 2
        "#]],
    );
    // Bytes come as they are.
    let picture = holm.command(&["resource", "read", "suite", "test://static-binary"]).output().unwrap();
    assert!(picture.stdout.starts_with(b"\x89PNG") && picture.stdout.ends_with(b"\xaeB`\x82"), "{picture:?}");
}

#[test]
fn progress_is_told_and_nobody_is_there_to_be_asked() {
    let holm = holm();
    let told = holm.run(&["tool", "call", "suite/test_tool_with_progress"]).succeeds();
    assert!(told.talk.contains("0 of 100: 0 of 100") && told.talk.contains("100 of 100"), "{}", told.talk);
    assert!(told.stdout.contains("Told how far it was."), "{}", told.stdout);
    let asked = holm.run(&["tool", "call", "suite/test_elicitation", "--arg", "message=Who?"]).ends(1);
    assert!(asked.talk.contains("nobody can be asked this"), "{}", asked.talk);
    // A line that is logged comes while the call runs, and its result is not mixed with it.
    let logged = holm.run(&["tool", "call", "suite/test_tool_with_logging"]).succeeds();
    assert!(logged.talk.contains("suite: info: Tool processing data"), "{}", logged.talk);
    assert_eq!(logged.json()["content"][0]["text"], "Logged three lines.");
}
