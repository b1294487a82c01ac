//! Whose traffic it is: the interface, its instances, or the account.

use serde_json::{Value, json};

use super::AsffOwner;
use super::fits::{is_name, region, text};
use crate::bulletin::ListedFinding;
use crate::bulletin::ocsf::put;

/// Resources of a finding at most.
const RESOURCES: usize = 32;

/// Characters of a resource's id at most.
const ID: usize = 512;

/// Partitions that a resource can name.
const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];

/// The interface and then its instances, as many as there may be; the account if there are none.
pub(super) fn resources(finding: &ListedFinding, owner: &AsffOwner) -> Vec<Value> {
    let interface = finding.interface.iter().map(|id| (id, INTERFACE));
    let instances = finding.instances.iter().map(|id| (id, INSTANCE));
    let all = interface.chain(instances);
    let mut told: Vec<Value> = all
        .filter_map(|(id, kind)| {
            let (kind, id) = place(id, kind, finding, owner)?;
            Some(resource(kind, &id, finding, owner))
        })
        .take(RESOURCES)
        .collect();
    if told.is_empty() {
        let id = format!("AWS::::Account:{}", owner.account);
        told.push(resource("AwsAccount", &id, finding, owner));
    }
    told
}

/// A kind of resource, as the format and as an ARN names it.
#[derive(Clone, Copy)]
struct Kind {
    format: &'static str,
    arn: &'static str,
}

const INTERFACE: Kind = Kind { format: "AwsEc2NetworkInterface", arn: "network-interface" };
const INSTANCE: Kind = Kind { format: "AwsEc2Instance", arn: "instance" };

/// Kind and id: the ARN where all of its parts are known, else what is known. What is no id of AWS is
/// of another kind, and what is blank is nothing.
fn place(
    id: &str,
    kind: Kind,
    finding: &ListedFinding,
    owner: &AsffOwner,
) -> Option<(&'static str, String)> {
    if !is_name(id) {
        return Some(("Other", text(id, ID)?));
    }
    let of_region = finding.region.as_deref().and_then(region);
    let id = of_region.map_or_else(
        || id.to_owned(),
        |region| {
            let (partition, account) = (owner.partition(), &owner.account);
            format!("arn:{partition}:ec2:{region}:{account}:{}/{id}", kind.arn)
        },
    );
    Some((kind.format, id))
}

fn resource(kind: &str, id: &str, finding: &ListedFinding, owner: &AsffOwner) -> Value {
    let mut resource = json!({ "Type": kind, "Id": id });
    let partition = Some(owner.partition()).filter(|it| PARTITIONS.contains(it));
    put(&mut resource, "Partition", partition.map(|partition| json!(partition)));
    let region = finding.region.as_deref().and_then(region);
    put(&mut resource, "Region", region.map(|region| json!(region)));
    resource
}
