//! On what the numbers were measured, and how much of it others used meanwhile.

/// The processors' time so far, in ticks.
pub(crate) struct Machine {
    all: f64,
    busy: f64,
    ours: f64,
}

impl Machine {
    /// Now; zeros where the machine does not tell.
    pub(crate) fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let line = stat.lines().next().unwrap_or_default().trim_start_matches("cpu");
        let ticks: Vec<f64> = numbers(line).take(8).collect();
        let all: f64 = ticks.iter().sum();
        // The fourth and fifth are idle and waiting for a disk.
        let idle: f64 = ticks.iter().skip(3).take(2).sum();
        let own = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // After the name, which may hold anything: user and system time, and those of children.
        let own = own.rsplit(')').next().unwrap_or_default();
        Self { all, busy: all - idle, ours: numbers(own).skip(11).take(4).sum() }
    }

    /// The processors, and what others used of them since.
    pub(crate) fn since(&self) -> String {
        let now = Self::now();
        let others = (now.busy - self.busy) - (now.ours - self.ours);
        let share = 100.0 * (others / (now.all - self.all)).max(0.0);
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("an unknown processor");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let model = model.trim_start_matches([':', ' ', '\t']);
        format!("{cores} × {model}; other processes used {share:.0} % of it meanwhile")
    }
}

/// The words of a line as numbers; those that are none count for nothing.
fn numbers(line: &str) -> impl Iterator<Item = f64> {
    line.split_whitespace().map(|word| word.parse().unwrap_or(0.0))
}
