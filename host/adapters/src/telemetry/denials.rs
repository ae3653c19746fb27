//! Counts what was denied, on the way to the audit log.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use holm_kernel::audit::{Decision, Record, Sink};
use parking_lot::Mutex;

/// Plugins that are told apart. Stops one that is denied under a thousand names; what comes after is
/// counted together.
const PLUGINS: usize = 1_000;
/// The name of those.
const OTHERS: &str = "others";

/// Counts denials and reached limits, and passes every record on.
pub struct Denials {
    next: Arc<dyn Sink>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    plugins: BTreeSet<String>,
    /// By plugin, device, and why: `denied`, or the limit.
    refused: BTreeMap<(String, String, String), u64>,
}

/// What one plugin was refused, by which device, and why.
pub(super) struct Refused {
    pub(super) plugin: String,
    pub(super) device: String,
    /// `denied`, or the limit that was reached.
    pub(super) why: String,
    pub(super) count: u64,
}

impl Denials {
    /// Before another sink.
    pub fn before(next: Arc<dyn Sink>) -> Arc<Self> {
        Arc::new(Self { next, counts: Mutex::default() })
    }

    pub(super) fn refused(&self) -> Vec<Refused> {
        let refused = |((plugin, device, why), count): (&(String, String, String), &u64)| Refused {
            plugin: plugin.clone(),
            device: device.clone(),
            why: why.clone(),
            count: *count,
        };
        self.counts.lock().refused.iter().map(refused).collect()
    }
}

impl Sink for Denials {
    fn record(&self, record: Record) {
        // The rule that denied may hold a guest's words; limits are the kernel's.
        let why = match &record.decision {
            Decision::Allowed => None,
            Decision::Denied(_) => Some("denied"),
            Decision::Quota(limit) => Some(limit.as_str()),
        };
        if let Some(why) = why {
            let mut counts = self.counts.lock();
            let known = counts.plugins.contains(&record.plugin);
            let plugin = match known || counts.plugins.len() < PLUGINS {
                true => record.plugin.clone(),
                false => OTHERS.to_owned(),
            };
            if !known && plugin != OTHERS {
                counts.plugins.insert(plugin.clone());
            }
            *counts.refused.entry((plugin, record.device.clone(), why.to_owned())).or_default() += record.count;
        }
        self.next.record(record);
    }
}

#[cfg(test)]
mod tests {
    use holm_kernel::process::Pid;

    use super::*;

    fn record(plugin: String, decision: Decision) -> Record {
        Record {
            time: 0,
            pid: Pid::new(1, 0),
            plugin,
            device: "fs".to_owned(),
            operation: "open".to_owned(),
            resource: "/etc/shadow".to_owned(),
            decision,
            count: 2,
            fuel: 1,
        }
    }

    #[test]
    fn what_is_refused_is_counted_by_plugin_and_by_no_word_of_a_guest() {
        let denials = Denials::before(Arc::new(()));
        denials.record(record("jq".to_owned(), Decision::Allowed));
        for rule in ["not granted", "/etc/shadow"] {
            denials.record(record("jq".to_owned(), Decision::Denied(rule.to_owned())));
        }
        denials.record(record("jq".to_owned(), Decision::Quota("files".to_owned())));
        let told: Vec<_> = denials.refused().into_iter().map(|told| (told.plugin, told.why, told.count)).collect();
        let expected = [("jq", "denied", 4), ("jq", "files", 2)];
        assert_eq!(told, expected.map(|(plugin, why, count)| (plugin.to_owned(), why.to_owned(), count)));
    }

    #[test]
    fn a_thousand_names_and_no_more() {
        let denials = Denials::before(Arc::new(()));
        for number in 0..PLUGINS + 50 {
            denials.record(record(format!("p{number}"), Decision::Denied(String::new())));
        }
        let told = denials.refused();
        assert_eq!(told.len(), PLUGINS + 1);
        let others = told.iter().find(|told| told.plugin == OTHERS).map(|told| told.count);
        assert_eq!(others, Some(100));
    }
}
