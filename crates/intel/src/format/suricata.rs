//! Rules for Suricata or Snort whose headers hold addresses.
//!
//! ```text
//! alert ip [203.0.113.9,198.51.100.0/24] any -> $HOME_NET any (msg:"..."; sid:1; rev:1;)
//! action protocol source        port direction destination port (options)
//! ```
//!
//! A rule is read whole or not at all: with one bracket missing nobody knows which addresses are
//! excluded.

use std::io::BufRead;

use super::Broken;
use super::lines::each_line_within;
use crate::content::Content;
use crate::list::ListOptions;
use crate::note::{Indicator, RejectReason};
use crate::token;

mod members;
mod rule;
#[cfg(test)]
mod tests;

use members::each_member;
use rule::Rule;
pub(super) use rule::begins_rule;

pub(super) fn parse(text: &mut dyn BufRead, options: &ListOptions) -> Result<Content, Broken> {
    let mut content = Content::default();
    let mut rule = Joined::default();
    each_line_within(LONGEST, text, |line, text| {
        let text = text.trim();
        if text.is_empty() && rule.text.is_empty() {
            return;
        }
        content.lines += u64::from(!text.is_empty());
        if rule.text.is_empty() && text.starts_with('#') {
            return;
        }
        if rule.add(line, text) {
            take(&mut content, &rule, options);
            rule.text.clear();
        }
    })?;
    if !rule.text.is_empty() {
        take(&mut content, &rule, options);
    }
    Ok(content)
}

/// The most bytes of a line, and of a rule of several: half a million addresses, where the rules that
/// are published have a few thousand. A longer one is no whole rule.
const LONGEST: usize = 16 << 20;

/// A rule from its lines: a backslash at the end of one leads on to the next.
#[derive(Default)]
struct Joined {
    line: u64,
    text: String,
}

impl Joined {
    /// Takes one more line, and tells whether it is the last one of the rule.
    fn add(&mut self, line: u64, text: &str) -> bool {
        if self.text.is_empty() {
            self.line = line;
        }
        let (text, goes_on) = match text.strip_suffix('\\') {
            Some(text) => (text, true),
            None => (text, false),
        };
        // A line that is too long has been cut by now, and says so at its end.
        let has_room = self.text.is_empty() || self.text.len() + text.len() <= LONGEST;
        if has_room {
            self.text.push_str(text);
        } else {
            // What it is cut from cannot be taken for a whole rule.
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        if goes_on && has_room {
            self.text.push(' ');
        }
        !(goes_on && has_room)
    }
}

fn take(content: &mut Content, joined: &Joined, options: &ListOptions) {
    let Joined { line, text } = joined;
    let rule = match Rule::parse(text) {
        Ok(rule) => rule,
        Err(message) => {
            return content.reject(*line, text.trim(), RejectReason::Malformed(message));
        }
    };
    let label = rule.label();
    let mut has_address = false;
    for list in rule.addresses {
        let before = content.entries.len();
        let mut excluded = Vec::new();
        each_member(list, |member, is_negated| {
            has_address = true;
            // Rules that let traffic pass name who is not to be reported.
            if !is_negated && rule.action != "pass" {
                return content.add(*line, member, &label, options);
            }
            // However wide: it takes addresses out.
            match token::parse(member, &ListOptions { allow_wide: true, ..options.clone() }) {
                Ok(token) => {
                    content.revoked += 1;
                    excluded.extend(token.prefixes);
                }
                Err(reason) => content.reject(*line, member, reason),
            }
        });
        content.take_out(before, &excluded);
    }
    if !has_address {
        content.not_an_address(Indicator::Other);
    }
}
