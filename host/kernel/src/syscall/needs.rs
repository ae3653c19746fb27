//! What a run needed: the rights that its calls were made under, as grants would say them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parking_lot::Mutex;

use crate::devices::Grants;

/// Rights of one run that are written down: as many as a grant holds of one capability. Stops a run that asks for a
/// million files.
const NEEDS: usize = 256;

/// Rights by plugin, as `capability=rule`, in the order of their texts.
#[derive(Debug, Default)]
pub(crate) struct Needs(Mutex<BTreeMap<Arc<str>, BTreeSet<String>>>);

impl Needs {
    /// A call of this plugin was made under this right.
    pub(crate) fn note(&self, plugin: &Arc<str>, line: &str) {
        let mut needs = self.0.lock();
        if needs.values().map(BTreeSet::len).sum::<usize>() < NEEDS {
            needs.entry(plugin.clone()).or_default().insert(line.to_owned());
        }
    }

    /// Those that no other covers, by plugin.
    pub(crate) fn least(&self) -> BTreeMap<String, Grants> {
        let needs = self.0.lock();
        needs.iter().map(|(plugin, lines)| (plugin.to_string(), least(lines))).collect()
    }
}

fn least(lines: &BTreeSet<String>) -> Grants {
    let parsed = |line: &str| {
        let mut one = Grants::default();
        one.add(line).ok().map(|()| one)
    };
    let each: Vec<(&String, Grants)> = lines.iter().filter_map(|line| Some((line, parsed(line)?))).collect();
    let mut least = Grants::default();
    for (line, one) in &each {
        let covered = each.iter().any(|(other, wider)| other != line && wider.beyond(one).is_empty());
        if !covered {
            // It was parsed before.
            let _ = least.add(line);
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::Needs;

    #[test]
    fn what_another_covers_is_left_out() {
        let needs = Needs::default();
        let plugin = "skill/x".into();
        for line in ["fs=/a/b:ro", "fs=/a/b:rw", "fs=/a/b/c:ro", "fs=/d:ro", "exec=jq", "nonsense=x"] {
            needs.note(&plugin, line);
        }
        assert_eq!(needs.least()["skill/x"].lines(), ["fs=/a/b:rw", "fs=/d:ro", "exec=jq"]);
    }
}
