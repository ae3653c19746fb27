//! Component files: malformed, huge, adversarial, lying, and planted in the image cache.

use std::{
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use holm_kernel::{CompileError, Compiler, Config, ImageError, InProcess, SpawnError};
use holm_tests::{Guest, Machine, Neighbour, component, eventually, guest, machine};

use crate::{run, wat, written};

/// It does not start, and its neighbour does not notice. Why not?
async fn refused(name: &str, bytes: Vec<u8>) -> SpawnError {
    let mut neighbour = Neighbour::of(machine(), name).await;
    neighbour.works().await;
    let error = Guest::new(machine(), name, bytes).try_start().await.err();
    neighbour.ends().await;
    assert!(machine().kernel.snapshot().iter().all(|process| process.plugin != name));
    error.unwrap_or_else(|| panic!("{name} started"))
}

fn invalid(error: &SpawnError) {
    assert!(matches!(error, SpawnError::Image(ImageError::Compile(CompileError::Invalid(_)))), "{error:?}");
}

#[test]
fn malformed() {
    run(async {
        let real = component("storage_ok");
        invalid(&refused("empty", Vec::new()).await);
        invalid(&refused("text", b"#!/bin/sh\nrm -rf /\n".to_vec()).await);
        invalid(&refused("truncated", real[..real.len() / 2].to_vec()).await);
        let mut broken = real.clone();
        for byte in broken.iter_mut().skip(1_000).step_by(97) {
            *byte ^= 0x55;
        }
        invalid(&refused("broken", broken).await);
        invalid(&refused("core-module", wat::component("(module (func (export \"run\")))")).await);
        // A header alone is a component, with nothing to run.
        let nothing = refused("header", real[..8].to_vec()).await;
        assert!(matches!(nothing, SpawnError::Image(ImageError::Unsuitable(_))), "{nothing:?}");
    });
}

#[test]
fn every_truncation() {
    run(async {
        let real = wat::component(&wat::realloc("unreachable"));
        for length in 0..real.len() {
            let program = Guest::new(machine(), "truncation", real[..length].to_vec()).program();
            let inspected = machine().kernel.inspect(&program).await;
            // What follows the exports are names, which it can do without.
            let typed = matches!(inspected, Err(ImageError::Compile(_) | ImageError::Unsuitable(_)));
            assert!(typed || length > real.len() / 2, "{length} of {}", real.len());
        }
    });
}

#[test]
fn huge() {
    run(async {
        let error = refused("huge", vec![0; 65 << 20]).await;
        let SpawnError::Image(ImageError::Compile(CompileError::TooLarge { bytes, maximum })) = error else {
            panic!("{error:?}")
        };
        assert_eq!((bytes, maximum), (65 << 20, 64 << 20));
    });
}

#[test]
fn adversarial() {
    run(async {
        for depth in [50, 1_000, 100_000] {
            let error = refused("nested", wat::component(&wat::nested(depth))).await;
            assert!(matches!(error, SpawnError::Image(_)), "{error:?}");
        }
        written("functions", &wat::functions(100_000)).attack().await.exits(0);
        invalid(&refused("too-many-functions", wat::component(&wat::functions(1_000_001))).await);
    });
}

#[test]
fn beyond_its_ceiling() {
    run(async {
        // Its start function would trap, but is never run.
        for (capability, guest) in
            [("storage", guest("storage_ok")), ("tool", guest("confused_deputy")), ("spawn", guest("fork_wide"))]
        {
            let error = guest.ceiling(&["fs=*:rw", "net=*://*"]).try_start().await.err();
            let Some(SpawnError::BeyondCeiling { capability: named, .. }) = error else { panic!("{error:?}") };
            assert_eq!(named, capability);
        }
    });
}

#[test]
fn foreign_import() {
    run(async {
        for import in ["evil:corp/exfiltrate@1.0.0", "wasi:nn/graph@0.2.0", "holm:sys/root@0.1.0"] {
            let text = format!("(component (import \"{import}\" (instance (export \"x\" (func)))))");
            let error = refused("foreign", wat::component(&text)).await;
            let SpawnError::Image(ImageError::Unsuitable(told)) = &error else { panic!("{error:?}") };
            assert!(told.contains(import), "{told}");
        }
        // An interface that is offered, with a function that is not.
        let text = r#"(component (import "holm:sys/log@0.1.0" (instance (export "erase" (func)))))"#;
        let error = refused("lying", wat::component(text)).await;
        assert!(matches!(error, SpawnError::Image(ImageError::Unsuitable(_))), "{error:?}");
    });
}

#[test]
fn another_digest() {
    run(async {
        let program = guest("storage_ok").program();
        let other = guest("loop_without_calls").program();
        let read = move || (program.code.read)().map(|mut bytes| (bytes.push(0), bytes).1);
        let lie = holm_kernel::program::Program::new("lie", other.code.digest, std::sync::Arc::new(read));
        let machine = Machine::alone(Config { capacity: 16, ..Config::default() }, |_| ());
        let inspected = machine.kernel.inspect(&lie).await.err();
        assert!(matches!(inspected, Some(ImageError::Digest { .. })), "{inspected:?}");
    });
}

/// Counts what it compiles.
struct Counting(Arc<AtomicUsize>);

impl Compiler for Counting {
    fn compile(
        &self,
        component: Vec<u8>,
        reservation: u64,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<u8>, CompileError>> + Send + '_>> {
        self.0.fetch_add(1, SeqCst);
        InProcess.compile(component, reservation)
    }
}

/// Runs a guest on a fresh kernel over this cache; how often it compiled.
fn compiled(cache: &Path, guest: &str, expected: impl Fn(&holm_tests::Report)) -> usize {
    let count = Arc::<AtomicUsize>::default();
    let config = Config { capacity: 16, image_cache: Some(cache.to_owned()), ..Config::default() };
    let machine = Machine::alone(config, |parts| parts.compiler = Arc::new(Counting(count.clone())));
    machine.block_on(async {
        let guest = Guest::new(machine, guest, component(guest)).limit(|limits| limits.fuel.0 = 5_000_000);
        expected(&guest.grant("storage=notes:rw").run().await);
        machine.kernel.shutdown().await;
    });
    count.load(SeqCst)
}

fn image(cache: &Path, guest: &str) -> PathBuf {
    let digest = holm_kernel::program::Digest::of(&component(guest)).to_string();
    let mut all = std::fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    all.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&digest)).unwrap()
}

