
static char *joined(const char *format, const char *one, const char *other) {
    char text[256];
    snprintf(text, sizeof text, format, one, other);
    return strdup(text);
}

bool exports_skill_tour(skill_string_t *path, skill_list_string_t *grants, skill_seen_t *result,
                        skill_string_t *error) {
    holm_bucket_t bucket, others;
    uint64_t version;
    if (!holm_bucket_open("notes", true, &bucket)) return holm_refuse(error, holm_error());
    if (!holm_bucket_write(bucket, "today", "rain", 4, &version)) return holm_refuse(error, holm_error());
    if (!holm_bucket_write(bucket, "today", "sun", 3, NULL)) return holm_refuse(error, holm_error());
    char *kept = holm_bucket_read(bucket, "today", NULL, NULL);
    char *absent = holm_bucket_read(bucket, "tomorrow", NULL, NULL);
    char *storage = joined("%s%s", kept, absent || *holm_error() ? " and what is not there" : "");
    holm_bucket_close(bucket);
    char *refused = strdup(holm_bucket_open("others", false, &others) ? "no" : holm_error());
    holm_log(HOLM_SYS_LOG_LEVEL_INFO, "on tour");
    char *said = holm_llm_ask("smart", "Be brief.", "hello");
    if (!said) return holm_refuse(error, holm_error());
    char *called = holm_tool_call("c/word-count", "{\"text\": \"a b c d\"}");
    if (!called) return holm_refuse(error, holm_error());
    char *name = holm_text(path);
    const char *arguments[] = {name};
    holm_sys_spawn_options_t options = holm_spawn_options();
    options.grants.is_some = true;
    options.grants.val = *grants;
    holm_child_t child;
    uint8_t code;
    if (!holm_spawn(NULL, arguments, 1, &options, &child)) return holm_refuse(error, holm_error());
    if (!holm_child_wait(child, &code)) return holm_refuse(error, holm_error());
    char number[4];
    snprintf(number, sizeof number, "%u", code);
    char *spawned = joined("exit code %s%s", number, "");
    skill_string_set(&result->storage, storage);
    skill_string_set(&result->refused, refused);
    skill_string_set(&result->llm, said);
    skill_string_set(&result->tool, called);
    skill_string_set(&result->spawn, spawned);
    return true;
}
