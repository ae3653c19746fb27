//! A cell's value as JSON, and the check of what its formula would take.

use crate::limits::SHARED_FORMULA;
use calamine::{DataRef, ExcelDateTime};
use holm::serde_json::{Number, Value};
use holm::{Error, Result};
use ooxml::Package;
use quick_xml::Reader;
use quick_xml::events::Event;

/// A value and the name of its kind.
pub(crate) fn json(value: &DataRef<'_>) -> (Value, &'static str) {
    match value {
        DataRef::Empty => (Value::Null, "empty"),
        DataRef::Int(number) => (Value::from(*number), "number"),
        DataRef::Float(number) => (float(*number), "number"),
        DataRef::Bool(value) => (Value::Bool(*value), "boolean"),
        DataRef::String(text) => (Value::from(text.as_str()), "text"),
        DataRef::SharedString(text) => (Value::from(*text), "text"),
        DataRef::DateTime(moment) if moment.is_duration() => (Value::from(duration(moment.as_f64())), "duration"),
        DataRef::DateTime(moment) => date(moment),
        DataRef::DateTimeIso(text) => (Value::from(text.as_str()), "date"),
        DataRef::DurationIso(text) => (Value::from(text.as_str()), "duration"),
        DataRef::Error(error) => (Value::from(error.to_string()), "error"),
    }
}

/// Whole numbers as such: Excel knows only floats, and `2024.0` is no year.
fn float(number: f64) -> Value {
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < WHOLE {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn date(moment: &ExcelDateTime) -> (Value, &'static str) {
    let serial = moment.as_f64();
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let milli = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    let time = format!("{hour:02}:{minute:02}:{second:02}{milli}");
    if (0.0..1.0).contains(&serial) {
        return (Value::from(time), "time");
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if serial.fract() == 0.0 {
        return (Value::from(date), "date");
    }
    (Value::from(format!("{date}T{time}")), "date")
}

/// Days as hours, minutes and seconds.
fn duration(days: f64) -> String {
    let seconds = (days.abs() * 86_400.0).round() as u64;
    let sign = if days < 0.0 { "-" } else { "" };
    format!("{sign}{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Refuses shared formulas whose number is far too high, in whatever part they stand.
pub(crate) fn check_shared_formulas(package: &mut Package, path: &str) -> Result<()> {
    let names: Vec<String> = package.names().map(|name| name.into_owned()).collect();
    for name in names {
        let part = package.required(&name)?;
        let mut reader = Reader::from_reader(part.as_slice());
        let mut buffer = Vec::new();
        // What is no XML is no sheet; it ends the loop.
        while let Ok(event) = reader.read_event_into(&mut buffer) {
            let (Event::Start(tag) | Event::Empty(tag)) = &event else {
                if matches!(event, Event::Eof) {
                    break;
                }
                buffer.clear();
                continue;
            };
            if tag.local_name().as_ref() == "f" {
                for attribute in tag.attributes().with_checks(false).flatten() {
                    let number = attribute.key.as_ref() == "si";
                    let small = || attribute.value.parse::<u64>().is_ok_and(|number| number <= SHARED_FORMULA);
                    if number && !small() {
                        return Err(Error::new(format!(
                            "refused (shared-formula): {path:?}: its number is over {SHARED_FORMULA}"
                        )));
                    }
                }
            }
            buffer.clear();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{date, duration, float};
    use calamine::{ExcelDateTime, ExcelDateTimeType};
    use holm::serde_json::json;

    #[test]
    fn numbers_and_moments() {
        assert_eq!(float(2024.0), json!(2024));
        assert_eq!(float(0.1), json!(0.1));
        assert_eq!(float(f64::NAN), json!(null));
        assert_eq!(float(1e300), json!(1e300));
        let at = |serial| date(&ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, false)).0;
        assert_eq!(at(45_943.0), json!("2025-10-13"));
        assert_eq!(at(45_943.5), json!("2025-10-13T12:00:00"));
        assert_eq!(at(0.25), json!("06:00:00"));
        assert_eq!(at(f64::MAX), json!("9999-12-31"));
        assert_eq!(duration(1.5), "36:00:00");
        assert_eq!(duration(-0.5), "-12:00:00");
    }
}
