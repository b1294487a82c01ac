//! A [`Matcher`] as bytes for another process of the same version.
//!
//! Entries are many and alike, so they stand in columns: what nearly every entry has in common takes a
//! bit or nothing, and the rest compresses well beside its like.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::Timestamp;

use crate::entry::{Details, Entry};
use crate::list::{List, ListRole};
use crate::matcher::Matcher;
use crate::note::Tally;

mod bytes;
#[cfg(test)]
mod tests;

use bytes::{Reader, Writer, deflated, inflated};

/// Bytes that no [`Matcher::pack`] of this version wrote.
#[derive(Debug, thiserror::Error)]
#[error("damaged lists: {0}")]
pub struct UnpackError(&'static str);

/// What an entry has. The bits of a byte.
const NEXT_LINE: u8 = 1; // It stands in the line after that of the entry before it.
const ONE_ADDRESS: u8 = 2; // Its only prefix is one IPv4 address.
const TEXT_IS_ADDRESS: u8 = 4; // It is written as the address of its only prefix, without a length.
const TEXT_IS_PREFIX: u8 = 8; // It is written as its only prefix, with the length.
const LABEL: u8 = 16;
const DETAILS: u8 = 32;
const KNOWN: u8 = 63;

impl Matcher {
    /// The lists as bytes: for [`Matcher::unpack`] in another process of the same version.
    ///
    /// All that look-ups tell is in them. What there is to say about single lines (refusals, warnings,
    /// indicators of other kinds, entries whose time is over) is not.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let mut packed = Writer::default();
        packed.number(self.lists().len() as u64);
        for list in self.lists() {
            pack_list(list, &mut packed);
        }
        deflated(&packed.0)
    }

    /// Compiles the lists that [`Matcher::pack`] made bytes of.
    ///
    /// # Errors
    ///
    /// [`UnpackError`] if the bytes are others. They take no more memory than a multiple of their number.
    pub fn unpack(bytes: &[u8]) -> Result<Matcher, UnpackError> {
        let raw = inflated(bytes)?;
        let mut packed = Reader(&raw);
        let lists = packed.number()?;
        let lists = (0..lists).map(|_| unpack_list(&mut packed)).collect::<Result<_, _>>()?;
        packed.end()?;
        Ok(Matcher::new(lists))
    }
}

/// The entries of a list, by what there is to tell of them.
#[derive(Debug, Default)]
struct Columns<T> {
    flags: T,
    /// Lines that are not the next ones.
    lines: T,
    /// The four bytes of addresses of entries that are one address.
    octets: [T; 4],
    /// The prefixes of other entries.
    prefixes: T,
    texts: T,
    labels: T,
    details: T,
}

impl<T> Columns<T> {
    fn each(&self) -> [&T; 10] {
        let Columns { flags, lines, octets: [a, b, c, d], prefixes, texts, labels, details } = self;
        [flags, lines, a, b, c, d, prefixes, texts, labels, details]
    }
}

fn pack_list(list: &List, packed: &mut Writer) {
    packed.text(&list.name);
    packed.number(u64::from(list.role == ListRole::Trusted));
    packed.text(&list.sha256);
    packed.number(list.size);
    packed.text(list.format.name());
    let mut columns = Columns::<Writer>::default();
    let mut line_before = 0;
    for entry in &list.entries {
        columns.pack(entry, line_before);
        line_before = entry.line;
    }
    for column in columns.each() {
        packed.bytes(&column.0);
    }
}

fn unpack_list(packed: &mut Reader<'_>) -> Result<List, UnpackError> {
    let name = packed.text()?.to_owned();
    let role = match packed.number()? {
        0 => ListRole::Threat,
        1 => ListRole::Trusted,
        _ => return Err(UnpackError("an unknown role")),
    };
    let (sha256, size) = (packed.text()?.to_owned(), packed.number()?);
    let format = packed.text()?.parse().map_err(|_| UnpackError("an unknown format"))?;
    let mut column = || packed.bytes().map(Reader);
    let mut columns = Columns {
        flags: column()?,
        lines: column()?,
        octets: [column()?, column()?, column()?, column()?],
        prefixes: column()?,
        texts: column()?,
        labels: column()?,
        details: column()?,
    };
    // Each entry has a byte at least in one of these.
    if columns.flags.0.len() > columns.octets[0].0.len() + columns.prefixes.0.len() {
        return Err(UnpackError("entries without prefixes"));
    }
    let mut entries = Vec::with_capacity(columns.flags.0.len());
    while !columns.flags.0.is_empty() {
        let line_before = entries.last().map_or(0, |entry: &Entry| entry.line);
        entries.push(columns.unpack(line_before)?);
    }
    columns.each().into_iter().try_for_each(Reader::end)?;
    Ok(List {
        name,
        role,
        sha256,
        size,
        format,
        entries,
        not_addresses: Default::default(),
        expired: 0,
        revoked: 0,
        rejects: Tally::default(),
        too_wide: 0,
        warning_kinds: Default::default(),
        warnings: Tally::default(),
    })
}

