//! XML as it is read: elements one after the other, with their lines, and never the document.
//!
//! `quick-xml` finds the markup. What is added here is what a list needs beside it: the line that an
//! element begins in, names by namespace, the text of an element in one piece, and an error where the
//! document breaks off. Faults that leave no doubt about the elements (a bare `&`, a namespace
//! without a prefix, bytes in another encoding than declared) do not cost the list.

use std::borrow::Cow;
use std::io::{self, BufRead};

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{NamespaceResolver, ResolveResult};
use quick_xml::reader::{Config, NsReader};

use super::Broken;

#[cfg(test)]
mod tests;
mod utf8;

use utf8::{ITEM_TOO_LARGE, LARGEST_ITEM, Utf8};

/// What is told the elements of a document.
pub(super) trait Visit {
    /// An element begins.
    fn open(&mut self, element: &Element<'_>);

    /// It ends, and every element in it has ended. `text` is what stands in it, behind the last
    /// element in it if there are any.
    fn close(&mut self, name: &str, text: &str);
}

/// An element as it begins.
pub(super) struct Element<'a> {
    pub(super) line: u64,
    /// Empty if there is none.
    pub(super) namespace: &'a str,
    /// The name without prefix.
    pub(super) name: &'a str,
    /// What stands behind `condition=` where that is run together with the name.
    condition: Option<&'a str>,
    tag: &'a BytesStart<'a>,
}

impl Element<'_> {
    /// The attribute of this name, which is without prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = self.tag.attributes();
        let attributes = attributes.with_checks(false).flatten();
        let written = attributes.into_iter().find(|attribute| attribute.key.as_ref() == name);
        match written {
            Some(attribute) => {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                Some(value.unwrap_or(Cow::Borrowed(&*attribute.value)).into_owned())
            }
            None if name == "condition" => self.condition.map(str::to_owned),
            None => None,
        }
    }

    /// Whether this attribute of truth is set.
    pub(super) fn is(&self, name: &str) -> bool {
        self.attribute(name).is_some_and(|value| matches!(value.trim(), "true" | "TRUE" | "1"))
    }
}

/// Elements in one another. No list has a tenth of it.
const DEEPEST: usize = 1000;

/// Namespaces in scope. Exports of MISP declare up to 90.
const MOST_NAMESPACES: usize = 1000;

/// Tells `visit` all of the document.
pub(super) fn read(bytes: &mut dyn BufRead, visit: &mut dyn Visit) -> Result<(), Broken> {
    let mut reader = NsReader::from_reader(Utf8::new(bytes)?);
    configure(reader.config_mut());
    reader.resolver_mut().set_max_namespace_bindings(MOST_NAMESPACES);
    let mut walk = Walk { visit, open: Vec::new(), text: String::new(), is_empty: true };
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let line = reader.get_ref().line();
        reader.get_mut().begin_item();
        let event = reader.read_event_into(&mut buffer).map_err(|error| broken(line, error))?;
        let step = match event {
            Event::Start(tag) => walk.open(line, reader.resolver(), &tag),
            Event::Empty(tag) => {
                let opened = walk.open(line, reader.resolver(), &tag);
                opened.and_then(|()| walk.close(tag.name().as_ref()))
            }
            Event::End(tag) => walk.close(tag.name().as_ref()),
            Event::Text(text) => walk.add(&text.xml10_content()),
            Event::CData(text) => walk.add(&text.xml10_content()),
            Event::GeneralRef(reference) => walk.add(&referred(&reference)),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => Ok(()),
            Event::Eof => return walk.end().map_err(|message| syntax(line, message)),
        };
        step.map_err(|message| syntax(line, message))?;
    }
}

fn configure(config: &mut Config) {
    // Walk checks the names, since one way of not matching is known and harmless.
    config.check_end_names = false;
    config.allow_dangling_amp = true;
}

struct Walk<'a> {
    visit: &'a mut dyn Visit,
    /// The names of the elements that have begun and not ended, with their prefixes.
    open: Vec<String>,
    text: String,
    is_empty: bool,
}

