//! Hostile files: each gets an answer or a clear error, and nothing panics.

use crate::tests::{call, data};
use flate2::{Compression, write::ZlibEncoder};
use holm::ToolError;
use holm::serde_json::{Value, json};
use std::io::Write;

/// A file of these objects, numbered from 1, with a table that says where each is.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(bytes.len());
        bytes.extend(format!("{number} 0 obj\n").bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let start = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        bytes.extend(format!("{place:010} 00000 n \n").bytes());
    }
    bytes.extend(format!("trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1).bytes());
    bytes
}

fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = format!("<<{dictionary}/Length {}>>\nstream\n", data.len()).into_bytes();
    bytes.extend(data);
    bytes.extend(b"\nendstream");
    bytes
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).expect("written");
    encoder.finish().expect("finished")
}

/// One page with this content, and more objects from 5 on.
fn page(content: Vec<u8>, resources: &str, more: Vec<Vec<u8>>) -> Vec<u8> {
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R/Outlines 5 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>{resources}>>>>").into_bytes(),
        content,
    ];
    objects.extend(more);
    pdf(&objects)
}

/// Every way of reading one file.
fn read_all(bytes: &[u8]) -> Vec<Result<Value, ToolError>> {
    let place = tempfile::tempdir().expect("a directory");
    let (file, into) = (place.path().join("a.pdf"), place.path().join("b.pdf"));
    std::fs::write(&file, bytes).expect("written");
    vec![
        call("info", &json!({ "file": file })),
        call("text", &json!({ "file": file })),
        call("text", &json!({ "file": file, "layout": true })),
        call("tables", &json!({ "file": file })),
        call("merge", &json!({ "files": [file], "into": into })),
    ]
}

fn errors(bytes: &[u8]) -> Vec<String> {
    read_all(bytes).into_iter().filter_map(Result::err).map(|error| format!("{error:?}")).collect()
}

fn refused(bytes: &[u8], code: &str) {
    let found = errors(bytes);
    assert!(!found.is_empty() && found.iter().all(|text| text.contains(&format!("refused ({code})"))), "{found:?}");
}

const HELLO: &[u8] = b"BT /F 12 Tf 100 700 Td (Hello) Tj ET";

#[test]
fn a_sound_file_is_read() {
    let bytes = page(stream("", HELLO), "", Vec::new());
    assert_eq!(read_all(&bytes)[1], Ok(json!([{ "page": 1, "text": "Hello\n" }])));
    assert_eq!(errors(&bytes), Vec::<String>::new());
}

#[test]
fn bombs_in_streams() {
    let bomb = vec![b' '; crate::limits::STREAM + 1];
    let once = deflated(&bomb);
    refused(&page(stream("/Filter/FlateDecode", &once), "", Vec::new()), "bomb");
    let twice = deflated(&once);
    refused(&page(stream("/Filter[/FlateDecode/FlateDecode]", &twice), "", Vec::new()), "bomb");
    let hex: Vec<u8> = once.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
    refused(&page(stream("/Filter[/AHx/Fl]", &hex), "", Vec::new()), "bomb");
    // What is called a picture and drawn as a page is found when it is drawn.
    let found = errors(&page(stream("/Subtype/Image/Filter/FlateDecode", &once), "", Vec::new()));
    assert_eq!(found.iter().filter(|text| text.contains("refused (bomb)")).count(), 4, "{found:?}");
    let many = vec![stream("/Filter/FlateDecode", &deflated(&bomb[1..])); 9];
    refused(&page(stream("", HELLO), "", many), "bomb");
    let chain = format!("/Filter[{}]", "/RL".repeat(9));
    refused(&page(stream(&chain, b"\x80"), "", Vec::new()), "bomb");
}

#[test]
fn bombs_in_what_is_inflated_while_opening() {
    let once = deflated(&vec![b' '; crate::limits::STREAM + 1]);
    for dictionary in [
        "/Type/ObjStm/N 1/First 1/Filter/FlateDecode",
        "/Type/Obj#53tm/N 1/First 1/Filter/Fl",
        "/Type/XRef/W[1 2 1]/Size 9/Filter/FlateDecode",
    ] {
        refused(&page(stream("", HELLO), "", vec![stream(dictionary, &once)]), "bomb");
    }
    let twice = deflated(&once);
    refused(
        &page(stream("", HELLO), "", vec![stream("/Type/ObjStm/Filter[/FlateDecode/FlateDecode]", &twice)]),
        "bomb",
    );
    refused(&page(stream("", HELLO), "", vec![stream("/Type/ObjStm/Filter/LZWDecode", b"x")]), "unsupported");
}

