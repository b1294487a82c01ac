//! One rule, cut into what is of use here.

/// A rule that is whole.
pub(super) struct Rule<'a> {
    pub(super) action: &'a str,
    /// The lists of source and destination; none in rules that match by content alone.
    pub(super) addresses: Vec<&'a str>,
    options: &'a str,
}

const ACTIONS: [&str; 13] = [
    "alert",
    "block",
    "drop",
    "log",
    "pass",
    "react",
    "reject",
    "rejectboth",
    "rejectdst",
    "rejectsrc",
    "rewrite",
    "sdrop",
    "config",
];

/// Whether a list whose first line is this one is a file of rules: an action, and then what could be
/// a protocol.
pub(in crate::format) fn begins_rule(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().take(3).collect();
    let is_protocol =
        |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match words[..] {
        [action, protocol, third] => {
            let is_source = third.starts_with(['[', '$', '!', '(']) || third == "any";
            let is_address = third.starts_with(|sign: char| sign.is_ascii_hexdigit());
            ACTIONS.contains(&action) && is_protocol(protocol) && (is_source || is_address)
        }
        _ => false,
    }
}

impl<'a> Rule<'a> {
    /// What is wrong with it, if it is not a whole rule.
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        let (header, options) = header(text)?;
        let options = options.trim_end().strip_suffix(')').filter(|options| is_whole(options));
        let options = options.ok_or("rule without an end")?;
        let addresses = match header[..] {
            [_, _, source, _, "->" | "<>" | "=>" | "<-", destination, _] => {
                vec![source, destination]
            }
            [_, _] => Vec::new(),
            _ => return Err("rule whose header has not seven parts"),
        };
        let action = header[0];
        if !ACTIONS.contains(&action) {
            return Err("rule with an unknown action");
        }
        Ok(Self { action, addresses, options })
    }

    /// Its message and its number.
    pub(super) fn label(&self) -> String {
        let message = self.option("msg").map(unquoted).unwrap_or_default();
        match self.option("sid") {
            Some(sid) if message.is_empty() => format!("sid {sid}"),
            Some(sid) => format!("{message} (sid {sid})"),
            None => message,
        }
    }

    fn option(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.options;
        while let Some((option, after)) = first_option(rest) {
            rest = after;
            if let Some((key, value)) = option.split_once(':')
                && key.trim() == name
            {
                return Some(value.trim());
            }
        }
        None
    }
}

/// The parts of the header, by the blanks that are not inside brackets, and what follows it.
fn header(text: &str) -> Result<(Vec<&str>, &str), &'static str> {
    let mut parts = Vec::new();
    let mut depth = 0_u32;
    let mut part = 0;
    for (at, sign) in text.bytes().enumerate() {
        match sign {
            b'[' => depth += 1,
            b']' => depth = depth.checked_sub(1).ok_or("rule with a bracket too many")?,
            b' ' | b'\t' | b'(' if depth == 0 => {
                if part < at {
                    parts.push(&text[part..at]);
                }
                part = at + 1;
                if sign == b'(' {
                    return Ok((parts, &text[part..]));
                }
            }
            _ => {}
        }
    }
    Err(if depth > 0 { "rule whose list has no end" } else { "rule without options" })
}

/// Whether every option has its semicolon. A bracket inside a message is not the end of a rule.
fn is_whole(options: &str) -> bool {
    let mut rest = options;
    while let Some((_, after)) = first_option(rest) {
        rest = after;
    }
    rest.trim().is_empty()
}

/// What comes before the first semicolon that is neither quoted nor escaped, and what after it.
fn first_option(options: &str) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, sign) in options.bytes().enumerate() {
        match sign {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b';' if !is_quoted => return Some((&options[..at], &options[at + 1..])),
            _ => {}
        }
    }
    None
}

/// Without the quotes around it and the backslashes in it.
fn unquoted(text: &str) -> String {
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let mut plain = String::with_capacity(inside.len());
    let mut signs = inside.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => plain.extend(signs.next()),
            sign => plain.push(sign),
        }
    }
    plain
}
