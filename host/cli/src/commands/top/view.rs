//! How it looks.

use holm_adapters::control::Signal;
use holm_kernel::account::{Fuel, Money};
use holm_packages::printable;
use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    style::{Color, Modifier, Style, Stylize},
    text::{Line, Span},
    widgets::{self, Cell, TableState},
};

use super::{
    keys::HELP,
    table::{Row, Table, Told},
};
use crate::{
    commands::ps::{age, name},
    ui,
};

/// A column's name, its width, and how wide a terminal has to be for it: what tells processes apart goes last.
const COLUMNS: [(&str, Constraint, u16); 10] = [
    ("    PID", Constraint::Length(7), 0),
    ("PLUGIN", Constraint::Fill(1), 0),
    ("STATE", Constraint::Length(7), 0),
    ("NICE", Constraint::Length(4), 60),
    ("   FUEL/S", Constraint::Length(9), 50),
    ("      MEM", Constraint::Length(9), 60),
    ("   TOKENS", Constraint::Length(9), 110),
    ("     USD", Constraint::Length(8), 110),
    ("   TIME", Constraint::Length(7), 70),
    ("CALLING", Constraint::Length(22), 96),
];

/// Of what stands in each column, what a terminal of this width shows.
fn shown<T>(width: u16, columns: [T; COLUMNS.len()]) -> impl Iterator<Item = T> {
    columns.into_iter().zip(COLUMNS).filter(move |(_, (.., least))| width >= *least).map(|(column, _)| column)
}

pub(super) fn draw(frame: &mut Frame<'_>, table: &mut Table) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]).areas(frame.area());
    frame.render_widget(summary(table), head);
    let width = body.width;
    let header = widgets::Row::new(shown(width, COLUMNS.map(|(name, ..)| Cell::new(name))));
    let header = header.style(Style::new().reversed());
    let widths = shown(width, COLUMNS.map(|(_, width, _)| width));
    let rows = table.rows.iter().map(|one| row(one, width));
    let selected = Style::new().add_modifier(Modifier::BOLD).bg(Color::DarkGray);
    let table_shown = widgets::Table::new(rows, widths).header(header).row_highlight_style(selected);
    let mut state = TableState::new().with_selected((!table.rows.is_empty()).then_some(table.selected));
    frame.render_stateful_widget(table_shown, body, &mut state);
    frame.render_widget(status(table), foot);
}

/// All processes in a line. Trees share their accounts: roots hold the sums.
fn summary(table: &Table) -> Line<'static> {
    let count = |state: &str| table.rows.iter().filter(|row| row.process.state == state).count();
    let roots = || table.rows.iter().filter(|row| row.depth == 0);
    let fuel: f64 = roots().map(|row| row.rate).sum();
    let tokens: u64 = roots().map(|row| row.process.tokens).sum();
    let money: u64 = roots().map(|row| row.process.money.0).sum();
    let states = ["running", "ready", "blocked", "stopped"].map(|state| format!("{} {state}", count(state)));
    let processes = match table.rows.len() {
        1 => "1 process".to_owned(),
        several => format!("{several} processes"),
    };
    Line::from(vec![
        Span::from("holm  ").bold(),
        Span::from(format!("{processes}: {} · ", states.join(", "))),
        Span::from(format!("{} fuel/s · {tokens} tokens · ${}", Fuel(fuel as u64), Money(money))),
    ])
}

fn row(row: &Row, width: u16) -> widgets::Row<'static> {
    let process = &row.process;
    let colour = match process.state.as_str() {
        "running" | "ready" => Style::new().green(),
        "stopped" => Style::new().yellow(),
        _ => Style::new(),
    };
    let plugin = format!("{}{}", "  ".repeat(row.depth), printable(&name(&process.plugin)));
    let cells = [
        Cell::new(format!("{:>7}", process.pid.to_string())),
        Cell::new(plugin),
        Cell::new(process.state.clone()).style(colour),
        Cell::new(format!("{:>4}", process.nice.get())),
        Cell::new(format!("{:>9}", Fuel(row.rate as u64).to_string())),
        Cell::new(format!("{:>9}", process.memory.to_string())),
        Cell::new(format!("{:>9}", process.tokens)),
        Cell::new(format!("{:>8}", process.money.to_string())),
        Cell::new(format!("{:>7}", ui::span(age(process)))),
        Cell::new(process.calling.clone().unwrap_or_else(|| "-".to_owned())),
    ];
    widgets::Row::new(shown(width, cells))
}

fn status(table: &Table) -> Line<'static> {
    if let Some(doomed) = table.doomed {
        return Line::from(format!("end {doomed} and all its descendants? y/n")).bold();
    }
    match &table.told {
        Some(Told::Failed(why)) => Line::from(printable(why).to_string()).red(),
        Some(Told::Done(pid, signal)) => Line::from(match signal {
            Signal::Kill => format!("ended {pid}"),
            Signal::Stop => format!("stopped {pid}"),
            Signal::Continue => format!("continued {pid}"),
            Signal::Renice(nice) => format!("{pid} is at nice {}", nice.get()),
            Signal::TopUp(fuel) => format!("{pid} has {fuel} more fuel"),
        }),
        None if table.rows.is_empty() => Line::from("no process runs · q quit").dim(),
        None => Line::from(HELP).dim(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use expect_test::expect;
    use ratatui::{Terminal, backend::TestBackend};

    use super::*;
    use crate::commands::top::table::tests::process;

    #[test]
    fn a_tree_of_processes() {
        let mut table = Table::default();
        let now = Instant::now();
        let look = |fuel| {
            vec![
                process("12.3", None, "agent", fuel),
                process("13", Some("12.3"), "files", 0),
                process("14", None, "jq@0123456789abcdef", 0),
            ]
        };
        table.update(look(0), now);
        table.update(look(900_000), now + Duration::from_secs(1));
        let mut terminal = Terminal::new(TestBackend::new(110, 6)).expect("a terminal");
        terminal.draw(|frame| draw(frame, &mut table)).expect("drawn");
        expect![[r#"
            "holm  3 processes: 0 running, 0 ready, 3 blocked, 0 stopped · 900k fuel/s · 2400 tokens · $0.009              "
            "    PID PLUGIN              STATE   NICE    FUEL/S       MEM    TOKENS      USD    TIME CALLING               "
            "   12.3 agent               blocked    0      900k      1MiB      1200   0.0045   1m15s llm.complete          "
            "     13   files             blocked    0         0      1MiB      1200   0.0045   1m15s llm.complete          "
            "     14 jq@01234567         blocked    0         0      1MiB      1200   0.0045   1m15s llm.complete          "
            "↑↓ select · s stop/continue · + - nice · k kill · q quit                                                      "
        "#]].assert_eq(&terminal.backend().to_string());
    }
}
