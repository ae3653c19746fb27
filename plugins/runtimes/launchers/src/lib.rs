//! Commands that start others: `env`, `nice`, `nohup`, `timeout`, `which`, `xargs`.

mod run;
mod xargs;

use run::{FAILED, Running, start};
use std::time::Duration;

#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    wasi_process::begin();
    let called = std::env::args().next().unwrap_or_default();
    let outcome = match called.rsplit('/').next().unwrap_or_default() {
        "env" => env(arguments),
        "nice" => nice(arguments),
        "nohup" => nohup(&arguments),
        "timeout" => timeout(&arguments),
        "which" => Ok(which(&arguments)),
        "xargs" => xargs::run(arguments),
        other => Err(format!("{other}: no such command")),
    };
    outcome.unwrap_or_else(|text| {
        eprintln!("{text}");
        FAILED
    })
}

/// `env [-i] [-u NAME] [-C FOLDER] [-S TEXT] [NAME=VALUE…] [COMMAND…]`.
fn env(arguments: Vec<String>) -> Result<u8, String> {
    let mut variables: Vec<(String, String)> = std::env::vars().collect();
    let mut directory = None;
    let mut words = arguments.into_iter().peekable();
    let mut end = "\n";
    while let Some(word) = words.next_if(|word| word.starts_with('-')) {
        match word.as_str() {
            "-" | "-i" | "--ignore-environment" => variables.clear(),
            "-0" | "--null" => end = "\0",
            "-u" | "--unset" | "-C" | "--chdir" => {
                let value = words.next().ok_or_else(|| format!("env: option {word} requires an argument"))?;
                match word.as_str() {
                    "-u" | "--unset" => variables.retain(|(name, _)| *name != value),
                    _ => directory = Some(value),
                }
            }
            "-S" | "--split-string" => {
                let text = words.next().ok_or("env: option -S requires an argument")?;
                let split: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
                words = split.into_iter().chain(words).collect::<Vec<_>>().into_iter().peekable();
            }
            "--" => break,
            long if long.starts_with("--unset=") => variables.retain(|(name, _)| *name != long["--unset=".len()..]),
            other => return Err(format!("env: unrecognized option '{other}'")),
        }
    }
    while let Some(word) = words.next_if(|word| word.contains('=')) {
        let (name, value) = word.split_once('=').unwrap_or((&word, ""));
        variables.retain(|(own, _)| own != name);
        variables.push((name.to_owned(), value.to_owned()));
    }
    let Some(command) = words.next() else {
        let text: String = variables.iter().map(|(name, value)| format!("{name}={value}{end}")).collect();
        print!("{text}");
        return Ok(0);
    };
    let rest: Vec<String> = words.collect();
    Ok(match start("env", &command, &rest, &variables, directory.as_deref(), Running::default()) {
        Ok(child) => child.end(),
        Err(code) => code,
    })
}

/// `nice [-n N] COMMAND…`: the kernel favours nobody over their parent.
fn nice(arguments: Vec<String>) -> Result<u8, String> {
    let mut words = arguments.into_iter().peekable();
    let mut nice = 10_i32;
    while let Some(word) = words.next_if(|word| word.starts_with('-')) {
        let value = match word.as_str() {
            "-n" => words.next(),
            "--" => break,
            word => word
                .trim_start_matches("--adjustment=")
                .trim_start_matches("-n")
                .trim_start_matches('-')
                .to_owned()
                .into(),
        };
        let value = value.unwrap_or_default();
        nice = value.parse().map_err(|_| format!("nice: invalid adjustment '{value}'"))?;
    }
    let Some(command) = words.next() else {
        println!("0");
        return Ok(0);
    };
    let rest: Vec<String> = words.collect();
    let nice = u8::try_from(nice.clamp(0, 19)).unwrap_or(0);
    Ok(plain("nice", &command, &rest, Running { nice, ..Running::default() }))
}

fn plain(name: &str, command: &str, arguments: &[String], running: Running) -> u8 {
    let variables: Vec<(String, String)> = std::env::vars().collect();
    match start(name, command, arguments, &variables, None, running) {
        Ok(child) => child.end(),
        Err(code) => code,
    }
}

/// Nothing hangs up here.
fn nohup(arguments: &[String]) -> Result<u8, String> {
    let (command, rest) = arguments.split_first().ok_or("nohup: missing operand")?;
    Ok(plain("nohup", command, rest, Running::default()))
}

/// `timeout [-s SIGNAL] [-k TIME] TIME COMMAND…`: what takes longer is killed, and the status is 124.
fn timeout(arguments: &[String]) -> Result<u8, String> {
    let mut words = arguments.iter();
    let mut word = words.next();
    while let Some(option) = word.filter(|word| word.starts_with('-')) {
        if matches!(option.as_str(), "-s" | "-k" | "--signal" | "--kill-after") {
            words.next();
        }
        word = words.next();
    }
    let time = word.ok_or("timeout: missing operand")?;
    let limit = duration(time).ok_or_else(|| format!("timeout: invalid time interval '{time}'"))?;
    let rest: Vec<String> = words.cloned().collect();
    let (command, rest) = rest.split_first().ok_or("timeout: missing operand")?;
    let limit = (limit > Duration::ZERO).then_some(limit);
    Ok(plain("timeout", command, rest, Running { limit, ..Running::default() }))
}

/// `10`, `1.5m`, `2h`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, text.chars().last()?),
        None => (text, 's'),
    };
    let factor = match unit {
        'm' => 60.0,
        'h' => 3_600.0,
        'd' => 86_400.0,
        _ => 1.0,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * factor).ok()
}

/// Where a command is: there are no folders of them, so it is told where other systems keep it.
fn which(arguments: &[String]) -> u8 {
    let mut code = 0;
    let silent = arguments.iter().any(|argument| argument == "-s");
    for name in arguments.iter().filter(|argument| !argument.starts_with('-')) {
        let path = match name.contains('/') {
            true => std::fs::metadata(name).is_ok_and(|found| found.is_file()).then(|| name.clone()),
            false => holm::spawn::find(name).is_ok().then(|| format!("/usr/bin/{name}")),
        };
        match path {
            Some(_) if silent => {}
            Some(path) => println!("{path}"),
            None => code = 1,
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn times_are_read() {
        assert_eq!(duration("1.5m"), Some(Duration::from_secs(90)));
        assert_eq!(duration("10"), Some(Duration::from_secs(10)));
        assert_eq!(duration("-1"), None);
        assert_eq!(duration("x"), None);
    }
}
