//! `echo`.

use crate::expand::quote::{Escapes, unescaped};
use crate::shell::{Outcome, Shell};

pub(super) fn echo(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let mut words = &arguments[1..];
    let (mut line_end, mut escapes) = (true, shell.options.shopt.contains("xpg_echo"));
    while let Some((first, rest)) = words.split_first() {
        let letters = first
            .strip_prefix('-')
            .filter(|letters| !letters.is_empty() && letters.chars().all(|letter| "neE".contains(letter)));
        let Some(letters) = letters else { break };
        for letter in letters.chars() {
            match letter {
                'n' => line_end = false,
                letter => escapes = letter == 'e',
            }
        }
        words = rest;
    }
    let mut bytes = words.join(" ").into_bytes();
    if escapes {
        let (text, ended) = unescaped(&words.join(" "), Escapes::Echo);
        bytes = text;
        line_end &= !ended;
    }
    if line_end {
        bytes.push(b'\n');
    }
    Ok(shell.printed("echo", bytes))
}
