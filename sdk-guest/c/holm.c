// What a reactor's C library leaves to others: its streams are written out where a run ends.

#include "holm.h"

// A tool's talk goes out line by line: nobody is told when its call ends.
__attribute__((constructor)) static void holm_begin(void) { setvbuf(stdout, NULL, _IOLBF, BUFSIZ); }

#ifdef HOLM_RUNS
uint8_t __real_exports_skill_run(skill_list_string_t *arguments);
uint8_t __wrap_exports_skill_run(skill_list_string_t *arguments);

// `holm build` has the linker lead `run` here.
uint8_t __wrap_exports_skill_run(skill_list_string_t *arguments) {
    uint8_t code = __real_exports_skill_run(arguments);
    fflush(NULL);
    return code;
}
#endif
