//! What came of a guest, and what a test may say of it.

use holm_kernel::{
    Exit,
    audit::{Decision, Record},
    process::{ExitStatus, Fault, KilledBy},
};

/// What came of a guest.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
    /// What its system calls left behind.
    pub records: Vec<Record>,
}

impl Report {
    /// It returned this code.
    #[track_caller]
    pub fn exits(&self, code: u8) -> &Self {
        assert_eq!(self.exit.status, ExitStatus::Code(code), "{self:#?}");
        self
    }

    /// The kernel ended it with a fault of this kind.
    #[track_caller]
    pub fn faults(&self, kind: &str) -> &Self {
        match &self.exit.status {
            ExitStatus::Fault(fault) => assert_eq!(fault.kind(), kind, "{self:#?}"),
            _ => panic!("no fault: {self:#?}"),
        }
        self
    }

    /// It trapped by itself.
    #[track_caller]
    pub fn traps(&self, text: &str) -> &Self {
        match &self.exit.status {
            ExitStatus::Fault(Fault::Trap(trap)) => assert!(trap.contains(text), "{self:#?}"),
            _ => panic!("no trap: {self:#?}"),
        }
        self
    }

    /// It wrote exactly this to stdout.
    #[track_caller]
    pub fn prints(&self, text: &str) -> &Self {
        assert_eq!(self.stdout, text, "{self:#?}");
        self
    }

    /// Somebody ended it.
    #[track_caller]
    pub fn killed(&self, by: KilledBy) -> &Self {
        assert_eq!(self.exit.status, ExitStatus::Killed(by), "{self:#?}");
        self
    }

    /// An operation was denied by a rule.
    #[track_caller]
    pub fn denied(&self, device: &str, rule: &str) -> &Self {
        let found = self.records.iter().any(|record| {
            record.device == device && matches!(&record.decision, Decision::Denied(by) if by.contains(rule))
        });
        assert!(found, "no denial of {device} by {rule}: {self:#?}");
        self
    }

    /// A limit was reached in a system call.
    #[track_caller]
    pub fn over(&self, limit: &str) -> &Self {
        let found = self.records.iter().any(|record| record.decision == Decision::Quota(limit.to_owned()));
        assert!(found, "{limit} was not reached: {self:#?}");
        self
    }
}
