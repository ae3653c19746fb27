// Read before every file of QuickJS (see ../../.cargo/config.toml): for WASI it would lift the limit of its
// stack, and a recursion without end would be a trap, which no script can catch.
#if defined(__wasi__) && defined(EMSCRIPTEN)
#include <wasi/api.h>
#undef __wasi__
#endif
