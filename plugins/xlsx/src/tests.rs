//! Real workbooks (`tests/data`), and what is written read back.

use crate::TOOLBOX;
use holm::ToolError;
use holm::serde_json::{Value, from_str, json};
use std::path::PathBuf;

pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

pub(crate) fn call(tool: &str, arguments: &Value) -> Result<Value, ToolError> {
    TOOLBOX.call(tool, &arguments.to_string()).map(|text| from_str(&text).unwrap_or(Value::String(text)))
}

fn rows(arguments: &Value) -> Value {
    call("read", arguments).expect("rows")["rows"].take()
}

#[test]
fn sheets_and_what_they_hold() {
    for workbook in ["openpyxl.xlsx", "calc.xlsx"] {
        let sheets = call("sheets", &json!({ "workbook": data(workbook) })).expect("sheets");
        let names: Vec<&Value> = sheets.as_array().expect("a list").iter().map(|sheet| &sheet["name"]).collect();
        assert_eq!(names, ["Sales", "Far & away", "Empty", "Hidden"]);
        assert_eq!(sheets[0]["range"], "A1:F5");
        assert_eq!(sheets[1], json!({ "name": "Far & away", "range": "C3:F9", "cells": 2 }));
        assert_eq!(sheets[2], json!({ "name": "Empty", "range": null, "cells": 0 }));
        assert_eq!(sheets[3]["hidden"], true);
    }
}

#[test]
fn values_have_types_and_dates() {
    let found = rows(&json!({ "workbook": data("calc.xlsx") }));
    assert_eq!(
        found,
        json!([
            ["city", "price", "paid", "day", "moment", "total"],
            ["Rome", 2.5, true, "2026-11-28", "2026-11-28T09:30:00", 5],
            ["Oslo & \"Bergen\"", 4, false, "1999-12-31", null, 6.5],
            [null, null, null, null, "12:15:00", "#DIV/0!"],
            ["  kept blanks  ", "36:00:00", null, null, null, null],
        ])
    );
    // Never calculated: openpyxl writes no values.
    assert_eq!(rows(&json!({ "workbook": data("openpyxl.xlsx"), "range": "F2:F3" })), json!([]));
    let typed = rows(&json!({ "workbook": data("calc.xlsx"), "range": "B2:D2", "cells": "typed" }));
    assert_eq!(typed[0][0], json!({ "kind": "number", "value": 2.5 }));
    assert_eq!(typed[0][2], json!({ "kind": "date", "value": "2026-11-28" }));
}

#[test]
fn formulas() {
    for workbook in ["openpyxl.xlsx", "calc.xlsx"] {
        let arguments = json!({ "workbook": data(workbook), "range": "E2:F4", "cells": "formulas" });
        let found = rows(&arguments);
        assert_eq!(found[0], json!(["2026-11-28T09:30:00", "=B2*2"]));
        assert_eq!(found[1][1], "=SUM(B2:B3)");
        assert_eq!(found[2][1], "=1/0");
    }
}

#[test]
fn ranges_and_limits() {
    let book = data("calc.xlsx");
    let far = json!({ "workbook": book, "sheet": "Far & away" });
    let found = call("read", &far).expect("rows");
    assert_eq!(found["range"], "C3:F9");
    assert_eq!(found["rows"].as_array().map(Vec::len), Some(7));
    assert_eq!(found["rows"][0], json!(["here", null, null, null]));
    let limited = call("read", &json!({ "workbook": book, "limit": 2 })).expect("rows");
    assert_eq!((&limited["range"], &limited["truncated"]), (&json!("A1:F2"), &json!(true)));
    assert_eq!(
        rows(&json!({ "workbook": book, "range": "B:B" })),
        json!([["price"], [2.5], [4], [null], ["36:00:00"]])
    );
    assert_eq!(rows(&json!({ "workbook": book, "sheet": "Empty" })), json!([]));
    let Err(ToolError::InvalidArguments(text)) = call("read", &json!({ "workbook": book, "sheet": "sales" })) else {
        panic!("no such sheet")
    };
    assert!(text.contains("\"Sales\""), "{text}");
    assert!(call("read", &json!({ "workbook": book, "range": "B2:A1" })).is_err());
}

