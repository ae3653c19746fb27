

@holm.tool
def tour(path: str, grants: list[str]) -> dict[str, str]:
    """Uses each system call."""
    bucket = holm.storage.Bucket("notes")
    version = bucket.write("today", "rain")
    bucket.write_if("today", "sun", version)
    try:
        bucket.write_if("today", "snow", version)
    except holm.Conflict as conflict:
        kept = str(conflict.found == version + 1)
    try:
        holm.storage.Bucket("others")
    except holm.Denied as denied:
        refused = denied.rule
    holm.log.info("on tour")
    child = holm.spawn.start(None, path, grants=grants, stdout="piped")
    counted = child.stdout().read().decode().split()[0]
    return {
        "storage": f"{bucket.read('today').text()} {list(bucket.keys())} {kept}",
        "refused": refused,
        "llm": holm.llm.Model("smart").complete("hello", system="Be brief.").text(),
        "tool": str(holm.tool.call("python/word_count", text="a b c d")),
        "spawn": f"{counted} {child.wait()}",
    }
