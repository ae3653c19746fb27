//! Rows of the table: what was measured on both sides, and whether the aim is met.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// One measured path.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: Unit,
    /// None where it was skipped.
    pub(crate) measured: Option<Measured>,
    pub(crate) aim: Aim,
    /// Why it was skipped, or what one should know of it.
    pub(crate) note: String,
}

/// Holm, and bare wasmtime.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) holm: f64,
    pub(crate) bare: f64,
}

/// What a number counts.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Nanoseconds,
    Bytes,
}

/// What is to be reached.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    /// For comparison only.
    None,
    /// Holm takes at most so many times what bare wasmtime takes.
    Ratio(f64),
    /// Holm takes at most this.
    Most(f64),
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, unit: Unit, holm: f64, bare: f64, aim: Aim) -> Self {
        Self { what: what.into(), unit, measured: Some(Measured { holm, bare }), aim, note: String::new() }
    }

    pub(crate) fn skipped(what: impl Into<String>, unit: Unit, aim: Aim, why: String) -> Self {
        Self { what: what.into(), unit, measured: None, aim, note: why }
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Whether it says anything: nothing takes no time.
    pub(crate) fn is_sound(&self) -> bool {
        self.measured
            .is_none_or(|Measured { holm, bare }| holm.is_finite() && bare.is_finite() && holm > 0.0 && bare > 0.0)
    }

    fn met(&self) -> Option<bool> {
        let Measured { holm, bare } = self.measured?;
        match self.aim {
            Aim::None => None,
            Aim::Ratio(most) => Some(holm / bare <= most),
            Aim::Most(most) => Some(holm <= most),
        }
    }

    fn aim(&self) -> String {
        match self.aim {
            Aim::None => String::new(),
            Aim::Ratio(most) => format!("≤ {most} ×"),
            Aim::Most(most) => format!("≤ {}", self.unit.show(most)),
        }
    }
}

impl Unit {
    fn show(self, amount: f64) -> String {
        let (amount, unit) = match self {
            Unit::Nanoseconds if amount < 1e3 => (amount, "ns"),
            Unit::Nanoseconds if amount < 1e6 => (amount / 1e3, "µs"),
            Unit::Nanoseconds if amount < 1e9 => (amount / 1e6, "ms"),
            Unit::Nanoseconds => (amount / 1e9, "s"),
            Unit::Bytes => (amount / 1024.0, "KiB"),
        };
        let digits = if amount < 10.0 { 2 } else { usize::from(amount < 100.0) };
        format!("{amount:.digits$} {unit}")
    }

    fn name(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::Bytes => "bytes",
        }
    }
}

/// For people.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text = "| what | Holm | bare | ratio | aim | met |\n|---|---:|---:|---:|---:|---|\n".to_owned();
    let mut notes = String::new();
    for row in rows {
        let (holm, bare, ratio) = match row.measured {
            Some(Measured { holm, bare }) => {
                (row.unit.show(holm), row.unit.show(bare), format!("{:.2} ×", holm / bare))
            }
            None => ("skipped".to_owned(), String::new(), String::new()),
        };
        let met = match row.met() {
            Some(true) => "met",
            Some(false) => "**NOT MET**",
            None => "",
        };
        let _ = writeln!(text, "| {} | {holm} | {bare} | {ratio} | {} | {met} |", row.what, row.aim());
        if !row.note.is_empty() {
            let _ = writeln!(notes, "- {}: {}", row.what, row.note);
        }
    }
    if !notes.is_empty() {
        let _ = write!(text, "\n{}", notes.trim_end());
    }
    text
}

/// For programs.
pub(crate) fn json(rows: &[Row]) -> String {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "what": row.what,
                "unit": row.unit.name(),
                "holm": row.measured.map(|measured| measured.holm),
                "bare": row.measured.map(|measured| measured.bare),
                "ratio": row.measured.map(|measured| measured.holm / measured.bare),
                "aim": row.aim(),
                "met": row.met(),
                "note": row.note,
            })
        })
        .collect();
    Value::Array(rows).to_string()
}
