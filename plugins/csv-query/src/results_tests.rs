//! What the tools answer, through the same door as the kernel's calls.

use crate::TOOLBOX;
use holm::ToolError;
use holm::serde_json::{Value, from_str, json};
use std::path::PathBuf;

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().expect("a directory"));
        files.add(
            "sales.csv",
            "id,city,price,paid,Unit Price\n1,Rome,2.5,true,1\n2,Oslo,4,false,2\n3,Rome,,true,3\n4,\"Bath, UK\",1.5,true,4\n",
        );
        files.add("cities.tsv", "city\tcountry\nRome\tIT\nOslo\tNO\n");
        files
    }

    fn add(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn query(&self, sql: &str) -> Result<Value, ToolError> {
        let files = ["sales.csv", "cities.tsv"].map(|name| self.0.path().join(name));
        call("query", json!({ "sql": sql, "files": files }))
    }

    fn rows(&self, sql: &str) -> Value {
        self.query(sql).expect("rows")["rows"].take()
    }
}

fn call(tool: &str, arguments: Value) -> Result<Value, ToolError> {
    TOOLBOX.call(tool, &arguments.to_string()).map(|text| from_str(&text).expect("a result is JSON"))
}

#[test]
fn selects_and_types() {
    let files = Files::new();
    assert_eq!(
        files.query("SELECT id, price, paid FROM sales WHERE city = 'Rome' ORDER BY id DESC"),
        Ok(json!({
            "columns": ["id", "price", "paid"],
            "rows": [[3, null, true], [1, 2.5, true]],
            "truncated": false,
        }))
    );
    assert_eq!(files.rows(r#"SELECT "Unit Price" FROM sales WHERE id > 3"#), json!([[4]]));
    assert_eq!(files.rows("SELECT city FROM sales WHERE id = 4"), json!([["Bath, UK"]]));
}

#[test]
fn groups_joins_and_nests() {
    let files = Files::new();
    assert_eq!(
        files.rows("SELECT city, COUNT(*) AS n, SUM(price) FROM sales GROUP BY city HAVING COUNT(*) > 1"),
        json!([["Rome", 2, 2.5]])
    );
    assert_eq!(
        files.rows("SELECT s.id, c.country FROM sales s LEFT JOIN cities c ON s.city = c.city ORDER BY s.id"),
        json!([[1, "IT"], [2, "NO"], [3, "IT"], [4, null]])
    );
    assert_eq!(files.rows("SELECT COUNT(*) FROM sales WHERE city IN (SELECT city FROM cities)"), json!([[3]]));
}

#[test]
fn rows_are_cut_at_the_limit() {
    let files = Files::new();
    let path = files.0.path().join("sales.csv");
    let found = call("query", json!({ "sql": "SELECT id FROM sales", "files": [path], "limit": 2 }));
    assert_eq!(found, Ok(json!({ "columns": ["id"], "rows": [[1], [2]], "truncated": true })));
}

#[test]
fn files_are_never_changed() {
    let files = Files::new();
    let before = std::fs::read(files.0.path().join("sales.csv")).expect("it is there");
    for sql in [
        "DELETE FROM sales",
        "INSERT INTO sales VALUES (5, 'x', 1, true, 1)",
        "UPDATE sales SET id = 1",
        "DROP TABLE sales",
        "CREATE TABLE other (id INT)",
        "SELECT 1; SELECT 2",
        "",
    ] {
        assert!(files.query(sql).is_err(), "{sql}");
    }
    let after = std::fs::read(files.0.path().join("sales.csv")).expect("it is there");
    assert_eq!(before, after);
}

#[test]
fn a_wrong_name_shows_the_right_ones() {
    let files = Files::new();
    let text = |sql| match files.query(sql) {
        Err(ToolError::Failed(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(text("SELECT * FROM sale").contains("sales (\"id\" INT, \"city\" TEXT"));
    assert!(text("SELECT nothing FROM sales").contains("nothing"));
    assert!(text("SELEC").contains("parser"));
}

#[test]
fn describes_files() {
    let files = Files::new();
    let path = files.add("x.csv", "1;a\n2;b;c\n");
    assert_eq!(
        call("describe", json!({ "files": [path], "delimiter": ";", "no_header": true })),
        Ok(json!([{
            "table": "x",
            "rows": 2,
            "columns": [
                { "name": "column_1", "kind": "INT" },
                { "name": "column_2", "kind": "TEXT" },
                { "name": "column_3", "kind": "TEXT" },
            ],
        }]))
    );
}

#[test]
fn ragged_empty_and_missing_files() {
    let files = Files::new();
    let ragged = files.add("ragged.csv", "a,b\n1\n2,3,4\n");
    let rows = |path: &PathBuf, sql: &str| {
        call("query", json!({ "sql": sql, "files": [path] })).map(|found| found["rows"].clone())
    };
    assert_eq!(rows(&ragged, "SELECT * FROM ragged"), Ok(json!([[1, null, null], [2, 3, 4]])));
    let empty = files.add("empty.csv", "");
    assert_eq!(rows(&empty, "SELECT COUNT(*) FROM empty"), Ok(json!([[0]])));
    let missing = rows(&"/no/such.csv".into(), "SELECT 1");
    assert!(matches!(missing, Err(ToolError::Failed(text)) if text.contains("/no/such.csv")));
    let none = call("query", json!({ "sql": "SELECT 1", "files": [] }));
    assert!(matches!(none, Err(ToolError::InvalidArguments(_))));
    let twice = call("query", json!({ "sql": "SELECT 1", "files": [ragged, ragged] }));
    assert!(matches!(twice, Err(ToolError::InvalidArguments(_))));
}
