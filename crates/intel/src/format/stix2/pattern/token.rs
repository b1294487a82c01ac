//! The tokens of STIX patterning.

/// One token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'p> {
    /// `[` around an observation; in object paths it is part of the path.
    Open,
    Close,
    /// `(` around comparisons, observations or a set.
    Left,
    Right,
    Comma,
    Operator(&'p str),
    Word(&'p str),
    /// An object path without its quotes: `file:hashes.'SHA-256'` is `file:hashes.SHA-256`.
    Path(String),
    /// A string without quotes and escapes; numbers, times, bytes as they stand.
    Value(String),
}

const OPEN_STRING: &str = "a string is not closed";
const OPEN_COMMENT: &str = "a comment is not closed";
const NO_PROPERTY: &str = "an object path is damaged";
const FOREIGN_SIGN: &str = "a sign that is not of STIX patterning stands there";

/// Longest first, since the short ones begin them.
const OPERATORS: [&str; 8] = ["==", "!=", "<>", "<=", ">=", "=", "<", ">"];

pub(super) fn tokens(pattern: &str) -> Result<Vec<Token<'_>>, &'static str> {
    let mut cursor = Cursor { rest: pattern };
    let mut tokens = Vec::new();
    while let Some(token) = cursor.token()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Cursor<'p> {
    rest: &'p str,
}

impl<'p> Cursor<'p> {
    fn token(&mut self) -> Result<Option<Token<'p>>, &'static str> {
        self.skip_blanks()?;
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let sign = match first {
            '[' => Token::Open,
            ']' => Token::Close,
            '(' => Token::Left,
            ')' => Token::Right,
            ',' => Token::Comma,
            _ => return self.longer_token(first).map(Some),
        };
        self.rest = &self.rest[1..];
        Ok(Some(sign))
    }

    fn longer_token(&mut self, first: char) -> Result<Token<'p>, &'static str> {
        if first == '\'' {
            return self.string().map(Token::Value);
        }
        if let Some(operator) = OPERATORS.iter().find(|operator| self.rest.starts_with(**operator))
        {
            return Ok(Token::Operator(self.take(operator.len())));
        }
        if first.is_ascii_digit() || matches!(first, '-' | '+' | '.') {
            let number =
                self.take_while(|sign| sign.is_ascii_alphanumeric() || "+-.".contains(sign));
            return Ok(Token::Value(number.to_owned()));
        }
        if first.is_ascii_alphabetic() || first == '_' {
            return self.word();
        }
        Err(FOREIGN_SIGN)
    }

    /// A keyword, an object path, or a string with a letter before it: `t'2025-06-01T00:00:00Z'`.
    fn word(&mut self) -> Result<Token<'p>, &'static str> {
        let word = self.take_while(is_of_name);
        if self.rest.starts_with('\'') && matches!(word, "t" | "h" | "b") {
            return self.string().map(Token::Value);
        }
        self.skip_blanks()?;
        match self.rest.strip_prefix(':') {
            Some(rest) => {
                self.rest = rest;
                self.property(word).map(Token::Path)
            }
            None => Ok(Token::Word(word)),
        }
    }

    /// What comes after the colon of an object path: names, quoted names, dots and indexes.
    fn property(&mut self, object: &str) -> Result<String, &'static str> {
        self.skip_blanks()?;
        let mut path = format!("{object}:");
        let without_property = path.len();
        loop {
            match self.rest.chars().next() {
                Some('\'') => path.push_str(&self.string()?),
                Some('[') => {
                    let (index, _) = self.rest.split_once(']').ok_or(NO_PROPERTY)?;
                    path.push_str(self.take(index.len() + 1));
                }
                Some(sign) if sign == '.' || is_of_name(sign) => {
                    path.push_str(self.take_while(|sign| sign == '.' || is_of_name(sign)));
                }
                _ if path.len() == without_property || path.ends_with('.') => {
                    return Err(NO_PROPERTY);
                }
                _ => return Ok(path),
            }
        }
    }

    /// A string in quotes, with `\'` and `\\` in it.
    fn string(&mut self) -> Result<String, &'static str> {
        let mut string = String::new();
        let mut signs = self.rest[1..].char_indices();
        while let Some((at, sign)) = signs.next() {
            match sign {
                '\'' => {
                    self.rest = &self.rest[at + 2..];
                    return Ok(string);
                }
                '\\' => string.push(signs.next().ok_or(OPEN_STRING)?.1),
                _ => string.push(sign),
            }
        }
        Err(OPEN_STRING)
    }

    /// Blanks and comments, `/* .. */` and `// ..`.
    fn skip_blanks(&mut self) -> Result<(), &'static str> {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(comment) = self.rest.strip_prefix("/*") {
                self.rest = comment.split_once("*/").ok_or(OPEN_COMMENT)?.1;
            } else if self.rest.starts_with("//") {
                self.take_while(|sign| sign != '\n' && sign != '\r');
            } else {
                return Ok(());
            }
        }
    }

    fn take(&mut self, length: usize) -> &'p str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> &'p str {
        let length = self.rest.find(|sign| !is_part(sign)).unwrap_or(self.rest.len());
        self.take(length)
    }
}

fn is_of_name(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || sign == '-' || sign == '_'
}
