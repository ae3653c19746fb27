//! `wait`, `jobs` and `kill`.

use crate::shell::{Outcome, Shell};

pub(super) fn wait(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let words: Vec<&String> = arguments[1..].iter().collect();
    if words.iter().any(|word| *word == "-n") {
        let first = shell.jobs.borrow().first().map(|job| job.pid);
        return Ok(first.and_then(|pid| shell.wait_for(pid)).unwrap_or(127));
    }
    if words.is_empty() {
        loop {
            let next = shell.jobs.borrow().first().map(|job| job.pid);
            match next {
                Some(pid) => drop(shell.wait_for(pid)),
                None => return Ok(0),
            }
        }
    }
    let mut status = 0;
    for word in words {
        status = match pid_of(shell, word) {
            Some(pid) => match shell.wait_for(pid) {
                Some(status) => status,
                None => {
                    shell.complain(format_args!("wait: pid {pid} is not a child of this shell"));
                    127
                }
            },
            None => {
                shell.complain(format_args!("wait: `{word}': not a pid or valid job spec"));
                1
            }
        };
    }
    Ok(status)
}

fn pid_of(shell: &Shell, word: &str) -> Option<u64> {
    let Some(number) = word.strip_prefix('%') else { return word.parse().ok() };
    let place: usize = match number {
        "" | "%" | "+" => shell.jobs.borrow().len(),
        number => number.parse().ok()?,
    };
    shell.jobs.borrow().get(place.checked_sub(1)?).map(|job| job.pid)
}

pub(super) fn jobs(shell: &mut Shell, arguments: &[String]) -> Outcome {
    shell.reap();
    let pids = arguments.iter().any(|argument| argument == "-p");
    let mut text = String::new();
    let count = shell.jobs.borrow().len();
    for (place, job) in shell.jobs.borrow().iter().enumerate() {
        if pids {
            text.push_str(&format!("{}\n", job.pid));
            continue;
        }
        let mark = if place + 1 == count { '+' } else { '-' };
        let state = match job.status {
            None => "Running".to_owned(),
            Some(0) => "Done".to_owned(),
            Some(status) => format!("Exit {status}"),
        };
        text.push_str(&format!("[{}]{mark}  {state:<24}{}\n", place + 1, job.text.trim_end_matches('&')));
    }
    Ok(shell.printed("jobs", text))
}

/// Only one's own background jobs can be ended; `-0` asks whether they live.
pub(super) fn kill(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let mut words = arguments[1..].iter();
    let mut only_ask = false;
    let mut targets = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-l" => return Ok(shell.printed("kill", "HUP INT QUIT KILL TERM\n")),
            "-s" | "-n" => only_ask = words.next().is_some_and(|signal| signal == "0"),
            "-0" => only_ask = true,
            "--" => {}
            option if option.starts_with('-') => {}
            target => targets.push(target.to_owned()),
        }
    }
    shell.reap();
    let mut status = 0;
    for target in targets {
        let pid = pid_of(shell, &target);
        let mut jobs = shell.jobs.borrow_mut();
        let job = jobs.iter_mut().find(|job| Some(job.pid) == pid && job.status.is_none());
        match job {
            Some(job) if !only_ask => {
                job.run.kill();
            }
            Some(_) => {}
            None if Some(shell.pid) == pid && only_ask => {}
            None => {
                drop(jobs);
                shell.complain(format_args!("kill: ({target}) - No such process"));
                status = 1;
            }
        }
    }
    Ok(status)
}
