//! Storage: the quota, alone and in a race.

use holm_kernel::{
    account::Bytes,
    storage::{BucketId, Driver},
};
use holm_tests::{guest, machine};

use crate::run;

async fn used(owner: Option<&str>, name: &str) -> u64 {
    machine().gate.used(&BucketId { owner: owner.map(str::to_owned), name: name.to_owned() }).await.unwrap().0
}

#[test]
fn storage_flood() {
    run(async {
        // A key of a thousand bytes and its overhead; then the same key for ever: old versions count.
        let attacker = guest("storage_flood").grant("storage=*:rw");
        let report = attacker.limit(|limits| limits.storage = Bytes(100 * (1_000 + 64))).attack().await;
        report
            .exits(0)
            .over("storage")
            .prints("100 written, then quota storage 106400\n0 written, then quota storage 106400\n");
        assert_eq!(used(Some("storage-flood"), "a").await, 106_400);
    });
}

#[test]
fn quota_race() {
    run(async {
        for (bucket, owner) in [("notes", Some("quota-race")), ("shared/race", None)] {
            let racer = |key: &str| {
                let guest = guest("quota_race").grant("storage=notes:rw").grant("storage=shared/*:rw");
                guest.arguments([bucket, "300000", key]).limit(|limits| limits.storage = Bytes(500_000))
            };
            let both = tokio::join!(racer("a").attack(), racer("b").attack());
            let mut outcomes = [both.0.stdout.as_str(), both.1.stdout.as_str()];
            outcomes.sort_unstable();
            assert_eq!(outcomes, ["quota storage 500000\n", "won\n"], "{both:#?}");
            let used = used(owner, bucket).await;
            assert!((300_000..=500_000).contains(&used), "{used}");
        }
    });
}
