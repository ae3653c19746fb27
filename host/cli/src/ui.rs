//! What a person sees: data on stdout, talk on stderr, colour and movement on a terminal only.

use std::{
    borrow::Cow,
    fmt,
    io::{IsTerminal, Write},
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use holm_adapters::control::Stage;
use holm_kernel::{account::Bytes, answer::Progress, process::Times};
use holm_packages::{printable, visible};
use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use serde::Serialize;

use crate::error::{CommandError, Result};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Text in bold, where there is colour.
pub(crate) fn bold(text: impl fmt::Display) -> String {
    painted(BOLD, text)
}

/// Text that steps back.
pub(crate) fn dim(text: impl fmt::Display) -> String {
    painted(DIM, text)
}

/// Text that says that all is well.
pub(crate) fn good(text: impl fmt::Display) -> String {
    painted(GOOD, text)
}

/// Text that asks to be read.
pub(crate) fn alert(text: impl fmt::Display) -> String {
    painted(WARNING, text)
}

fn painted(style: Style, text: impl fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Writes data: what the command was asked for.
///
/// # Errors
/// Nobody reads it.
pub(crate) fn data(text: impl fmt::Display) -> Result<()> {
    let mut stdout = anstream::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}

/// Writes data as JSON: one value, on lines of its own.
///
/// # Errors
/// Nobody reads it.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    data(serde_json::to_string_pretty(value).map_err(CommandError::internal)?)
}

/// What is said while a line is typed.
static HELD: Mutex<Option<Vec<String>>> = Mutex::new(None);
/// Lines that are held back; what comes after is lost. Stops a guest that talks while nobody types on.
const HELD_LINES: usize = 10_000;

/// As long as it lives, what is said is held back: a line is being typed.
pub(crate) struct Hold(());

/// Holds back what is said.
pub(crate) fn hold() -> Hold {
    HELD.lock().get_or_insert_default();
    Hold(())
}

impl Drop for Hold {
    fn drop(&mut self) {
        let held = HELD.lock().take();
        held.into_iter().flatten().for_each(talk);
    }
}

/// Says something about what is done. Nobody may be listening.
pub(crate) fn talk(text: impl fmt::Display) {
    if let Some(held) = HELD.lock().as_mut() {
        if held.len() < HELD_LINES {
            held.push(text.to_string());
        }
        return;
    }
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Says that something is not as it should be. Names of files and words of guests may be in it: what a terminal
/// would act upon is spelt out, here and in hints and reports.
pub(crate) fn warn(text: impl fmt::Display) {
    talk(format_args!("{WARNING}warning{WARNING:#}: {}", visible(&text.to_string())));
}

/// Says what would help.
pub(crate) fn hint(text: impl fmt::Display) {
    talk(format_args!("{HINT}hint{HINT:#}: {}", visible(&text.to_string())));
}

/// Says why a command failed.
pub(crate) fn report(error: &CommandError) {
    if !error.message.is_empty() {
        talk(format_args!("{ERROR}error{ERROR:#}: {}", visible(&error.message)));
    }
    error.hints.iter().for_each(hint);
}

/// Writes rows as columns, as wide as they need to be. A heading that begins with `>` is one of
/// numbers, which are read from their last digit.
///
/// # Errors
/// Nobody reads it.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let names: Vec<String> = heading.iter().map(|name| name.trim_start_matches('>').to_owned()).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&names]).map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    let line = |cells: &[String]| {
        let cells =
            cells.iter().zip(&widths).zip(heading).map(|((cell, &width), heading)| match heading.starts_with('>') {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    data(bold(line(&names)))?;
    rows.iter().try_for_each(|row| data(line(row)))
}

/// Something that turns while the kernel works, on a terminal, once it takes a while.
pub(crate) struct Spinner(Option<ProgressBar>);

impl Spinner {
    /// Nothing turns yet.
    pub(crate) fn new() -> Self {
        Self(None)
    }

    /// Shows what is being done.
    pub(crate) fn show(&mut self, stage: Stage) {
        self.say(match stage {
            Stage::Fetching { come, whole } => format!("fetching {} of {}", Bytes(come), Bytes(whole)).into(),
            Stage::Checking => Cow::from("checking"),
            Stage::Compiling => "compiling".into(),
            Stage::Describing => "asking for its tools".into(),
            Stage::Starting => "starting the server".into(),
        });
    }

    /// Shows how far a call has come: on a terminal in place of what was shown before, else on a line.
    pub(crate) fn tell(&mut self, progress: &Progress) {
        let Progress { done, total, message } = progress;
        let mut text = total.map_or_else(|| done.to_string(), |total| format!("{done} of {total}"));
        if let Some(message) = message {
            text.push_str(&format!(": {}", printable(message)));
        }
        match std::io::stderr().is_terminal() {
            true => self.say(text),
            false => talk(text),
        }
    }

    /// Shows what is being done.
    pub(crate) fn say(&mut self, text: impl Into<Cow<'static, str>>) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let bar = self.0.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        bar.set_message(text);
    }

    /// Takes it away.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A time span as a person reads it: `0.31s`, `12s`, `3m04s`, `2h05m`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=9 => format!("{:.2}s", time.as_secs_f64()),
        10..=59 => format!("{seconds}s"),
        60..=3599 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// The mean of times, and what half, nine of ten and ninety-nine of a hundred stay below.
pub(crate) fn times(times: &Times) -> String {
    let short = |seconds: f64| match seconds {
        0.0..1.0 => format!("{:.1}ms", seconds * 1e3),
        _ => span(Duration::try_from_secs_f64(seconds).unwrap_or_default()),
    };
    [times.average, times.p50, times.p90, times.p99].map(short).join(" ")
}

/// `1 tool`, `2 tools`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
