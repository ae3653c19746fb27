//! `printf`.

use crate::expand::quote::{Escapes, backslashed, unescaped};
use crate::limits::EXPANSION;
use crate::shell::{Outcome, Shell};

/// A directive: `%-10.3f`.
#[derive(Default)]
struct Directive {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternative: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Printing<'a> {
    shell: &'a mut Shell,
    arguments: std::slice::Iter<'a, String>,
    taken: bool,
    bytes: Vec<u8>,
    status: i32,
    over: bool,
}

pub(super) fn printf(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let mut words = &arguments[1..];
    let mut name = None;
    loop {
        match words {
            [option, variable, rest @ ..] if option == "-v" => (name, words) = (Some(variable.clone()), rest),
            [option, rest @ ..] if option == "--" => {
                words = rest;
                break;
            }
            _ => break,
        }
    }
    let Some((format, words)) = words.split_first() else {
        return shell.misused("printf", "usage: printf [-v var] format [arguments]");
    };
    let mut printing =
        Printing { shell, arguments: words.iter(), taken: false, bytes: Vec::new(), status: 0, over: false };
    loop {
        printing.taken = false;
        printing.round(format);
        let more = printing.arguments.len() > 0 && printing.taken && !printing.over;
        if !more || printing.bytes.len() > EXPANSION {
            break;
        }
    }
    let Printing { shell, bytes, status, .. } = printing;
    match name {
        None => Ok(shell.printed("printf", bytes).max(status)),
        Some(name) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
                Some((array, index)) => shell.set_element(array, index, text, false)?,
                None => shell.set(&name, text)?,
            }
            Ok(status)
        }
    }
}

impl Printing<'_> {
    /// The format, once.
    fn round(&mut self, format: &str) {
        let mut rest = format;
        while let Some(place) = rest.find('%') {
            self.plain(&rest[..place]);
            rest = &rest[place + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                self.bytes.push(b'%');
                rest = after;
                continue;
            }
            rest = self.directive(rest);
            if self.over {
                return;
            }
        }
        self.plain(rest);
    }

    fn plain(&mut self, text: &str) {
        self.bytes.extend(unescaped(text, Escapes::Printf).0);
    }

    fn next(&mut self) -> Option<&str> {
        self.taken = true;
        self.arguments.next().map(String::as_str)
    }

    /// One directive, after its sign; what follows it.
    fn directive<'f>(&mut self, text: &'f str) -> &'f str {
        let mut directive = Directive::default();
        let mut characters = text.char_indices().peekable();
        while let Some((_, flag)) = characters.next_if(|(_, flag)| "-+ 0#'".contains(*flag)) {
            match flag {
                '-' => directive.left = true,
                '+' => directive.plus = true,
                ' ' => directive.space = true,
                '0' => directive.zero = true,
                '#' => directive.alternative = true,
                _ => {}
            }
        }
        let mut number = |printing: &mut Self, directive: &mut Directive, precision: bool| {
            let mut value = None;
            if characters.next_if(|(_, star)| *star == '*').is_some() {
                let given: i64 = printing.next().and_then(|text| text.parse().ok()).unwrap_or(0);
                directive.left |= given < 0 && !precision;
                value = (given >= 0 || !precision).then_some(given.unsigned_abs() as usize);
            } else {
                while let Some((_, digit)) = characters.next_if(|(_, digit)| digit.is_ascii_digit()) {
                    let digit = digit.to_digit(10).unwrap_or(0) as usize;
                    value = Some(value.unwrap_or(0_usize).saturating_mul(10).saturating_add(digit));
                }
            }
            let dot = characters.next_if(|(_, dot)| *dot == '.' && !precision).is_some();
            (value.map(|value| value.min(EXPANSION)), dot)
        };
        let (width, dot) = number(self, &mut directive, false);
        directive.width = width;
        if dot {
            directive.precision = Some(number(self, &mut directive, true).0.unwrap_or(0));
        }
        while characters.next_if(|(_, letter)| "hlLqjzt".contains(*letter) && *letter != 'q').is_some() {}
        let Some((place, conversion)) = characters.next() else {
            self.shell.complain("printf: `%': missing format character");
            (self.status, self.over) = (1, true);
            return "";
        };
        let mut rest = &text[place + conversion.len_utf8()..];
        match conversion {
            's' => {
                let text = self.next().unwrap_or_default().to_owned();
                self.text(&directive, text.as_bytes());
            }
            'b' => {
                let (bytes, ended) = unescaped(self.next().unwrap_or_default(), Escapes::Percent);
                self.text(&directive, &bytes);
                self.over |= ended;
            }
            'q' => {
                let text = backslashed(self.next().unwrap_or_default());
                self.text(&directive, text.as_bytes());
            }
            'c' => {
                let text: String = self.next().unwrap_or_default().chars().take(1).collect();
                self.text(&directive, text.as_bytes());
            }
            'd' | 'i' => {
                let value = self.integer();
                let sign = match value {
                    ..0 => "-",
                    _ if directive.plus => "+",
                    _ if directive.space => " ",
                    _ => "",
                };
                self.number(&directive, sign, &value.unsigned_abs().to_string());
            }
            'u' => {
                let value = self.integer() as u64;
                self.number(&directive, "", &value.to_string());
            }
            'o' => {
                let value = self.integer();
                self.number(&directive, if directive.alternative { "0" } else { "" }, &format!("{value:o}"));
            }
            'x' => {
                let value = self.integer();
                self.number(
                    &directive,
                    if directive.alternative && value != 0 { "0x" } else { "" },
                    &format!("{value:x}"),
                );
            }
            'X' => {
                let value = self.integer();
                self.number(
                    &directive,
                    if directive.alternative && value != 0 { "0X" } else { "" },
                    &format!("{value:X}"),
                );
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' | 'a' | 'A' => {
                let value = self.real();
                let text = real(value.abs(), conversion, directive.precision.unwrap_or(6), directive.alternative);
                let sign = match value.is_sign_negative() {
                    true => "-",
                    false if directive.plus => "+",
                    false if directive.space => " ",
                    false => "",
                };
                self.number(&Directive { precision: None, ..directive }, sign, &text);
            }
            '(' => match rest.split_once(")T") {
                Some((format, after)) => {
                    let seconds = self.next().and_then(|text| text.parse().ok()).filter(|seconds| *seconds >= 0);
                    let text = crate::time::format(format, seconds);
                    self.text(&directive, text.as_bytes());
                    rest = after;
                }
                None => self.status = 1,
            },
            other => {
                self.shell.complain(format_args!("printf: `{other}': invalid format character"));
                (self.status, self.over) = (1, true);
            }
        }
        rest
    }

    fn text(&mut self, directive: &Directive, bytes: &[u8]) {
        let bytes = match directive.precision {
            Some(precision) => &bytes[..precision.min(bytes.len())],
            None => bytes,
        };
        let padding = directive.width.unwrap_or(0).saturating_sub(bytes.len());
        if !directive.left {
            self.bytes.extend(std::iter::repeat_n(b' ', padding));
        }
        self.bytes.extend(bytes);
        if directive.left {
            self.bytes.extend(std::iter::repeat_n(b' ', padding));
        }
    }

    fn number(&mut self, directive: &Directive, sign: &str, digits: &str) {
        let zeros = directive.precision.unwrap_or(0).saturating_sub(digits.len());
        let width = directive.width.unwrap_or(0);
        let size = sign.len() + zeros + digits.len();
        let fill = match directive.zero && !directive.left && directive.precision.is_none() {
            true => width.saturating_sub(size),
            false => 0,
        };
        let text = format!("{sign}{}{digits}", "0".repeat(zeros + fill));
        self.text(&Directive { left: directive.left, width: directive.width, ..Directive::default() }, text.as_bytes());
    }

    fn integer(&mut self) -> i64 {
        let Some(text) = self.next().map(str::to_owned) else { return 0 };
        let plain = text.trim_start();
        if let Some(quoted) = plain.strip_prefix(['\'', '"']) {
            return quoted.chars().next().map_or(0, |character| i64::from(u32::from(character)));
        }
        if plain.is_empty() {
            return 0;
        }
        let (negative, digits) = match plain.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, plain.strip_prefix('+').unwrap_or(plain)),
        };
        let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some(digits) => (16, digits),
            None if digits.starts_with('0') && digits.len() > 1 => (8, &digits[1..]),
            None => (10, digits),
        };
        let length = digits.find(|digit: char| !digit.is_digit(radix)).unwrap_or(digits.len());
        if length < digits.len() || digits.is_empty() {
            let what =
                if radix == 8 && digits.starts_with(['8', '9']) { "invalid octal number" } else { "invalid number" };
            self.shell.complain(format_args!("printf: {text}: {what}"));
            self.status = 1;
        }
        let value = match (length, u64::from_str_radix(&digits[..length], radix)) {
            (0, _) => 0,
            (_, Ok(value)) => value,
            (_, Err(_)) => i64::MAX as u64,
        };
        let value = value as i64;
        if negative { value.wrapping_neg() } else { value }
    }

    fn real(&mut self) -> f64 {
        let Some(text) = self.next().map(str::to_owned) else { return 0.0 };
        let plain = text.trim();
        if plain.is_empty() {
            return 0.0;
        }
        plain.parse().unwrap_or_else(|_| {
            self.shell.complain(format_args!("printf: {text}: invalid number"));
            self.status = 1;
            let length = plain.find(|digit: char| !digit.is_ascii_digit() && digit != '.' && digit != '-').unwrap_or(0);
            plain[..length].parse().unwrap_or(0.0)
        })
    }
}

