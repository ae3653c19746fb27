//! Where and as whom one runs: the same for everybody here.

use crate::Outcome;

const HOST: &str = "localhost";

const USER: &str = "holm";

/// Scripts ask which system they are on, and know few answers.
const SYSTEM: [(char, &str); 6] =
    [('s', "Linux"), ('n', HOST), ('r', "6.1.0-holm"), ('v', "#1 Holm"), ('m', "wasm32"), ('o', "GNU/Linux")];

pub(crate) fn run(name: &str, arguments: &[String]) -> Outcome {
    let letters: String = arguments.iter().filter_map(|word| word.strip_prefix('-')).collect();
    let text = match name {
        "hostname" => HOST.to_owned(),
        "whoami" => USER.to_owned(),
        "id" => match (letters.contains('n'), letters.contains(['u', 'g', 'G'])) {
            (true, _) => USER.to_owned(),
            (false, true) => "1000".to_owned(),
            (false, false) => format!("uid=1000({USER}) gid=1000({USER}) groups=1000({USER})"),
        },
        _ => {
            let asked = |letter: char| {
                letters.contains('a') || letters.contains(letter) || (letter == 's' && letters.is_empty())
            };
            let parts: Vec<&str> = SYSTEM.iter().filter(|(letter, _)| asked(*letter)).map(|(_, text)| *text).collect();
            match parts.is_empty() {
                // `-p`, `-i`: what nobody knows.
                true => "unknown".to_owned(),
                false => parts.join(" "),
            }
        }
    };
    println!("{text}");
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::SYSTEM;

    #[test]
    fn each_part_has_a_letter() {
        assert_eq!(SYSTEM.iter().map(|(letter, _)| letter).collect::<String>(), "snrvmo");
    }
}
