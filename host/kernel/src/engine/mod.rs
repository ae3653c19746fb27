//! The engine: images, stores, and the processors that run them.

mod capacity;
mod compile;
mod config;
pub(crate) mod cpu;
mod image;
mod offers;
mod run;
mod store;
mod typed;

pub use capacity::Capacity;
pub(crate) use capacity::Places;
pub use compile::{CompileError, Compiler, InProcess};
pub(crate) use config::{Engines, wasm_config};
pub(crate) use image::Images;
pub use image::{Image, ImageError, Kind};
pub(crate) use run::{Entry, Outcome, run};
pub(crate) use store::{Process, Sessions, Spawned};
