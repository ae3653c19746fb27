//! What a run needed: the rights that its calls were made under, as grants would say them.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;

use crate::devices::Grants;

/// Rights of one run that are written down: as many as a grant holds of one capability. Stops a run that asks for a
/// million files.
const NEEDS: usize = 256;

/// Rights of one plugin, as `capability=rule`, in the order of their texts; and whether more than a look was taken.
type Lines = BTreeMap<String, bool>;

/// Rights by plugin.
#[derive(Debug, Default)]
pub(crate) struct Needs(Mutex<BTreeMap<Arc<str>, Lines>>);

impl Needs {
    /// A call of this plugin was made under this right: to use it, or only to look whether there is something.
    pub(crate) fn note(&self, plugin: &Arc<str>, line: &str, used: bool) {
        let mut needs = self.0.lock();
        if needs.values().map(BTreeMap::len).sum::<usize>() < NEEDS {
            *needs.entry(plugin.clone()).or_default().entry(line.to_owned()).or_default() |= used;
        }
    }

    /// Those that no other covers, by plugin.
    pub(crate) fn least(&self) -> BTreeMap<String, Grants> {
        let needs = self.0.lock();
        needs.iter().map(|(plugin, lines)| (plugin.to_string(), least(lines))).collect()
    }
}

/// Programs look at the folders above what they use: that alone needs no right to all that is in them.
fn least(lines: &Lines) -> Grants {
    let parsed = |line: &str| {
        let mut one = Grants::default();
        one.add(line).ok().map(|()| one)
    };
    let all: Vec<(&String, bool, Grants)> =
        lines.iter().filter_map(|(line, used)| Some((line, *used, parsed(line)?))).collect();
    let above = |wide: &Grants| all.iter().any(|(_, used, other)| *used && wide.beyond(other).is_empty());
    let each: Vec<_> = all.iter().filter(|(_, used, grants)| *used || !above(grants)).collect();
    let mut least = Grants::default();
    for (line, _, one) in &each {
        let covered = each.iter().any(|(other, _, wider)| other != line && wider.beyond(one).is_empty());
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
            needs.note(&plugin, line, true);
        }
        // The first is above what is used; the second is all that is known of it.
        for line in ["fs=/a:ro", "fs=/e:ro"] {
            needs.note(&plugin, line, false);
        }
        assert_eq!(needs.least()["skill/x"].lines(), ["fs=/a/b:rw", "fs=/d:ro", "fs=/e:ro", "exec=jq"]);
    }
}
