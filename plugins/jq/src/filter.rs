//! A compiled filter, and its inputs one value at a time.

use holm::{Error, Result, files};
use jaq_all::data::{self, Filter};
use jaq_all::jaq_core::{Exn, Vars, load::parse};
use jaq_all::json::{Val, read};
use jaq_all::{compile_with, defs, load};
use std::io::{BufRead, BufReader};

/// Definitions of jq's that the library leaves out.
const OURS: &str = include_str!("defs.jq");

/// The inputs of a filter: values, or the text of why the next could not be read.
pub(crate) type Inputs<'a> = Box<dyn Iterator<Item = Result<Val, String>> + 'a>;

/// Why a run of a filter ended before its inputs did.
#[derive(Debug)]
pub(crate) enum Stop {
    /// An input is not JSON, or could not be read.
    Input(String),
    /// The filter failed on an input.
    Filter(String),
    /// The filter called `halt`.
    Halt(u8),
    /// Whoever takes the results wants no more.
    Enough,
    /// Whoever takes the results failed.
    Output(String),
}

/// Compiles a filter whose variables have these names.
pub(crate) fn compile(filter: &str, variables: &[String]) -> Result<Filter> {
    // They parse: the tests use each.
    let ours = parse(OURS, |parser| parser.defs()).unwrap_or_default();
    compile_with(filter, defs().chain(ours), data::base_funs(), variables).map_err(|reports| {
        let texts = reports.iter().map(|report| load::FileReportsDisp::new(report).to_string());
        Error::arguments(format!("filter: {}", texts.collect::<String>().trim()))
    })
}

/// Runs a filter over inputs, or once over null if there are none, and gives each result to `take`.
pub(crate) fn run(
    filter: &Filter,
    variables: Vec<Val>,
    inputs: Option<Inputs<'_>>,
    mut take: impl FnMut(&Val) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let runner = data::Runner { null_input: inputs.is_none(), ..data::Runner::default() };
    let inputs = inputs.unwrap_or_else(|| Box::new(std::iter::empty()));
    run_with(&runner, filter, variables, inputs, &mut take)
}

/// As [`run`], but whether null is the input or the inputs are is the runner's choice (`jq -n`).
pub(crate) fn run_with(
    runner: &data::Runner,
    filter: &Filter,
    variables: Vec<Val>,
    inputs: Inputs<'_>,
    take: &mut dyn FnMut(&Val) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let variables = Vars::new(variables);
    data::run(runner, filter, variables, (&Val::Null, inputs), Stop::Input, |result| match result {
        Ok(value) => take(&value),
        Err(exception) => Err(stop(exception)),
    })
}

fn stop(exception: Exn<'_, Val>) -> Stop {
    match exception.get_halt() {
        // As a shell does, which sees the low eight bits.
        Ok(code) => Stop::Halt(code.to_le_bytes()[0]),
        Err(exception) => match exception.get_err() {
            Ok(error) => Stop::Filter(error.to_string()),
            Err(_) => Stop::Filter("break outside of its label".to_owned()),
        },
    }
}

/// The JSON values of files, one file after the other, each opened when its turn comes.
pub(crate) fn of_files(paths: &[String]) -> Inputs<'_> {
    Box::new(paths.iter().flat_map(|path| match files::open(path) {
        Ok(file) => of_reader(path, BufReader::new(file)),
        Err(error) => Box::new(std::iter::once(Err(error.to_string()))),
    }))
}

/// The JSON values of a stream.
pub(crate) fn of_reader<'a>(name: &'a str, reader: impl BufRead + 'a) -> Inputs<'a> {
    let values = read::read_many(reader);
    Box::new(values.map(move |value| value.map_err(|error| format!("{name}: {error}"))))
}

/// All inputs as one array (`jq -s`).
pub(crate) fn slurped(inputs: Inputs<'_>) -> Inputs<'_> {
    let all: Result<Vec<Val>, String> = inputs.collect();
    Box::new(std::iter::once(all.map(|values| values.into_iter().collect())))
}

/// A value of serde's as one of jaq's.
pub(crate) fn value_of(value: &holm::serde_json::Value) -> Result<Val> {
    read::parse_single(value.to_string().as_bytes()).map_err(|error| Error::arguments(format!("value: {error}")))
}
