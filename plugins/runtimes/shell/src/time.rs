//! Dates, as `printf '%(…)T'` writes them, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The text of a moment: seconds since 1970; none is now.
pub(crate) fn format(format: &str, seconds: Option<i64>) -> String {
    let now =
        || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
    let seconds = seconds.unwrap_or_else(now);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, date) = civil(day);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let weekday = DAYS[day.rem_euclid(7) as usize];
    let month_name = MONTHS[month as usize - 1];
    let mut all = String::new();
    let mut characters = if format.is_empty() { "%H:%M:%S" } else { format }.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            all.push(character);
            continue;
        }
        match characters.next() {
            Some('Y') => all.push_str(&year.to_string()),
            Some('y') => all.push_str(&format!("{:02}", year.rem_euclid(100))),
            Some('m') => all.push_str(&format!("{month:02}")),
            Some('d') => all.push_str(&format!("{date:02}")),
            Some('e') => all.push_str(&format!("{date:2}")),
            Some('H') => all.push_str(&format!("{hour:02}")),
            Some('I') => all.push_str(&format!("{:02}", (hour + 11) % 12 + 1)),
            Some('M') => all.push_str(&format!("{minute:02}")),
            Some('S') => all.push_str(&format!("{second:02}")),
            Some('p') => all.push_str(if hour < 12 { "AM" } else { "PM" }),
            Some('F') => all.push_str(&format!("{year}-{month:02}-{date:02}")),
            Some('T') => all.push_str(&format!("{hour:02}:{minute:02}:{second:02}")),
            Some('s') => all.push_str(&seconds.to_string()),
            Some('a') => all.push_str(&weekday[..3]),
            Some('A') => all.push_str(weekday),
            Some('b' | 'h') => all.push_str(&month_name[..3]),
            Some('B') => all.push_str(month_name),
            Some('j') => all.push_str(&format!("{:03}", day - days_before(year) + 1)),
            Some('Z') => all.push_str("UTC"),
            Some('z') => all.push_str("+0000"),
            Some('n') => all.push('\n'),
            Some('%') => all.push('%'),
            Some(other) => all.extend(['%', other]),
            None => all.push('%'),
        }
    }
    all
}

/// Year, month and date of a day since 1970.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, date)
}

/// Days from 1970 to the first of a year.
fn days_before(year: i64) -> i64 {
    let before = year - 1;
    365 * (year - 1970) + (before.div_euclid(4) - 492) - (before.div_euclid(100) - 19) + (before.div_euclid(400) - 4)
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn moments_are_dates() {
        assert_eq!(format("%F %T %a %j", Some(0)), "1970-01-01 00:00:00 Thu 001");
        assert_eq!(format("%F %T %A %b %j", Some(1_709_210_096)), "2024-02-29 12:34:56 Thursday Feb 060");
        assert_eq!(format("%F %I%p", Some(-1)), "1969-12-31 11PM");
    }
}
