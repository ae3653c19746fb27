//! A load on a store whose acknowledged part can be checked afterwards.
//!
//! A commit is known by a name such as `7-2-31` (run, writer, number). It puts two keys of
//! its own and overwrites its writer's, and every third deletes a key of its predecessor.
//! Of the large keys three of four are erased with their history soon after, so that the
//! engine reuses its space.

use std::sync::Arc;

use holm_kernel::account::Bytes;
use holm_kernel::storage::{BucketId, Driver};

use super::{PLENTY, bucket, delete, put};

/// Where the load goes.
pub(crate) fn target() -> BucketId {
    bucket("loader", "load")
}

/// Commits without end, or `count` times; tells `acknowledge` of each that was acknowledged.
pub(crate) async fn write(
    store: Arc<dyn Driver>,
    run: usize,
    writer: usize,
    count: usize,
    largest: usize,
    acknowledge: impl Fn(&str),
) {
    for number in 0..count {
        let name = format!("{run}-{writer}-{number}");
        if number >= 2 && erased(number - 2) {
            let old = delete(&format!("a-{run}-{writer}-{}", number - 2));
            // Without any quota no history is kept.
            store.commit(&target(), vec![old], Bytes(0)).await.expect("a deletion");
        }
        let changes = vec![
            put(&format!("a-{name}"), value(&name, largest)),
            put(&format!("b-{name}"), value(&name, 64)),
            put(&format!("newest-{run}-{writer}"), number.to_string()),
            delete(&if number % 3 == 2 { format!("b-{run}-{writer}-{}", number - 1) } else { "none".into() }),
        ];
        store.commit(&target(), changes, PLENTY).await.expect("a commit");
        acknowledge(&name);
    }
}

fn erased(number: usize) -> bool {
    !number.is_multiple_of(4)
}

/// Bytes that depend on the name only, of mixed sizes up to `largest`.
fn value(name: &str, largest: usize) -> Vec<u8> {
    let seed = name.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let mut random = fastrand::Rng::with_seed(seed);
    let length = if random.u8(..) < 32 { largest } else { random.usize(..=largest / 8) };
    (0..length).map(|_| random.u8(..)).collect()
}

/// What of the acknowledged commits is not there, or not as it was put.
pub(crate) async fn missing(store: &dyn Driver, acknowledged: &[String], largest: usize) -> Vec<String> {
    let mut missing = Vec::new();
    for name in acknowledged {
        let mut parts = name.rsplitn(2, '-');
        let number: usize = parts.next().expect("a number").parse().expect("a number");
        let writer = parts.next().expect("a writer");
        let newest = match store.get(&target(), &format!("newest-{writer}")).await {
            Ok(Some(found)) => String::from_utf8(found.value).expect("digits").parse::<usize>().expect("a number"),
            other => {
                missing.push(format!("newest-{writer}: {other:?}"));
                continue;
            }
        };
        if newest < number {
            missing.push(format!("newest-{writer} is {newest}, acknowledged {number}"));
        }
        // The second key is deleted by the next commit but one of three.
        let second_gone = number % 3 == 1 && newest > number;
        let first_gone = erased(number) && newest >= number + 2;
        // Being deleted when the end came.
        let either = erased(number) && newest == number + 1;
        for (key, expected, either) in [
            (format!("a-{name}"), (!first_gone).then(|| value(name, largest)), either),
            (format!("b-{name}"), (!second_gone).then(|| value(name, 64)), false),
        ] {
            match store.get(&target(), &key).await {
                Ok(None) if either => {}
                Ok(found) if found.as_ref().map(|found| &found.value) == expected.as_ref() => {}
                Ok(found) => missing.push(format!("{key}: {:?} bytes", found.map(|found| found.value.len()))),
                Err(error) => missing.push(format!("{key}: {error}")),
            }
        }
    }
    missing
}
