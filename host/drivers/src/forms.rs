//! The forms in which a server says a secret back: as it is, percent-encoded, in base64.

use base64::Engine;

/// Shorter values are no secrets, and stand in many a text by chance.
pub(crate) const SHORTEST: usize = 8;

/// The forms in which a secret comes back.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let percent = |all: bool, upper: bool| {
        let encoded = secret.bytes().map(|byte| match (plain(byte) && !all, upper) {
            (true, _) => char::from(byte).to_string(),
            (false, true) => format!("%{byte:02X}"),
            (false, false) => format!("%{byte:02x}"),
        });
        encoded.collect::<String>()
    };
    let mut forms = vec![secret.to_owned()];
    for all in [false, true] {
        forms.extend([true, false].map(|upper| percent(all, upper)));
    }
    // Inside of something longer it begins at any of three places; the letters that its neighbours
    // share in are left where they are.
    for before in 0..3_usize {
        let bytes = [&vec![0; before][..], secret.as_bytes()].concat();
        for engine in
            [base64::engine::general_purpose::STANDARD_NO_PAD, base64::engine::general_purpose::URL_SAFE_NO_PAD]
        {
            let encoded = engine.encode(&bytes);
            let whole = if bytes.len() % 3 == 0 { encoded.len() } else { encoded.len() - 1 };
            let shared = (before * 8).div_ceil(6);
            forms.push(encoded[shared.min(whole)..whole].to_owned());
        }
    }
    forms
}
