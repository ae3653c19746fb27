//! Listing a directory: read a little ahead of the guest, never whole.

use std::{collections::VecDeque, fs::File, io};

use cap_fs_ext::FileTypeExt;
use cap_std::fs::{Dir, DirEntry, ReadDir};
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorType, DirectoryEntry, ErrorCode};

/// Entries that are read ahead. Stops who lists a directory of a million names to make the kernel
/// read and keep them all: it does so for this many, and they are paid for whether they are taken or not.
const AHEAD: usize = 128;

/// A directory that is being listed.
#[derive(Default)]
pub(crate) struct Listing {
    /// None at its end.
    rest: Option<ReadDir>,
    ahead: VecDeque<Result<DirectoryEntry, ErrorCode>>,
}

impl Listing {
    /// Begins a listing. Blocks.
    pub(crate) fn of(directory: &File) -> Result<Self, ErrorCode> {
        let begin = || Dir::from_std_file(directory.try_clone()?).entries();
        let rest = begin().map_err(|error| ErrorCode::from(&error))?;
        Ok(Self { rest: Some(rest), ahead: VecDeque::new() }.read_ahead())
    }

    /// Whether more must be read before it is known what comes next.
    pub(crate) fn is_dry(&self) -> bool {
        self.ahead.is_empty() && self.rest.is_some()
    }

    /// How many entries are read and not taken yet.
    pub(crate) fn ahead(&self) -> u64 {
        self.ahead.len() as u64
    }

    /// Reads on. Blocks.
    pub(crate) fn read_ahead(mut self) -> Self {
        while let Some(rest) = self.rest.as_mut().filter(|_| self.ahead.len() < AHEAD) {
            match rest.next() {
                Some(found) => self.ahead.push_back(found.map_err(|error| ErrorCode::from(&error)).and_then(entry)),
                None => self.rest = None,
            }
        }
        self
    }

    /// The next entry; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<DirectoryEntry>, ErrorCode> {
        self.ahead.pop_front().transpose()
    }
}

fn entry(found: DirEntry) -> Result<DirectoryEntry, ErrorCode> {
    let type_ = kind(&found).map_err(|error| ErrorCode::from(&error))?;
    let name = found.file_name().into_string().map_err(|_| ErrorCode::IllegalByteSequence)?;
    Ok(DirectoryEntry { type_, name })
}

fn kind(entry: &DirEntry) -> io::Result<DescriptorType> {
    let kind = entry.metadata()?.file_type();
    Ok(match () {
        () if kind.is_dir() => DescriptorType::Directory,
        () if kind.is_file() => DescriptorType::RegularFile,
        () if kind.is_symlink() => DescriptorType::SymbolicLink,
        () if kind.is_block_device() => DescriptorType::BlockDevice,
        () if kind.is_char_device() => DescriptorType::CharacterDevice,
        () if kind.is_fifo() => DescriptorType::Fifo,
        () if kind.is_socket() => DescriptorType::Socket,
        () => DescriptorType::Unknown,
    })
}