/// Forms that each draw the next ten times.
fn forms(levels: usize, times: usize, last: &[u8]) -> Vec<u8> {
    let mut more = vec![b"null".to_vec()];
    for level in 0..levels {
        let next = 7 + level;
        let content = if level + 1 == levels { last.to_vec() } else { "/X Do ".repeat(times).into_bytes() };
        more.push(stream(&format!("/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</X {next} 0 R>>>>"), &content));
    }
    page(stream("", b"q /X Do Q "), "/XObject<</X 6 0 R>>", more)
}

#[test]
fn forms_that_draw_forms() {
    let found = errors(&forms(9, 10, b"q Q"));
    assert_eq!(found.iter().filter(|text| text.contains("refused (too-many-instructions)")).count(), 4, "{found:?}");
    let found = errors(&forms(100, 1, b"q Q"));
    assert_eq!(found.iter().filter(|text| text.contains("refused (deep)")).count(), 4, "{found:?}");
    assert_eq!(errors(&forms(crate::limits::FORMS, 1, b"q Q")), Vec::<String>::new());
    let form = |next: u8| {
        stream(&format!("/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X {next} 0 R>>>>"), b"/X Do /X Do ")
    };
    let found = errors(&page(stream("", b"/X Do "), "/XObject<</X 6 0 R>>", vec![b"null".to_vec(), form(7), form(6)]));
    // Its reader follows no reference back to where it stands.
    assert_eq!(found, Vec::<String>::new());
    // But resources that a form takes from its page do lead back.
    let itself = stream("/Subtype/Form/BBox[0 0 9 9]", b"/X Do /X Do ");
    let found = errors(&page(stream("", b"/X Do "), "/XObject<</X 6 0 R>>", vec![b"null".to_vec(), itself]));
    assert_eq!(found.iter().filter(|text| text.contains("refused (loop)")).count(), 4, "{found:?}");
}

#[test]
fn circles() {
    let outline = |first: &str| {
        let more = vec![
            format!("<</First {first}>>").into_bytes(),
            b"<</Title(a)/Next 7 0 R/First 6 0 R>>".to_vec(),
            b"<</Title(b)/Next 6 0 R>>".to_vec(),
        ];
        page(stream("", HELLO), "", more)
    };
    let info = read_all(&outline("6 0 R")).remove(0).expect("info");
    assert_eq!(info["outline"].as_array().map(Vec::len), Some(2));
    read_all(&outline("5 0 R"));
    for kids in ["[2 0 R]", "[2 0 R 3 0 R 3 0 R]", "2 0 R", "[]", "[[3 0 R]]", "null"] {
        let catalog = b"<</Type/Catalog/Pages 2 0 R>>".to_vec();
        let tree = format!("<</Type/Pages/Kids {kids}/Count 4294967295/Parent 2 0 R>>").into_bytes();
        read_all(&pdf(&[catalog, tree, b"<</Type/Page/Parent 2 0 R/Contents 3 0 R>>".to_vec()]));
    }
    read_all(&pdf(&[b"1 0 R".to_vec(), b"3 0 R".to_vec(), b"2 0 R".to_vec()]));
    let names = vec![b"<</First 6 0 R>>".to_vec(), b"<</Title(a)/Dest(x)>>".to_vec()];
    let mut circle = page(stream("", HELLO), "", names);
    let at = circle.windows(8).position(|word| word == b"/Outline").expect("a catalogue");
    circle.splice(at..at, b"/Names<</Dests 7 0 R>>".iter().copied());
    read_all(&circle);
    // A length that is itself the stream's, and filters that are.
    read_all(&page(b"<</Length 4 0 R/Filter 4 0 R>>\nstream\nx\nendstream".to_vec(), "", Vec::new()));
}

