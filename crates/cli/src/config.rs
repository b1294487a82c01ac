//! Options from a file: `scan --config FILE`.
//!
//! A file is TOML. Its keys are the long options of `scan`, its values what would be typed after them;
//! options that may be repeated take lists. What is typed and what is in the environment win over it, so
//! that a file's values are no more than other defaults.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::builder::OsStr;
use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

use crate::exit::UsageError;

/// The command whose options a file may have.
const SCAN: &str = "scan";
/// The option that names the file.
const CONFIG: &str = "config";
/// Options that make no sense in a file. Secrets are not among the options at all.
const NOT_IN_FILES: [&str; 3] = [CONFIG, "help", "version"];

/// The file that was named for a scan, if one was.
pub(crate) fn named(typed: &[OsString]) -> Option<PathBuf> {
    let mut words = typed.iter().skip(1).skip_while(|word| *word != SCAN);
    words.next()?;
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--config") => return words.next().map(PathBuf::from),
            Some("--") => break,
            Some(text) if text.starts_with("--config=") => {
                return text.strip_prefix("--config=").map(PathBuf::from);
            }
            _ => {}
        }
    }
    std::env::var_os("FLOWPROOF_CONFIG").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// The command line with the values of a file as the defaults of `scan`.
pub(crate) fn with_file(command: Command, file: &Path) -> Result<Command> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let wrong = |what: String| UsageError(format!("{}: {what}", file.display()));
    let table: Table = text.parse().map_err(|error| wrong(format!("{error}")))?;
    let mut values = Vec::new();
    {
        let scan = scan_of(&command)?;
        for (name, value) in table {
            let arg = option(scan, &name).ok_or_else(|| wrong(unknown(scan, &name)))?;
            let words = words(arg, &value).map_err(|what| wrong(format!("{name}: {what}")))?;
            values.push((arg.get_id().clone(), words));
        }
    }
    Ok(command.mut_subcommand(SCAN, |scan| {
        values.into_iter().fold(scan, |scan, (id, words)| {
            scan.mut_arg(id, |arg| arg.required(false).default_values(words))
        })
    }))
}

fn scan_of(command: &Command) -> Result<&Command> {
    match command.find_subcommand(SCAN) {
        Some(scan) => Ok(scan),
        None => bail!("there is no command `{SCAN}`"),
    }
}

/// The options that a file may have.
pub(crate) fn options(scan: &Command) -> impl Iterator<Item = &Arg> {
    let is_in_files = |arg: &&Arg| arg.get_long().is_some_and(|long| !NOT_IN_FILES.contains(&long));
    scan.get_arguments().filter(is_in_files)
}

fn option<'c>(scan: &'c Command, name: &str) -> Option<&'c Arg> {
    options(scan).find(|arg| arg.get_long() == Some(name))
}

fn unknown(scan: &Command, name: &str) -> String {
    let dashed = name.replace('_', "-");
    match option(scan, &dashed) {
        Some(_) => format!("`{name}` is no option; write {dashed}"),
        None => format!("`{name}` is no option of {SCAN} (flowproof {SCAN} --help lists them)"),
    }
}

/// What would be typed for a value.
fn words(arg: &Arg, value: &Value) -> Result<Vec<OsStr>, String> {
    let is_flag = matches!(arg.get_action(), ArgAction::SetTrue);
    let is_repeatable = matches!(arg.get_action(), ArgAction::Append);
    match value {
        Value::Boolean(is_set) if is_flag => Ok(vec![OsStr::from(is_set.to_string())]),
        _ if is_flag => Err("true or false".to_owned()),
        Value::Array(values) if is_repeatable => values.iter().map(word).collect(),
        Value::Array(_) => Err("one value, not a list".to_owned()),
        value => Ok(vec![word(value)?]),
    }
}

