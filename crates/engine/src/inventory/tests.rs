use std::net::IpAddr;

use super::*;
use crate::orient::Timeline;

/// `interface instance addresses...` of each interface.
fn outline(inventory: &Inventory) -> Vec<String> {
    let line = |identity: &InterfaceIdentity| {
        let InterfaceIdentity { interface, instance, addresses } = identity;
        let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        let instance = instance.as_deref().unwrap_or("-");
        format!("{interface} {instance} {}", addresses.join(" ")).trim_end().to_owned()
    };
    inventory.interfaces.iter().map(line).collect()
}

fn read(text: &str) -> Inventory {
    read_inventory(text.as_bytes()).expect("an inventory")
}

fn error(bytes: &[u8]) -> String {
    read_inventory(bytes).expect_err("no inventory").to_string()
}

const EXPECTED: &str = "expected the JSON of `aws ec2 describe-network-interfaces` or `describe-instances`, or of AWS \
     Config, got ";

const INTERFACES: &str = r#"{"NetworkInterfaces": [
    {
        "NetworkInterfaceId": "eni-0a1b2c3d4e5f60002", "InterfaceType": "interface",
        "Attachment": {"InstanceId": "i-0aaaabbbbcccc0001", "InstanceOwnerId": "123456789012"},
        "Association": {"PublicIp": "203.0.113.80"},
        "PrivateIpAddress": "10.0.1.9",
        "PrivateIpAddresses": [
            {"Primary": true, "PrivateIpAddress": "10.0.1.9",
                "Association": {"PublicIp": "203.0.113.80"}},
            {"Primary": false, "PrivateIpAddress": "10.0.1.5"}
        ],
        "Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}]
    },
    {
        "NetworkInterfaceId": "eni-0a1b2c3d4e5f60001", "InterfaceType": "nat_gateway",
        "Attachment": {"InstanceOwnerId": "amazon-aws"},
        "PrivateIpAddress": "10.0.0.7", "PrivateIpAddresses": [], "Ipv6Addresses": null
    },
    {"NetworkInterfaceId": "eni-0a1b2c3d4e5f60003", "TagSet": []}
]}"#;

const INSTANCES: &str = r#"{"Reservations": [
    {"Instances": [
        {"InstanceId": "i-0aaaabbbbcccc0001", "PrivateIpAddress": "10.0.1.9",
            "PublicIpAddress": "203.0.113.80",
            "NetworkInterfaces": [
                {"NetworkInterfaceId": "eni-0a1b2c3d4e5f60004",
                    "Attachment": {"DeviceIndex": 1}, "PrivateIpAddress": "10.0.2.9"},
                {"NetworkInterfaceId": "eni-0a1b2c3d4e5f60002",
                    "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.9"}],
                    "Ipv6Addresses": [{"Ipv6Address": "2001:db8::6"}]}
            ]},
        {"InstanceId": "i-0aaaabbbbcccc0002", "State": {"Name": "terminated"},
            "NetworkInterfaces": []}
    ]},
    {"Instances": [{"InstanceId": "i-0aaaabbbbcccc0003", "State": {"Name": "terminated"}}]}
]}"#;

#[test]
fn interfaces_are_read_with_private_and_ipv6_addresses_and_without_public_ones() {
    let inventory = read(INTERFACES);
    assert_eq!(
        outline(&inventory),
        [
            "eni-0a1b2c3d4e5f60001 - 10.0.0.7",
            "eni-0a1b2c3d4e5f60002 i-0aaaabbbbcccc0001 10.0.1.5 10.0.1.9 2001:db8::5",
            "eni-0a1b2c3d4e5f60003 -",
        ]
    );
    assert_eq!(inventory.notes, [""; 0]);
}

#[test]
fn instances_own_their_interfaces_and_terminated_ones_have_none() {
    let inventory = read(INSTANCES);
    assert_eq!(
        outline(&inventory),
        [
            "eni-0a1b2c3d4e5f60002 i-0aaaabbbbcccc0001 10.0.1.9 2001:db8::6",
            "eni-0a1b2c3d4e5f60004 i-0aaaabbbbcccc0001 10.0.2.9",
        ]
    );
    assert_eq!(inventory.notes, [""; 0]);
}

