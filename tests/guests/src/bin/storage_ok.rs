//! Uses a bucket in every way.

use guests::storage::{Access, Bucket, Change, Error, Expected};

fn main() {
    let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
    let first = bucket.put("a", b"one").expect("put");
    let second = bucket.put("a", b"two").expect("put");
    assert!(second > first);
    assert_eq!(bucket.get("a").expect("get").expect("there").value, b"two");
    assert_eq!(bucket.get_version("a", first).expect("get-version"), Some(b"one".to_vec()));
    bucket.rollback("a", first).expect("rollback");
    assert_eq!(bucket.get("a").expect("get").expect("there").value, b"one");
    assert_eq!(bucket.versions("a").expect("versions").len(), 3);
    let stale = Change { key: "a".into(), value: Some(b"x".to_vec()), expected: Expected::Version(first) };
    assert!(matches!(bucket.commit(&[stale]), Err(Error::Conflict(_))));
    let put = |key: &str| Change { key: key.into(), value: Some(vec![1]), expected: Expected::Absent };
    bucket.commit(&[put("b/1"), put("b/2"), put("b/3")]).expect("commit");
    let page = bucket.list("b/", None, 2).expect("list");
    assert_eq!(page.keys, ["b/1", "b/2"]);
    let rest = bucket.list("b/", page.next.as_deref(), 2).expect("list");
    assert_eq!((rest.keys, rest.next), (vec!["b/3".to_owned()], None));
    assert!(bucket.delete("a").expect("delete"));
    assert!(!bucket.delete("a").expect("delete"));
    assert!(bucket.get("a").expect("get").is_none());
}
