#!/usr/bin/env bash
# An agent at work, without any key: its model is a script, its tools, its sub-agents and its files are real.
set -euo pipefail
cd "$(dirname "$0")/.."

demo=${HOLM_DEMO:-target/demo}/agent
mkdir -p "$demo/home"
export HOLM_HOME=$demo/home
holm=target/debug/holm
trap '"$holm" shutdown >/dev/null 2>&1 || true' EXIT

say() { printf '\n\033[1m# %s\033[0m\n' "$1"; }
show() {
    printf '\033[2m$ holm %s\033[0m\n' "$*"
    "$holm" "$@"
}

"$holm" shutdown >/dev/null 2>&1 || true
cat >"$HOLM_HOME/config.toml" <<'CONFIG'
[providers.script]
kind = "scripted"                  # replays a file: no model, no network, no key
script = "replies.toml"

[models.smart]
targets = ["script/none"]
CONFIG
cat >"$HOLM_HOME/replies.toml" <<'REPLIES'
[[reply]]
turn = 0
contains = "system calls"
text = "I give each interface to a sub-agent. "
pace = "30ms"
tool-calls = [{ name = "delegate", arguments = { tasks = [
    { task = "Find the resources of wit/storage.wit" },
    { task = "Find the resources of wit/tool.wit" },
    { task = "Read ./Cargo.toml" },
] } }]

[[reply]]
turn = 1
contains = "system calls"
text = "This is what my sub-agents found, and what the third was not allowed to see: {{result}}"

[[reply]]
turn = 0
contains = "wit/storage.wit"
tool-calls = [{ name = "files__search", arguments = { path = "wit/storage.wit", pattern = "resource [a-z]" } }]

[[reply]]
turn = 0
contains = "wit/tool.wit"
tool-calls = [{ name = "files__search", arguments = { path = "wit/tool.wit", pattern = "resource [a-z]" } }]

[[reply]]
turn = 0
contains = "Cargo.toml"
tool-calls = [{ name = "files__read", arguments = { path = "./Cargo.toml" } }]

[[reply]]
turn = 1
text = "{{result}}"
REPLIES

say "The model is a script (no key is needed); everything else is real. Two plugins: an agent, and its hands on files"
for plugin in agent files; do
    "$holm" build "plugins/$plugin"
    "$holm" uninstall "$plugin" >/dev/null 2>&1 || true
done
show install plugins/agent --yes --grant llm=smart --grant 'tool=files/*' --grant spawn=self
show install plugins/files --yes --grant fs=./wit:ro
show model list
say "It is given a task: it starts three sub-agents, each a process of its own, which call granted tools"
show ask --usage "Which system calls are there?"
say "What was denied, and who asked"
show audit --denied
say "Done. With a model of your own: the README's section on models"
