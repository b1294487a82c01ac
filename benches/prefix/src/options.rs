//! What was typed.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
usage: prefix [--sets v4-1k,v4-100k,v4-1m,v6-100k] [--only PART,...] [--rounds N] [--smoke]
              [--output FOLDER] [--publish]

  --sets     these sets, not all
  --only     contestants whose names have one of these parts, in small letters
  --rounds   paired rounds (5)
  --smoke    tiny sets, to see that it works; the figures mean nothing
  --output   where prefix.json and prefix.md go
  --publish  put the tables into docs/BENCHMARKS.md
";

pub(crate) struct Options {
    /// None for all.
    pub(crate) sets: Vec<String>,
    /// None for all.
    pub(crate) only: Vec<String>,
    pub(crate) rounds: usize,
    pub(crate) smoke: bool,
    pub(crate) output: Option<PathBuf>,
    pub(crate) publish: bool,
    /// What of it changes the figures, as it was typed.
    pub(crate) told: String,
}

impl Options {
    /// What is wrong, if something is.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            sets: Vec::new(),
            only: Vec::new(),
            rounds: 5,
            smoke: false,
            output: None,
            publish: false,
            told: String::new(),
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--sets" => options.sets = parts(&value()?),
                "--only" => options.only = parts(&value()?),
                "--rounds" => {
                    let typed = value()?;
                    let number = typed.parse().ok().filter(|rounds| *rounds > 0);
                    options.rounds = number.ok_or(format!("{typed} is no number of rounds"))?;
                }
                "--smoke" => options.smoke = true,
                "--output" => options.output = Some(value()?.into()),
                "--publish" => options.publish = true,
                other => return Err(format!("what is {other}?")),
            }
        }
        if options.publish && options.smoke {
            return Err("figures of --smoke mean nothing and are not published".into());
        }
        options.told = options.tell();
        Ok(options)
    }

    fn tell(&self) -> String {
        let mut told = format!("--rounds {}", self.rounds);
        for (name, parts) in [("sets", &self.sets), ("only", &self.only)] {
            if !parts.is_empty() {
                told += &format!(" --{name} {}", parts.join(","));
            }
        }
        told + if self.smoke { " --smoke" } else { "" }
    }

    /// Whether a contestant is wanted.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part))
    }
}

fn parts(list: &str) -> Vec<String> {
    list.split(',').map(str::to_owned).collect()
}
