// The guest side of Holm in C: plain functions over what wit-bindgen makes of `skill.wit` and `wit/` (`skill.h`).
//
// Each function of your world is a function of yours, `exports_skill_NAME`, and a tool; `run` is what `holm run`
// runs. Texts that go in are C strings. What comes back is yours to `free`. A function that fails returns false or
// NULL, and `holm_error()` says why, in words for the caller; the words of a denial name the grant.
//
// It is sugar and decides nothing. What has no sugar here is called as `skill.h` declares it.
#ifndef HOLM_H
#define HOLM_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "skill.h"

// Why the last call of a function below failed.
__attribute__((weak)) char holm_error_text[1024];

static inline const char *holm_error(void) { return holm_error_text; }

// Says why, and is false: `return holm_failed("…")`.
__attribute__((format(printf, 1, 2))) static inline bool holm_failed(const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(holm_error_text, sizeof holm_error_text, format, values);
    va_end(values);
    return false;
}

// Texts

// A text as the bindings take it; it is only looked at.
static inline skill_string_t holm_view(const char *text) {
    return (skill_string_t){(uint8_t *)text, strlen(text)};
}

// A text of the bindings as a C string. What lies behind a zero byte in it is not seen.
static inline char *holm_text(const skill_string_t *text) {
    char *copy = malloc(text->len + 1);
    if (copy) {
        memcpy(copy, text->ptr, text->len);
        copy[text->len] = 0;
    }
    return copy;
}

// An error of a tool, `result<…, string>`: `return holm_refuse(error, "no such day")`.
static inline bool holm_refuse(skill_string_t *error, const char *text) {
    skill_string_dup(error, text);
    return false;
}

// Errors of system calls

static inline bool holm_denied(const holm_sys_types_denial_t *denial) {
    return holm_failed("denied: %.*s=%.*s (%.*s)", (int)denial->capability.len, denial->capability.ptr,
                       (int)denial->resource.len, denial->resource.ptr, (int)denial->rule.len, denial->rule.ptr);
}

static inline bool holm_said(const skill_string_t *text) {
    return holm_failed("%.*s", (int)text->len, text->ptr);
}

static inline bool holm_errno(const holm_sys_types_errno_t *error) {
    switch (error->tag) {
    case HOLM_SYS_TYPES_ERRNO_DENIED:
        return holm_denied(&error->val.denied);
    case HOLM_SYS_TYPES_ERRNO_QUOTA:
        return holm_failed("limit reached: %.*s = %llu", (int)error->val.quota.limit.len, error->val.quota.limit.ptr,
                           (unsigned long long)error->val.quota.maximum);
    case HOLM_SYS_TYPES_ERRNO_NOT_FOUND:
        return holm_failed("not found");
    case HOLM_SYS_TYPES_ERRNO_CANCELLED:
        return holm_failed("cancelled");
    default:
        return holm_said(&error->val.io);
    }
}

// Log

// Writes one line for the operator: `holm_log(HOLM_SYS_LOG_LEVEL_INFO, "%d words", n)`.
__attribute__((format(printf, 2, 3))) static inline void holm_log(holm_sys_log_level_t level, const char *format, ...) {
    char line[4096];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    skill_string_t text = holm_view(line);
    holm_sys_log_errno_t error;
    if (!holm_sys_log_write(level, &text, &error)) {
        holm_errno(&error);
        holm_sys_log_errno_free(&error);
    }
}

// Files

// Why a file could not be opened: `errno`, and for a denial the grant that would allow it.
static inline bool holm_file_failed(const char *path) {
    int reason = errno;
    holm_sys_log_denial_t denial;
    if (reason == EACCES && holm_sys_log_last_denial(&denial)) {
        holm_denied(&denial);
        holm_sys_log_denial_free(&denial);
        return false;
    }
    return holm_failed("%s: %s", path, strerror(reason));
}

// A whole file, with a zero byte behind it; `length` may be NULL.
static inline char *holm_read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        holm_file_failed(path);
        return NULL;
    }
    size_t used = 0, room = 4096;
    char *bytes = malloc(room + 1);
    while (bytes) {
        used += fread(bytes + used, 1, room - used, file);
        if (used < room) break;
        char *larger = realloc(bytes, (room *= 2) + 1);
        if (!larger) free(bytes);
        bytes = larger;
    }
    bool failed = ferror(file);
    fclose(file);
    if (!bytes || failed) {
        free(bytes);
        holm_failed("%s: %s", path, failed ? "it cannot be read" : "there is no memory for it");
        return NULL;
    }
    bytes[used] = 0;
    if (length) *length = used;
    return bytes;
}

// Storage: durable keys and values, by grant

typedef holm_sys_storage_own_bucket_t holm_bucket_t;

static inline bool holm_storage_failed(holm_sys_storage_error_t *error) {
    switch (error->tag) {
    case HOLM_SYS_STORAGE_ERROR_SYS:
        holm_errno(&error->val.sys);
        break;
    case HOLM_SYS_STORAGE_ERROR_CONFLICT:
        holm_failed("conflict: %.*s is at another version", (int)error->val.conflict.key.len,
                    error->val.conflict.key.ptr);
        break;
    default:
        holm_said(&error->val.too_large);
    }
    holm_sys_storage_error_free(error);
    return false;
}