#[test]
fn planted_images() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("images");
    let good = |report: &holm_tests::Report| {
        report.exits(0);
    };
    let loops = |report: &holm_tests::Report| {
        report.faults("out-of-fuel");
    };
    assert_eq!(compiled(&cache, "storage_ok", good), 1);
    assert_eq!(compiled(&cache, "storage_ok", good), 0, "the cache works");
    assert_eq!(compiled(&cache, "loop_without_calls", loops), 1);
    let (ours, other) = (image(&cache, "storage_ok"), image(&cache, "loop_without_calls"));
    let real = std::fs::read(&ours).unwrap();
    let flipped = |place: usize| {
        let mut bytes = real.clone();
        bytes[place] ^= 1;
        bytes
    };
    let planted: [(&str, Vec<u8>); 7] = [
        ("a byte of code", flipped(real.len() / 2)),
        ("a byte of the header", flipped(20)),
        ("a byte of the tag", flipped(real.len() - 1)),
        ("another image", std::fs::read(other).unwrap()),
        ("half of it", real[..real.len() / 2].to_vec()),
        ("its tag alone", real[real.len() - 32..].to_vec()),
        ("nothing", Vec::new()),
    ];
    for (what, bytes) in planted {
        std::fs::write(&ours, bytes).unwrap();
        assert_eq!(compiled(&cache, "storage_ok", good), 1, "{what} was loaded");
        assert_eq!(std::fs::read(&ours).unwrap().len(), real.len(), "{what} stayed");
    }
}

/// The kernel's own compiler, held up until it may go on.
#[derive(Default)]
struct Slow {
    begun: AtomicUsize,
    go_on: AtomicBool,
}

impl Compiler for Slow {
    fn compile(
        &self,
        component: Vec<u8>,
        reservation: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, CompileError>> + Send + '_>> {
        Box::pin(async move {
            self.begun.fetch_add(1, SeqCst);
            while !self.go_on.load(SeqCst) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            InProcess.compile(component, reservation).await
        })
    }
}

#[test]
fn started_by_many_at_once_it_is_compiled_once() {
    let slow = Arc::<Slow>::default();
    let compiler = slow.clone();
    let machine = Machine::alone(Config { capacity: 50, ..Config::default() }, |parts| parts.compiler = compiler);
    machine.block_on(async move {
        let program = Guest::new(machine, "many_files", component("many_files")).program();
        let inspect = || {
            let (kernel, program) = (machine.kernel.clone(), program.clone());
            tokio::spawn(async move { kernel.inspect(&program).await })
        };
        let begun = async |count| eventually(|| slow.begun.load(SeqCst) >= count, || format!("{count} begun")).await;
        let first = inspect();
        begun(1).await;
        let others = [inspect(), inspect(), inspect()];
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(slow.begun.load(SeqCst), 1);
        // The one that compiles is given up: one of the others goes on.
        first.abort();
        begun(2).await;
        slow.go_on.store(true, SeqCst);
        let mut images = Vec::new();
        for other in others {
            images.push(other.await.unwrap().unwrap());
        }
        assert!(images.iter().all(|image| Arc::ptr_eq(image, &images[0])));
        assert_eq!(slow.begun.load(SeqCst), 2);
    });
}
