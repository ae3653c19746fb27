//! Hashes and keyed hashes, by RustCrypto.

use crate::values::{Bytes, failed};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use std::cell::RefCell;

/// One under way: it takes bytes, and ends once.
trait Work {
    fn take(&mut self, bytes: &[u8]);
    fn end(self: Box<Self>) -> Vec<u8>;
    fn copy(&self) -> Box<dyn Work>;
}

struct Plain<D>(D);
struct Keyed<M>(M);

impl<D: Digest + Clone + 'static> Work for Plain<D> {
    fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    fn end(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
    fn copy(&self) -> Box<dyn Work> {
        Box::new(Self(self.0.clone()))
    }
}

impl<M: Mac + Clone + 'static> Work for Keyed<M> {
    fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    fn end(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().into_bytes().to_vec()
    }
    fn copy(&self) -> Box<dyn Work> {
        Box::new(Self(self.0.clone()))
    }
}

thread_local! {
    /// Those under way; a place is used again once its hash has ended. One that a script never ends keeps its
    /// few hundred bytes, which count against the process's memory.
    static WORK: RefCell<Vec<Option<Box<dyn Work>>>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn add(native: &Object<'_>) -> Result<()> {
    native.set("hash", Func::from(|ctx: Ctx<'_>, name: String| started(&ctx, &name, plain(&name))))?;
    native
        .set("hmac", Func::from(|ctx: Ctx<'_>, name: String, key: Bytes| started(&ctx, &name, keyed(&name, &key.0))))?;
    native.set("hashTake", Func::from(take))?;
    native.set("hashEnd", Func::from(end))?;
    native.set("hashCopy", Func::from(copy))?;
    native.set("pbkdf2", Func::from(pbkdf2))?;
    Ok(())
}

fn plain(name: &str) -> Option<Box<dyn Work>> {
    Some(match name {
        "md5" => Box::new(Plain(Md5::new())),
        "sha1" => Box::new(Plain(Sha1::new())),
        "sha224" => Box::new(Plain(Sha224::new())),
        "sha256" => Box::new(Plain(Sha256::new())),
        "sha384" => Box::new(Plain(Sha384::new())),
        "sha512" => Box::new(Plain(Sha512::new())),
        _ => return None,
    })
}

fn keyed(name: &str, key: &[u8]) -> Option<Box<dyn Work>> {
    Some(match name {
        "md5" => Box::new(Keyed(<Hmac<Md5> as KeyInit>::new_from_slice(key).ok()?)),
        "sha1" => Box::new(Keyed(<Hmac<Sha1> as KeyInit>::new_from_slice(key).ok()?)),
        "sha224" => Box::new(Keyed(<Hmac<Sha224> as KeyInit>::new_from_slice(key).ok()?)),
        "sha256" => Box::new(Keyed(<Hmac<Sha256> as KeyInit>::new_from_slice(key).ok()?)),
        "sha384" => Box::new(Keyed(<Hmac<Sha384> as KeyInit>::new_from_slice(key).ok()?)),
        "sha512" => Box::new(Keyed(<Hmac<Sha512> as KeyInit>::new_from_slice(key).ok()?)),
        _ => return None,
    })
}

fn placed(work: Box<dyn Work>) -> usize {
    WORK.with_borrow_mut(|all| match all.iter_mut().enumerate().find(|(_, place)| place.is_none()) {
        Some((index, place)) => {
            *place = Some(work);
            index
        }
        None => {
            all.push(Some(work));
            all.len() - 1
        }
    })
}

fn started(ctx: &Ctx<'_>, name: &str, work: Option<Box<dyn Work>>) -> Result<usize> {
    work.map(placed).ok_or_else(|| failed(ctx, "ERR_UNKNOWN_HASH", name))
}

fn take(index: usize, bytes: Bytes) {
    WORK.with_borrow_mut(|all| {
        if let Some(Some(work)) = all.get_mut(index) {
            work.take(&bytes.0);
        }
    });
}

fn end(ctx: Ctx<'_>, index: usize) -> Result<Bytes> {
    let work = WORK.with_borrow_mut(|all| all.get_mut(index).and_then(Option::take));
    work.map(|work| Bytes(work.end())).ok_or_else(|| failed(&ctx, "ERR_CRYPTO_HASH_FINALIZED", ""))
}

fn copy(ctx: Ctx<'_>, index: usize) -> Result<usize> {
    let copied = WORK.with_borrow(|all| all.get(index).and_then(Option::as_ref).map(|work| work.copy()));
    copied.map(placed).ok_or_else(|| failed(&ctx, "ERR_CRYPTO_HASH_FINALIZED", ""))
}

/// A key from a password (RFC 8018): each block is the sum of as many keyed hashes as there are rounds.
fn pbkdf2(ctx: Ctx<'_>, password: Bytes, salt: Bytes, rounds: u32, length: usize, name: String) -> Result<Bytes> {
    let keyed = keyed(&name, &password.0).ok_or_else(|| failed(&ctx, "ERR_UNKNOWN_HASH", &name))?;
    let mut key = Vec::new();
    for block in 1_u32.. {
        if key.len() >= length {
            break;
        }
        let mut first = keyed.copy();
        first.take(&salt.0);
        first.take(&block.to_be_bytes());
        let mut last = first.end();
        let mut sum = last.clone();
        for _ in 1..rounds {
            let mut next = keyed.copy();
            next.take(&last);
            last = next.end();
            sum.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
        }
        key.extend(sum);
    }
    key.truncate(length);
    Ok(Bytes(key))
}