#[test]
fn lists_and_concatenations_and_merged_files_give_the_same() {
    let apart = read(INTERFACES).merge(read(INSTANCES));
    assert_eq!(
        outline(&apart)[1],
        "eni-0a1b2c3d4e5f60002 i-0aaaabbbbcccc0001 10.0.1.5 10.0.1.9 2001:db8::5 2001:db8::6"
    );
    assert_eq!((apart.interfaces.len(), apart.notes.len()), (4, 0));
    assert_eq!(read(&format!("[{INTERFACES}, {INSTANCES}]")), apart);
    assert_eq!(read(&format!("\u{feff}{INTERFACES}{INSTANCES}\n")), apart);
    assert_eq!(read(&format!("\n{INTERFACES}\r\n\n[{INSTANCES}]")), apart);
}

#[test]
fn keys_may_begin_with_a_small_letter() {
    // Every key of the fixtures follows a quote, and no value begins with a capital letter that
    // matters.
    let small = |text: &str| {
        let mut small = String::new();
        for letter in text.chars() {
            let lower = if small.ends_with('"') { letter.to_ascii_lowercase() } else { letter };
            small.push(lower);
        }
        small
    };
    assert!(small(INTERFACES).contains("networkInterfaceId"));
    assert_eq!(read(&small(INTERFACES)), read(INTERFACES));
    assert_eq!(read(&small(INSTANCES)), read(INSTANCES));
}

#[test]
fn an_interface_that_moved_belongs_to_the_last_instance_and_a_note_names_it() {
    let attached = |instance: &str| {
        format!(
            r#"{{"NetworkInterfaces": [{{"NetworkInterfaceId": "eni-0a1b2c3d4e5f60001",
                "Attachment": {{"InstanceId": "{instance}"}}}}]}}"#
        )
    };
    let (first, last) = (attached("i-0aaaabbbbcccc0009"), attached("i-0aaaabbbbcccc0001"));
    let note = "interface eni-0a1b2c3d4e5f60001 is attached to different instances \
        (i-0aaaabbbbcccc0001, i-0aaaabbbbcccc0009); the last one named, i-0aaaabbbbcccc0001, is \
        taken as its instance at all times, since times do not tell them apart: AWS Config has such times";
    for inventory in [read(&format!("{first}{last}")), read(&first).merge(read(&last))] {
        assert_eq!(outline(&inventory), ["eni-0a1b2c3d4e5f60001 i-0aaaabbbbcccc0001"]);
        assert_eq!(inventory.notes, [note]);
    }
    let detached = r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-0a1b2c3d4e5f60001"}]}"#;
    let inventory = read(&format!("{last}{detached}{last}"));
    assert_eq!(outline(&inventory), ["eni-0a1b2c3d4e5f60001 i-0aaaabbbbcccc0001"]);
    assert_eq!(inventory.notes, [""; 0]);
}

#[test]
fn what_is_left_out_is_counted_in_notes() {
    let inventory = read(
        r#"{"NetworkInterfaces": [
            {"NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.1.500",
                "PrivateIpAddresses": [{"PrivateIpAddress": 7}, {}, "10.0.1.8"],
                "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}]},
            {"PrivateIpAddress": "10.0.1.6"}, "eni-2"
        ]}"#,
    );
    assert_eq!(outline(&inventory), ["eni-1 -"]);
    assert_eq!(
        inventory.notes,
        [
            "left out: address prefixes given to interfaces (1), first eni-1",
            "left out: addresses that cannot be read (2), first of eni-1: \"10.0.1.500\"",
            "left out: interfaces without an id (2), first an object with the keys \
             PrivateIpAddress",
        ]
    );
}

