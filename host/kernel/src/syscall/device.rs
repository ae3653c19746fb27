//! What makes a subsystem a device, and what one of its operations costs.

/// A subsystem behind the door: WIT interfaces, the session a process has with it.
pub(crate) trait Device: Sized + 'static {
    /// Its name: manifest key where it has grants, audit field.
    const NAME: &'static str;
    /// What it keeps for one process; made with the process, gone with it.
    type Session: Send + 'static;
}

/// A device that serves WASI's own interfaces over wasmtime-wasi's views, and so needs the whole table.
pub(crate) trait WasiDevice: Device {}

/// Fuel for coming in: what passing the door, its record included, takes on the reference machine (0.26 µs)
/// at three instructions a nanosecond. Without it a loop of cheap calls stretches its slice fifteenfold.
const ENTRY: u64 = 780;

/// One operation of a device.
#[derive(Debug)]
pub(crate) struct Op {
    /// Its name in records.
    pub(crate) name: &'static str,
    /// Its own flat price in fuel, beside what coming in costs: about the instructions that the same time
    /// would run.
    fuel: u64,
    /// Whether it changes something outside the process: each is recorded singly.
    pub(crate) effect: bool,
}

impl Op {
    /// What a call costs whatever it finds.
    pub(crate) const fn price(&self) -> u64 {
        ENTRY + self.fuel
    }

    /// Looks, and changes nothing: repeated ones share a record.
    pub(crate) const fn query(name: &'static str, fuel: u64) -> Self {
        Self { name, fuel, effect: false }
    }

    /// Changes something outside the process.
    pub(crate) const fn effect(name: &'static str, fuel: u64) -> Self {
        Self { name, fuel, effect: true }
    }
}

/// Fuel for each 8 bytes that a call moves or keeps: copied once, into memory that is fresh. `just bench prices`
/// measures it, and every other price.
pub(crate) const fn fuel_for_bytes(bytes: u64) -> u64 {
    bytes.div_ceil(8)
}

/// Fuel for what another thread does: it is woken, works, and wakes who waits. More than most such work itself.
pub(crate) const HOP: u64 = 45_000;
