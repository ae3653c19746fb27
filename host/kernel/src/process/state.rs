//! The states of a process and the events that move it from one to the next.

use std::fmt;

use serde::Serialize;

/// What a process does at this moment.
///
/// ```text
/// created → ready ⇄ running → blocked → ready      each → stopped → ready or blocked, each → exited
/// ```
///
/// In text and in JSON it is the lower-case word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub enum State {
    /// Being built: it has a pid and no instance yet.
    Created,
    /// Waits for a slice.
    Ready,
    /// Runs its slice on a worker.
    Running,
    /// Waits in a system call and costs nothing.
    Blocked,
    /// Gets no slice until it is continued.
    Stopped {
        /// Whether it has something to run once it goes on: it was ready or running when it was
        /// stopped, or what it waited for has come since.
        woken: bool,
    },
    /// Ended. Nothing leads out of it.
    Exited,
}

/// What happens to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub enum Event {
    /// It is built and joins the run queue.
    Admit,
    /// A worker takes it for a slice.
    Dispatch,
    /// Its slice is over and it has more to do, or it was woken during the slice.
    Preempt,
    /// It waits in a system call.
    Block,
    /// What it waited for has come. To one that is ready or runs it says nothing new.
    Wake,
    /// It is to rest. Told to a process that runs, it takes the place of the `Preempt` or `Block`
    /// at the end of the slice; told twice, it says nothing new.
    Stop,
    /// It may go on. To one that is not stopped it says nothing new.
    Continue,
    /// It ended, was killed or could not be built.
    Exit,
}

/// No such move: a bug of the caller, or an event that came too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no move leads from a process that is {state} by the event {event}")]
pub struct IllegalMove {
    /// Where the process is, and stays.
    pub state: State,
    /// What it was told.
    pub event: Event,
}

impl State {
    /// The state that follows when `event` happens to a process in this one.
    pub fn on(self, event: Event) -> Result<State, IllegalMove> {
        use Event::{Admit, Block, Continue, Dispatch, Exit, Preempt, Stop, Wake};
        use State::{Blocked, Created, Exited, Ready, Running, Stopped};
        Ok(match (self, event) {
            (Created, Admit) => Ready,
            (Ready, Dispatch) => Running,
            (Running, Preempt) => Ready,
            (Running, Block) => Blocked,
            (Blocked, Wake) => Ready,
            // Continued, it is polled once and blocks again if there was nothing to do.
            (Ready | Running, Stop) => Stopped { woken: true },
            // Stopped before it is admitted, it is admitted by the wake that comes in its place.
            (Created | Blocked, Stop) => Stopped { woken: false },
            (Stopped { .. }, Wake) => Stopped { woken: true },
            (Stopped { woken: true }, Continue) => Ready,
            (Stopped { woken: false }, Continue) => Blocked,
            (Ready | Running, Wake) | (Stopped { .. }, Stop) | (Ready | Running | Blocked, Continue) => self,
            (Created | Ready | Running | Blocked | Stopped { .. }, Exit) => Exited,
            (state, event) => return Err(IllegalMove { state, event }),
        })
    }
}

impl From<State> for &'static str {
    fn from(state: State) -> Self {
        match state {
            State::Created => "created",
            State::Ready => "ready",
            State::Running => "running",
            State::Blocked => "blocked",
            State::Stopped { .. } => "stopped",
            State::Exited => "exited",
        }
    }
}

impl From<Event> for &'static str {
    fn from(event: Event) -> Self {
        match event {
            Event::Admit => "admit",
            Event::Dispatch => "dispatch",
            Event::Preempt => "preempt",
            Event::Block => "block",
            Event::Wake => "wake",
            Event::Stop => "stop",
            Event::Continue => "continue",
            Event::Exit => "exit",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad((*self).into())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad((*self).into())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{Event, State};

    const STATES: [State; 7] = [
        State::Created,
        State::Ready,
        State::Running,
        State::Blocked,
        State::Stopped { woken: false },
        State::Stopped { woken: true },
        State::Exited,
    ];

    const EVENTS: [Event; 8] = [
        Event::Admit,
        Event::Dispatch,
        Event::Preempt,
        Event::Block,
        Event::Wake,
        Event::Stop,
        Event::Continue,
        Event::Exit,
    ];

    /// Follows the events from `created`; an illegal one is told and changes nothing.
    fn check(events: &str, expected: Expect) {
        let mut state = State::Created;
        let mut trace = vec![state.to_string()];
        for word in events.split_whitespace() {
            let event = EVENTS.into_iter().find(|event| event.to_string() == word);
            match state.on(event.expect("an event")) {
                Ok(next) => {
                    state = next;
                    trace.push(state.to_string());
                }
                Err(refused) => trace.push(refused.to_string()),
            }
        }
        expected.assert_eq(&trace.join("\n"));
    }

    #[test]
    fn a_life() {
        check(
            "admit dispatch preempt dispatch block wake dispatch exit",
            expect![[r#"
            created
            ready
            running
            ready
            running
            blocked
            ready
            running
            exited"#]],
        );
    }

    #[test]
    fn a_wake_while_stopped_is_remembered() {
        check(
            "admit dispatch block stop continue",
            expect![[r#"
            created
            ready
            running
            blocked
            stopped
            blocked"#]],
        );
        check(
            "admit dispatch block stop wake continue",
            expect![[r#"
            created
            ready
            running
            blocked
            stopped
            stopped
            ready"#]],
        );
        check(
            "stop wake continue",
            expect![[r#"
            created
            stopped
            stopped
            ready"#]],
        );
        check(
            "admit stop stop continue continue",
            expect![[r#"
            created
            ready
            stopped
            stopped
            ready
            ready"#]],
        );
        check(
            "admit dispatch stop continue",
            expect![[r#"
            created
            ready
            running
            stopped
            ready"#]],
        );
    }

    #[test]
    fn illegal_moves_are_told() {
        check(
            "dispatch",
            expect![[r#"
            created
            no move leads from a process that is created by the event dispatch"#]],
        );
        check(
            "admit dispatch exit wake",
            expect![[r#"
            created
            ready
            running
            exited
            no move leads from a process that is exited by the event wake"#]],
        );
    }

    #[test]
    fn every_move() {
        let mut lines = Vec::new();
        for state in STATES {
            let moves: Vec<String> =
                EVENTS.into_iter().filter_map(|event| Some(format!("{event} → {:?}", state.on(event).ok()?))).collect();
            lines.push(format!("{state:?}: {}", moves.join(", ")));
        }
        expect![[r#"
            Created: admit → Ready, stop → Stopped { woken: false }, exit → Exited
            Ready: dispatch → Running, wake → Ready, stop → Stopped { woken: true }, continue → Ready, exit → Exited
            Running: preempt → Ready, block → Blocked, wake → Running, stop → Stopped { woken: true }, continue → Running, exit → Exited
            Blocked: wake → Ready, stop → Stopped { woken: false }, continue → Blocked, exit → Exited
            Stopped { woken: false }: wake → Stopped { woken: true }, stop → Stopped { woken: false }, continue → Blocked, exit → Exited
            Stopped { woken: true }: wake → Stopped { woken: true }, stop → Stopped { woken: true }, continue → Ready, exit → Exited
            Exited: "#]].assert_eq(&lines.join("\n"));
    }

    #[test]
    fn json_is_the_word() {
        let json = serde_json::to_string(&STATES).expect("states are plain words");
        expect![[r#"["created","ready","running","blocked","stopped","stopped","exited"]"#]].assert_eq(&json);
    }
}
