//! Texts of a column, compared by their views before their bytes are looked at.

use std::net::Ipv4Addr;

use arrow::array::{Array, StringViewArray};
use arrow::buffer::NullBuffer;
use flowproof_record::RecordGroup;

/// A column of texts for many quick looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts<'a> {
    array: &'a StringViewArray,
    views: &'a [u128],
    /// `None` if every row has a text.
    nulls: Option<&'a NullBuffer>,
    /// Whether no row has a text.
    empty: bool,
}

impl<'a> Texts<'a> {
    pub(super) fn of(array: &'a StringViewArray) -> Texts<'a> {
        Texts {
            array,
            views: array.views(),
            nulls: array.nulls().filter(|nulls| nulls.null_count() > 0),
            empty: array.null_count() == array.len(),
        }
    }

    #[inline(always)]
    pub(super) fn has(&self, row: usize) -> bool {
        !self.empty && self.nulls.is_none_or(|nulls| nulls.is_valid(row))
    }

    #[inline(always)]
    pub(super) fn get(&self, row: usize) -> Option<&'a str> {
        self.has(row).then(|| self.array.value(row))
    }

    /// The view of the row's text; two rows of one column with the same view have the same text.
    #[inline(always)]
    pub(super) fn view(&self, row: usize) -> Option<u128> {
        self.has(row).then(|| self.views[row])
    }

    /// Whether the row's text, an address in the one spelling that batches have, is IPv4: a dot is
    /// among its first four bytes, where no IPv6 address has one.
    #[inline(always)]
    pub(super) fn is_ipv4(&self, row: usize) -> bool {
        let prefix = (self.views[row] >> 32) as u32;
        self.has(row) && prefix.to_le_bytes().contains(&b'.')
    }

    /// Whether the row's text is another than that of the other column.
    #[inline(always)]
    pub(super) fn differs(&self, row: usize, other: &Texts<'_>) -> bool {
        // Lengths and first bytes tell most of them apart.
        let begin = |texts: &Texts<'_>| texts.view(row).map(|view| view as u64);
        begin(self) != begin(other) || self.get(row) != other.get(row)
    }

    /// Whether the row's text is this one.
    #[inline(always)]
    pub(super) fn is(&self, row: usize, text: &Sought) -> bool {
        if !self.has(row) {
            return false;
        }
        let view = self.views[row];
        // The low half holds the length and the first four bytes.
        if view as u64 != text.view as u64 {
            return false;
        }
        match text.text.len() {
            0..=12 => view == text.view,
            _ => are_same(self.array.value(row).as_bytes(), text.text.as_bytes()),
        }
    }
}

/// Whether two texts of one length, of more than 12 bytes, are the same. IPv4
/// addresses have at most 15, for which two looks at eight bytes do.
#[inline(always)]
fn are_same(one: &[u8], other: &[u8]) -> bool {
    match (
        one.first_chunk::<8>(),
        other.first_chunk::<8>(),
        one.last_chunk::<8>(),
        other.last_chunk::<8>(),
    ) {
        (Some(a), Some(b), Some(c), Some(d)) if one.len() <= 16 && one.len() == other.len() => {
            u64::from_le_bytes(*a) == u64::from_le_bytes(*b)
                && u64::from_le_bytes(*c) == u64::from_le_bytes(*d)
        }
        _ => one == other,
    }
}

/// A text that is looked for in columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sought {
    pub(super) text: String,
    /// Its number, as records have it, if it is an IPv4 address; else one that none has.
    pub(super) number: u64,
    /// Its view where it fits into one; else the view's low half.
    view: u128,
}

/// The number of no address, and not what stands for its absence.
pub(super) const NO_NUMBER: u64 = RecordGroup::NONE - 1;

impl Sought {
    pub(super) fn new(text: &str) -> Sought {
        let mut bytes = [0; 16];
        let inline = if text.len() <= 12 { text.len() } else { 4 };
        bytes[4..4 + inline].copy_from_slice(&text.as_bytes()[..inline]);
        // Addresses are short; a longer text than 32 bits can tell is found in no column.
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        let number = text.parse::<Ipv4Addr>().map_or(NO_NUMBER, |address| address.to_bits().into());
        Sought { text: text.to_owned(), number, view: u128::from_le_bytes(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ipv4_is_told_by_the_first_bytes(address in any::<std::net::IpAddr>()) {
            let address = address.to_canonical();
            let array: StringViewArray = [Some(address.to_string())].iter().collect();
            prop_assert_eq!(Texts::of(&array).is_ipv4(0), address.is_ipv4());
        }

        #[test]
        fn a_text_is_found_where_it_is(
            texts in prop::collection::vec(prop::option::of("[ab]{0,3}|[ab]{11,15}"), 1..40),
            sought in "[ab]{0,3}|[ab]{11,15}",
        ) {
            let array: StringViewArray = texts.iter().map(Option::as_deref).collect();
            let (column, sought) = (Texts::of(&array), Sought::new(&sought));
            for (row, text) in texts.iter().enumerate() {
                prop_assert_eq!(column.is(row, &sought), text.as_ref() == Some(&sought.text));
                prop_assert_eq!(column.get(row), text.as_deref());
                prop_assert_eq!(column.view(row).is_some(), text.is_some());
            }
        }

        #[test]
        fn texts_differ_where_they_are_not_the_same(
            rows in prop::collection::vec(
                prop::array::uniform2(prop::option::of("[ab]{0,2}|aaaa[ab]{0,1}|a{11}[ab]{1,2}")), 1..40,
            ),
        ) {
            let [one, other]: [StringViewArray; 2] =
                [0, 1].map(|side| rows.iter().map(|row| row[side].as_deref()).collect());
            let (one, other) = (Texts::of(&one), Texts::of(&other));
            for (row, texts) in rows.iter().enumerate() {
                prop_assert_eq!(one.differs(row, &other), texts[0] != texts[1]);
            }
        }
    }
}
