//! The value of a CybOX address object: several in one, ranges, and how it is compared.

use crate::format::shape::is_address_shaped;
use crate::format::xml::{Element, one_line};
use crate::note::Indicator;

/// Joins values unless the element says otherwise.
const DELIMITER: &str = "##comma##";

/// How a value is compared with what is observed.
pub(super) struct Comparison {
    pub(super) line: u64,
    condition: String,
    /// Whether none of the values may occur.
    is_none_of: bool,
    delimiter: String,
}

impl Comparison {
    pub(super) fn new(element: &Element<'_>) -> Self {
        let attribute = |name| element.attribute(name).unwrap_or_default().to_ascii_lowercase();
        let delimiter = element.attribute("delimiter").filter(|delimiter| !delimiter.is_empty());
        Self {
            line: element.line,
            condition: attribute("condition"),
            is_none_of: attribute("apply_condition") == "none",
            delimiter: delimiter.unwrap_or_else(|| DELIMITER.to_owned()),
        }
    }

    /// The values in a text, without blanks around them.
    pub(super) fn values<'a>(&'a self, text: &'a str) -> impl Iterator<Item = String> + use<'a> {
        text.split(&*self.delimiter).map(one_line)
    }
}

/// What an address object is by its category.
#[derive(Clone, Copy)]
pub(super) enum Category {
    /// An address or a prefix.
    Address,
    /// Not said. CybOX then takes IPv4, and writers of it whatever they have.
    Unsaid,
    Other(Indicator),
}

pub(super) fn category(written: &str) -> Category {
    match &*written.trim().to_ascii_lowercase() {
        "ipv4-addr" | "ipv4-net" | "ipv6-addr" | "ipv6-net" | "cidr" => Category::Address,
        "" | "ext-value" => Category::Unsaid,
        "e-mail" => Category::Other(Indicator::Email),
        "asn" => Category::Other(Indicator::Asn),
        _ => Category::Other(Indicator::Other),
    }
}

/// What a value, or two of them that make a range, are read as.
pub(super) enum Reading {
    Entry(String),
    /// Compared in a way that no entry can say.
    Refused(String),
    NotAnAddress(Indicator),
    /// Anything but this address.
    Excluded,
}

pub(super) fn read(category: Category, comparison: &Comparison, text: &str) -> Vec<Reading> {
    let values: Vec<String> = comparison.values(text).collect();
    if let (true, [first, last]) = (comparison.condition == "inclusivebetween", &values[..]) {
        let range = format!("{first}-{last}");
        return vec![classified(category, comparison, range)];
    }
    values.into_iter().map(|value| classified(category, comparison, value)).collect()
}

fn classified(category: Category, comparison: &Comparison, value: String) -> Reading {
    match category {
        Category::Other(kind) => return Reading::NotAnAddress(kind),
        Category::Unsaid if value.contains('@') => return Reading::NotAnAddress(Indicator::Email),
        Category::Unsaid if !value.is_empty() && !is_address_shaped(&value) => {
            return Reading::NotAnAddress(Indicator::Other);
        }
        Category::Address | Category::Unsaid => {}
    }
    match &*comparison.condition {
        "doesnotequal" | "doesnotcontain" => Reading::Excluded,
        "" | "equals" | "contains" if comparison.is_none_of => Reading::Excluded,
        "" | "equals" | "contains" => Reading::Entry(value),
        "inclusivebetween" if comparison.is_none_of => Reading::Excluded,
        "inclusivebetween" if value.contains('-') => Reading::Entry(value),
        _ => Reading::Refused(value),
    }
}