#[test]
fn csv_for_other_tools() {
    let place = tempfile::tempdir().expect("a directory");
    let arguments = json!({ "workbook": data("calc.xlsx"), "range": "A1:C3" });
    let text = "city,price,paid\nRome,2.5,true\n\"Oslo & \"\"Bergen\"\"\",4,false\n";
    assert_eq!(call("csv", &arguments), Ok(json!(text)));
    let into = place.path().join("out.csv");
    let arguments = json!({ "workbook": data("calc.xlsx"), "range": "A1:C3", "into": into });
    assert_eq!(call("csv", &arguments), Ok(json!(3)));
    assert_eq!(std::fs::read_to_string(into).ok().as_deref(), Some(text));
}

#[test]
fn what_is_written_is_read_back() {
    let place = tempfile::tempdir().expect("a directory");
    let book = place.path().join("new.xlsx");
    let rows = json!([
        ["name", "price", "share", "day"],
        ["Ada & <Co>", 1200.5, 0.25, "2026-11-28"],
        [null, -3, true, "2026-11-28T09:30:00"],
        ["=SUM(B2:B3)", "'=text", "'2026-11-28", "2026-02-31"],
        [{ "value": 5, "format": "0.00", "bold": true }, "", "é\u{1}", "="],
    ]);
    let sheet =
        json!({ "name": "Sales", "rows": rows, "widths": { "A": 30 }, "formats": { "B": "#,##0.00", "C": "0 %" } });
    let arguments = json!({ "workbook": book, "sheets": [sheet, { "rows": [[1]], "header": false }] });
    assert_eq!(call("write", &arguments), Ok(json!({ "workbook": book, "sheets": 2, "cells": 21 })));
    assert!(call("write", &arguments).is_err(), "it is there already");
    let found = call("read", &json!({ "workbook": book })).expect("rows");
    assert_eq!(found["rows"][1], json!(["Ada & <Co>", 1200.5, 0.25, "2026-11-28"]));
    assert_eq!(found["rows"][2], json!([null, -3, true, "2026-11-28T09:30:00"]));
    assert_eq!(found["rows"][3], json!([null, "=text", "2026-11-28", "2026-02-31"]));
    assert_eq!(found["rows"][4][0], 5);
    let typed = call("read", &json!({ "workbook": book, "range": "C4:D4", "cells": "typed" })).expect("rows");
    assert_eq!(typed["rows"][0][0]["kind"], "text");
    let formula = call("read", &json!({ "workbook": book, "range": "A4", "cells": "formulas" })).expect("rows");
    assert_eq!(formula["rows"], json!([["=SUM(B2:B3)"]]));
    let sheets = call("sheets", &json!({ "workbook": book })).expect("sheets");
    assert_eq!(sheets[1]["name"], "Sheet2");
}

#[test]
fn what_cannot_be_written_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let book = place.path().join("new.xlsx");
    let refused = |sheets: Value| {
        let text = call("write", &json!({ "workbook": book, "sheets": sheets }));
        assert!(!book.exists());
        match text {
            Err(ToolError::InvalidArguments(text)) => text,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(json!([{ "rows": [[1, [2]]] }])).contains("\"Sheet1\""));
    assert!(refused(json!([{ "rows": [[{ "valeu": 1 }]] }])).contains("cell A1"));
    assert!(refused(json!([{ "name": "a/b", "rows": [] }])).contains("a/b"));
    assert!(refused(json!([{ "name": "x".repeat(32), "rows": [] }])).contains("xxx"));
    assert!(refused(json!([{ "name": "a", "rows": [] }, { "name": "A", "rows": [] }])).contains("already been used"));
    assert!(refused(json!([{ "rows": [["x".repeat(40_000)]] }])).contains("32,767"));
    assert!(refused(json!([{ "rows": [], "widths": { "A1": 3 } }])).contains("A1"));
    assert!(refused(json!([{ "rows": [], "widths": { "A": 1e9 } }])).contains("255"));
    refused(json!([]));
    refused(json!([{ "rows": [], "wdiths": {} }]));
}
