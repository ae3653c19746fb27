//! Pipelines. Commands of other runtimes run at once, joined by the kernel's pipes; a stage that the shell runs
//! itself (a builtin, a function, a group) runs in its turn, in a copy of the shell: it reads what those before it
//! write as they write it, and what it writes is kept until the next stage takes it.

use crate::limits::JOBS;
use crate::run::Run;
use crate::shell::{Job, Outcome, Shell};
use crate::simple::{Meaning, Place};
use crate::stream::{Source, Stream};
use brush_parser::ast::{AndOrList, Command};

/// What flows into a stage.
enum Upstream {
    /// The shell's own input.
    Own,
    Kept(Vec<u8>),
    Running(Run),
}

impl Shell {
    pub(crate) fn pipeline(&mut self, stages: &[Command]) -> Outcome {
        let mut statuses = vec![0; stages.len()];
        let mut upstream = Upstream::Own;
        for (index, stage) in stages.iter().enumerate() {
            let last = index + 1 == stages.len();
            upstream = self.stage(stage, index, last, upstream, &mut statuses)?;
        }
        if let Upstream::Running(mut run) = upstream {
            collect(&mut run, &mut statuses);
        }
        self.set_pipe_status(&statuses);
        let status = match self.options.pipefail {
            true => statuses.iter().rev().find(|status| **status != 0).copied().unwrap_or(0),
            false => statuses.last().copied().unwrap_or(0),
        };
        Ok(status)
    }

    fn stage(
        &mut self,
        stage: &Command,
        index: usize,
        last: bool,
        upstream: Upstream,
        statuses: &mut [i32],
    ) -> Outcome<Upstream> {
        let mut shell = self.subshell();
        shell.conditions = self.conditions;
        let mut running = None;
        match upstream {
            Upstream::Own => {}
            Upstream::Kept(bytes) => {
                shell.descriptors.insert(0, Stream::bytes(bytes));
            }
            Upstream::Running(run) => running = Some(run),
        }
        if let Command::Simple(command) = stage {
            shell.at_command(command);
            let prepared = match shell.prepare(command) {
                Ok(prepared) => prepared,
                Err(stop) => {
                    statuses[index] = shell.end(Err(stop));
                    return Ok(after(running, statuses));
                }
            };
            if prepared.name().is_some_and(|name| matches!(shell.meaning(name), Meaning::External)) {
                if self.options.xtrace {
                    let words: Vec<_> =
                        prepared.words().iter().map(|word| crate::expand::quote::if_needed(word)).collect();
                    self.trace(&words.join(" "));
                }
                return shell.external_stage(&prepared, index, last, running, statuses);
            }
        }
        let chained = running.is_some();
        if let Some(run) = running {
            shell.descriptors.insert(0, Stream::new(Source::Run(Box::new(run))));
        }
        let input = shell.descriptor(0);
        let kept = Stream::new(Source::Caught(Vec::new()));
        if !last {
            shell.descriptors.insert(1, kept.clone());
        }
        statuses[index] = self.deeper("pipeline", |outer| {
            shell.depth = outer.depth;
            let outcome = shell.command(stage);
            Ok(shell.end(outcome))
        })?;
        if let (true, Some(input)) = (chained, input)
            && let Source::Run(run) = &mut input.borrow_mut().source
        {
            collect(run, statuses);
        }
        Ok(Upstream::Kept(kept.borrow_mut().caught()))
    }

