# Holm's recipes. `just test` is what continuous integration runs.
set shell := ["bash", "-euo", "pipefail", "-c"]

export HOLM_DEMO := justfile_directory() / "target/demo"

# Lists the recipes.
default:
    @just --list --unsorted

# Builds Holm and the jq plugin, installs it, and lets it work on a real file: denied first, then granted.
demo: holm
    bash tests/demo.sh

# An agent with tools and sub-agents at work, on a script in place of a model: no key is needed.
demo-agent: holm
    bash tests/demo-agent.sh

# Builds `holm`.
holm:
    cargo build --workspace --bin holm

# Adds the target of components to the toolchain, where rustup has not done so by itself.
target:
    [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-wasip2" ] || rustup target add wasm32-wasip2

# Builds the plugins to components.
plugins: target
    cd plugins && cargo build --release --target wasm32-wasip2

# Adds the compiler of C that some runtimes are built by.
compiler:
    bash plugins/runtimes/compiler.sh

# Builds what skills are run by: interpreters and commands.
runtimes: target compiler
    bash plugins/runtimes/build.sh

# Builds the Python runtime, if what it is made of has changed: CPython, its library and packages as one component.
python-runtime:
    python3 plugins/runtimes/python/build.py

# Builds the guests that the tests run.
guests: target
    cd tests/guests && cargo build --release --target wasm32-wasip2

# Runs all tests: the host's, the plugins' and the guest SDK's.
test: guests plugins runtimes
    cargo test --workspace
    cd plugins && cargo test --workspace
    cd sdk-guest && cargo test --workspace

# Runs what is too large for every run: a gateway of 750 MB between an agent and its provider.
nightly: plugins
    HOLM_TEST_SERVERS=required cargo test --workspace --test servers -- --ignored

# Runs the official conformance suite of MCP against the driver of MCP servers, in both revisions. Needs Node 22 or newer.
mcp-conformance:
    cargo build --workspace --example mcp_conformance
    for revision in 2025-11-25 2026-07-28; do npx --yes @modelcontextprotocol/conformance@0.2.0-alpha.12 client --command target/debug/examples/mcp_conformance --requirements $revision -o target/conformance/$revision || true; done

# Reads the skills below folders as the reference validator does, and 20,000 heads changed at random. Needs Python 3.11 or newer.
skills-parity *dirs:
    cargo build -p holm-skills --example skills
    [ -x target/skills-parity/bin/agentskills ] || { python3 -m venv target/skills-parity && target/skills-parity/bin/pip install --quiet skills-ref==0.1.1 strictyaml==1.7.3; }
    target/skills-parity/bin/python tests/skills-parity.py target/debug/examples/skills --mutate 20000 {{dirs}}

# Checks format, lints, documentation and licences.
check: target compiler
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
    cd plugins && cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings
    cd sdk-guest && cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings
    cd plugins/runtimes && cargo fmt --all --check && cargo clippy --workspace --target wasm32-wasip2 --release -- -D warnings
    cd tests/guests && cargo fmt --all --check && cargo clippy --workspace --target wasm32-wasip2 --release -- -D warnings
    for workspace in . plugins plugins/runtimes sdk-guest tests/guests; do cargo deny --manifest-path $workspace/Cargo.toml --config deny.toml check licenses bans sources; done

# What continuous integration runs.
ci: check test

# Holm beside bare wasmtime, hot path by hot path: all, or `just bench spawn syscall`; `--json` for programs.
bench *what: guests
    cargo bench -p holm-tests --bench kernel -- {{what}}

# Agents that call a model, beside plain tokio tasks that call the same server; `--json` for programs.
bench-agents *what: guests
    cargo bench -p holm-tests --bench agents -- {{what}}

# Runs the scripts of public skills as they are: `just bench-skills [--native] DIR…`.
bench-skills *what: holm
    python3 tests/bench-skills.py {{what}}

# One skill in each language: size, build and start, as a table. Needs what `holm build` needs for each.
bench-languages *what: holm target compiler
    python3 tests/bench-languages.py {{what}}

# How fast Python starts, and how many idle ones live in one kernel at what memory: `just bench-density [--most NUMBER]`.
bench-density *what: holm
    python3 tests/bench-density.py {{what}}

# A tool through `holm mcp`, beside the same tool of a plain Python server.
bench-mcp: guests
    cargo bench -p holm-cli --bench mcp

# How well memory recalls LoCoMo's evidence (`HOLM_LOCOMO` names its file, `HOLM_MODELS` the models' folder), or how fast it is: `just bench-memory scale [RECORDS]`.
bench-memory *what:
    cargo bench -p holm-memory --bench memory -- {{what}}

# The same questions asked by a guest, through the system calls, and what a window's render keeps of their evidence.
bench-recall: guests
    cargo bench -p holm-tests --bench recall
