//! Writes MaxMind DB files for tests, by the published description of the format.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

/// A value as the format knows it.
#[derive(Debug, Clone)]
pub(in crate::enrich) enum Data {
    Text(String),
    Double(f64),
    Bytes(Vec<u8>),
    U16(u16),
    U32(u32),
    I32(i32),
    U64(u64),
    U128(u128),
    Bool(bool),
    Float(f32),
    List(Vec<Data>),
    Map(Vec<(&'static str, Data)>),
}

pub(in crate::enrich) fn text(text: &str) -> Data {
    Data::Text(text.to_owned())
}

/// What is to be written.
pub(in crate::enrich) struct Encoder {
    pub(in crate::enrich) database_type: &'static str,
    pub(in crate::enrich) ip_version: u16,
    pub(in crate::enrich) record_size: u16,
    /// Zero bytes before the first record, so that pointers to it are long.
    pub(in crate::enrich) padding: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { database_type: "Example-ASN", ip_version: 6, record_size: 24, padding: 0 }
    }
}

#[derive(Clone, Copy)]
enum Slot {
    Nothing,
    Node(usize),
    /// The number of a record.
    Record(usize),
}

impl Encoder {
    /// The file. Of prefixes within each other the longer one counts, as everywhere.
    pub(in crate::enrich) fn encode(&self, records: &[(IpNet, Data)]) -> Vec<u8> {
        let mut sorted: Vec<usize> = (0..records.len()).collect();
        sorted.sort_by_key(|at| records[*at].0.prefix_len());
        let mut nodes = vec![[Slot::Nothing; 2]];
        for at in sorted {
            self.insert(&mut nodes, &records[at].0, at);
        }
        let mut section = Section::default();
        section.bytes.resize(self.padding, 0);
        let offsets: Vec<usize> = records.iter().map(|(_, data)| section.record(data)).collect();
        let mut file = self.tree(&nodes, &offsets);
        file.extend([0; 16]);
        file.extend(&section.bytes);
        file.extend(b"\xab\xcd\xefMaxMind.com");
        file.extend(self.metadata(nodes.len()));
        file
    }

    fn bits(&self, net: &IpNet) -> Vec<bool> {
        let (bits, length) = match (net.network(), self.ip_version) {
            (IpAddr::V4(address), 4) => (u128::from(address.to_bits()) << 96, net.prefix_len()),
            (IpAddr::V4(address), _) => (u128::from(address.to_bits()), net.prefix_len() + 96),
            (IpAddr::V6(address), _) => (address.to_bits(), net.prefix_len()),
        };
        (0..length).map(|at| bits >> (127 - at) & 1 == 1).collect()
    }

    fn insert(&self, nodes: &mut Vec<[Slot; 2]>, net: &IpNet, record: usize) {
        let bits = self.bits(net);
        let (last, before) = bits.split_last().expect("a prefix of at least one bit");
        let mut node = 0;
        for bit in before {
            let slot = nodes[node][usize::from(*bit)];
            node = match slot {
                Slot::Node(next) => next,
                whole => {
                    nodes.push([whole; 2]);
                    let next = nodes.len() - 1;
                    nodes[node][usize::from(*bit)] = Slot::Node(next);
                    next
                }
            };
        }
        nodes[node][usize::from(*last)] = Slot::Record(record);
    }

    fn tree(&self, nodes: &[[Slot; 2]], offsets: &[usize]) -> Vec<u8> {
        let number = |slot: Slot| match slot {
            Slot::Nothing => nodes.len() as u32,
            Slot::Node(next) => next as u32,
            Slot::Record(at) => (nodes.len() + 16 + offsets[at]) as u32,
        };
        let mut bytes = Vec::new();
        for [left, right] in nodes {
            let (left, right) = (number(*left), number(*right));
            let ([l3, l2, l1, l0], [r3, r2, r1, r0]) = (left.to_be_bytes(), right.to_be_bytes());
            match self.record_size {
                24 => bytes.extend([l2, l1, l0, r2, r1, r0]),
                28 => bytes.extend([l2, l1, l0, l3 << 4 | r3, r2, r1, r0]),
                _ => bytes.extend([l3, l2, l1, l0, r3, r2, r1, r0]),
            }
        }
        bytes
    }

