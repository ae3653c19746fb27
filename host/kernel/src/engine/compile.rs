//! Compilers: from a component's bytes to machine code, bounded in size and time.

use super::wasm_config;
use crate::syscall::door::BoxFuture;

/// Why a component does not become an image.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CompileError {
    /// It is larger than components may be.
    #[error("the component has {bytes} bytes; at most {maximum} are compiled")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        maximum: usize,
    },
    /// It is no valid component, or uses what guests may not.
    #[error("the component does not compile: {0}")]
    Invalid(String),
    /// Compilation took more time or memory than it may.
    #[error("compiling the component took more than {0}; it is refused")]
    Exhausted(String),
    /// The compiler itself failed.
    #[error("the compiler failed: {0}")]
    Failed(String),
}

/// Turns components into machine code. wasmtime's promise of safety does not cover what compiling
/// costs, so the command line runs this in a child process with limits.
pub trait Compiler: Send + Sync + 'static {
    /// Compiles one component for engines with this reservation of address space per memory.
    fn compile(&self, component: Vec<u8>, reservation: u64) -> BoxFuture<'_, Result<Vec<u8>, CompileError>>;
}

/// Compiles in this process, without bounds on time: for tests, and for the compiler's own child process.
pub struct InProcess;

impl InProcess {
    /// Compiles one component, waiting for it.
    ///
    /// # Errors
    /// It is invalid.
    pub fn compile_now(component: &[u8], reservation: u64) -> Result<Vec<u8>, CompileError> {
        let engine = wasmtime::Engine::new(&wasm_config(reservation))
            .map_err(|error| CompileError::Failed(format!("{error:#}")))?;
        // Adapters of composed components have made wasmtime panic before.
        let compiled =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| engine.precompile_component(component)));
        match compiled {
            Ok(Ok(code)) => Ok(code),
            Ok(Err(error)) => Err(CompileError::Invalid(format!("{error:#}"))),
            Err(_) => Err(CompileError::Failed("it panicked".to_owned())),
        }
    }
}

impl Compiler for InProcess {
    fn compile(&self, component: Vec<u8>, reservation: u64) -> BoxFuture<'_, Result<Vec<u8>, CompileError>> {
        Box::pin(async move {
            tokio::task::spawn_blocking(move || Self::compile_now(&component, reservation))
                .await
                .unwrap_or_else(|error| Err(CompileError::Failed(error.to_string())))
        })
    }
}
