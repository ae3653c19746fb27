//! `tar`: makes, lists and extracts archives, packed by gzip or not.

use crate::Outcome;
use crate::input::reason;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Bytes that an archive unpacks to: a bomb.
const UNPACKED: u64 = 4 << 30;

/// Entries of one archive: a million empty files.
const ENTRIES: usize = 200_000;

#[derive(Default)]
struct Wish {
    action: Option<char>,
    packed: bool,
    verbose: bool,
    file: Option<String>,
    folder: Option<String>,
    strip: usize,
    to_stdout: bool,
    excluded: Vec<String>,
    names: Vec<String>,
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let wish = read(arguments)?;
    match wish.action {
        Some('c') => create(&wish),
        Some(_) => extract(&wish),
        None => Err("you must specify one of the options -c, -t, -x".to_owned()),
    }
}

fn read(arguments: &[String]) -> Result<Wish, String> {
    let mut wish = Wish::default();
    let mut words = arguments.iter().enumerate();
    while let Some((place, word)) = words.next() {
        let letters = match word.strip_prefix("--") {
            Some(long) => {
                let (name, value) =
                    long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value.to_owned())));
                let mut value = || {
                    value
                        .clone()
                        .or_else(|| words.next().map(|(_, word)| word.clone()))
                        .ok_or_else(|| format!("--{name} wants a value"))
                };
                match name {
                    "create" => wish.action = Some('c'),
                    "extract" | "get" => wish.action = Some('x'),
                    "list" => wish.action = Some('t'),
                    "gzip" | "gunzip" => wish.packed = true,
                    "verbose" => wish.verbose = true,
                    "file" => wish.file = Some(value()?),
                    "directory" => wish.folder = Some(value()?),
                    "exclude" => wish.excluded.push(value()?),
                    "strip-components" => {
                        wish.strip = value()?.parse().map_err(|_| "--strip-components wants a number")?
                    }
                    "to-stdout" => wish.to_stdout = true,
                    "no-same-owner" | "no-same-permissions" | "overwrite" => {}
                    other => return Err(format!("unrecognized option '--{other}'")),
                }
                continue;
            }
            None => match word.strip_prefix('-') {
                Some(letters) if !letters.is_empty() => letters,
                _ if place == 0 => word.as_str(),
                _ => {
                    wish.names.push(word.clone());
                    continue;
                }
            },
        };
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            match letter {
                'c' | 'x' | 't' => wish.action = Some(letter),
                'z' => wish.packed = true,
                'v' => wish.verbose = true,
                'O' => wish.to_stdout = true,
                'p' | 'm' | 'k' | 'P' | 'h' => {}
                'f' | 'C' => {
                    // Of `tar czf FILE`, what follows the letters; of `-fFILE`, the rest of the word.
                    let inner: String =
                        if place == 0 && !word.starts_with('-') { String::new() } else { rest.by_ref().collect() };
                    let value = match inner.is_empty() {
                        true => words
                            .next()
                            .map(|(_, word)| word.clone())
                            .ok_or_else(|| format!("-{letter} wants a value"))?,
                        false => inner,
                    };
                    if letter == 'f' { wish.file = Some(value) } else { wish.folder = Some(value) }
                }
                'j' | 'J' => return Err("only gzip is known: bzip2 and xz are not".to_owned()),
                other => return Err(format!("invalid option -- '{other}'")),
            }
        }
    }
    Ok(wish)
}

impl Wish {
    fn leaves_out(&self, path: &str) -> bool {
        let fits = |pattern: &String| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(end), _) => path.ends_with(end),
            (_, Some(start)) => path.rsplit('/').next().is_some_and(|name| name.starts_with(start)),
            _ => path == pattern || path.split('/').any(|piece| piece == pattern),
        };
        self.excluded.iter().any(fits)
    }
}

fn failed(path: &str, error: &io::Error) -> String {
    format!("{path}: {}", reason(error))
}

fn create(wish: &Wish) -> Outcome {
    let name = wish.file.clone().unwrap_or_else(|| "-".to_owned());
    let sink: Box<dyn Write> = match name.as_str() {
        "-" => Box::new(io::stdout().lock()),
        path => Box::new(File::create(path).map_err(|error| failed(path, &error))?),
    };
    let packed = wish.packed || name.ends_with(".gz") || name.ends_with(".tgz");
    if wish.names.is_empty() {
        return Err("cowardly refusing to create an empty archive".to_owned());
    }
    let mut builder = tar::Builder::new(match packed {
        true => Box::new(GzEncoder::new(sink, Compression::default())) as Box<dyn Write>,
        false => sink,
    });
    builder.follow_symlinks(false);
    let base = wish.folder.clone().unwrap_or_default();
    for path in &wish.names {
        add(&mut builder, wish, &base, path, 0)?;
    }
    builder.into_inner().and_then(|mut sink| sink.flush()).map_err(|error| error.to_string())?;
    Ok(0)
}

