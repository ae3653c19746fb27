//! Running lists, conditions and loops.

use crate::run::CLOSED;
use crate::shell::{Function, Outcome, Shell, Stop};
use brush_parser::ast::{
    AndOr, AndOrList, CaseClauseCommand, CaseItemPostAction, Command, CompoundCommand, CompoundList, ForClauseCommand,
    IfClauseCommand, Pipeline, PipelineTimed, Program, RedirectList, SeparatorOperator, SourceLocation,
};
use std::rc::Rc;
use std::time::Instant;

impl Shell {
    /// Runs a script. An expansion that fails gives up the rest of its line, or all of it where `whole`.
    pub(crate) fn program(&mut self, program: &Program, whole: bool) -> Outcome {
        for list in &program.complete_commands {
            match self.list(list) {
                Err(Stop::Discard(status)) if !whole => self.status = status,
                outcome => drop(outcome?),
            }
        }
        Ok(self.status)
    }

    /// Runs a script in a subshell of its own; its status.
    pub(crate) fn run_to_end(&mut self, program: &Program) -> i32 {
        let outcome = self.program(program, true);
        self.end(outcome)
    }

    pub(crate) fn list_to_end(&mut self, list: &CompoundList) -> i32 {
        let outcome = self.list(list);
        self.end(outcome)
    }

    /// The end of a shell: its last status, after its EXIT trap.
    pub(crate) fn end(&mut self, outcome: Outcome) -> i32 {
        self.status = match outcome {
            Ok(status) | Err(Stop::Exit(status) | Stop::Return(status) | Stop::Discard(status)) => status,
            Err(Stop::Break(_) | Stop::Continue(_)) => self.status,
        };
        if let Some(action) = self.traps.remove("EXIT") {
            let status = self.status;
            self.status = match self.run_trap(&action) {
                Err(Stop::Exit(status)) => status,
                _ => status,
            };
        }
        self.end_substitutions(0);
        self.status & 0xff
    }

    /// Runs a trap's action; the status before it stays.
    pub(crate) fn run_trap(&mut self, action: &str) -> Outcome<()> {
        let (status, line) = (self.status, self.line);
        let was = std::mem::replace(&mut self.in_trap, true);
        let outcome = self.eval(action);
        self.in_trap = was;
        self.line = line;
        outcome?;
        self.status = status;
        Ok(())
    }

    /// Runs text in this shell.
    pub(crate) fn eval(&mut self, text: &str) -> Outcome {
        let program = self.parsed_within(text)?;
        let first = std::mem::replace(&mut self.first_line, self.line.saturating_sub(1));
        let outcome = self.deeper("eval", |shell| shell.program(&program, true));
        self.first_line = first;
        outcome
    }

    pub(crate) fn list(&mut self, list: &CompoundList) -> Outcome {
        let mut status = 0;
        for item in &list.0 {
            status = match item.1 {
                SeparatorOperator::Sequence => self.and_or(&item.0)?,
                SeparatorOperator::Async => self.background(&item.0)?,
            };
            self.status = status;
            if self.broken.get() {
                return Err(Stop::Exit(CLOSED));
            }
        }
        Ok(status)
    }

    pub(crate) fn and_or(&mut self, list: &AndOrList) -> Outcome {
        let last = list.additional.len();
        let mut status = self.part(&list.first, last == 0)?;
        for (place, next) in list.additional.iter().enumerate() {
            let (wanted, pipeline) = match next {
                AndOr::And(pipeline) => (status == 0, pipeline),
                AndOr::Or(pipeline) => (status != 0, pipeline),
            };
            if wanted {
                status = self.part(pipeline, place + 1 == last)?;
            }
        }
        Ok(status)
    }

    /// A pipeline of a list: only the last one's failure is one of the shell's.
    fn part(&mut self, pipeline: &Pipeline, last: bool) -> Outcome {
        if !last || pipeline.bang {
            self.conditions += 1;
        }
        let outcome = self.timed(pipeline);
        if !last || pipeline.bang {
            self.conditions -= 1;
        }
        let status = outcome?;
        self.status = if pipeline.bang { i32::from(status == 0) } else { status };
        let inner = matches!(
            pipeline.seq.as_slice(),
            [Command::Compound(compound, _)] if !matches!(compound, CompoundCommand::Subshell(_) | CompoundCommand::Arithmetic(_))
        );
        if last && !pipeline.bang && !inner && self.status != 0 {
            self.failed()?;
        }
        Ok(self.status)
    }

    /// A command failed, and no condition asked whether: the ERR trap, and the end under `set -e`.
    fn failed(&mut self) -> Outcome<()> {
        if self.conditions > 0 {
            return Ok(());
        }
        let in_function = self.variables.is_local() && !self.options.errtrace;
        if let Some(action) = self.traps.get("ERR").cloned()
            && !self.in_trap
            && !in_function
        {
            self.run_trap(&action)?;
        }
        match self.options.errexit {
            true => Err(Stop::Exit(self.status)),
            false => Ok(()),
        }
    }