// Opens a bucket, to read or also to write; `holm_bucket_close` ends it.
static inline bool holm_bucket_open(const char *name, bool write, holm_bucket_t *bucket) {
    skill_string_t text = holm_view(name);
    holm_sys_storage_error_t error;
    holm_sys_storage_access_t access = write ? HOLM_SYS_STORAGE_ACCESS_WRITE : HOLM_SYS_STORAGE_ACCESS_READ;
    return holm_sys_storage_static_bucket_open(&text, access, bucket, &error) || holm_storage_failed(&error);
}

static inline void holm_bucket_close(holm_bucket_t bucket) { holm_sys_storage_bucket_drop_own(bucket); }

// The value of a key, with a zero byte behind it; NULL with an empty `holm_error()` where it is absent. `length`
// and `version` may be NULL.
static inline char *holm_bucket_read(holm_bucket_t bucket, const char *key, size_t *length, uint64_t *version) {
    skill_string_t text = holm_view(key);
    holm_sys_storage_option_versioned_t found;
    holm_sys_storage_error_t error;
    holm_error_text[0] = 0;
    if (!holm_sys_storage_method_bucket_get(holm_sys_storage_borrow_bucket(bucket), &text, &found, &error)) {
        holm_storage_failed(&error);
        return NULL;
    }
    if (!found.is_some) return NULL;
    if (length) *length = found.val.value.len;
    if (version) *version = found.val.version;
    skill_string_t value = {found.val.value.ptr, found.val.value.len};
    char *copy = holm_text(&value);
    holm_sys_storage_option_versioned_free(&found);
    return copy;
}

// Writes a key; `version`, its new one, may be NULL. When it returns, a power cut would not undo it.
static inline bool holm_bucket_write(holm_bucket_t bucket, const char *key, const void *value, size_t length,
                                     uint64_t *version) {
    skill_string_t text = holm_view(key);
    skill_list_u8_t bytes = {(uint8_t *)value, length};
    uint64_t made;
    holm_sys_storage_error_t error;
    if (!holm_sys_storage_method_bucket_put(holm_sys_storage_borrow_bucket(bucket), &text, &bytes, &made, &error)) {
        return holm_storage_failed(&error);
    }
    if (version) *version = made;
    return true;
}

// Deletes a key; `found` says whether it was there, and may be NULL.
static inline bool holm_bucket_delete(holm_bucket_t bucket, const char *key, bool *found) {
    skill_string_t text = holm_view(key);
    bool there;
    holm_sys_storage_error_t error;
    if (!holm_sys_storage_method_bucket_delete(holm_sys_storage_borrow_bucket(bucket), &text, &there, &error)) {
        return holm_storage_failed(&error);
    }
    if (found) *found = there;
    return true;
}

// Tools of others, by grant

// Calls `plugin/tool` with a JSON object; its result, JSON.
static inline char *holm_tool_call(const char *name, const char *arguments) {
    skill_string_t tool = holm_view(name), json = holm_view(arguments), result;
    holm_sys_tool_error_t error;
    if (holm_sys_tool_call(&tool, &json, &result, &error)) {
        char *copy = holm_text(&result);
        skill_string_free(&result);
        return copy;
    }
    switch (error.tag) {
    case HOLM_SYS_TOOL_ERROR_SYS:
        holm_errno(&error.val.sys);
        break;
    case HOLM_SYS_TOOL_ERROR_TOOL:
        if (error.val.tool.tag == HOLM_SYS_TOOL_TYPES_TOOL_ERROR_NO_SUCH_TOOL) {
            holm_failed("no such tool");
        } else {
            holm_said(&error.val.tool.val.failed);
        }
        break;
    default:
        holm_failed("the tool was ended: %.*s", (int)error.val.fault.len, error.val.fault.ptr);
    }
    holm_sys_tool_error_free(&error);
    return NULL;
}

// Models, by the names their user gave them

static inline bool holm_llm_failed(holm_sys_llm_error_t *error) {
    switch (error->tag) {
    case HOLM_SYS_LLM_ERROR_SYS:
        holm_errno(&error->val.sys);
        break;
    case HOLM_SYS_LLM_ERROR_RATE_LIMITED:
        holm_failed("all providers are at their limits");
        break;
    default:
        // The other cases are texts.
        holm_said(&error->val.refused);
    }
    holm_sys_llm_error_free(error);
    return false;
}

