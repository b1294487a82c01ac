//! Observations in the one spelling of addresses that findings have.

use std::borrow::Cow;
use std::net::IpAddr;

use flowproof_evidence::Observations;

/// The observations with IPv4 addresses where they have IPv4-mapped ones; as they are, if they have none.
pub(super) fn observations(given: &Observations) -> Cow<'_, Observations> {
    if addresses(given).all(|address| address == address.to_canonical()) {
        return Cow::Borrowed(given);
    }
    let mut observations = given.clone();
    addresses_mut(&mut observations).for_each(|address| *address = address.to_canonical());
    Cow::Owned(observations)
}

fn addresses(all: &Observations) -> impl Iterator<Item = IpAddr> {
    let conversations = all.conversations.iter().flat_map(|it| [it.local, it.remote]).flatten();
    let connections = all.connections.iter().flatten().filter_map(|it| it.remote);
    let minutes = all.minutes.iter().flatten().filter_map(|it| it.remote);
    let listed = all.listed.iter().flatten().map(|it| it.remote);
    let peers = all.peers.iter().flatten().map(|it| it.remote);
    let own = all.subject.addresses.iter().copied();
    conversations.chain(connections).chain(minutes).chain(listed).chain(peers).chain(own)
}

fn addresses_mut(all: &mut Observations) -> impl Iterator<Item = &mut IpAddr> {
    let conversations = all.conversations.iter_mut();
    let conversations = conversations.flat_map(|it| [&mut it.local, &mut it.remote]).flatten();
    let connections = all.connections.iter_mut().flatten().filter_map(|it| it.remote.as_mut());
    let minutes = all.minutes.iter_mut().flatten().filter_map(|it| it.remote.as_mut());
    let listed = all.listed.iter_mut().flatten().map(|it| &mut it.remote);
    let peers = all.peers.iter_mut().flatten().map(|it| &mut it.remote);
    let own = all.subject.addresses.iter_mut();
    conversations.chain(connections).chain(minutes).chain(listed).chain(peers).chain(own)
}