    fn timed(&mut self, pipeline: &Pipeline) -> Outcome {
        let start = Instant::now();
        let outcome = match pipeline.seq.as_slice() {
            [] => Ok(0),
            [command] => {
                let outcome = self.command(command);
                if let Ok(status) = outcome {
                    self.set_pipe_status(&[status]);
                }
                outcome
            }
            stages => self.pipeline(stages),
        };
        if let Some(timed) = &pipeline.timed {
            let seconds = start.elapsed().as_secs_f64();
            let text = match timed {
                PipelineTimed::TimedWithPosixOutput(_) => format!("real {seconds:.2}\nuser 0.00\nsys 0.00\n"),
                PipelineTimed::Timed(_) => {
                    let minutes = (seconds / 60.0).floor();
                    format!("\nreal\t{minutes:.0}m{:.3}s\nuser\t0m0.000s\nsys\t0m0.000s\n", seconds - minutes * 60.0)
                }
            };
            self.write_to(2, text.as_bytes());
        }
        outcome
    }

    pub(crate) fn set_pipe_status(&mut self, statuses: &[i32]) {
        let elements = (0..).zip(statuses.iter().map(i32::to_string)).collect();
        self.variables.global("PIPESTATUS").value = crate::variables::Value::Indexed(elements);
    }