#[test]
fn depth() {
    for (open, close) in [("[", "]"), ("<</A ", ">>"), ("<<[", ""), ("(", "")] {
        let deep = open.repeat(100_000) + &close.repeat(100_000);
        read_all(&page(stream("", deep.as_bytes()), "", Vec::new()));
        for bytes in [
            page(stream("", HELLO), "", vec![deep.clone().into_bytes()]),
            page(stream("", HELLO), &format!("/X {deep}"), Vec::new()),
        ] {
            if open == "(" {
                read_all(&bytes);
            } else {
                refused(&bytes, "deep");
            }
        }
        if open != "(" {
            let hidden =
                stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode", &deflated(format!("9 0 {deep}").as_bytes()));
            refused(&page(stream("", HELLO), "", vec![hidden]), "deep");
        }
    }
    read_all(&page(stream("", "q ".repeat(300_000).as_bytes()), "", Vec::new()));
    read_all(&page(stream("", "/A BMC ".repeat(300_000).as_bytes()), "", Vec::new()));
    read_all(&page(stream("", "1 ".repeat(300_000).as_bytes()), "", Vec::new()));
}

#[test]
fn tables_of_objects_that_lie() {
    let sound = page(stream("", HELLO), "", Vec::new());
    let text = String::from_utf8(sound).expect("text");
    for (from, to) in [
        ("xref\n0 5", "xref\n0 4294967295"),
        ("xref\n0 5", "xref\n4294967290 99999999999"),
        ("/Size 5", "/Size 4294967295"),
        ("/Size 5", "/Size 5/Prev 0"),
        ("startxref\n", "startxref\n-"),
        ("startxref\n", "startxref\n9999999"),
        ("/Root 1 0 R", "/Root 4 0 R"),
        ("/Root 1 0 R", "/Root 1 0 R/Encrypt<<>>"),
        ("/Root 1 0 R", "/Root 1 0 R/Encrypt<</Filter/Standard/V 4/R 4/Length 99999999/O()/U()/P 0>>/ID[()()]"),
        ("00000 n", "99999 n"),
        ("/Length 36", "/Length -1"),
        ("/Length 36", "/Length 99999999999999999999"),
        ("[0 0 600 800]", "[0 0 1e38 -1e38]"),
        ("[0 0 600 800]", "[0 0 0 0]"),
        ("[0 0 600 800]", "[0 0 600 800]/Rotate -2147483648"),
        ("/F 12 Tf", "/F 1e38 Tf"),
        ("100 700 Td", "99999999999999999999 -1e38 Td"),
        (
            "<</Length",
            "<</Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 2147483647/Colors 2147483647/BitsPerComponent 32>>/Length",
        ),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        read_all(changed.as_bytes());
    }
    let w = stream("/Type/XRef/W[4 2147483647 4]/Index[0 4294967295]/Size 4294967295/Root 1 0 R", &[1; 400]);
    let mut bytes = b"%PDF-1.7\n1 0 obj\n".to_vec();
    bytes.extend(w);
    bytes.extend(b"\nendobj\nstartxref\n9\n%%EOF");
    read_all(&bytes);
    let predictor = deflated(&[0; 1_000]);
    for parameters in [
        "/Predictor 15/Columns 2147483647",
        "/Predictor 2/Colors 32/BitsPerComponent 16/Columns 100000000",
        "/Predictor 12/Columns 0",
        "/Predictor 2/BitsPerComponent 3",
    ] {
        read_all(&page(
            stream(&format!("/Filter/FlateDecode/DecodeParms<<{parameters}>>"), &predictor),
            "",
            Vec::new(),
        ));
    }
}

#[test]
fn glyphs_that_stand_for_long_texts() {
    let long = "0041".repeat(50_000);
    let map = format!("1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <41> <{long}> endbfchar");
    let font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 7 0 R>>".to_vec();
    let content = [&b"BT /G 12 Tf 100 700 Td ("[..], &vec![b'A'; 10_000], b") Tj ET"].concat();
    let bytes =
        page(stream("", &content), "/Font<</G 6 0 R>>", vec![b"null".to_vec(), font, stream("", map.as_bytes())]);
    // The first /Font is the page's own.
    let bytes = String::from_utf8(bytes)
        .expect("text")
        .replacen("/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>", "", 1)
        .into_bytes();
    let found = errors(&bytes);
    assert_eq!(found.iter().filter(|text| text.contains("refused (too-much-text)")).count(), 3, "{found:?}");
}

