//! Pipelines. Commands of other runtimes run at once, joined by the kernel's pipes; a stage that the shell runs
//! itself (a builtin, a function, a group) runs in its turn, in a copy of the shell: it reads what those before it
//! write as they write it, and writes to a command after it as that one reads. Between two stages of the shell's own,
//! what the first writes is kept until the second takes it.

use crate::expand::quote;
use crate::limits::JOBS;
use crate::run::{self, Run};
use crate::shell::{Job, Outcome, Shell};
use crate::simple::{Meaning, Place, Prepared};
use crate::stream::{Source, Stream};
use brush_parser::ast::{AndOrList, Command, CommandPrefixOrSuffixItem, IoRedirect, SimpleCommand};
use std::rc::Rc;

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
        let mut index = 0;
        while index < stages.len() {
            (upstream, index) = self.stage(stages, index, upstream, &mut statuses)?;
        }
        if let Upstream::Running(mut run) = upstream {
            for (index, status) in self.serve(&mut run) {
                statuses[index] = status;
            }
        }
        self.set_pipe_status(&statuses);
        let status = match self.options.pipefail {
            true => statuses.iter().rev().find(|status| **status != 0).copied().unwrap_or(0),
            false => statuses.last().copied().unwrap_or(0),
        };
        Ok(status)
    }

    /// Waits for commands, and serves those in the background meanwhile.
    pub(crate) fn serve(&self, run: &mut Run) -> Vec<(usize, i32)> {
        while !run.poll() {
            self.reap();
            let jobs = self.jobs.borrow();
            let live = jobs.iter().filter(|job| job.status.is_none()).map(|job| &job.run);
            let runs: Vec<&Run> = live.chain([&*run]).collect();
            run::wait_for(&runs);
        }
        run.finish()
    }

    /// Runs or starts the stage of this place; what flows on, and the place of the next one.
    fn stage(
        &mut self,
        stages: &[Command],
        index: usize,
        upstream: Upstream,
        statuses: &mut [i32],
    ) -> Outcome<(Upstream, usize)> {
        let (stage, next) = (&stages[index], index + 1);
        let last = next == stages.len();
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
        let mut prepared = None;
        if let Command::Simple(command) = stage {
            shell.at_command(command);
            let words = match shell.prepare(command) {
                Ok(words) => words,
                Err(stop) => {
                    statuses[index] = shell.end(Err(stop));
                    return Ok((after(running, statuses), next));
                }
            };
            if words.name().is_some_and(|name| matches!(shell.meaning(name), Meaning::External)) {
                self.trace_stage(&words);
                return Ok((shell.external_stage(&words, index, last, running, statuses)?, next));
            }
            prepared = Some(words);
        }
        let chained = running.is_some();
        if let Some(run) = running {
            shell.descriptors.insert(0, Stream::new(Source::Run(Box::new(run))));
        }
        let input = shell.descriptor(0);
        let reader = self.fed_stage(stages, next, statuses)?;
        let is_fed = reader.is_some();
        let output =
            Stream::new(reader.map_or_else(|| Source::Caught(Vec::new()), |run| Source::Feeding(Box::new(run))));
        if !last {
            shell.descriptors.insert(1, output.clone());
        }
        statuses[index] = self.deeper("pipeline", |outer| {
            shell.depth = outer.depth;
            let outcome = match &prepared {
                Some(prepared) => shell.run_prepared(prepared),
                None => shell.command(stage),
            };
            let closed = shell.broken.get();
            let status = shell.end(outcome);
            Ok(if closed { run::CLOSED } else { status })
        })?;
        drop(shell);
        if let (true, Some(input)) = (chained, input)
            && let Source::Run(run) = &mut input.borrow_mut().source
        {
            collect(run, statuses);
        }
        let mut output = output.borrow_mut();
        let flows = match std::mem::replace(&mut output.source, Source::Null) {
            Source::Feeding(mut run) => {
                run.fed();
                Upstream::Running(*run)
            }
            Source::Caught(bytes) => Upstream::Kept(bytes),
            _ => Upstream::Kept(Vec::new()),
        };
        Ok((flows, next + usize::from(is_fed)))
    }

    /// Starts the command of this place, which is to read what the shell is about to write; none where it is the
    /// shell's own, or its redirections have to be looked at first.
    fn fed_stage(&mut self, stages: &[Command], index: usize, statuses: &mut [i32]) -> Outcome<Option<Run>> {
        let Some(Command::Simple(command)) = stages.get(index) else { return Ok(None) };
        if !self.is_plain(command) {
            return Ok(None);
        }
        let last = index + 1 == stages.len();
        let mut shell = self.subshell();
        shell.at_command(command);
        let prepared = match shell.prepare(command) {
            Ok(prepared) => prepared,
            Err(stop) => {
                statuses[index] = shell.end(Err(stop));
                return Ok(Some(Run::default()));
            }
        };
        self.trace_stage(&prepared);
        let mut run = Run::default();
        let place = Place { fed: true, pulled: !last, ..Place::default() };
        if let Some(status) = shell.start(&prepared, &mut run, index, &place)? {
            statuses[index] = status;
        }
        Ok(Some(run))
    }

    /// Whether this is a command of another runtime, by its name as it is written, without redirections.
    fn is_plain(&self, command: &SimpleCommand) -> bool {
        let items = command
            .prefix
            .iter()
            .flat_map(|prefix| &prefix.0)
            .chain(command.suffix.iter().flat_map(|suffix| &suffix.0));
        let redirects = items.filter(|item| matches!(item, CommandPrefixOrSuffixItem::IoRedirect(_))).count();
        let name = command.word_or_name.as_ref().map_or("", |name| name.value.as_str());
        let literal =
            !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./".contains(letter));
        literal && redirects == 0 && !self.aliases.contains_key(name) && matches!(self.meaning(name), Meaning::External)
    }

    fn trace_stage(&mut self, prepared: &Prepared<'_>) {
        if self.options.xtrace {
            let words: Vec<_> = prepared.words().iter().map(|word| quote::if_needed(word)).collect();
            self.trace(&words.join(" "));
        }
    }

    /// Starts a command that runs beside those before it.
    fn external_stage(
        &mut self,
        prepared: &Prepared<'_>,
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
        match self.redirect(prepared.redirects.iter().map(|redirect| -> &IoRedirect { redirect })) {
            Ok(true) => {}
            failed => {
                statuses[index] = match failed {
                    Err(stop) => self.end(Err(stop)),
                    Ok(_) => 1,
                };
                return Ok(after(running, statuses));
            }
        }
        let is = |number, marker| self.descriptor(number).is_some_and(|stream| Rc::ptr_eq(&stream, marker));
        let place = Place { chained: running.is_some() && is(0, &input), pulled: !last && is(1, &output), fed: false };
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
            collect(&mut run, statuses);
            if let Some(status) = status {
                statuses[index] = status;
            }
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
