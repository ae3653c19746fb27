# What jq defines and jaq's libraries, without their other formats, do not.

def @csv: if type != "array" then error("\(type) cannot be a row of CSV: give it an array") end | map(
  if . == null then ""
  elif type == "string" then "\"" + gsub("\""; "\"\"") + "\""
  elif type == "array" or type == "object" then error("\(type) cannot be a field of CSV")
  else tostring end) | join(",");

def @tsv: if type != "array" then error("\(type) cannot be a row of TSV: give it an array") end | map(
  if . == null then ""
  elif type == "string" then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r")
  elif type == "array" or type == "object" then error("\(type) cannot be a field of TSV")
  else tostring end) | join("\t");

def toarray: if type == "array" then . else [.] end;
def IN(s): any(s == .; .);
def IN(source; s): any(source == s; .);
def INDEX(stream; key): reduce stream as $row ({}; .[$row | key | tostring] |= $row);
def INDEX(key): INDEX(.[]; key);
def tostream: path(def leaves: (.[]? | leaves), .; leaves) as $path | getpath($path)
  | reduce path(.[]?) as $below ([$path, .]; [$path + $below]);
