//! A child's side: the mailbox to its parent.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;

use super::{Mail, Result, Spawn, invalid};
use crate::{
    bindings::holm::sys::spawn::{Error, HostParent},
    devices::spawn::mailbox::{MESSAGE_BYTES, Mailbox, SendError},
    syscall::{Entered, Errno, Interrupt, Op, Refusal, Syscall, device::fuel_for_bytes, door::Resident},
};

/// A process's side of the mailbox to its parent.
#[derive(Clone)]
pub struct Parent {
    /// To the parent, and from it.
    mail: (Mailbox, Mailbox),
}

impl Resident<Spawn> for Parent {}

pub(super) static SEND: Op = Op::query("send", 500);
pub(super) static RECEIVE: Op = Op::query("receive", 500);
static LOOK: Op = Op::query("look", 200);
static WAIT: Op = Op::query("wait", 1_000);

/// Sends a message, to a child or to the parent.
pub(super) fn post(call: &mut Entered<'_, Spawn>, mailbox: &Mailbox, message: Vec<u8>) -> Result<()> {
    if message.len() > MESSAGE_BYTES {
        return invalid("a message has at most 64 KiB");
    }
    call.charge(fuel_for_bytes(message.len() as u64));
    match mailbox.send(message) {
        Ok(()) => Ok(()),
        Err(SendError::Full) => Err(Interrupt::Guest(Error::Full)),
        Err(SendError::Exceeded(exceeded)) => Err(call.over(exceeded).into()),
        Err(SendError::Closed) => Err(Refusal::Errno(Errno::NotFound).into()),
    }
}

impl HostParent for Syscall<'_, Spawn> {
    async fn open(&mut self) -> Result<Resource<Parent>> {
        let mut call = self.enter(&LOOK).await?;
        let Some(mail) = call.session.parent.clone() else { return Err(Refusal::Errno(Errno::NotFound).into()) };
        Ok(call.push(Parent { mail })?)
    }

    async fn send(&mut self, parent: Resource<Parent>, message: Vec<u8>) -> Result<()> {
        let mut call = self.enter(&SEND).await?;
        let mailbox = call.get(&parent)?.mail.0.clone();
        post(&mut call, &mailbox, message)
    }

    async fn receive(&mut self, parent: Resource<Parent>) -> Result<Option<Vec<u8>>> {
        let mut call = self.enter(&RECEIVE).await?;
        Ok(call.get(&parent)?.mail.1.receive())
    }

    async fn wait(&mut self, parent: Resource<Parent>) -> Result<Vec<u8>> {
        let mut call = self.enter(&WAIT).await?;
        let mailbox = call.get(&parent)?.mail.1.clone();
        mailbox.next().await.ok_or_else(|| Refusal::Errno(Errno::Cancelled).into())
    }

    async fn mail(&mut self, parent: Resource<Parent>) -> wasmtime::Result<Resource<DynPollable>> {
        self.poll(|call| Ok(Mail(call.get(&parent)?.mail.1.clone(), None))).await
    }

    async fn drop(&mut self, parent: Resource<Parent>) -> wasmtime::Result<()> {
        self.release(parent).map(drop)
    }
}