#[test]
fn an_inventory_without_interfaces_is_noted() {
    let nothing = ["the inventory names no network interface"];
    assert_eq!(read(r#"{"NetworkInterfaces": []}"#).notes, nothing);
    assert_eq!(read(r#"{"Reservations": []}"#).notes, nothing);
    assert_eq!(read("[]").notes, nothing);
}

#[test]
fn anything_else_is_refused_with_what_it_looks_like() {
    for (input, message) in [
        (&b" \n"[..], "nothing"),
        (b"\xff\xfe{\0", "UTF-16 text, save it as UTF-8"),
        (b"<DescribeInstancesResponse>", "XML or HTML"),
        (b"Reservations:\n- Groups: []\n", "Reservations:, use --output json"),
        (b"2 123456789012 eni-1", "2 123456789012 eni-1, use --output json"),
        (b"\x00\xff\x1b[31m", "\\0\u{fffd}\\u{1b}[31m, use --output json"),
        (
            b"{\"NetworkInterfaces\": [\n{\"Ne",
            "invalid JSON at line 2 column 4: EOF while parsing a string",
        ),
        (b"{\"NetworkInterfaces\": []} x", "invalid JSON at line 1 column 27: expected value"),
    ] {
        assert_eq!(error(input), format!("{EXPECTED}{message}"));
    }
}

#[test]
fn json_of_another_shape_is_refused_with_its_line() {
    for (input, line, message) in [
        (r#"{"Findings": [], "a": 1}"#, 1, "an object with the keys Findings, a"),
        ("{\"NetworkInterfaces\": [\n]}\n\n {}", 4, "an empty object"),
        (r#"{"NetworkInterfaces": {}}"#, 1, "an object with the keys NetworkInterfaces"),
        (r#"[{"NetworkInterfaces": []}, 7]"#, 1, "7"),
        ("[[]]", 1, "a list of 0 values"),
        (r#"["eni-1"]"#, 1, "\"eni-1\""),
    ] {
        assert_eq!(error(input.as_bytes()), format!("line {line}: {EXPECTED}{message}"));
    }
}

#[test]
fn a_cut_anywhere_is_refused() {
    let text = format!("[{INTERFACES}, {INSTANCES}]");
    for end in 0..text.len() {
        read_inventory(&text.as_bytes()[..end]).expect_err("half an inventory");
    }
}

#[test]
fn a_deep_input_is_refused_and_not_followed() {
    let deep = "[".repeat(1_000_000);
    assert!(error(deep.as_bytes()).ends_with("recursion limit exceeded"));
}

const ENI: &str = "eni-0a1b2c3d4e5f60001";

const TIMES: [&str; 7] = [
    "2025-05-31T23:59:59Z",
    "2025-06-01T00:00:00Z",
    "2025-06-01T10:59:59Z",
    "2025-06-01T11:00:00Z",
    "2025-06-01T11:59:59Z",
    "2025-06-01T12:00:00Z",
    "2026-01-01T00:00:00Z",
];

fn timelines(inventory: &Inventory) -> Vec<(String, Timeline)> {
    let all = inventory.sightings();
    all.filter_map(|(id, told)| Some((id.to_owned(), Timeline::of(told)?))).collect()
}

/// Whose the only interface that moved was at [`TIMES`]: the last digit, a hyphen for nobody.
fn owned(inventory: &Inventory) -> String {
    let [(interface, timeline)] = &timelines(inventory)[..] else { panic!("one moved interface") };
    assert_eq!(interface, ENI);
    let at = |time: &&str| {
        let second = time.parse::<jiff::Timestamp>().expect("a time").as_second();
        timeline.at(second).map_or("-".to_owned(), |id| id[id.len() - 1..].to_owned())
    };
    TIMES.iter().map(at).collect()
}

/// A snapshot of AWS Config: the interface is `...0001`'s from midnight on, detached at 11, and
/// `...0002`'s from noon on.
const SNAPSHOT: &str = r#"{"fileVersion": "1.0", "configSnapshotId": "7f5f3b5c", "configurationItems": [
    {"resourceType": "AWS::EC2::NetworkInterface", "resourceId": "eni-0a1b2c3d4e5f60001",
        "configurationItemCaptureTime": "2025-06-01T00:02:11.123Z", "configurationItemStatus": "OK",
        "configuration": {"networkInterfaceId": "eni-0a1b2c3d4e5f60001",
            "attachment": {"instanceId": "i-0aaaabbbbcccc0001", "attachTime": "2025-06-01T00:00:00.000Z"},
            "privateIpAddress": "10.0.1.5",
            "privateIpAddresses": [{"primary": true, "privateIpAddress": "10.0.1.5"}],
            "ipv6Addresses": [{"ipv6Address": "2001:db8::5"}]}},
    {"resourceType": "AWS::EC2::NetworkInterface", "resourceId": "eni-0a1b2c3d4e5f60001",
        "configurationItemCaptureTime": "2025-06-01T11:00:00.900Z", "configurationItemStatus": "OK",
        "configuration": {"networkInterfaceId": "eni-0a1b2c3d4e5f60001", "attachment": null,
            "privateIpAddress": "10.0.1.5"}},
    {"resourceType": "AWS::S3::Bucket", "resourceId": "a-bucket", "configuration": "text"},
    {"resourceType": "AWS::EC2::Instance", "resourceId": "i-0aaaabbbbcccc0002",
        "configurationItemCaptureTime": "2025-06-01T12:03:00.000Z", "configurationItemStatus": "OK",
        "configuration": {"instanceId": "i-0aaaabbbbcccc0002", "networkInterfaces": [
            {"networkInterfaceId": "eni-0a1b2c3d4e5f60001", "privateIpAddress": "10.0.1.5",
                "attachment": {"attachTime": "2025-06-01T12:00:00.000Z", "deviceIndex": 1}}]}}
]}"#;

#[test]
fn a_snapshot_of_aws_config_tells_when_an_interface_was_whose() {
    let inventory = read(SNAPSHOT);
    assert_eq!(inventory.notes, [""; 0], "what is settled is no doubt");
    let addresses = "eni-0a1b2c3d4e5f60001 i-0aaaabbbbcccc0002 10.0.1.5 2001:db8::5";
    assert_eq!(outline(&inventory), [addresses]);
    let expected = "-11--22";
    assert_eq!(owned(&inventory), expected);
}

#[test]
fn a_history_of_aws_config_has_its_configuration_in_text_and_its_times_in_seconds() {
    // Newest first, as it is printed. 1748736000 is midnight.
    let item = |time: &str, id: &str, attached: u64| {
        let configuration = format!(
            r#"{{"networkInterfaceId":"{ENI}","attachment":{{"instanceId":"{id}","attachTime":{attached}}},
                "privateIpAddress":"10.0.1.5"}}"#
        );
        let configuration = serde_json::Value::from(configuration);
        format!(
            r#"{{"configurationItemCaptureTime": {time}, "resourceType": "AWS::EC2::NetworkInterface",
                "configurationItemStatus": "ResourceDiscovered", "resourceId": "{ENI}",
                "configuration": {configuration}}}"#
        )
    };
    let later = item("1748780000.922", "i-0aaaabbbbcccc0002", 1_748_736_000 + 43_200);
    let first = item("1748737000.9219999", "i-0aaaabbbbcccc0001", 1_748_736_000);
    let inventory = read(&format!(r#"{{"configurationItems": [{later}, {first}]}}"#));
    let expected = "-111122";
    assert_eq!(owned(&inventory), expected);
    assert_eq!(outline(&inventory), ["eni-0a1b2c3d4e5f60001 i-0aaaabbbbcccc0002 10.0.1.5"]);

    // The same of two files, in either order.
    let one = |item: &str| read(&format!(r#"{{"configurationItems": [{item}]}}"#));
    assert_eq!(one(&first).merge(one(&later)), inventory);
    assert_eq!(one(&later).merge(one(&first)), inventory);
    assert_eq!(timelines(&one(&later)).len(), 0, "one instance has it at all times");
}

#[test]
fn a_deleted_interface_belongs_to_nobody_from_then_on() {
    let deleted = format!(
        r#"{{"configurationItems": [{{"resourceType": "AWS::EC2::NetworkInterface", "resourceId": "{ENI}",
            "configurationItemCaptureTime": "2025-06-01T18:00:00Z", "configuration": null,
            "configurationItemStatus": "ResourceDeleted"}}]}}"#
    );
    let inventory = read(&format!("{SNAPSHOT}{deleted}"));
    let expected = "-11--2-";
    assert_eq!(owned(&inventory), expected);
    let alone = read(&deleted);
    assert_eq!((outline(&alone), timelines(&alone).len()), (vec![format!("{ENI} -")], 0));
}

#[test]
fn times_of_attachment_in_two_descriptions_settle_a_move_and_without_them_it_is_doubtful() {
    let described = |instance: &str, time: &str| {
        read(&format!(
            r#"{{"NetworkInterfaces": [{{"NetworkInterfaceId": "{ENI}", "Attachment":
                {{"InstanceId": "{instance}"{time}}}}}]}}"#
        ))
    };
    let at = |time: &str| format!(r#", "AttachTime": "{time}""#);
    let first = described("i-0aaaabbbbcccc0001", &at("2025-06-01T02:00:00+02:00"));
    let second = described("i-0aaaabbbbcccc0002", &at("2025-06-01T12:00:00+00:00"));
    let both = first.clone().merge(second);
    let expected = "-111122";
    assert_eq!((owned(&both).as_str(), both.notes.len()), (expected, 0));

    let untold = described("i-0aaaabbbbcccc0002", "");
    let doubtful = first.merge(untold);
    assert_eq!(timelines(&doubtful).len(), 0);
    assert_eq!(outline(&doubtful), [format!("{ENI} i-0aaaabbbbcccc0002")]);
    assert!(doubtful.notes[0].contains("times do not tell them apart"), "{:?}", doubtful.notes);

    let third = both.merge(described("i-0aaaabbbbcccc0003", ""));
    assert_eq!(owned(&third), expected);
    assert!(third.notes[0].ends_with("when it was to i-0aaaabbbbcccc0003: that is left out"));
}