impl Walk<'_> {
    fn open(
        &mut self,
        line: u64,
        namespaces: &NamespaceResolver,
        tag: &BytesStart<'_>,
    ) -> Result<(), String> {
        if self.open.len() == DEEPEST {
            return Err(format!("more than {DEEPEST} elements in one another"));
        }
        if let Some(Err(error)) = tag.attributes().with_checks(false).find(Result::is_err) {
            return Err(error.to_string());
        }
        let (namespace, name) = namespaces.resolve_element(tag.name());
        let namespace = match &namespace {
            ResolveResult::Bound(namespace) => namespace.as_ref(),
            ResolveResult::Unbound => "",
            ResolveResult::Unknown(prefix) => {
                return Err(format!("the prefix {prefix:?} is not declared"));
            }
        };
        let (name, condition) = apart(name.into_inner())?;
        self.visit.open(&Element { line, namespace, name, condition, tag });
        self.open.push(tag.name().as_ref().to_owned());
        self.text.clear();
        self.is_empty = false;
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), String> {
        match self.open.pop() {
            Some(open) if is_end(&open, name) => {}
            Some(open) => return Err(format!("<{open}> is ended by </{name}>")),
            None => return Err(format!("</{name}> ends nothing")),
        }
        let local = name.rsplit(':').next().unwrap_or(name);
        self.visit.close(local, &self.text);
        self.text.clear();
        Ok(())
    }

    fn add(&mut self, text: &str) -> Result<(), String> {
        self.text.push_str(text);
        if self.text.len() > LARGEST_ITEM { Err(too_large()) } else { Ok(()) }
    }

    fn end(&self) -> Result<(), String> {
        match self.open.last() {
            Some(open) => Err(format!("breaks off inside <{open}>")),
            None if self.is_empty => Err("there is no element".to_owned()),
            None => Ok(()),
        }
    }
}

/// Takes a name and a condition apart that have no blank between them, as in the example that the
/// GuardDuty User Guide gives: `Address_Valuecondition="InclusiveBetween"`. Anything else of that
/// kind is refused, since what the element is called can only be guessed.
fn apart(name: &str) -> Result<(&str, Option<&str>), String> {
    const RUN_TOGETHER: &str = "condition=";
    match name.split_once(RUN_TOGETHER) {
        Some((name, value)) if !name.is_empty() => {
            Ok((name, Some(value.trim_matches(['"', '\'']))))
        }
        _ if name.contains(['=', '"', '\'']) => Err(format!("no blank after the name in <{name}>")),
        _ => Ok((name, None)),
    }
}

/// Whether `end` is the name that ends the element `open`.
fn is_end(open: &str, end: &str) -> bool {
    open.strip_prefix(end).is_some_and(|rest| rest.is_empty() || rest.starts_with("condition="))
}

/// The text for a reference such as `&amp;`. One that nobody can resolve is left as it stands: an
/// entry with it is then no address.
fn referred(reference: &BytesRef<'_>) -> String {
    let name: &str = reference.as_ref();
    match reference.resolve_char_ref() {
        Ok(Some(char)) => char.into(),
        _ => resolve_predefined_entity(name).map_or_else(|| format!("&{name};"), str::to_owned),
    }
}

fn broken(line: u64, error: quick_xml::Error) -> Broken {
    match error {
        quick_xml::Error::Io(error) if error.kind() == ITEM_TOO_LARGE => syntax(line, too_large()),
        quick_xml::Error::Io(error) => {
            Broken::Read(io::Error::new(error.kind(), error.to_string()))
        }
        error => syntax(line, error.to_string()),
    }
}

fn too_large() -> String {
    format!("a tag or a text of more than {LARGEST_ITEM} bytes")
}

fn syntax(line: u64, message: String) -> Broken {
    Broken::Syntax { line, message }
}

/// The text without blanks around it, and one for those in it: line breaks in XML are layout.
pub(super) fn one_line(text: &str) -> String {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut line, word| {
        line.push(' ');
        line.push_str(word);
        line
    })
}
