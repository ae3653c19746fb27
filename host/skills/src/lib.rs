//! Agent Skills, as <https://agentskills.io> has them: a folder with a `SKILL.md` and scripts.
//!
//! Nothing here runs a skill or grants anything. What is read was written by strangers: [`Skill::name`] and
//! [`Skill::description`] are safe to show, the rest is to be made [`printable`].
//!
//! ```
//! use holm_skills::{Skill, strict};
//!
//! let text = "---\nname: PDF Tools\ndescription: Reads PDF files. Use when: asked\n---\n# How\n";
//! // Strictly, it is none.
//! assert_eq!(strict::validate(text, "pdf-tools").len(), 1);
//! // Leniently, it is loaded, with two warnings.
//! let skill = Skill::load(text, "pdf-tools")?;
//! assert_eq!((skill.name.as_str(), skill.warnings.len()), ("pdf-tools", 2));
//! # Ok::<(), holm_skills::LoadError>(())
//! ```

mod catalogue;
mod disclosure;
mod folder;
mod lenient;
mod proposal;
mod python;
mod quote;
mod scripts;
pub mod strict;
mod text;
mod value;
mod warning;
mod yaml;

pub use catalogue::{Bounds, Catalogue, Found, Unusable, load};
pub use disclosure::{Offered, available_skills};
pub use folder::{Files, MAXIMUM_FILE_BYTES, MAXIMUM_FILES, ReadError, SkillFile};
pub use lenient::Skill;
pub use proposal::{Proposal, Provided, Reason, Wish};
pub use scripts::{Import, Language, Mention, Origin, Script, Scripts, Shell, python_module};
pub use text::{is_hidden, printable};
pub use value::Value;
pub use warning::{LoadError, Warning};

/// Bytes of a head. Stops heads that take for ever to read.
pub const MAXIMUM_HEAD_BYTES: usize = 64 << 10;
/// Fields of a head, beyond the standard's, that are kept. Stops heads that are a table of their own.
pub const MAXIMUM_METADATA: usize = 256;
