//! `holm audit`: who called what, what decided, what it cost.

use std::time::{Duration, SystemTime};

use holm_adapters::control::{Intent, Request};
use holm_kernel::{
    account::Fuel,
    audit::{Decision, Record},
    process::Pid,
};
use holm_packages::printable;
use serde::Serialize;

use crate::{
    audit_log::Reader,
    error::Result,
    session::{Session, answer},
    ui,
};

/// How often a followed log is looked at.
const GLANCE: Duration = Duration::from_millis(200);

/// Show the audit records: who called what, what decided, what it cost
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Of this process only
    #[arg(long, value_name = "PID")]
    pid: Option<Pid>,
    /// Of this plugin only
    #[arg(long, value_name = "NAME")]
    plugin: Option<String>,
    /// Only what was denied, or went over a limit
    #[arg(long)]
    denied: bool,
    /// The last so many records
    #[arg(long, short = 'n', default_value_t = 100, value_name = "NUMBER")]
    last: usize,
    /// Go on as records come
    #[arg(long, short)]
    follow: bool,
    /// Print JSON, one record a line
    #[arg(long)]
    json: bool,
}

/// One record, as programs read it.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    pid: String,
    plugin: &'a str,
    device: &'a str,
    operation: &'a str,
    resource: &'a str,
    decision: &'a str,
    rule: Option<&'a str>,
    count: u64,
    fuel: u64,
}

impl<'a> From<&'a Record> for Line<'a> {
    fn from(record: &'a Record) -> Self {
        let (decision, rule) = match &record.decision {
            Decision::Allowed => ("allowed", None),
            Decision::Denied(rule) => ("denied", Some(rule.as_str())),
            Decision::Quota(limit) => ("quota", Some(limit.as_str())),
        };
        Self {
            time: humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + Duration::from_millis(record.time))
                .to_string(),
            pid: record.pid.to_string(),
            plugin: &record.plugin,
            device: &record.device,
            operation: &record.operation,
            resource: &record.resource,
            decision,
            rule,
            count: record.count,
            fuel: record.fuel,
        }
    }
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let home = session.open_home()?;
        // What happened until now is in the file before it is read.
        if let Some(mut kernel) = session.connect_if_running(Intent::Command).await? {
            kernel.send(&Request::Audited).await?;
            answer(&mut kernel).await?;
        }
        let mut reader = Reader::new(&home.path().join("audit"));
        let mut records = reader.read()?;
        records.retain(|record| self.wants(record));
        let older = records.len().saturating_sub(self.last);
        records.drain(..older);
        if older > 0 && !self.json {
            ui::talk(ui::dim(format_args!("{older} older records are left out; `--last NUMBER` shows more")));
        }
        self.show(&records, true)?;
        if !self.follow {
            return Ok(());
        }
        loop {
            tokio::select! {
                () = tokio::time::sleep(GLANCE) => {}
                _ = tokio::signal::ctrl_c() => return Ok(()),
            }
            let mut records = reader.read()?;
            records.retain(|record| self.wants(record));
            self.show(&records, false)?;
        }
    }

    fn wants(&self, record: &Record) -> bool {
        self.pid.is_none_or(|pid| pid == record.pid)
            && self.plugin.as_ref().is_none_or(|plugin| *plugin == record.plugin)
            && (!self.denied || record.decision != Decision::Allowed)
    }

    fn show(&self, records: &[Record], heading: bool) -> Result<()> {
        if self.json {
            return records.iter().try_for_each(|record| {
                let line = serde_json::to_string(&Line::from(record)).map_err(crate::error::CommandError::internal)?;
                ui::data(line)
            });
        }
        if heading && (!records.is_empty() || self.follow) {
            ui::data(ui::bold(
                "TIME                      PID  PLUGIN            CALL                  COUNT     FUEL  DECISION",
            ))?;
        }
        if heading && records.is_empty() && !self.follow {
            ui::talk("no records");
        }
        records.iter().try_for_each(|record| ui::data(row(record)))
    }
}

/// Columns of a fixed width: rows come one by one. What is about what comes last, for it is long.
fn row(record: &Record) -> String {
    let Line { time, pid, plugin, device, operation, decision, rule, count, .. } = Line::from(record);
    let call = format!("{device}.{operation}");
    let fuel = Fuel(record.fuel);
    let decided = match rule {
        None => decision.to_owned(),
        Some(rule) => ui::alert(format_args!("{decision} ({})", printable(rule))),
    };
    let row = format!(
        "{time}  {pid:>3}  {plugin:<16}  {call:<20}  {count:>5}  {fuel:>7}  {decided}  {}",
        printable(&record.resource)
    );
    row.trim_end().to_owned()
}
