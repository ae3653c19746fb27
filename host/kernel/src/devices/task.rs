//! The task device: an agent asks the policies over it whether its task may end.

use crate::{
    bindings::holm::sys::task::Host,
    syscall::{
        Device, Entered, Errno, Interrupt, Op, Refusal, Syscall,
        device::fuel_for_bytes,
        policy::{Event, Moment, Verdict},
    },
};

pub(crate) struct Task;

impl Device for Task {
    const NAME: &'static str = "task";
    type Session = ();
}

static STOPPING: Op = Op::effect("stopping", 500);
static STOPPED: Op = Op::effect("stopped", 500);

impl Entered<'_, Task> {
    async fn stop(
        &mut self,
        moment: Moment,
        answer: String,
        event: fn(String) -> Event,
    ) -> Result<(), Interrupt<Errno>> {
        self.charge(fuel_for_bytes(answer.len() as u64));
        self.about("stop");
        match self.judge(moment, "stop", &answer, Verdict::default(), || event(answer.clone())).await {
            // It has ended: nobody can say no to that.
            Err(Refusal::Errno(Errno::Denied(_))) if moment == Moment::AfterStop => Ok(()),
            judged => Ok(judged?),
        }
    }
}

impl Host for Syscall<'_, Task> {
    async fn stopping(&mut self, answer: String) -> Result<(), Interrupt<Errno>> {
        self.enter(&STOPPING).await?.stop(Moment::BeforeStop, answer, Event::BeforeStop).await
    }

    async fn stopped(&mut self, answer: String) -> Result<(), Interrupt<Errno>> {
        self.enter(&STOPPED).await?.stop(Moment::AfterStop, answer, Event::AfterStop).await
    }
}

impl crate::bindings::holm::sys::types::Host for Syscall<'_, Task> {
    fn convert_errno(&mut self, error: Interrupt<Errno>) -> wasmtime::Result<Errno> {
        error.for_guest()
    }
}
