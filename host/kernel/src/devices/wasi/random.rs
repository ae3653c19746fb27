//! Random bytes from the host, as many a call as `random` allows.

use wasmtime_wasi::Rng;

use crate::{
    account::Exceeded,
    bindings::wasi::random::{insecure, insecure_seed, random},
    process::Fault,
    syscall::{Device, Op, Syscall},
};

pub(crate) struct Random;

impl Device for Random {
    const NAME: &'static str = "random";
    type Session = Box<dyn Rng + Send>;
}

static BYTES: Op = Op::query("get-random-bytes", 200);

impl Syscall<'_, Random> {
    /// WASI gives this call no error to return: asking for more than the limit is a fault.
    async fn bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        let mut call = self.enter(&BYTES).await.map_err(super::io::trap)?;
        let maximum = call.account().limits().random.0;
        if count > maximum {
            call.over(Exceeded { limit: "random", maximum });
            return Err(wasmtime::Error::new(Fault::Limit(format!(
                "it asked for {count} random bytes at once; `random` allows {maximum}"
            ))));
        }
        // Each is computed, not only moved: a nanosecond a byte.
        call.charge(3 * count);
        let mut bytes = vec![0; count as usize];
        call.session.fill_bytes(&mut bytes);
        Ok(bytes)
    }

    async fn number(&mut self) -> wasmtime::Result<u64> {
        let call = self.enter(&BYTES).await.map_err(super::io::trap)?;
        Ok(call.session.next_u64())
    }
}

impl random::Host for Syscall<'_, Random> {
    async fn get_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        self.bytes(count).await
    }

    async fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.number().await
    }
}

impl insecure::Host for Syscall<'_, Random> {
    async fn get_insecure_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        self.bytes(count).await
    }

    async fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.number().await
    }
}

impl insecure_seed::Host for Syscall<'_, Random> {
    async fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((self.number().await?, self.number().await?))
    }
}
