//! Traffic that AWS never writes to flow logs, by where it goes.
//!
//! Source: AWS VPC User Guide, "Flow log limitations".

use std::net::IpAddr;

use crate::Claim;

const DNS: u16 = 53;
const UDP: u8 = 17;

/// Why no flow log can hold the claim, if none can.
pub(super) fn never(claim: &Claim) -> Option<&'static str> {
    claim.remotes().find_map(of_remote).or_else(|| {
        let dhcp = |port: Option<u16>| matches!(port, Some(67 | 68));
        let is_dhcp =
            claim.protocol == Some(UDP) && dhcp(claim.remote_port) && dhcp(claim.local_port);
        is_dhcp.then_some("DHCP traffic is not logged")
    })
}

fn of_remote(remote: IpAddr) -> Option<&'static str> {
    match remote.to_canonical() {
        IpAddr::V4(address) => match address.octets() {
            [169, 254, 169, 254] => {
                Some("traffic with the instance metadata service is not logged")
            }
            [169, 254, 169, 253] => Some("queries to the Amazon resolver are not logged"),
            [169, 254, 169, 123] => Some("traffic with the Amazon time service is not logged"),
            [169, 254, 169, 249..=251] => Some("Windows licence activation is not logged"),
            [169, 254, 170, 2] => {
                Some("traffic with the container credentials endpoint is not logged")
            }
            _ => None,
        },
        IpAddr::V6(address) => match address.segments() {
            [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => {
                Some("traffic with the instance metadata service is not logged")
            }
            [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253] => {
                Some("queries to the Amazon resolver are not logged")
            }
            [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x123] => {
                Some("traffic with the Amazon time service is not logged")
            }
            _ => None,
        },
    }
}

/// Why a flow log may lack the claim though its traffic took place: its remote may be the resolver or
/// the router of the subject's own network, which only the network's range could tell.
pub(super) fn perhaps(claim: &Claim) -> Option<&'static str> {
    let private = |remote: IpAddr| matches!(remote.to_canonical(), IpAddr::V4(a) if a.is_private());
    if !claim.remotes().any(private) {
        return None;
    }
    let ends_in = |last: u8| {
        claim.remotes().any(|r| matches!(r.to_canonical(), IpAddr::V4(a) if a.octets()[3] == last))
    };
    if claim.remote_port == Some(DNS) && ends_in(2) {
        return Some("the remote may be the Amazon resolver, queries to which are not logged");
    }
    let router = ends_in(1) && claim.protocol == Some(UDP) && claim.remote_port == Some(67);
    router.then_some("the remote may be the VPC router, DHCP with which is not logged")
}
