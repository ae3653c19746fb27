//! A rule that is a pattern of names and nothing else: plugins, tools, origins.

/// Declares the rule and the want of a capability whose rules are patterns of names.
macro_rules! named_rule {
    ($(#[$rule_doc:meta])* $rule:ident, $(#[$want_doc:meta])* $want:ident, $check:expr, $expected:literal) => {
        $(#[$rule_doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $rule($crate::syscall::pattern::Pattern);

        $(#[$want_doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $want(pub String);

        impl $crate::syscall::grant::Rule for $rule {
            type Want = $want;
            fn admits(&self, want: &$want) -> bool {
                self.0.admits(&want.0)
            }
            fn covers(&self, other: &Self) -> bool {
                self.0.covers(&other.0)
            }
        }

        impl std::str::FromStr for $rule {
            type Err = $crate::syscall::grant::RuleError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> bool = $check;
                if !check(text) {
                    return Err($crate::syscall::grant::RuleError::new(text, $expected));
                }
                Ok(Self(text.parse()?))
            }
        }

        impl std::fmt::Display for $rule {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Display for $want {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use named_rule;

/// What stands before the names of community skills: they share no name with other plugins.
pub const SKILL: &str = "skill/";

/// A plugin's name and a tool's, from `plugin/tool`; a skill's name has a slash of its own (`skill/pdf/run`).
pub fn tool_parts(name: &str) -> Option<(&str, &str)> {
    let after = if name.starts_with(SKILL) { SKILL.len() } else { 0 };
    let slash = after + name[after..].find('/')?;
    Some((&name[..slash], &name[slash + 1..]))
}

/// Whether the text is the name of a plugin, `*` allowed; a skill's begins with [`SKILL`].
pub(crate) fn is_plugin_pattern(text: &str) -> bool {
    is_name(text.strip_prefix(SKILL).unwrap_or(text))
}

/// Whether the text is the name of one plugin or tool. Checked before a name is matched, kept or
/// shown: matching costs the product of both lengths.
pub(crate) fn is_exact_name(text: &str) -> bool {
    is_name(text) && !text.contains('*')
}

/// Whether the text is the name of one command, as a path's last part may be: `[A-Za-z0-9_.+-]`, 1 to 64 bytes,
/// or `[`.
pub fn is_command(text: &str) -> bool {
    is_command_pattern(text) && !text.contains('*')
}

/// Whether the text is the name of a command, `*` allowed.
pub(crate) fn is_command_pattern(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.+-*".contains(&byte);
    text == "[" || ((1..=64).contains(&text.len()) && text.bytes().all(plain))
}

/// Whether the text is the name of one tool: a plugin's, or one that MCP allows (SEP-986). `[A-Za-z0-9_.-]`,
/// 1 to 128 bytes.
pub(crate) fn is_tool_name(text: &str) -> bool {
    is_tool_pattern(text) && !text.contains('*')
}

/// Whether the text is the name of a tool, `*` allowed.
pub(crate) fn is_tool_pattern(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-*".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(plain)
}

/// Whether the text is the name of a plugin or tool, `*` allowed: `[a-z0-9_*-]`, 1 to 64 bytes.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}
