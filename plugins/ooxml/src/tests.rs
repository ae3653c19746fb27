//! Hostile packages, each made for its attack.

use super::{Package, Refusal, checked, xml};
use std::io::{Cursor, Write};
use std::sync::Arc;
use zip::write::{SimpleFileOptions, ZipWriter};

fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).expect("started");
        writer.write_all(bytes).expect("written");
    }
    writer.finish().expect("finished").into_inner()
}

fn refused(bytes: Vec<u8>) -> Refusal {
    checked(&Arc::from(bytes), "docx").map(drop).expect_err("refused")
}

fn code(parts: &[(&str, &[u8])]) -> &'static str {
    refused(package(parts)).code()
}

#[test]
fn a_sound_package_is_read() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), package(&[("a.xml", b"<a>x</a>"), ("b.bin", b"\0")])).expect("written");
    let mut package = Package::open(&file.path().to_string_lossy(), "docx").expect("opened");
    assert_eq!(package.required("a.xml").expect("there"), b"<a>x</a>");
    assert_eq!(package.part("c.xml").expect("no error"), None);
    assert!(package.required("c.xml").is_err());
    assert_eq!(package.names().count(), 2);
}

#[test]
fn bombs_are_refused() {
    let spaces = vec![b' '; 32 * 1024 * 1024];
    assert_eq!(code(&[("a.bin", &spaces)]), "bomb");
    let mut text = b"<a>".to_vec();
    text.extend(&spaces);
    text.extend(b"</a>");
    assert_eq!(code(&[("a.xml", &text)]), "bomb");
    // Each part is small enough.
    let small = &spaces[..3 * 1024 * 1024];
    let names: Vec<String> = (0..10).map(|number| format!("{number}.bin")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), small)).collect();
    assert_eq!(code(&parts), "bomb");
}

#[test]
fn a_part_that_lies_about_its_size_is_refused() {
    let honest = package(&[("a.xml", format!("<a>{}</a>", "x".repeat(993)).as_bytes())]);
    let (size, less) = (1_000_u32.to_le_bytes(), 10_u32.to_le_bytes());
    let mut lying = honest.clone();
    for at in 0..lying.len() - 4 {
        if lying[at..at + 4] == size {
            lying[at..at + 4].copy_from_slice(&less);
        }
    }
    assert_ne!(honest, lying);
    assert!(matches!(refused(lying), Refusal::Xml { .. } | Refusal::Broken(_)));
}

#[test]
fn many_parts_are_refused() {
    let names: Vec<String> = (0..=super::PARTS).map(|number| number.to_string()).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(code(&parts), "too-many-parts");
}

#[test]
fn names_that_come_twice_are_refused() {
    let mut bytes = package(&[("aaaa1", b"1"), ("aaaa2", b"2")]);
    for at in 0..bytes.len() - 5 {
        if &bytes[at..at + 5] == b"aaaa2" {
            bytes[at + 4] = b'1';
        }
    }
    assert_eq!(refused(bytes).code(), "duplicate");
}

#[test]
fn entities_are_refused() {
    let laughs = br#"<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;&l;">]><a>&m;</a>"#;
    assert_eq!(code(&[("a.xml", laughs)]), "xml");
    let late = format!("<!--{}--><!DOCTYPE a><a/>", "x".repeat(100_000));
    assert_eq!(code(&[("a.xml", late.as_bytes())]), "xml");
    assert_eq!(code(&[("a.rels", b"<!doctype a><a/>")]), "xml");
}

#[test]
fn depth_and_tags_are_bounded() {
    let deep = |levels: usize| "<a>".repeat(levels) + &"</a>".repeat(levels);
    assert_eq!(xml::check(deep(xml::DEPTH).as_bytes()), Ok(()));
    assert_eq!(code(&[("a.xml", deep(xml::DEPTH + 1).as_bytes())]), "xml");
    assert_eq!(code(&[("a.xml", deep(100_000).as_bytes())]), "xml");
    let attributes: String = (0..10_000).map(|number| format!(" a{number}=''")).collect();
    assert_eq!(code(&[("a.xml", format!("<a{attributes}/>").as_bytes())]), "xml");
}

#[test]
fn broken_xml_is_refused() {
    for text in ["", "no element", "<a>", "<a></b>", "<a", "<a><b></a>", "<a>&#xZ"] {
        assert!(xml::check(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(xml::check(&b"\xef\xbb\xbf<?xml version='1.0'?><a b='c'><d/></a>"[..]), Ok(()));
}

#[test]
fn what_nobody_reads_may_be_broken() {
    let bytes = package(&[("a.xml", b"<a/>"), ("customXml/item1.xml", b"<a>")]);
    assert!(checked(&Arc::from(bytes), "docx").is_ok());
    let spaces = vec![b' '; 32 * 1024 * 1024];
    assert_eq!(code(&[("customXml/item1.xml", &spaces)]), "bomb");
}

#[test]
fn foreign_files_are_refused() {
    assert_eq!(refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec()).code(), "unsupported");
    assert_eq!(refused(b"%PDF-1.7".to_vec()).code(), "unsupported");
    assert_eq!(refused(Vec::new()).code(), "unsupported");
    assert_eq!(refused(b"PK\x03\x04".to_vec()).code(), "broken");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = package(&[("a.xml", b"<a>x</a>"), ("b.xml", b"<b/>")]);
    for end in 0..whole.len() {
        refused(whole[..end].to_vec());
    }
}
