//! The trait that everybody is asked through.

/// The value of a look-up that no entry answers.
pub(crate) const NONE: u32 = u32::MAX;

/// One prefix and its value. Host bits are 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<A> {
    pub(crate) prefix: A,
    pub(crate) length: u8,
    pub(crate) value: u32,
}

/// A structure that has been built.
pub(crate) trait Contestant<A: Copy> {
    /// The value of the longest prefix that holds the address, or [`NONE`].
    fn lookup(&self, address: A) -> u32;

    /// The answers to many addresses, to compare.
    fn answers(&self, addresses: &[A]) -> Vec<u32> {
        addresses.iter().map(|address| self.lookup(*address)).collect()
    }

    /// The sum of the answers to many addresses, to time: every answer counts, none is kept.
    fn sum(&self, addresses: &[A]) -> u64 {
        addresses.iter().map(|address| u64::from(self.lookup(*address))).sum()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Ours,
    /// A crate with longest-prefix match.
    Crate,
    /// Written here, to know what is possible.
    Reference,
    /// No longest-prefix match: knows addresses, not networks.
    ExactOnly,
}

pub(crate) type Built<A> = Box<dyn Contestant<A>>;

/// One that can be built.
pub(crate) struct Kind<A> {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    pub(crate) build: fn(&[Entry<A>]) -> Built<A>,
    /// How many entries it can be given, and why not more.
    pub(crate) most: Option<(usize, &'static str)>,
}