fn word(value: &Value) -> Result<OsStr, String> {
    match value {
        Value::String(text) => Ok(text.clone().into()),
        Value::Integer(number) => Ok(number.to_string().into()),
        Value::Datetime(time) => Ok(time.to_string().into()),
        _ => Err("a text or a number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command as Typed, Scan};
    use clap::{CommandFactory, FromArgMatches};
    use std::fs;

    /// What a file and words come to; or why they come to nothing.
    fn scan(text: &str, typed: &[&str]) -> Result<Scan> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scan.toml");
        fs::write(&file, text).unwrap();
        let command = with_file(Cli::command(), &file)?;
        let matches = command.try_get_matches_from(["flowproof", "scan"].iter().chain(typed))?;
        match Cli::from_arg_matches(&matches)?.command {
            Typed::Scan(scan) => Ok(*scan),
            _ => bail!("another command"),
        }
    }

    /// What editors check files with: made of the options themselves.
    fn schema() -> String {
        let command = Cli::command();
        let mut properties = serde_json::Map::new();
        for arg in options(scan_of(&command).unwrap()).filter(|arg| !arg.is_hide_set()) {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let one = serde_json::json!({ "type": ["string", "number"] });
            let value = match arg.get_action() {
                ArgAction::SetTrue => serde_json::json!({ "type": "boolean" }),
                ArgAction::Append => serde_json::json!({
                    "anyOf": [one, { "type": "array", "items": one }]
                }),
                _ => one,
            };
            let mut value = value.as_object().unwrap().clone();
            value.insert("description".to_owned(), help.into());
            properties.insert(arg.get_long().unwrap().to_owned(), value.into());
        }
        let schema = serde_json::json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "flowproof scan --config",
            "type": "object",
            "additionalProperties": false,
            "properties": properties,
        });
        serde_json::to_string_pretty(&schema).unwrap() + "\n"
    }

    #[test]
    fn the_schema_that_is_shipped_has_each_option() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scan-config.schema.json");
        let is_update = std::env::var_os("FLOWPROOF_UPDATE_SCHEMA").is_some();
        if is_update {
            fs::write(&path, schema()).unwrap();
        }
        let shipped = fs::read_to_string(&path).unwrap();
        assert!(shipped == schema(), "set FLOWPROOF_UPDATE_SCHEMA to write it anew");
    }

    #[test]
    fn the_recipe_is_a_file_that_can_be_used() {
        let recipe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/deploy/scan.toml");
        let text = fs::read_to_string(recipe).unwrap();
        let asked = scan(&text, &[]).unwrap();
        assert!(asked.scheduled.state.is_some() && !asked.scheduled.telling.emit.is_empty());
        // What is commented out can be used too.
        let text = text.replace("\n# metrics", "\nmetrics").replace("\n# min-bytes", "\nmin-bytes");
        let asked = scan(&text, &[]).unwrap();
        assert_eq!(asked.scheduled.telling.min_bytes.len(), 1);
    }

    const FILE: &str = "logs = ['a', 'b']\nlist = 'tor.txt'\nstate = 's'\nthreads = 3\n\
                        accepted-only = true\nmin-bytes = ['1kB', 'tor.txt=2kB']\n";

    #[test]
    fn a_file_says_what_is_not_typed() {
        let file = scan(FILE, &[]).unwrap();
        assert_eq!(file.logs.wheres, ["a", "b"]);
        assert_eq!(file.lists.threat, [PathBuf::from("tor.txt")]);
        assert_eq!((file.scheduled.state.as_deref(), file.logs.threads), (Some("s"), Some(3)));
        assert!(file.scheduled.telling.accepted_only);
        assert_eq!(file.scheduled.telling.min_bytes, ["1kB", "tor.txt=2kB"]);
        let typed = scan(FILE, &["--logs", "c", "--state", "t"]).unwrap();
        assert_eq!(typed.logs.wheres, ["c"], "what is typed stands alone");
        assert_eq!(typed.scheduled.state.as_deref(), Some("t"));
        assert_eq!(typed.lists.threat, [PathBuf::from("tor.txt")]);
    }

    #[test]
    fn what_is_wrong_in_a_file_is_said_by_its_name() {
        for (text, what) in [
            ("lgos = 'a'", "`lgos` is no option of scan"),
            ("min_bytes = 1", "write min-bytes"),
            ("state = ['a', 'b']", "state: one value"),
            ("accepted-only = 'yes'", "accepted-only: true or false"),
            ("logs = [['a']]", "logs: a text or a number"),
            ("config = 'b.toml'", "`config` is no option"),
            ("logs = ", "scan.toml"),
            ("logs = 'a'\nlist = 'b'\nformat = 'xml'", "xml"),
        ] {
            let error = scan(text, &[]).map(drop).unwrap_err();
            assert!(format!("{error:#}").contains(what), "{text}: {error:#}");
        }
    }

    #[test]
    fn the_file_is_found_in_what_is_typed() {
        let typed = |words: &[&str]| named(&words.iter().map(OsString::from).collect::<Vec<_>>());
        let file = Some(PathBuf::from("x.toml"));
        assert_eq!(typed(&["flowproof", "scan", "--config", "x.toml"]), file);
        assert_eq!(typed(&["flowproof", "-q", "scan", "--logs", "a", "--config=x.toml"]), file);
        assert_eq!(typed(&["flowproof", "volumes", "--config", "x.toml"]), None);
        assert_eq!(typed(&["flowproof", "scan", "--", "--config", "x.toml"]), None);
    }
}