#[test]
fn what_aws_config_has_that_cannot_be_read_is_counted() {
    let inventory = read(
        r#"{"configurationItems": [
            {"resourceType": "AWS::EC2::NetworkInterface", "resourceId": "eni-1",
                "configurationItemStatus": "ResourceNotRecorded"},
            {"resourceType": "AWS::EC2::NetworkInterface", "resourceId": "eni-2", "configuration": "{"},
            {"resourceType": "AWS::EC2::NetworkInterface", "configurationItemCaptureTime": "yesterday",
                "configuration": {"networkInterfaceId": "eni-3",
                    "attachment": {"instanceId": "i-3", "attachTime": 1e300}}}
        ]}"#,
    );
    assert_eq!(outline(&inventory), ["eni-3 i-3"]);
    assert_eq!(
        inventory.notes,
        [
            "left out: items of AWS Config without a configuration (2), first eni-1",
            "left out: times that cannot be read (2), first \"yesterday\"",
        ]
    );
    let nothing = read(r#"{"configurationItems": [{"resourceType": "AWS::S3::Bucket"}]}"#);
    assert_eq!(nothing.notes, ["the inventory names no network interface"]);
    assert!(error(br#"{"configurationItems": 7}"#).ends_with("with the keys configurationItems"));
}

#[test]
fn a_compressed_file_is_read_and_a_damaged_one_is_refused() {
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).expect("into memory");
        encoder.finish().expect("into memory")
    };
    let packed = gzip(SNAPSHOT);
    assert_eq!(read_inventory(&packed), Ok(read(SNAPSHOT)));
    for end in 2..packed.len() {
        let error = error(&packed[..end]);
        assert!(error.starts_with("damaged gzip data: "), "{error}");
    }
    assert_eq!(error(&gzip("")), format!("{EXPECTED}nothing"));
}