fn add(
    builder: &mut tar::Builder<Box<dyn Write>>,
    wish: &Wish,
    base: &str,
    path: &str,
    depth: usize,
) -> Result<(), String> {
    if wish.leaves_out(path) || depth > 128 {
        return Ok(());
    }
    let full = Path::new(base).join(path);
    let name = path.trim_start_matches('/');
    let found = fs::symlink_metadata(&full).map_err(|error| failed(path, &error))?;
    if wish.verbose {
        eprintln!("{name}{}", if found.is_dir() { "/" } else { "" });
    }
    let unread = |error: io::Error| failed(path, &error);
    // The crate reads no metadata here: WASI has too little of it for its taste.
    let mut header = tar::Header::new_gnu();
    let modified = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    header.set_mtime(modified.map_or(0, |since| since.as_secs()));
    header.set_mode(if found.is_dir() { 0o755 } else { 0o644 });
    header.set_size(0);
    if found.is_symlink() {
        header.set_entry_type(tar::EntryType::Symlink);
        let target = fs::read_link(&full).map_err(unread)?;
        return builder.append_link(&mut header, name, target).map_err(unread);
    }
    if !found.is_dir() {
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(found.len());
        let file = File::open(&full).map_err(unread)?;
        return builder.append_data(&mut header, name, file.take(found.len())).map_err(unread);
    }
    header.set_entry_type(tar::EntryType::Directory);
    builder.append_data(&mut header, format!("{}/", name.trim_end_matches('/')), io::empty()).map_err(unread)?;
    let mut entries: Vec<_> = fs::read_dir(&full).map_err(|error| failed(path, &error))?.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let inner = format!("{}/{}", path.trim_end_matches('/'), entry.file_name().to_string_lossy());
        add(builder, wish, base, &inner, depth + 1)?;
    }
    Ok(())
}

fn extract(wish: &Wish) -> Outcome {
    let name = wish.file.clone().unwrap_or_else(|| "-".to_owned());
    let mut source: Box<dyn Read> = match name.as_str() {
        "-" => Box::new(io::stdin()),
        path => Box::new(BufReader::new(File::open(path).map_err(|error| failed(path, &error))?)),
    };
    let mut head = [0; 2];
    let mut length = 0;
    while length < 2 {
        match source.read(&mut head[length..]).map_err(|error| failed(&name, &error))? {
            0 => break,
            read => length += read,
        }
    }
    let whole = io::Cursor::new(head[..length].to_vec()).chain(source);
    let stream: Box<dyn Read> = match head {
        [0x1f, 0x8b] => Box::new(MultiGzDecoder::new(whole)),
        _ => Box::new(whole),
    };
    let mut archive = tar::Archive::new(stream.take(UNPACKED));
    archive.set_preserve_permissions(false);
    archive.set_preserve_mtime(false);
    let folder = wish.folder.clone().unwrap_or_else(|| ".".to_owned());
    let mut code = 0;
    for (count, entry) in archive.entries().map_err(|error| failed(&name, &error))?.enumerate() {
        if count >= ENTRIES {
            return Err(format!("{name}: more than {ENTRIES} entries"));
        }
        let mut entry = entry.map_err(|error| failed(&name, &error))?;
        let path = entry.path().map_err(|error| failed(&name, &error))?.to_string_lossy().into_owned();
        let within = |wanted: &String| {
            path.trim_end_matches('/') == wanted.trim_end_matches('/')
                || path.starts_with(&format!("{}/", wanted.trim_end_matches('/')))
        };
        if wish.leaves_out(&path) || !(wish.names.is_empty() || wish.names.iter().any(within)) {
            continue;
        }
        if wish.action == Some('t') {
            println!("{path}");
            continue;
        }
        if wish.to_stdout {
            io::copy(&mut entry, &mut io::stdout()).map_err(|error| failed(&path, &error))?;
            continue;
        }
        if wish.verbose {
            println!("{path}");
        }
        let stripped: Vec<&str> =
            path.split('/').filter(|piece| !piece.is_empty() && *piece != ".").skip(wish.strip).collect();
        if stripped.is_empty() {
            continue;
        }
        // Nothing leaves the folder: neither by its name, nor by a link that came before it.
        let unsafe_name = path.starts_with('/') || stripped.contains(&"..");
        let kind = entry.header().entry_type();
        if unsafe_name || !(kind.is_file() || kind.is_dir()) {
            eprintln!("tar: {path}: left out (a link, a device, or a name that leads elsewhere)");
            code = 2;
            continue;
        }
        let target = Path::new(&folder).join(stripped.join("/"));
        if leads_through_link(Path::new(&folder), &stripped) {
            eprintln!("tar: {path}: left out (a link stands in its way)");
            code = 2;
            continue;
        }
        let made = match kind.is_dir() {
            true => fs::create_dir_all(&target),
            false => target
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| File::create(&target))
                .and_then(|mut file| io::copy(&mut entry, &mut file).map(drop)),
        };
        made.map_err(|error| failed(&path, &error))?;
    }
    Ok(code)
}

fn leads_through_link(folder: &Path, pieces: &[&str]) -> bool {
    let mut path = folder.to_path_buf();
    pieces.iter().any(|piece| {
        path.push(piece);
        fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink())
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn letters_are_read_with_and_without_a_dash() {
        let wish = |text: &str| {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            read(&words).map(|wish| (wish.action, wish.packed, wish.file, wish.folder, wish.names))
        };
        let expected = (Some('c'), true, Some("a.tgz".to_owned()), None, vec!["d".to_owned()]);
        assert_eq!(wish("czf a.tgz d"), Ok(expected.clone()));
        assert_eq!(wish("-czf a.tgz d"), Ok(expected));
        assert_eq!(wish("-xfa -C d"), Ok((Some('x'), false, Some("a".to_owned()), Some("d".to_owned()), vec![])));
        assert!(wish("-xJf a").is_err());
    }
}
