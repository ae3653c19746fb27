//! Hostile documents: each gets an answer or a clear error, and nothing panics.

use crate::tests::{call, data};
use holm::ToolError;
use holm::serde_json::{Value, json};
use std::io::{Cursor, Read, Write};
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Every way of reading one file.
fn read_all(bytes: &[u8]) -> Vec<Result<Value, ToolError>> {
    let place = tempfile::tempdir().expect("a directory");
    let (path, into) = (place.path().join("a.docx"), place.path().join("b.docx"));
    std::fs::write(&path, bytes).expect("written");
    let replacements = json!([{ "find": "e", "replace": "<&>" }]);
    vec![
        call("text", &json!({ "document": path })),
        call("markdown", &json!({ "document": path })),
        call("replace", &json!({ "document": path, "into": into, "replacements": replacements })),
    ]
}

fn errors(bytes: &[u8]) -> Vec<String> {
    read_all(bytes).into_iter().filter_map(Result::err).map(|error| format!("{error:?}")).collect()
}

fn with(name: &str, part: &str, change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(std::fs::read(data(name)).expect("read"))).expect("a zip");
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut text = Vec::new();
        let mut file = archive.by_index(index).expect("a part");
        file.read_to_end(&mut text).expect("read");
        let name = file.name().expect("a name").into_owned();
        if name == part {
            text = change(&String::from_utf8(text).expect("text")).into_bytes();
        }
        writer.start_file(name, SimpleFileOptions::default()).expect("started");
        writer.write_all(&text).expect("written");
    }
    writer.finish().expect("finished").into_inner()
}

fn body(xml: &str) -> Vec<u8> {
    with("writer.docx", "word/document.xml", |_| {
        format!("<w:document xmlns:w=\"x\"><w:body>{xml}</w:body></w:document>")
    })
}

#[test]
fn deep_tables_are_refused() {
    let nested = |levels: usize| {
        body(
            &("<w:tbl><w:tr><w:tc>".repeat(levels)
                + "<w:p><w:r><w:t>in</w:t></w:r></w:p>"
                + &"</w:tc></w:tr></w:tbl>".repeat(levels)),
        )
    };
    assert_eq!(errors(&nested(80)), Vec::<String>::new());
    assert!(errors(&nested(20_000)).iter().all(|text| text.contains("256 levels deep")));
    assert_eq!(errors(&nested(20_000)).len(), 3);
}

#[test]
fn a_wide_row_does_not_fill_all_others() {
    let cell = "<w:tc><w:p/></w:tc>";
    let rows = format!("<w:tr>{}</w:tr>", cell.repeat(20_000)) + &format!("<w:tr>{cell}</w:tr>").repeat(20_000);
    let found = errors(&body(&format!("<w:tbl>{rows}</w:tbl>")));
    assert_eq!(found.len(), 1, "as Markdown: {found:?}");
    assert!(found[0].contains("refused (too-many-bytes)"));
    let span = "<w:tr><w:tc><w:tcPr><w:gridSpan w:val=\"4294967295\"/></w:tcPr><w:p/></w:tc></w:tr>";
    assert_eq!(errors(&body(&format!("<w:tbl>{span}</w:tbl>"))), Vec::<String>::new());
}

#[test]
fn a_long_link_on_every_word_is_refused() {
    let target = "x".repeat(1024 * 1024);
    let relation = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"a/hyperlink\" Target=\"{}\"/></Relationships>",
        &target[..60_000]
    );
    let links = "<w:p><w:hyperlink r:id=\"r1\"><w:r><w:t>x</w:t></w:r></w:hyperlink></w:p>".repeat(2_000);
    let mut archive = ZipArchive::new(Cursor::new(body(&links))).expect("a zip");
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).expect("a part");
        if file.name().expect("a name") != "word/_rels/document.xml.rels" {
            writer.raw_copy_file(file).expect("copied");
        }
    }
    writer.start_file("word/_rels/document.xml.rels", SimpleFileOptions::default()).expect("started");
    writer.write_all(relation.as_bytes()).expect("written");
    let found = errors(&writer.finish().expect("finished").into_inner());
    assert_eq!(found.len(), 1, "as Markdown: {found:?}");
    assert!(found[0].contains("refused (too-many-bytes)"));
}