#[test]
fn very_many_glyphs_and_rules() {
    let glyphs = "(AAAAAAAAAA) Tj ".repeat(crate::limits::GLYPHS / 10 + 1);
    let content = format!("BT /F 12 Tf 100 700 Td {glyphs} ET");
    let found = errors(&page(stream("", content.as_bytes()), "", Vec::new()));
    assert_eq!(found.iter().filter(|text| text.contains("refused (too-much-text)")).count(), 3, "{found:?}");
    let rules: String = (0..20_000)
        .map(|n| format!("{} 0 m {} 800 l S 0 {} m 600 {} l S ", n % 600, n % 600, n % 800, n % 800))
        .collect();
    assert_eq!(errors(&page(stream("", rules.as_bytes()), "", Vec::new())), Vec::<String>::new());
}

#[test]
fn foreign_files_are_refused() {
    refused(b"", "unsupported");
    refused(b"PK\x03\x04", "unsupported");
    refused(b"%PDF-1.7", "broken");
}

#[test]
fn files_cut_anywhere() {
    let whole = std::fs::read(data("report.pdf")).expect("read");
    for end in (0..whole.len()).step_by(61) {
        for text in errors(&whole[..end]) {
            assert!(text.contains("refused ("), "{text}");
        }
    }
}

/// Bytes of real files changed at random: whatever comes of it, it comes back.
#[test]
fn changed_files_do_not_panic() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    let tokens: [&[u8]; 16] = [
        b"<<",
        b">>",
        b"[",
        b"]",
        b"9",
        b"-1",
        b"4294967295",
        b" 0 R",
        b"1 0 R",
        b"endobj",
        b"stream\n",
        b"(",
        b"/",
        b"",
        b"1e38",
        b"\0\xff",
    ];
    for name in ["report.pdf", "columns.pdf", "writer.pdf", "secret.pdf"] {
        let whole = std::fs::read(data(name)).expect("read");
        let mut read = 0;
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..=next(6) {
                let at = next(bytes.len());
                let end = (at + next(8)).min(bytes.len());
                bytes.splice(at..end, tokens[next(tokens.len())].iter().copied());
            }
            read += read_all(&bytes).iter().filter(|result| result.is_ok()).count();
        }
        assert!(read > 0 || name == "secret.pdf", "{name}");
    }
}

/// The same for what a page draws, and for the objects of a file: nothing in them is compressed.
#[test]
fn changed_contents_do_not_panic() {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    let content = b"q 1 0 0 1 50 50 cm BT /F 12 Tf 14 TL 100 700 Td (Hello) Tj T* [(a) -250 (b)] TJ (c) ' 1 2 (d) \" ET Q \
        0.5 w 10 10 m 200 10 l 200 90 l h S 20 20 100 50 re f /X Do /A BMC EMC BI /W 1 /H 1 /CS /G /BPC 8 ID x EI /P gs sh";
    let form = stream(
        "/Subtype/Form/BBox[0 0 99 99]/Matrix[1 0 0 1 0 0]/Resources<</Font<</F 7 0 R>>>>",
        b"BT /F 9 Tf (in) Tj ET",
    );
    let font = b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/X/W[1[500]]/DW 1000>>]>>".to_vec();
    let whole = page(stream("", content), "/XObject<</X 6 0 R>>", vec![b"<</First 6 0 R>>".to_vec(), form, font]);
    assert_eq!(errors(&whole), Vec::<String>::new());
    let tokens: [&[u8]; 18] = [
        b"<<",
        b">>",
        b"[",
        b"]",
        b"9",
        b"-1",
        b"4294967295",
        b" 0 R",
        b"6 0 R",
        b"Tj",
        b"TJ",
        b"(",
        b")",
        b"",
        b"1e38",
        b" Do ",
        b" q ",
        b" Q ",
    ];
    for _ in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            let end = (at + next(6)).min(bytes.len());
            bytes.splice(at..end, tokens[next(tokens.len())].iter().copied());
        }
        read_all(&bytes);
    }
}
