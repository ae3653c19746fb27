//! Watches a process from outside and notes what it does to the files of one directory.

use std::collections::HashMap;
use std::io::IoSliceMut;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use nix::libc::{self, c_long, user_regs_struct};
use nix::sys::ptrace::{self, Options};
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::common::disk::Event;

/// A process that is being watched.
pub(crate) struct Tracer {
    process: Pid,
    dir: PathBuf,
    /// Threads inside a system call that concerns us, or any other.
    inside: HashMap<Pid, Option<Call>>,
    events: Vec<Event>,
}

/// A system call on its way.
struct Call {
    number: c_long,
    arguments: [u64; 4],
    file: Option<PathBuf>,
    position: u64,
    since: usize,
}

impl Tracer {
    /// Begins with the threads that the process has now; new ones are watched from birth.
    pub(crate) fn attach(process: u32, dir: &Path) -> nix::Result<Tracer> {
        let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
        for thread in std::fs::read_dir(format!("/proc/{process}/task")).expect("its threads") {
            let thread = thread.expect("a thread").file_name();
            let thread = Pid::from_raw(thread.to_string_lossy().parse().expect("a number"));
            ptrace::seize(thread, options)?;
            ptrace::interrupt(thread)?;
        }
        let dir = dir.canonicalize().expect("the directory");
        Ok(Tracer { process: Pid::from_raw(process as i32), dir, inside: HashMap::new(), events: Vec::new() })
    }

    /// Follows the process to its end.
    pub(crate) fn run(mut self) -> (Vec<Event>, ExitStatus) {
        loop {
            let status = waitpid(Pid::from_raw(-1), Some(WaitPidFlag::__WALL)).expect("a child");
            let (thread, signal) = match status {
                WaitStatus::PtraceSyscall(thread) => {
                    let registers = ptrace::getregs(thread).expect("registers");
                    match self.inside.remove(&thread) {
                        None => {
                            let call = self.enter(&registers);
                            self.inside.insert(thread, call);
                        }
                        Some(Some(call)) if (registers.rax as i64) >= 0 => self.leave(call, registers.rax),
                        Some(_) => {}
                    }
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, ..) => (thread, None),
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                WaitStatus::Exited(thread, code) if thread == self.process => {
                    return (self.events, ExitStatus::from_raw(code << 8));
                }
                WaitStatus::Signaled(thread, signal, _) if thread == self.process => {
                    return (self.events, ExitStatus::from_raw(signal as i32));
                }
                _ => continue,
            };
            // It may be killed at any time, with its process.
            let _ = ptrace::syscall(thread, signal);
        }
    }

    fn enter(&mut self, registers: &user_regs_struct) -> Option<Call> {
        let number = registers.orig_rax as c_long;
        let arguments = [registers.rdi, registers.rsi, registers.rdx, registers.r10];
        let mut call = Call { number, arguments, file: None, position: 0, since: self.events.len() };
        match number {
            libc::SYS_write if arguments[0] == 1 => {
                let text = String::from_utf8_lossy(&self.read(arguments[1], arguments[2])).into_owned();
                let names = text.lines().filter_map(|line| line.strip_prefix("acknowledged "));
                self.events.extend(names.map(|name| Event::Acknowledged(name.into())));
                return None;
            }
            libc::SYS_openat | libc::SYS_rename | libc::SYS_unlink => return Some(call),
            libc::SYS_write
            | libc::SYS_pwrite64
            | libc::SYS_ftruncate
            | libc::SYS_fsync
            | libc::SYS_fdatasync
            | libc::SYS_writev
            | libc::SYS_pwritev
            | libc::SYS_fallocate => call.file = Some(self.file(arguments[0])?),
            libc::SYS_mmap => {
                let shared =
                    registers.r10 & libc::MAP_SHARED as u64 != 0 && registers.rdx & libc::PROT_WRITE as u64 != 0;
                assert!(!shared || self.file(registers.r8).is_none(), "writes through a mapping are not seen");
                return None;
            }
            _ => return None,
        }
        if number == libc::SYS_write {
            let path = format!("/proc/{}/fdinfo/{}", self.process, arguments[0]);
            let found = std::fs::read_to_string(path).expect("the file's position");
            call.position = found
                .lines()
                .find_map(|line| line.strip_prefix("pos:"))
                .expect("pos")
                .trim()
                .parse()
                .expect("a number");
        }
        Some(call)
    }

    fn leave(&mut self, call: Call, result: u64) {
        let [first, second, third, fourth] = call.arguments;
        match (call.number, call.file) {
            (libc::SYS_openat, _) => {
                if third & libc::O_CREAT as u64 != 0
                    && let Some(file) = self.file(result)
                {
                    self.events.push(Event::Create(file));
                }
            }
            (libc::SYS_rename, _) => {
                if let (Some(from), Some(to)) = (self.path(first), self.path(second)) {
                    self.events.push(Event::Rename { from, to });
                }
            }
            (libc::SYS_unlink, _) => self.events.extend(self.path(first).map(Event::Remove)),
            (libc::SYS_write, Some(file)) => {
                let data = self.read(second, result);
                self.events.push(Event::Write { file, offset: call.position, data });
            }
            (libc::SYS_pwrite64, Some(file)) => {
                let data = self.read(second, result);
                self.events.push(Event::Write { file, offset: fourth, data });
            }
            (libc::SYS_ftruncate, Some(file)) => self.events.push(Event::SetLen { file, len: second }),
            (libc::SYS_fsync | libc::SYS_fdatasync, Some(file)) => {
                self.events.push(Event::Sync { file, since: call.since });
            }
            (other, file) => panic!("system call {other} on {file:?} is not understood"),
        }
    }

    fn file(&self, descriptor: u64) -> Option<PathBuf> {
        let path = std::fs::read_link(format!("/proc/{}/fd/{descriptor}", self.process)).ok()?;
        path.strip_prefix(&self.dir).map(Path::to_owned).ok()
    }

    fn path(&self, address: u64) -> Option<PathBuf> {
        let bytes = self.read(address, libc::PATH_MAX as u64);
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let path = Path::new(std::str::from_utf8(&bytes[..end]).ok()?);
        path.strip_prefix(&self.dir).map(Path::to_owned).ok()
    }

    /// What of that memory there is.
    fn read(&self, address: u64, length: u64) -> Vec<u8> {
        let mut bytes = vec![0; length as usize];
        let remote = RemoteIoVec { base: address as usize, len: bytes.len() };
        let read = process_vm_readv(self.process, &mut [IoSliceMut::new(&mut bytes)], &[remote]).expect("its memory");
        bytes.truncate(read);
        bytes
    }
}