/// A number as C writes it.
fn real(value: f64, conversion: char, precision: usize, alternative: bool) -> String {
    let precision = precision.min(400);
    if !value.is_finite() {
        let text = if value.is_nan() { "nan" } else { "inf" };
        return if conversion.is_uppercase() { text.to_uppercase() } else { text.to_owned() };
    }
    let exponential = |precision: usize| {
        let text = format!("{value:.precision$e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        (format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()), exponent)
    };
    let text = match conversion.to_ascii_lowercase() {
        'f' => format!("{value:.precision$}"),
        'e' => exponential(precision).0,
        _ => {
            let precision = precision.max(1);
            let (text, exponent) = exponential(precision - 1);
            let fits = exponent >= -4 && i64::from(exponent) < precision as i64;
            let text = match fits {
                true => format!("{value:.*}", (precision as i32 - 1 - exponent).max(0) as usize),
                false => text,
            };
            match (text.split_once('e'), alternative) {
                (_, true) => text,
                (None, false) => trimmed(&text).to_owned(),
                (Some((digits, exponent)), false) => format!("{}e{exponent}", trimmed(digits)),
            }
        }
    };
    if conversion.is_uppercase() { text.to_uppercase() } else { text }
}

fn trimmed(digits: &str) -> &str {
    match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::real;

    #[test]
    fn numbers_are_as_c_writes_them() {
        assert_eq!(real(2.345_678, 'f', 2, false), "2.35");
        assert_eq!(real(12345.678, 'e', 3, false), "1.235e+04");
        assert_eq!(real(0.0001, 'g', 6, false), "0.0001");
        assert_eq!(real(1e10, 'g', 6, false), "1e+10");
        assert_eq!(real(100000.0, 'g', 6, false), "100000");
    }
}