// Asks a model, and waits; the text of its reply. `system` may be NULL.
static inline char *holm_llm_ask(const char *model, const char *system, const char *prompt) {
    skill_string_t name = holm_view(model);
    holm_sys_llm_own_model_t opened;
    holm_sys_llm_error_t error;
    if (!holm_sys_llm_static_model_open(&name, &opened, &error)) {
        holm_llm_failed(&error);
        return NULL;
    }
    holm_sys_llm_part_t parts[2] = {{.tag = HOLM_SYS_LLM_TYPES_PART_TEXT}, {.tag = HOLM_SYS_LLM_TYPES_PART_TEXT}};
    parts[0].val.text = holm_view(system ? system : "");
    parts[1].val.text = holm_view(prompt);
    holm_sys_llm_message_t turns[2] = {
        {HOLM_SYS_LLM_TYPES_ROLE_SYSTEM, {&parts[0], 1}},
        {HOLM_SYS_LLM_TYPES_ROLE_USER, {&parts[1], 1}},
    };
    holm_sys_llm_request_t request = {.messages = {system ? turns : turns + 1, system ? 2 : 1}};
    holm_sys_llm_list_request_t requests = {&request, 1};
    holm_sys_llm_list_result_reply_error_t replies;
    bool made = holm_sys_llm_method_model_complete(holm_sys_llm_borrow_model(opened), &requests, &replies, &error);
    holm_sys_llm_model_drop_own(opened);
    if (!made) {
        holm_llm_failed(&error);
        return NULL;
    }
    char *said = NULL;
    if (replies.len != 1) {
        holm_failed("no reply to the request");
    } else if (replies.ptr[0].is_err) {
        // It is freed with the list.
        holm_sys_llm_error_t *reason = &replies.ptr[0].val.err;
        holm_sys_llm_error_t copy = *reason;
        *reason = (holm_sys_llm_error_t){.tag = HOLM_SYS_LLM_ERROR_RATE_LIMITED};
        holm_llm_failed(&copy);
    } else {
        holm_sys_llm_reply_t *reply = &replies.ptr[0].val.ok;
        size_t length = 0, used = 0;
        for (size_t at = 0; at < reply->content.len; at++) {
            if (reply->content.ptr[at].tag == HOLM_SYS_LLM_TYPES_PART_TEXT) length += reply->content.ptr[at].val.text.len;
        }
        said = malloc(length + 1);
        for (size_t at = 0; said && at < reply->content.len; at++) {
            if (reply->content.ptr[at].tag != HOLM_SYS_LLM_TYPES_PART_TEXT) continue;
            memcpy(said + used, reply->content.ptr[at].val.text.ptr, reply->content.ptr[at].val.text.len);
            used += reply->content.ptr[at].val.text.len;
        }
        if (said) said[used] = 0;
    }
    holm_sys_llm_list_result_reply_error_free(&replies);
    return said;
}

// Child processes

typedef holm_sys_spawn_own_child_t holm_child_t;

static inline bool holm_spawn_failed(holm_sys_spawn_error_t *error) {
    switch (error->tag) {
    case HOLM_SYS_SPAWN_ERROR_SYS:
        holm_errno(&error->val.sys);
        break;
    case HOLM_SYS_SPAWN_ERROR_INVALID:
        holm_said(&error->val.invalid);
        break;
    default:
        holm_failed("the mailbox is full");
    }
    holm_sys_spawn_error_free(error);
    return false;
}

// Options of a child that writes where its parent writes and has all that its parent has: change what you like.
static inline holm_sys_spawn_options_t holm_spawn_options(void) {
    return (holm_sys_spawn_options_t){
        .stdin_ = HOLM_SYS_SPAWN_STDIO_NULL,
        .stdout_ = HOLM_SYS_SPAWN_STDIO_INHERIT,
        .stderr_ = HOLM_SYS_SPAWN_STDIO_INHERIT,
    };
}

// Starts a plugin, NULL for oneself; `options` may be NULL. `holm_child_wait` ends with it.
static inline bool holm_spawn(const char *plugin, const char *const *arguments, size_t count,
                              const holm_sys_spawn_options_t *options, holm_child_t *child) {
    holm_sys_spawn_options_t given = options ? *options : holm_spawn_options();
    skill_string_t *views = calloc(count ? count : 1, sizeof *views);
    if (!views) return holm_failed("there is no memory for the arguments");
    for (size_t at = 0; at < count; at++) views[at] = holm_view(arguments[at]);
    given.arguments = (skill_list_string_t){views, count};
    if (plugin) given.plugin = (skill_option_string_t){true, holm_view(plugin)};
    holm_sys_spawn_error_t error;
    bool started = holm_sys_spawn_static_child_start(&given, child, &error);
    free(views);
    return started || holm_spawn_failed(&error);
}

// Waits for a child's end, and lets go of it; true where it returned, with its exit code.
static inline bool holm_child_wait(holm_child_t child, uint8_t *code) {
    holm_sys_spawn_exit_t exit;
    holm_sys_spawn_error_t error;
    bool ended = holm_sys_spawn_method_child_wait(holm_sys_spawn_borrow_child(child), &exit, &error);
    holm_sys_spawn_child_drop_own(child);
    if (!ended) return holm_spawn_failed(&error);
    bool returned = exit.tag == HOLM_SYS_SPAWN_EXIT_CODE;
    if (returned) {
        *code = exit.val.code;
    } else if (exit.tag == HOLM_SYS_SPAWN_EXIT_FAULT) {
        holm_said(&exit.val.fault);
    } else {
        holm_failed("killed");
    }
    holm_sys_spawn_exit_free(&exit);
    return returned;
}

#endif
