//! Hostile workbooks: each gets an answer or a clear error, and nothing panics.

use crate::tests::{call, data};
use holm::ToolError;
use holm::serde_json::{Value, json};
use std::io::{Cursor, Read, Write};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

const TOOLS: [(&str, &str); 4] = [("sheets", ""), ("read", "values"), ("read", "typed"), ("read", "formulas")];

/// Every way of reading one file.
fn read_all(bytes: &[u8]) -> Vec<Result<Value, ToolError>> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("written");
    let arguments = |cells| match cells {
        "" => json!({ "workbook": file.path() }),
        cells => json!({ "workbook": file.path(), "cells": cells, "limit": u32::MAX }),
    };
    TOOLS.iter().map(|(tool, cells)| call(tool, &arguments(*cells))).collect()
}

/// A workbook with another first sheet, or other parts beside it.
fn with(part: &str, change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(std::fs::read(data("calc.xlsx")).expect("read"))).expect("a zip");
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut text = Vec::new();
        let mut file = archive.by_index(index).expect("a part");
        file.read_to_end(&mut text).expect("read");
        let name = file.name().expect("a name").into_owned();
        if name == part {
            text = change(&String::from_utf8(text).expect("text")).into_bytes();
        }
        // Stored, so that a changed byte is a changed byte of XML.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        writer.start_file(name, options).expect("started");
        writer.write_all(&text).expect("written");
    }
    writer.finish().expect("finished").into_inner()
}

fn sheet(rows: &str) -> Vec<u8> {
    with("xl/worksheets/sheet1.xml", |_| {
        format!(
            "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
        )
    })
}

fn texts(results: Vec<Result<Value, ToolError>>) -> Vec<String> {
    results.into_iter().filter_map(Result::err).map(|error| format!("{error:?}")).collect()
}

#[test]
fn cells_at_the_ends_of_a_sheet_cost_no_sheet() {
    let bytes =
        sheet("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"XFD1048576\"><v>2</v></c></row>");
    let results = read_all(&bytes);
    assert_eq!(results[0].as_ref().expect("sheets")[0]["range"], "A1:XFD1048576");
    for result in &results[1..] {
        let found = result.as_ref().expect("rows");
        assert_eq!(found["truncated"], true);
        assert_eq!(found["rows"].as_array().map(Vec::len), Some(crate::limits::CELLS / 16_384));
    }
}

#[test]
fn addresses_that_are_none() {
    for address in ["XFE1", "A0", "A1048577", "ZZZZZZZZZ1", "A99999999999999999999", "", "1", "A", "é1"] {
        let bytes = sheet(&format!(
            "<row r=\"4294967295\"><c r=\"{address}\"><v>1</v></c><c><v>2</v></c></row><row><c><v>1</v></c></row>"
        ));
        read_all(&bytes);
    }
}

#[test]
fn indexes_that_are_none() {
    for cell in [
        "<c r=\"A1\" t=\"s\"><v>4294967295</v></c>",
        "<c r=\"A1\" t=\"s\"><v>-1</v></c>",
        "<c r=\"A1\" t=\"s\"/>",
        "<c r=\"A1\" s=\"99999999999\"><v>1</v></c>",
        "<c r=\"A1\" t=\"b\"><v>maybe</v></c>",
        "<c r=\"A1\" t=\"e\"><v>#NONE</v></c>",
        "<c r=\"A1\" t=\"nothing\"><v>1</v></c>",
        "<c r=\"A1\"><v>1e999</v></c>",
        "<c r=\"A1\" t=\"inlineStr\"><is><t>x</t></is></c>",
    ] {
        read_all(&sheet(&format!("<row r=\"1\">{cell}</row>")));
    }
}

#[test]
fn a_formula_of_a_huge_number_is_refused() {
    let bytes =
        sheet("<row r=\"1\"><c r=\"A1\"><f t=\"shared\" ref=\"A1:A2\" si=\"4294967295\">1+1</f><v>2</v></c></row>");
    let errors = texts(read_all(&bytes));
    assert_eq!(errors.len(), 1, "only who asks for formulas: {errors:?}");
    assert!(errors[0].contains("refused (shared-formula)"), "{errors:?}");
    let spaced = sheet("<row r=\"1\"><c r=\"A1\"><f t=\"shared\" si\n= '&#57;999999999' ref=\"A1:A2\">1</f></c></row>");
    assert!(texts(read_all(&spaced)).iter().all(|text| text.contains("refused (shared-formula)")));
    assert_eq!(texts(read_all(&spaced)).len(), 1);
}

#[test]
fn one_long_text_repeated_is_cut() {
    let long = "x".repeat(1024 * 1024);
    let bytes = with("xl/sharedStrings.xml", |_| {
        format!("<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><si><t>{long}</t></si></sst>")
    });
    let file = tempfile::NamedTempFile::new().expect("a file");
    let cells: String =
        (1..=200).map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c></row>")).collect();
    // The sheet as well.
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).expect("a part");
        if file.name().expect("a name") != "xl/worksheets/sheet1.xml" {
            writer.raw_copy_file(file).expect("copied");
        }
    }
    writer.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default()).expect("started");
    write!(writer, "<worksheet><sheetData>{cells}</sheetData></worksheet>").expect("written");
    std::fs::write(file.path(), writer.finish().expect("finished").into_inner()).expect("written");
    let found = call("read", &json!({ "workbook": file.path() })).expect("rows");
    assert_eq!(found["truncated"], true);
    assert!(found["rows"].as_array().is_some_and(|rows| rows.len() <= 8));
}

#[test]
fn entities_are_not_expanded() {
    let bytes = with("xl/worksheets/sheet1.xml", |text| {
        text.replacen("<worksheet", "<!DOCTYPE w [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><worksheet", 1)
    });
    assert_eq!(texts(read_all(&bytes)).iter().filter(|text| text.contains("document type")).count(), 4);
}

#[test]
fn files_cut_anywhere_are_refused() {
    let whole = std::fs::read(data("calc.xlsx")).expect("read");
    for end in (0..whole.len()).step_by(97) {
        let errors = texts(read_all(&whole[..end]));
        assert_eq!(errors.len(), TOOLS.len());
        assert!(errors.iter().all(|text| text.contains("refused (")), "{errors:?}");
    }
}

#[test]
fn foreign_files_are_refused() {
    let docx = std::fs::read(data("../../../docx/tests/data/writer.docx")).expect("read");
    assert_eq!(texts(read_all(&docx)).len(), TOOLS.len());
    assert_eq!(texts(read_all(b"a,b\n1,2\n")).len(), TOOLS.len());
}

/// Bytes of real workbooks changed at random: whatever comes of it, it comes back.
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
        "4294967295",
        "</c>",
        "<c>",
        "&#0;",
        "XFD1048576",
        "<f t=\"shared\" si=\"9\"/>",
        "",
        " t=\"s\"",
    ];
    for part in [
        "xl/worksheets/sheet1.xml",
        "xl/workbook.xml",
        "xl/styles.xml",
        "xl/sharedStrings.xml",
        "xl/_rels/workbook.xml.rels",
    ] {
        let (mut read, mut refused) = (0, 0);
        for _ in 0..100 {
            let mut changes = Vec::new();
            for _ in 0..=next(3) {
                changes.push((next(usize::MAX), next(12), tokens[next(tokens.len())]));
            }
            let bytes = with(part, |text| {
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