impl Columns<Writer> {
    fn pack(&mut self, entry: &Entry, line_before: u64) {
        let Entry { line, text, prefixes, label, details } = entry;
        let mut flags = 0;
        match line_before.checked_add(1) == Some(*line) {
            true => flags |= NEXT_LINE,
            false => self.lines.number(*line),
        }
        match prefixes[..] {
            [IpNet::V4(net)] if net.prefix_len() == 32 => {
                flags |= ONE_ADDRESS;
                for (column, octet) in self.octets.iter_mut().zip(net.addr().octets()) {
                    column.0.push(octet);
                }
            }
            _ => {
                self.prefixes.number(prefixes.len() as u64);
                prefixes.iter().for_each(|net| pack_net(net, &mut self.prefixes));
            }
        }
        let written = match prefixes[..] {
            [net] => spelling(text, &net),
            _ => 0,
        };
        flags |= written;
        if written == 0 {
            self.texts.text(text);
        }
        if !label.is_empty() {
            flags |= LABEL;
            self.labels.text(label);
        }
        if let Some(details) = details {
            flags |= DETAILS;
            pack_details(details, &mut self.details);
        }
        self.flags.0.push(flags);
    }
}

impl Columns<Reader<'_>> {
    fn unpack(&mut self, line_before: u64) -> Result<Entry, UnpackError> {
        let [flags] = self.flags.array()?;
        let has = |flag: u8| flags & flag != 0;
        if flags & !KNOWN != 0 {
            return Err(UnpackError("an unknown mark"));
        }
        let line = match has(NEXT_LINE) {
            true => line_before.checked_add(1).ok_or(UnpackError("too many lines"))?,
            false => self.lines.number()?,
        };
        let mut prefixes = Vec::new();
        if has(ONE_ADDRESS) {
            let mut octets = [0; 4];
            for (octet, column) in octets.iter_mut().zip(&mut self.octets) {
                [*octet] = column.array()?;
            }
            prefixes.push(IpNet::V4(Ipv4Net::from(Ipv4Addr::from(octets))));
        } else {
            for _ in 0..self.prefixes.number()? {
                prefixes.push(unpack_net(&mut self.prefixes)?);
            }
        }
        let text = match prefixes.first() {
            Some(net) if has(TEXT_IS_ADDRESS) => compact_str::format_compact!("{}", net.addr()),
            Some(net) if has(TEXT_IS_PREFIX) => compact_str::format_compact!("{net}"),
            _ => self.texts.text()?.into(),
        };
        let label = if has(LABEL) { self.labels.text()?.into() } else { Box::default() };
        let details = match has(DETAILS) {
            true => Some(Box::new(unpack_details(&mut self.details)?)),
            false => None,
        };
        Ok(Entry { line, text, prefixes: prefixes.into(), label, details })
    }
}

/// How a text follows from a prefix, if it does.
fn spelling(text: &str, net: &IpNet) -> u8 {
    // Formatted without memory of their own.
    if compact_str::format_compact!("{}", net.addr()) == text {
        return TEXT_IS_ADDRESS;
    }
    if compact_str::format_compact!("{net}") == text {
        return TEXT_IS_PREFIX;
    }
    0
}

fn pack_net(net: &IpNet, packed: &mut Writer) {
    match net {
        IpNet::V4(net) => {
            packed.0.extend([4, net.prefix_len()]);
            packed.0.extend(net.addr().octets());
        }
        IpNet::V6(net) => {
            packed.0.extend([6, net.prefix_len()]);
            packed.0.extend(net.addr().octets());
        }
    }
}

fn unpack_net(packed: &mut Reader<'_>) -> Result<IpNet, UnpackError> {
    const WRONG: UnpackError = UnpackError("a prefix that is none");
    let [family, length] = packed.array()?;
    Ok(match family {
        4 => {
            let address = Ipv4Addr::from(packed.array::<4>()?);
            Ipv4Net::new(address, length).map_err(|_| WRONG)?.into()
        }
        6 => {
            let address = Ipv6Addr::from(packed.array::<16>()?);
            Ipv6Net::new(address, length).map_err(|_| WRONG)?.into()
        }
        _ => return Err(WRONG),
    })
}

fn pack_details(details: &Details, packed: &mut Writer) {
    let Details { path, confidence, valid_from, valid_until } = details;
    packed.text(path);
    packed.option(confidence.as_ref(), |packed, confidence| packed.number((*confidence).into()));
    for time in [valid_from, valid_until] {
        packed.option(time.as_ref(), |packed, time| {
            packed.0.extend(time.as_nanosecond().to_le_bytes());
        });
    }
}

fn unpack_details(packed: &mut Reader<'_>) -> Result<Details, UnpackError> {
    let path = packed.text()?.to_owned();
    let confidence = packed.option(|packed| {
        u32::try_from(packed.number()?).map_err(|_| UnpackError("a confidence that is none"))
    })?;
    let mut time = || {
        packed.option(|packed| {
            let nanoseconds = i128::from_le_bytes(packed.array()?);
            Timestamp::from_nanosecond(nanoseconds).map_err(|_| UnpackError("a time that is none"))
        })
    };
    Ok(Details { path, confidence, valid_from: time()?, valid_until: time()? })
}
