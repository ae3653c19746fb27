(set -e; false; echo no); echo $?; (set -e; false || true; echo yes); (set -e; if false; then :; fi; echo yes2); (set -e; ! true; echo yes3)
(set -e; f() { false; echo in; }; f; echo no); echo $?; (set -e; f() { false; echo in; }; f || echo caught); (set -e; x=$(false); echo no); echo $?
(set -e; local_f() { local y=$(false); echo local ok; }; local_f); (set -e; true && false; echo no); echo $?; (set -e; false && true; echo yes4)
(set -e; while false; do :; done; echo yes5); (set -e; false | true; echo yes6); (set -eo pipefail; false | true; echo no); echo $?
(set -e; { false; }; echo no); echo $?; (set -e; (false); echo no); echo $?; (set -e; [ 1 = 2 ] || echo alt; echo yes7)
(set -e; trap 'echo trap $?' EXIT; false); echo $?; (trap 'echo err $?' ERR; false; true; false || true; echo done)
(set -u; echo ${x:-ok}; echo $undefined; echo no) 2>/dev/null; echo $?; (set -e; ((0)); echo no); echo $?; (set -e; ((1)); echo yes8)
set -e; echo before; trap 'echo bye $?' EXIT; cmd_fails() { return 4; }; cmd_fails; echo never