    fn metadata(&self, node_count: usize) -> Vec<u8> {
        let mut section = Section { bytes: Vec::new(), texts: None };
        section.value(&Data::Map(vec![
            ("binary_format_major_version", Data::U16(2)),
            ("binary_format_minor_version", Data::U16(0)),
            ("build_epoch", Data::U64(1_748_736_000)),
            ("database_type", text(self.database_type)),
            ("description", Data::Map(vec![("en", text("made for a test"))])),
            ("ip_version", Data::U16(self.ip_version)),
            ("languages", Data::List(vec![text("en")])),
            ("node_count", Data::U32(node_count as u32)),
            ("record_size", Data::U16(self.record_size)),
        ]));
        section.bytes
    }
}

struct Section {
    bytes: Vec<u8>,
    /// Where each text stands, if later ones are to be pointers to it.
    texts: Option<HashMap<String, usize>>,
}

impl Default for Section {
    fn default() -> Self {
        Self { bytes: Vec::new(), texts: Some(HashMap::new()) }
    }
}

impl Section {
    fn record(&mut self, data: &Data) -> usize {
        let offset = self.bytes.len();
        self.value(data);
        offset
    }

    fn value(&mut self, data: &Data) {
        match data {
            Data::Text(text) => self.text(text),
            Data::Double(number) => self.sized(3, &number.to_be_bytes()),
            Data::Bytes(bytes) => self.sized(4, bytes),
            Data::U16(number) => self.sized(5, short(&number.to_be_bytes())),
            Data::U32(number) => self.sized(6, short(&number.to_be_bytes())),
            Data::Map(entries) => {
                self.control(7, entries.len());
                for (key, value) in entries {
                    self.text(key);
                    self.value(value);
                }
            }
            Data::I32(number) => self.sized(8, &number.to_be_bytes()),
            Data::U64(number) => self.sized(9, short(&number.to_be_bytes())),
            Data::U128(number) => self.sized(10, short(&number.to_be_bytes())),
            Data::List(items) => {
                self.control(11, items.len());
                items.iter().for_each(|item| self.value(item));
            }
            Data::Bool(truth) => self.control(14, usize::from(*truth)),
            Data::Float(number) => self.sized(15, &number.to_be_bytes()),
        }
    }

    fn text(&mut self, text: &str) {
        let here = self.bytes.len();
        match self.texts.as_mut().map(|texts| *texts.entry(text.to_owned()).or_insert(here)) {
            Some(there) if there < here => self.pointer(there as u32),
            _ => self.sized(2, text.as_bytes()),
        }
    }

    fn pointer(&mut self, target: u32) {
        let [b3, b2, b1, b0] = target.to_be_bytes();
        match target {
            0..2048 => self.bytes.extend([0x20 | b1, b0]),
            2048..526_336 => {
                let [_, b2, b1, b0] = (target - 2048).to_be_bytes();
                self.bytes.extend([0x28 | b2, b1, b0]);
            }
            526_336..134_744_064 => {
                let [b3, b2, b1, b0] = (target - 526_336).to_be_bytes();
                self.bytes.extend([0x30 | b3, b2, b1, b0]);
            }
            _ => self.bytes.extend([0x38, b3, b2, b1, b0]),
        }
    }

    fn sized(&mut self, kind: u8, bytes: &[u8]) {
        self.control(kind, bytes.len());
        self.bytes.extend(bytes);
    }

    fn control(&mut self, kind: u8, size: usize) {
        let (bits, more): (usize, &[u8]) = match size {
            0..29 => (size, &[]),
            29..285 => (29, &[(size - 29) as u8]),
            285..65_821 => (30, &((size - 285) as u16).to_be_bytes()),
            _ => (31, &((size - 65_821) as u32).to_be_bytes()[1..]),
        };
        match kind {
            0..8 => self.bytes.push(kind << 5 | bits as u8),
            _ => self.bytes.extend([bits as u8, kind - 7]),
        }
        self.bytes.extend(more);
    }
}

/// A number without its leading zero bytes.
fn short(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}
