//! A page as html5gum reads it, which follows the rules that browsers do.

use html5gum::{DefaultEmitter, Token, Tokenizer};
use serde_json::Value;

/// Elements, texts and faults of a page.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    elements: Vec<Element>,
    closed: Vec<String>,
    /// All text outside of scripts and styles, with single blanks between.
    pub(super) text: String,
    /// Type and content of each script.
    pub(super) scripts: Vec<(Option<String>, String)>,
    pub(super) style: String,
    /// What a strict reader would complain of.
    pub(super) faults: Vec<String>,
}

#[derive(Debug)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

impl Parsed {
    pub(super) fn of(page: &str) -> Parsed {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let mut parsed = Parsed::default();
        let mut inside = String::new();
        for token in Tokenizer::new_with_emitter(page, emitter) {
            let Ok(token) = token;
            match token {
                Token::StartTag(tag) => {
                    inside = text(&tag.name);
                    parsed.text.push(' ');
                    parsed.start(tag);
                }
                Token::EndTag(tag) => {
                    inside.clear();
                    parsed.text.push(' ');
                    parsed.closed.push(text(&tag.name));
                }
                Token::String(content) => parsed.content(&inside, &text(&content)),
                Token::Comment(content) => parsed.faults.push(format!("comment {content:?}")),
                Token::Error(error) => parsed.faults.push(format!("{error:?}")),
                Token::Doctype(_) => {}
            }
        }
        parsed.text = parsed.text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        parsed
    }

    fn start(&mut self, tag: html5gum::StartTag<()>) {
        let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value)));
        let element = Element { name: text(&tag.name), attributes: attributes.collect() };
        if element.name == "script" {
            let kind = element.attributes.iter().find(|(name, _)| name == "type");
            self.scripts.push((kind.map(|(_, value)| value.clone()), String::new()));
        }
        self.elements.push(element);
    }

    fn content(&mut self, inside: &str, content: &str) {
        match inside {
            "script" => self.scripts.last_mut().unwrap().1.push_str(content),
            "style" => self.style.push_str(content),
            _ => self.text.push_str(content),
        }
    }

    /// Elements, the names of their attributes, and what is closed: all but texts and values.
    pub(super) fn structure(&self) -> Vec<String> {
        let opened = self.elements.iter().map(|element| {
            let names: Vec<&str> = element.attributes.iter().map(|(name, _)| &**name).collect();
            format!("{} {}", element.name, names.join(" "))
        });
        opened.chain(self.closed.iter().map(|name| format!("/{name}"))).collect()
    }

    pub(super) fn count(&self, element: &str) -> usize {
        self.elements.iter().filter(|it| it.name == element).count()
    }

    pub(super) fn all_attributes(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.elements.iter().flat_map(|element| {
            let attributes = element.attributes.iter();
            attributes.map(|(name, value)| (&*element.name, &**name, &**value))
        })
    }

    pub(super) fn attributes(&self, element: &str, attribute: &str) -> Vec<&str> {
        let all = self.all_attributes();
        all.filter(|it| (it.0, it.1) == (element, attribute)).map(|it| it.2).collect()
    }

    pub(super) fn attributes_of_all(&self, attribute: &str) -> Vec<&str> {
        self.all_attributes().filter(|it| it.1 == attribute).map(|it| it.2).collect()
    }

    /// The data that the page carries for its script.
    pub(super) fn json(&self) -> Vec<Value> {
        let data =
            self.scripts.iter().filter(|(kind, _)| kind.as_deref() == Some("application/json"));
        data.map(|(_, json)| serde_json::from_str(json).unwrap()).collect()
    }
}
