//! What the packages of Python are called where they are imported.

/// Packages that are imported by another name than they are installed by, of those that skills use most.
const OTHERS: [(&str, &str); 23] = [
    ("attrs", "attr"),
    ("beautifulsoup4", "bs4"),
    ("docopt_ng", "docopt"),
    ("google_api_python_client", "googleapiclient"),
    ("google_generativeai", "google"),
    ("google_genai", "google"),
    ("markdown_it_py", "markdown_it"),
    ("opencv_python", "cv2"),
    ("opencv_python_headless", "cv2"),
    ("pillow", "PIL"),
    ("psycopg2_binary", "psycopg2"),
    ("pycryptodome", "Crypto"),
    ("pyjwt", "jwt"),
    ("pymupdf", "fitz"),
    ("pyserial", "serial"),
    ("python_dateutil", "dateutil"),
    ("python_docx", "docx"),
    ("python_dotenv", "dotenv"),
    ("python_frontmatter", "frontmatter"),
    ("python_pptx", "pptx"),
    ("pyyaml", "yaml"),
    ("scikit_image", "skimage"),
    ("scikit_learn", "sklearn"),
];

/// The module that a package is imported as, as far as is known: `yaml` of `PyYAML>=6`.
pub fn python_module(requirement: &str) -> String {
    let end = requirement.find(|char: char| !(char.is_ascii_alphanumeric() || "-_.".contains(char)));
    let name = requirement[..end.unwrap_or(requirement.len())].to_lowercase().replace(['-', '.'], "_");
    OTHERS.iter().find(|(package, _)| *package == name).map_or(name, |(_, module)| (*module).to_owned())
}

#[cfg(test)]
mod tests {
    use super::python_module;

    #[test]
    fn packages_have_modules() {
        for (package, module) in [
            ("PyYAML>=6", "yaml"),
            ("requests[socks]==2.0; python_version > '3'", "requests"),
            ("charset-normalizer", "charset_normalizer"),
            ("Pillow", "PIL"),
            ("", ""),
        ] {
            assert_eq!(python_module(package), module);
        }
    }
}
