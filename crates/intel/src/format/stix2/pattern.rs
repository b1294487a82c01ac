//! STIX patterning: which comparisons a pattern makes.
//!
//! ```text
//!   [ipv4-addr:value = '203.0.113.9' OR ipv4-addr:value ISSUBSET '198.51.100.0/24']
//!     FOLLOWEDBY [domain-name:value IN ('a.example.com', 'b.example.com')] WITHIN 600 SECONDS
//! ```
//!
//! A pattern is read as a whole or not at all. How its comparisons are joined is checked and then
//! left aside: each address that one of them names is worth a look, whatever else must hold.

use super::pattern::token::{Token, tokens};

mod token;

#[cfg(test)]
mod tests;

/// One comparison.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    /// The object path without quotes: `network-traffic:dst_ref.value`.
    pub(super) path: String,
    pub(super) is_negated: bool,
    pub(super) operator: Operator,
    pub(super) values: Vec<String>,
}

/// How a comparison uses its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// It is one of them, or lies in one of them.
    Within,
    /// Any other way: `LIKE`, `MATCHES`, `ISSUPERSET`, order, existence.
    Unreadable,
}

const CUT_OFF: &str = "it is cut off";
const DISORDER: &str = "it breaks the rules of STIX patterning";

/// All comparisons of a pattern, or what is wrong with it.
pub(super) fn comparisons(pattern: &str) -> Result<Vec<Comparison>, &'static str> {
    let mut parser = Parser { tokens: tokens(pattern)?.into_iter(), found: Vec::new() };
    parser.pattern()?;
    Ok(parser.found)
}

struct Parser<'p> {
    tokens: std::vec::IntoIter<Token<'p>>,
    found: Vec<Comparison>,
}

/// Operands, the connectives between them, and the parentheses around them, without recursion: a
/// pattern may be made to nest deeply.
#[derive(Default)]
struct Nesting {
    depth: usize,
    has_operand: bool,
}

impl Nesting {
    fn operand(&mut self) -> Result<(), &'static str> {
        let is_due = !std::mem::replace(&mut self.has_operand, true);
        is_due.then_some(()).ok_or(DISORDER)
    }

    fn connective(&mut self) -> Result<(), &'static str> {
        let is_due = std::mem::replace(&mut self.has_operand, false);
        is_due.then_some(()).ok_or(DISORDER)
    }

    fn open(&mut self) -> Result<(), &'static str> {
        self.depth += 1;
        if self.has_operand { Err(DISORDER) } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), &'static str> {
        self.depth = self.depth.checked_sub(1).ok_or(DISORDER)?;
        if self.has_operand { Ok(()) } else { Err(DISORDER) }
    }

    fn end(&self) -> Result<(), &'static str> {
        if self.has_operand && self.depth == 0 { Ok(()) } else { Err(CUT_OFF) }
    }
}

