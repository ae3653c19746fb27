//! Each folder of `cases` is a script, its arguments and input, and what bash 5 wrote and returned: the shell must
//! do the same, byte for byte. `RECORD=bash cargo test --test cases` writes down what bash does. With `HOLM=holm`
//! each runs in the kernel, under `HOLM_HOME`, where the runtimes are installed.

use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("script.sh").exists())
        .collect();
    cases.sort();
    let trials = cases.into_iter().map(|case| {
        let name = case.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Trial::test(name, move || check(&case))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn check(case: &Path) -> Result<(), Failed> {
    if let Ok(bash) = std::env::var("RECORD") {
        let (stdout, code) = run(Path::new(&bash), case)?;
        fs::write(case.join("stdout"), stdout)?;
        fs::write(case.join("code"), format!("{code}\n"))?;
        return Ok(());
    }
    let (stdout, code) = run(&shell(), case)?;
    let expected = fs::read(case.join("stdout"))?;
    let expected_code = fs::read_to_string(case.join("code"))?;
    if stdout != expected || code.to_string() != expected_code.trim() {
        return Err(format!(
            "--- expected ({})\n{}\n--- found ({code})\n{}",
            expected_code.trim(),
            String::from_utf8_lossy(&expected),
            String::from_utf8_lossy(&stdout)
        )
        .into());
    }
    Ok(())
}

/// The example that cargo builds beside this test.
fn shell() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.parent().and_then(Path::parent).map(|folder| folder.join("examples/native")).unwrap_or_default()
}

/// The shell as a process of the kernel. Its environment is empty: what the cases expect of it is set within.
fn in_kernel(holm: &Path) -> Command {
    let mut command = Command::new(holm);
    let folder = format!("fs={}:rw", std::env::temp_dir().display());
    command.args(["run", "bash", "--no-ask", "--grant", &folder, "--grant", "exec=*", "--", "-c"]);
    command.args(["export HOME=/home/ada LC_ALL=C.UTF-8; exec bash \"$@\"", "bash"]);
    command
}

fn run(shell: &Path, case: &Path) -> Result<(Vec<u8>, i32), Failed> {
    let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = std::env::temp_dir().join(format!("shell-case-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    fs::copy(case.join("script.sh"), folder.join("script.sh"))?;
    let arguments = fs::read_to_string(case.join("args")).unwrap_or_default();
    let stdin = match fs::File::open(case.join("stdin")) {
        Ok(file) => Stdio::from(file),
        Err(_) => Stdio::null(),
    };
    let mut command = match std::env::var_os("HOLM").filter(|_| std::env::var_os("RECORD").is_none()) {
        Some(holm) => in_kernel(Path::new(&holm)),
        None => {
            let mut command = Command::new(shell);
            command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/home/ada").env("LC_ALL", "C.UTF-8");
            command
        }
    };
    let output = command.arg("script.sh").args(arguments.lines()).current_dir(&folder).stdin(stdin).output()?;
    fs::remove_dir_all(&folder)?;
    Ok((output.stdout, output.status.code().unwrap_or(-1)))
}