#[test]
fn replacements_grow_no_further_than_their_bound() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("a.docx");
    std::fs::write(&path, body(&format!("<w:p><w:r><w:t>{}</w:t></w:r></w:p>", "e".repeat(100_000)))).expect("written");
    let twice = json!({ "find": "e", "replace": "ee" });
    let arguments = json!({ "document": path, "into": place.path().join("b.docx"), "replacements": vec![twice; 40] });
    let found = call("replace", &arguments);
    assert!(matches!(&found, Err(ToolError::Failed(text)) if text.contains("over 33554432 bytes")), "{found:?}");
}

#[test]
fn styles_in_a_circle() {
    let bytes = with("word.docx", "word/styles.xml", |_| {
        "<w:styles><w:style w:styleId=\"Heading1\"><w:basedOn w:val=\"Quote\"/></w:style>\
         <w:style w:styleId=\"Quote\"><w:basedOn w:val=\"Heading1\"/></w:style></w:styles>"
            .to_owned()
    });
    assert_eq!(errors(&bytes), Vec::<String>::new());
}

#[test]
fn elements_where_none_belong() {
    for xml in [
        "<w:tc><w:p/></w:tc>",
        "<w:tr><w:tc/></w:tr>",
        "<w:t>text</w:t>",
        "<w:p><w:tbl><w:p><w:tr><w:t>x</w:t></w:tr></w:p></w:tbl></w:p>",
        "<w:footnote w:id=\"1\"><w:p/></w:footnote>",
        "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"-1\"/><w:numId w:val=\"99999999999\"/></w:numPr></w:pPr></w:p>",
        "<w:p><w:r><w:footnoteReference w:id=\"a]b\"/></w:r></w:p>",
        "<w:tbl/><w:p/><w:del/>",
        "<w:p><w:r><w:t>&unknown;&#0;&#x110000;</w:t></w:r></w:p>",
        "</w:body><w:body>",
    ] {
        read_all(&body(xml));
    }
}

#[test]
fn deleted_text_is_left_out_and_boxes_are_read_once() {
    let bytes = body(
        "<w:p><w:r><w:t>kept</w:t></w:r><w:del><w:r><w:t>gone</w:t></w:r></w:del><w:ins><w:r><w:t> new</w:t></w:r></w:ins></w:p>\
         <w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p></w:txbxContent></mc:Choice>\
         <mc:Fallback><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>",
    );
    assert_eq!(read_all(&bytes)[0], Ok(json!("kept new\nbox\n")));
}

#[test]
fn files_cut_anywhere_are_refused() {
    let whole = std::fs::read(data("writer.docx")).expect("read");
    for end in (0..whole.len()).step_by(97) {
        let found = errors(&whole[..end]);
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|text| text.contains("refused (")), "{found:?}");
    }
    let xlsx = std::fs::read(data("../../../xlsx/tests/data/calc.xlsx")).expect("read");
    assert!(errors(&xlsx).iter().all(|text| text.contains("refused (missing-part)")));
}

/// Parts of real documents changed at random: whatever comes of it, it comes back.
#[test]
fn changed_files_do_not_panic() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    let tokens = [
        "\"",
        "<",
        ">",
        "9",
        "-1",
        "</w:p>",
        "<w:p>",
        "&#0;",
        "<w:tbl/>",
        "<w:tc>",
        "é",
        "",
        "&lt;",
        "<w:t>",
        "<w:footnote>",
    ];
    for part in ["document", "styles", "numbering", "footnotes", "_rels/document.xml.rels"] {
        let name = format!("word/{}", if part.contains('.') { part.to_owned() } else { format!("{part}.xml") });
        let (mut read, mut refused) = (0, 0);
        for _ in 0..60 {
            let changes: Vec<_> =
                (0..=next(3)).map(|_| (next(usize::MAX), next(12), tokens[next(tokens.len())])).collect();
            let bytes = with("writer.docx", &name, |text| {
                let mut text = text.to_owned();
                for (at, length, token) in &changes {
                    let at = text.floor_char_boundary(at % text.len());
                    let end = text.floor_char_boundary((at + length).min(text.len()));
                    text.replace_range(at..end, token);
                }
                text
            });
            let results = read_all(&bytes);
            read += results.iter().filter(|result| result.is_ok()).count();
            refused += results.iter().filter(|result| result.is_err()).count();
        }
        assert!(read > 0 && refused > 0, "{part}: {read} read, {refused} refused");
    }
}