    /// Starts a command that runs beside those before it.
    fn external_stage(
        &mut self,
        prepared: &crate::simple::Prepared<'_>,
        index: usize,
        last: bool,
        running: Option<Run>,
        statuses: &mut [i32],
    ) -> Outcome<Upstream> {
        // Markers for what its own redirections leave as it is.
        let (input, output) = (Stream::new(Source::Null), Stream::new(Source::Null));
        if running.is_some() {
            self.descriptors.insert(0, input.clone());
        }
        if !last {
            self.descriptors.insert(1, output.clone());
        }
        match self.redirect(prepared.redirects.iter().copied()) {
            Ok(true) => {}
            failed => {
                statuses[index] = match failed {
                    Err(stop) => self.end(Err(stop)),
                    Ok(_) => 1,
                };
                return Ok(after(running, statuses));
            }
        }
        let is = |number, marker| self.descriptor(number).is_some_and(|stream| std::rc::Rc::ptr_eq(&stream, marker));
        let place = Place { chained: running.is_some() && is(0, &input), pulled: !last && is(1, &output) };
        // `2>&1 |`: what it says as an error flows on with the rest.
        let joined = place.pulled && is(2, &output);
        let mut run = match (running, place.chained) {
            (Some(run), true) => run,
            (Some(mut run), false) => {
                collect(&mut run, statuses);
                Run::default()
            }
            (None, _) => Run::default(),
        };
        if joined {
            // Both streams have to be gathered: the stage runs to its end.
            let kept = Stream::new(Source::Caught(Vec::new()));
            self.descriptors.insert(1, kept.clone());
            self.descriptors.insert(2, kept.clone());
            let status = self.start(prepared, &mut run, index, &Place { pulled: false, ..place })?;
            if let Some(status) = status {
                statuses[index] = status;
            }
            collect(&mut run, statuses);
            return Ok(Upstream::Kept(kept.borrow_mut().caught()));
        }
        match self.start(prepared, &mut run, index, &place)? {
            Some(status) => {
                statuses[index] = status;
                Ok(after(Some(run), statuses))
            }
            None if place.pulled || last => Ok(Upstream::Running(run)),
            None => {
                // Its output leads elsewhere: the next stage finds nothing.
                collect(&mut run, statuses);
                Ok(Upstream::Kept(Vec::new()))
            }
        }
    }

    /// Starts a list without waiting for it, where it is one command of another runtime, or a pipeline of such.
    /// Anything else is run in its turn: a process of its own it is not.
    pub(crate) fn background(&mut self, list: &AndOrList) -> Outcome {
        self.reap();
        if self.jobs.borrow().iter().filter(|job| job.status.is_none()).count() >= JOBS {
            self.complain(format_args!("more than {JOBS} background jobs"));
            return Ok(1);
        }
        let mut shell = self.subshell();
        shell.descriptors.insert(0, Stream::new(Source::Null));
        let mut run = Run::default();
        let simple = match (list.additional.as_slice(), list.first.seq.as_slice(), list.first.bang) {
            ([], [Command::Simple(command)], false) => Some(command),
            _ => None,
        };
        let status = match simple {
            Some(command) => {
                shell.at_command(command);
                let prepared = shell.prepare(command)?;
                let external = prepared.name().is_some_and(|name| matches!(shell.meaning(name), Meaning::External));
                if !external {
                    let outcome = shell.run_prepared(&prepared);
                    Some(shell.end(outcome))
                } else if shell.redirect(prepared.redirects.iter().copied())? {
                    shell.start(&prepared, &mut run, 0, &Place::default())?
                } else {
                    Some(1)
                }
            }
            None => Some(self.deeper("background", |outer| {
                shell.depth = outer.depth;
                let outcome = shell.and_or(list);
                Ok(shell.end(outcome))
            })?),
        };
        let pid = match run.is_empty() {
            true => 100_000 + (self.next_random() & 0xffff),
            false => run.pid(),
        };
        self.last_job = Some(pid);
        self.jobs.borrow_mut().push(Job { pid, run, status, text: list.to_string() });
        Ok(0)
    }

    /// Serves background jobs, without waiting.
    pub(crate) fn reap(&self) {
        for job in self.jobs.borrow_mut().iter_mut().filter(|job| job.status.is_none()) {
            if job.run.poll() {
                job.status = job.run.finish().pop().map(|(_, status)| status);
            }
        }
    }

    /// Waits for a background job; none where there is no such job.
    pub(crate) fn wait_for(&self, pid: u64) -> Option<i32> {
        let mut jobs = self.jobs.borrow_mut();
        let place = jobs.iter().position(|job| job.pid == pid)?;
        let mut job = jobs.remove(place);
        drop(jobs);
        job.status.or_else(|| job.run.finish().pop().map(|(_, status)| status))
    }
}

/// What is left for the next stage where this one did not start: nothing.
fn after(running: Option<Run>, statuses: &mut [i32]) -> Upstream {
    if let Some(mut run) = running {
        collect(&mut run, statuses);
    }
    Upstream::Kept(Vec::new())
}

fn collect(run: &mut Run, statuses: &mut [i32]) {
    for (index, status) in run.finish() {
        statuses[index] = status;
    }
}
