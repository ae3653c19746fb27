//! What a provider's refusal means: by status, headers and the words of its error.

use std::time::{Duration, SystemTime};

use holm_kernel::llm::Failure;
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

/// What a reply with another status than 200 means.
pub(super) fn failure(status: StatusCode, headers: &HeaderMap, body: &str) -> Failure {
    let (kind, text) = words(body);
    let told = format!("{status}: {text}");
    match status.as_u16() {
        401 | 403 => Failure::Unauthorized(told),
        429 => Failure::RateLimited { retry_after: retry_after(headers, SystemTime::now()) },
        408 | 409 | 425 | 500..=599 => Failure::Unavailable(told),
        300..=399 => {
            let to = headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
            Failure::Unavailable(format!(
                "it redirects, which is not followed; set `base-url` to where, if it is right: `{to}`"
            ))
        }
        _ => told_failure(&kind, &text).unwrap_or(Failure::BadRequest(told)),
    }
}

/// What an error means that stands in a stream, or in a body: by its code and its words.
pub(super) fn told(error: &Value) -> Failure {
    let (kind, text) = words(&serde_json::json!({ "error": error }).to_string());
    told_failure(&kind, &text).unwrap_or(Failure::Unavailable(text))
}

fn told_failure(kind: &str, text: &str) -> Option<Failure> {
    let words = format!("{kind} {text}").to_lowercase();
    let any = |list: &[&str]| list.iter().any(|word| words.contains(word));
    if any(&[
        "context_length",
        "context length",
        "context window",
        "maximum context",
        "prompt is too long",
        "exceed_context_size",
        "exceeds the available context",
        "input token count",
        "too many tokens",
    ]) {
        return Some(Failure::ContextLength(text.to_owned()));
    }
    if any(&[
        "content_filter",
        "content_policy",
        "content management policy",
        "safety",
        "prohibited_content",
        "blocked",
    ]) {
        return Some(Failure::Refused(text.to_owned()));
    }
    if any(&["rate_limit", "rate limit", "resource_exhausted", "insufficient_quota"]) {
        return Some(Failure::RateLimited { retry_after: None });
    }
    if any(&["authentication", "permission_error", "invalid_api_key", "api key not valid", "unauthenticated"]) {
        return Some(Failure::Unauthorized(text.to_owned()));
    }
    if any(&["overloaded", "server_error", "api_error", "internal", "timeout", "unavailable", "try again"]) {
        return Some(Failure::Unavailable(text.to_owned()));
    }
    if any(&["invalid_request", "invalid_argument", "not_found"]) {
        return Some(Failure::BadRequest(text.to_owned()));
    }
    None
}

/// The code and the words of an error, in the forms that providers use.
fn words(body: &str) -> (String, String) {
    let parsed: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    // Gemini wraps the error of a stream in a list.
    let parsed = parsed.get(0).unwrap_or(&parsed);
    let error = parsed.get("error").unwrap_or(parsed);
    let field = |names: &[&str]| {
        let found = names.iter().find_map(|name| error.get(name));
        found.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default()
    };
    let kind = [field(&["code"]), field(&["type", "status"])].join(" ");
    let text = match error.as_str() {
        Some(text) => text.to_owned(),
        None => field(&["message", "detail"]),
    };
    let text = if text.is_empty() { body.trim().to_owned() } else { text };
    // Not cut here: whoever takes keys out looks for whole ones.
    (kind, text)
}

/// When to come again, as `Retry-After` (seconds or a date, RFC 9110 10.2.3) and providers' own
/// headers say.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(millis) = header("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(millis / 1000.0).ok();
    }
    let text = header("retry-after")?;
    match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse().expect("works"), value.parse().expect("works"))).collect()
    }

    #[test]
    fn providers_errors_are_told_apart() {
        let of =
            |status: u16, body: &str| failure(StatusCode::from_u16(status).expect("works"), &HeaderMap::new(), body);
        let context = r#"{"error":{"code":"context_length_exceeded","message":"too long"}}"#;
        assert!(matches!(of(400, context), Failure::ContextLength(_)));
        let anthropic = r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}"#;
        assert!(matches!(of(400, anthropic), Failure::ContextLength(_)));
        let gemini = r#"[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]"#;
        assert!(matches!(of(400, gemini), Failure::Unauthorized(_)));
        assert!(matches!(of(400, r#"{"error":{"code":"content_filter","message":"no"}}"#), Failure::Refused(_)));
        assert!(
            matches!(of(400, r#"{"error":"unknown field"}"#), Failure::BadRequest(text) if text.contains("unknown field"))
        );
        assert!(matches!(of(401, ""), Failure::Unauthorized(_)));
        assert!(matches!(of(529, "{\"error\":{\"type\":\"overloaded_error\"}}"), Failure::Unavailable(_)));
        assert!(matches!(of(302, ""), Failure::Unavailable(text) if text.contains("redirect")));
        assert!(matches!(
            told(&serde_json::json!({"type": "overloaded_error", "message": "Overloaded"})),
            Failure::Unavailable(_)
        ));
    }

    #[test]
    fn retry_after_is_seconds_milliseconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after(&headers(&[("retry-after", "7")]), now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(&headers(&[("retry-after-ms", "1500")]), now), Some(Duration::from_millis(1500)));
        let date = headers(&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")]);
        assert_eq!(retry_after(&date, now), Some(Duration::from_secs(10)));
        for odd in ["-1", "inf", "soon", "1e300"] {
            assert_eq!(retry_after(&headers(&[("retry-after", odd)]), now), None, "{odd}");
        }
    }
}
