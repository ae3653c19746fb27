//! What a call says on the way, as log messages: only those that its client wants.
#![expect(deprecated, reason = "clients before 2026-07-28 are told by logging, and those after it may ask for it")]

use rmcp::{
    RoleServer,
    model::{LoggingLevel, LoggingMessageNotificationParam},
    service::RequestContext,
};
use serde_json::Value;

/// The kernel's word for how grave a line is.
fn level(word: &str) -> LoggingLevel {
    match word.to_ascii_lowercase().as_str() {
        "error" => LoggingLevel::Error,
        "warn" | "warning" => LoggingLevel::Warning,
        "info" => LoggingLevel::Info,
        _ => LoggingLevel::Debug,
    }
}

/// From the least grave; the protocol's order, which its type does not have.
fn rank(level: LoggingLevel) -> usize {
    const ORDER: [LoggingLevel; 8] = [
        LoggingLevel::Debug,
        LoggingLevel::Info,
        LoggingLevel::Notice,
        LoggingLevel::Warning,
        LoggingLevel::Error,
        LoggingLevel::Critical,
        LoggingLevel::Alert,
        LoggingLevel::Emergency,
    ];
    ORDER.iter().position(|each| *each == level).unwrap_or_default()
}

/// Tells a client a line, if it is at least as grave as what the client wants. A client that is gone
/// is noticed elsewhere.
pub(crate) async fn tell(
    context: &RequestContext<RoleServer>,
    wanted: Option<LoggingLevel>,
    logger: &str,
    word: &str,
    text: String,
) {
    let level = level(word);
    if wanted.is_none_or(|wanted| rank(level) < rank(wanted)) || text.is_empty() {
        return;
    }
    let message = LoggingMessageNotificationParam::new(level, Value::String(text)).with_logger(logger);
    let _ = context.peer.notify_logging_message(message).await;
}