impl<'p> Parser<'p> {
    fn pattern(&mut self) -> Result<(), &'static str> {
        let mut nesting = Nesting::default();
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Open => {
                    nesting.operand()?;
                    self.observation()?;
                }
                Token::Left => nesting.open()?,
                Token::Right => nesting.close()?,
                Token::Word(word) if is_one_of(word, &["AND", "OR", "FOLLOWEDBY"]) => {
                    nesting.connective()?;
                }
                Token::Word(word) if nesting.has_operand => self.qualifier(word)?,
                _ => return Err(DISORDER),
            }
        }
        nesting.end()
    }

    /// `WITHIN 600 SECONDS`, `REPEATS 5 TIMES`, `START t'..' STOP t'..'`.
    fn qualifier(&mut self, word: &str) -> Result<(), &'static str> {
        let (then, ends_with_value) = match &*word.to_ascii_uppercase() {
            "WITHIN" => ("SECONDS", false),
            "REPEATS" => ("TIMES", false),
            "START" => ("STOP", true),
            _ => return Err(DISORDER),
        };
        self.value()?;
        match self.next()? {
            Token::Word(word) if is_one_of(word, &[then]) => {}
            _ => return Err(DISORDER),
        }
        if ends_with_value { self.value().map(|_| ()) } else { Ok(()) }
    }

    /// The inside of a bracket, and the closing one.
    fn observation(&mut self) -> Result<(), &'static str> {
        let mut nesting = Nesting::default();
        loop {
            match self.next()? {
                Token::Close => return nesting.end().map_err(|_| DISORDER),
                Token::Left => nesting.open()?,
                Token::Right => nesting.close()?,
                Token::Word(word) if is_one_of(word, &["AND", "OR"]) => nesting.connective()?,
                token => {
                    nesting.operand()?;
                    let comparison = self.comparison(token)?;
                    self.found.push(comparison);
                }
            }
        }
    }

    /// A comparison that begins with `first`.
    fn comparison(&mut self, first: Token<'p>) -> Result<Comparison, &'static str> {
        match first {
            Token::Path(path) => self.comparison_of(path, false),
            Token::Word(word) if is_one_of(word, &["NOT"]) => {
                let path = self.path()?;
                self.comparison_of(path, true)
            }
            Token::Word(word) if is_one_of(word, &["EXISTS"]) => Ok(Comparison {
                path: self.path()?,
                is_negated: false,
                operator: Operator::Unreadable,
                values: vec![word.to_owned()],
            }),
            _ => Err(DISORDER),
        }
    }

    fn comparison_of(&mut self, path: String, negated: bool) -> Result<Comparison, &'static str> {
        let mut operator = self.next()?;
        let is_not = matches!(operator, Token::Word(word) if is_one_of(word, &["NOT"]));
        if is_not {
            operator = self.next()?;
        }
        let (operator, unequal, values) = match operator {
            Token::Operator("=" | "==") => (Operator::Within, false, vec![self.value()?]),
            Token::Operator("!=" | "<>") => (Operator::Within, true, vec![self.value()?]),
            Token::Operator(_) => (Operator::Unreadable, false, vec![self.value()?]),
            Token::Word(word) if is_one_of(word, &["IN"]) => (Operator::Within, false, self.set()?),
            Token::Word(word) if is_one_of(word, &["ISSUBSET"]) => {
                (Operator::Within, false, vec![self.value()?])
            }
            Token::Word(word) if is_one_of(word, &["LIKE", "MATCHES", "ISSUPERSET"]) => {
                (Operator::Unreadable, false, vec![self.value()?])
            }
            _ => return Err(DISORDER),
        };
        Ok(Comparison { path, is_negated: negated ^ is_not ^ unequal, operator, values })
    }

    /// `('203.0.113.9', '203.0.113.10')`.
    fn set(&mut self) -> Result<Vec<String>, &'static str> {
        let Token::Left = self.next()? else { return Err(DISORDER) };
        let mut values = vec![self.value()?];
        loop {
            match self.next()? {
                Token::Comma => values.push(self.value()?),
                Token::Right => return Ok(values),
                _ => return Err(DISORDER),
            }
        }
    }

    fn value(&mut self) -> Result<String, &'static str> {
        match self.next()? {
            Token::Value(value) => Ok(value),
            Token::Word(word) if is_one_of(word, &["true", "false"]) => Ok(word.to_owned()),
            _ => Err(DISORDER),
        }
    }

    fn path(&mut self) -> Result<String, &'static str> {
        match self.next()? {
            Token::Path(path) => Ok(path),
            _ => Err(DISORDER),
        }
    }

    fn next(&mut self) -> Result<Token<'p>, &'static str> {
        self.tokens.next().ok_or(CUT_OFF)
    }
}

/// Keywords are capitals; not all who write patterns know.
fn is_one_of(word: &str, keywords: &[&str]) -> bool {
    keywords.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}