    pub(crate) fn command(&mut self, command: &Command) -> Outcome {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound, redirects) => {
                self.redirected(redirects.as_ref(), |shell| shell.compound(compound))
            }
            Command::Function(definition) => {
                let name = definition.fname.value.clone();
                let source = self.source_name().to_owned();
                self.functions.insert(name, Rc::new(Function { definition: definition.clone(), source }));
                Ok(0)
            }
            Command::ExtendedTest(test, redirects) => {
                self.at(test.loc.start.line);
                self.redirected(redirects.as_ref(), |shell| Ok(i32::from(!shell.extended_test(&test.expr)?)))
            }
        }
    }

    /// The line that is being run, for messages.
    pub(crate) fn at(&mut self, line: usize) {
        if line > 0 {
            self.line = self.first_line + line;
        }
    }

    /// Runs something with other streams.
    pub(crate) fn redirected(
        &mut self,
        redirects: Option<&RedirectList>,
        run: impl FnOnce(&mut Self) -> Outcome,
    ) -> Outcome {
        let Some(redirects) = redirects.filter(|redirects| !redirects.0.is_empty()) else { return run(self) };
        let before = self.descriptors.clone();
        let keep = self.temporary.len();
        let outcome = match self.redirect(redirects.0.iter()) {
            Ok(true) => run(self),
            Ok(false) => Ok(1),
            Err(stop) => Err(stop),
        };
        self.descriptors = before;
        self.end_substitutions(keep);
        outcome
    }

    fn compound(&mut self, compound: &CompoundCommand) -> Outcome {
        match compound {
            CompoundCommand::BraceGroup(group) => self.list(&group.list),
            CompoundCommand::Subshell(subshell) => {
                let mut inner = self.subshell();
                self.deeper("subshell", |outer| {
                    inner.depth = outer.depth;
                    Ok(inner.list_to_end(&subshell.list))
                })
            }
            CompoundCommand::IfClause(clause) => self.if_clause(clause),
            CompoundCommand::WhileClause(clause) => self.while_loop(&clause.0, &clause.1.list, true),
            CompoundCommand::UntilClause(clause) => self.while_loop(&clause.0, &clause.1.list, false),
            CompoundCommand::ForClause(clause) => self.for_loop(clause),
            CompoundCommand::CaseClause(clause) => self.case_clause(clause),
            CompoundCommand::Arithmetic(command) => {
                self.at(command.loc.start.line);
                if self.options.xtrace {
                    self.trace(&format!("(( {} ))", command.expr.value.trim()));
                }
                let text = self.expand_arithmetic(&command.expr.value)?;
                self.arithmetic_status(&text)
            }
            CompoundCommand::ArithmeticForClause(clause) => {
                let part = |part: &Option<brush_parser::ast::UnexpandedArithmeticExpr>| {
                    part.as_ref().map(|part| part.value.clone()).filter(|part| !part.trim().is_empty())
                };
                let (first, condition, next) =
                    (part(&clause.initializer), part(&clause.condition), part(&clause.updater));
                self.value_of(first.as_deref())?;
                let mut status = 0;
                self.loops += 1;
                let outcome = loop {
                    match condition.as_deref().map(|condition| self.value_of(Some(condition))) {
                        Some(Ok(0)) => break Ok(()),
                        Some(Err(stop)) => break Err(stop),
                        _ => {}
                    }
                    match self.turn(&clause.body.list, &mut status) {
                        Ok(true) => {}
                        Ok(false) => break Ok(()),
                        Err(stop) => break Err(stop),
                    }
                    if let Err(stop) = self.value_of(next.as_deref()) {
                        break Err(stop);
                    }
                };
                self.loops -= 1;
                outcome.map(|()| status)
            }
            CompoundCommand::Coprocess(_) => {
                self.complain("coproc: not supported: processes here have no two-way pipes of a script's own");
                Ok(1)
            }
        }
    }

    fn value_of(&mut self, expression: Option<&str>) -> Outcome<i64> {
        let Some(expression) = expression else { return Ok(1) };
        let text = self.expand_arithmetic(expression)?;
        self.arithmetic(&text)
    }

    /// `((…))` and `let`: an error is a failure like any other.
    pub(crate) fn arithmetic_status(&mut self, text: &str) -> Outcome {
        match self.arithmetic(text) {
            Ok(value) => Ok(i32::from(value == 0)),
            Err(Stop::Discard(status)) => Ok(status),
            Err(stop) => Err(stop),
        }
    }

    fn condition(&mut self, list: &CompoundList) -> Outcome<bool> {
        self.conditions += 1;
        let outcome = self.list(list);
        self.conditions -= 1;
        Ok(outcome? == 0)
    }

    fn if_clause(&mut self, clause: &IfClauseCommand) -> Outcome {
        if self.condition(&clause.condition)? {
            return self.list(&clause.then);
        }
        for branch in clause.elses.iter().flatten() {
            let chosen = match &branch.condition {
                Some(condition) => self.condition(condition)?,
                None => true,
            };
            if chosen {
                return self.list(&branch.body);
            }
        }
        Ok(0)
    }

    /// One turn of a loop; false where it is left.
    fn turn(&mut self, body: &CompoundList, status: &mut i32) -> Outcome<bool> {
        match self.list(body) {
            Ok(last) => *status = last,
            Err(Stop::Break(1)) => {
                *status = 0;
                return Ok(false);
            }
            Err(Stop::Break(levels)) => return Err(Stop::Break(levels - 1)),
            Err(Stop::Continue(1)) => *status = 0,
            Err(Stop::Continue(levels)) => return Err(Stop::Continue(levels - 1)),
            Err(stop) => return Err(stop),
        }
        Ok(true)
    }

    fn while_loop(&mut self, condition: &CompoundList, body: &CompoundList, wanted: bool) -> Outcome {
        let mut status = 0;
        self.loops += 1;
        let outcome = loop {
            match self.condition(condition) {
                Ok(found) if found == wanted => {}
                Ok(_) | Err(Stop::Break(1)) => break Ok(()),
                Err(Stop::Continue(1)) => continue,
                Err(stop) => break Err(stop),
            }
            match self.turn(body, &mut status) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(stop) => break Err(stop),
            }
        };
        self.loops -= 1;
        outcome.map(|()| status)
    }

    fn for_loop(&mut self, clause: &ForClauseCommand) -> Outcome {
        self.at(clause.loc.start.line);
        let values = match &clause.values {
            Some(words) => self.expand_words(words.iter().map(|word| word.value.as_str()))?,
            None => self.positional.clone(),
        };
        let mut status = 0;
        self.loops += 1;
        let mut outcome = Ok(());
        for value in values {
            if self.options.xtrace {
                self.trace(&format!("for {} in {}", clause.variable_name, "..."));
            }
            outcome = self.set(&clause.variable_name, value);
            if outcome.is_err() {
                break;
            }
            match self.turn(&clause.body.list, &mut status) {
                Ok(true) => {}
                Ok(false) => break,
                Err(stop) => {
                    outcome = Err(stop);
                    break;
                }
            }
        }
        self.loops -= 1;
        outcome.map(|()| status)
    }

    fn case_clause(&mut self, clause: &CaseClauseCommand) -> Outcome {
        self.at(clause.loc.start.line);
        let value = self.expand_string(&clause.value.value)?;
        let caseless = self.options.shopt.contains("nocasematch");
        let (mut status, mut on) = (0, false);
        for item in &clause.cases {
            let mut chosen = on;
            for pattern in &item.patterns {
                if chosen {
                    break;
                }
                let pattern = self.expand_pattern(&pattern.value)?;
                chosen = crate::expand::pattern::Pattern::new(&pattern).caseless(caseless).matches(&value);
            }
            if !chosen {
                continue;
            }
            status = match &item.cmd {
                Some(list) => self.list(list)?,
                None => 0,
            };
            match item.post_action {
                CaseItemPostAction::ExitCase => break,
                CaseItemPostAction::UnconditionallyExecuteNextCaseItem => on = true,
                CaseItemPostAction::ContinueEvaluatingCases => on = false,
            }
        }
        Ok(status)
    }

    /// The line of a command, if it knows it.
    pub(crate) fn at_command(&mut self, command: &impl SourceLocation) {
        if let Some(location) = command.location() {
            self.at(location.start.line);
        }
    }
}
