//! A policy that does what the events themselves say: the test writes `!deny` into what is judged. It
//! logs each event, so that the test sees what it was told.

wit_bindgen::generate!({ path: "../../../wit", world: "judge", generate_all });

use exports::holm::sys::policy::{Actor, Decision, Event, Guest};
use holm::sys::log;

struct Judge;
export!(Judge);

impl Guest for Judge {
    fn judge(actor: Actor, event: Event) -> Decision {
        let text = format!("{event:?}");
        log::write(log::Level::Info, &format!("{} {}: {text}", actor.root, actor.plugin)).expect("a line");
        let says = |word: &str| text.contains(word);
        match () {
            // A fault of a child has no text of the test's.
            () if says("!deny") || (says("SpawnEnd") && says("trap")) => Decision::Deny("it says so".to_owned()),
            () if says("!ask") => Decision::Ask("it says so".to_owned()),
            () if says("!defer") => Decision::Defer("it says so".to_owned()),
            () if says("!trap") => panic!("it says so"),
            () if says("!spin") => loop {
                std::hint::black_box(());
            },
            () if says("!lie") => Decision::Deny(format!("\u{1b}[2J{}", "x".repeat(1 << 20))),
            () => Decision::Allow,
        }
    }
}
