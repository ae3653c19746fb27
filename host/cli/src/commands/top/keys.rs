//! What a key does. Pure.

use holm_adapters::control::Signal;
use holm_kernel::{process::Pid, sched::Nice};
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::table::{Row, Table};

/// What follows a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Does {
    Nothing,
    Leave,
    Signal(Pid, Signal),
}

/// What is told of the keys.
pub(super) const HELP: &str = "↑↓ select · s stop/continue · + - nice · k kill · q quit";

/// Takes what was typed.
pub(super) fn does(event: &Event, table: &mut Table) -> Does {
    let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) = event else { return Does::Nothing };
    table.told = None;
    if let Some(doomed) = table.doomed.take() {
        return match code {
            KeyCode::Char('y') => Does::Signal(doomed, Signal::Kill),
            _ => Does::Nothing,
        };
    }
    let signal = |table: &Table, signal: &dyn Fn(&Row) -> Option<Signal>| {
        let to = |row: &Row| Some(Does::Signal(row.process.pid, signal(row)?));
        table.chosen().and_then(to).unwrap_or(Does::Nothing)
    };
    let nice = |by: i8| move |row: &Row| Nice::new(row.process.nice.get() + by).map(Signal::Renice);
    match code {
        KeyCode::Char('q') | KeyCode::Esc => return Does::Leave,
        KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => return Does::Leave,
        KeyCode::Up => table.select(false),
        KeyCode::Down => table.select(true),
        KeyCode::Char('k') => table.doomed = table.chosen().map(|row| row.process.pid),
        KeyCode::Char('s') => {
            return signal(table, &|row| {
                Some(if row.process.state == "stopped" { Signal::Continue } else { Signal::Stop })
            });
        }
        KeyCode::Char('+') => return signal(table, &nice(1)),
        KeyCode::Char('-') => return signal(table, &nice(-1)),
        _ => {}
    }
    Does::Nothing
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::commands::top::table::tests::process;

    #[test]
    fn nothing_ends_without_a_yes() {
        let mut table = Table::default();
        table.update(vec![process("7", None, "a", 0)], Instant::now());
        let mut key = |code| does(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), &mut table);
        let pid = "7".parse().expect("a pid");
        assert_eq!(key(KeyCode::Char('k')), Does::Nothing);
        assert_eq!(key(KeyCode::Char('n')), Does::Nothing);
        assert_eq!(key(KeyCode::Char('y')), Does::Nothing);
        assert_eq!(key(KeyCode::Char('k')), Does::Nothing);
        assert_eq!(key(KeyCode::Char('y')), Does::Signal(pid, Signal::Kill));
        assert_eq!(key(KeyCode::Char('s')), Does::Signal(pid, Signal::Stop));
        assert_eq!(key(KeyCode::Char('+')), Does::Signal(pid, Signal::Renice(Nice::new(1).expect("a nice value"))));
        assert_eq!(key(KeyCode::Char('q')), Does::Leave);
    }
}
