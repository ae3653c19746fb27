//! What Node's modules are built on: one object of functions over Rust and Holm's system calls.

mod children;
mod codec;
mod compress;
mod files;
mod hash;
pub(crate) mod process;
mod typescript;
mod url;
mod web;

use rquickjs::{Ctx, Object, Result};

/// The object that Node's modules see as `native`; scripts never do.
pub(crate) fn object<'js>(ctx: &Ctx<'js>, exit: &process::Exit) -> Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    process::add(&native, exit)?;
    files::add(&native)?;
    codec::add(&native)?;
    hash::add(&native)?;
    url::add(&native)?;
    compress::add(&native)?;
    web::add(&native)?;
    children::add(&native)?;
    typescript::add(&native)?;
    Ok(native)
}
