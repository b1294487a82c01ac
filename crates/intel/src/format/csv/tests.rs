use proptest::prelude::*;

use super::*;
use crate::format::testing::{
    check_cut_anywhere, check_damage, entries, options, others, read, rejects,
};
use crate::fuzz::check_list;
use crate::note::WarningKind;

/// As ThreatFox writes: the header is a comment, and blanks follow the commas.
const THREATFOX: &str = "\
################################################################
# Indicators of compromise, all of them made up
#
# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\",\"fk_malware\",\"malware_alias\",\"malware_printable\",\"last_seen_utc\",\"confidence_level\",\"is_compromised\",\"reference\",\"tags\",\"anonymous\",\"reporter\"
\"2025-06-01 00:00:01\", \"1\", \"203.0.113.9:8443\", \"ip:port\", \"botnet_cc\", \"win.example\", \"None\", \"Example RAT\", \"\", \"75\", \"False\", \"None\", \"c2,example\", \"0\", \"someone\"
\"2025-06-01 00:00:02\", \"2\", \"c2.example.com\", \"domain\", \"botnet_cc\", \"win.example\", \"None\", \"Example RAT\", \"\", \"100\", \"False\", \"None\", \"c2,example\", \"0\", \"someone\"
\"2025-06-01 00:00:03\", \"3\", \"http://192.0.2.7:81/x\", \"url\", \"payload_delivery\", \"unknown\", \"None\", \"Unknown\", \"\", \"50\", \"False\", \"None\", \"\", \"0\", \"someone\"
\"2025-06-01 00:00:04\", \"4\", \"d41d8cd98f00b204e9800998ecf8427e\", \"md5_hash\", \"payload\", \"win.example\", \"None\", \"Example RAT\", \"\", \"50\", \"False\", \"None\", \"\", \"0\", \"someone\"
\"2025-06-01 00:00:05\", \"5\", \"203.0.113:80\", \"ip:port\", \"botnet_cc\", \"win.example\", \"None\", \"Example RAT\", \"\", \"50\", \"False\", \"None\", \"\", \"0\", \"someone\"
# Number of entries: 5
";

/// As Feodo Tracker writes: a quoted header that is a row, and a comment as the footer.
const QUOTED: &str = "\
# made up
#
\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\",\"malware\"
\"2025-05-23 17:51:44\",\"203.0.113.9\",\"1194\",\"online\",\"2025-06-01\",\"Example\"
\"2025-05-24 17:51:44\",\"2001:db8::9\",\"443\",\"offline\",\"2025-06-02\",\"Sample\"
# END 2 entries
";

fn with_column(text: &str, column: &str) -> Result<Content, Broken> {
    let options = ListOptions { column: Some(column.to_owned()), ..options() };
    ListFormat::Csv.parse(&mut text.as_bytes(), &options)
}

fn syntax(read: Result<Content, Broken>) -> (u64, String) {
    match read {
        Err(Broken::Column { line, message }) => (line, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_header_in_a_comment_tells_the_columns_of_threatfox() {
    let content = read(ListFormat::Csv, THREATFOX);
    assert_eq!(entries(&content), [(5, "203.0.113.9:8443", "botnet_cc, Example RAT")]);
    let details = content.entries[0].details.as_deref().expect("details");
    assert_eq!(details.confidence, Some(75));
    let kinds = [("domain", 1), ("hash", 1), ("url", 1)].map(|(kind, n)| (kind.to_owned(), n));
    assert_eq!(others(&content), kinds);
    assert_eq!(rejects(&content), ["line 9: \"203.0.113:80\": not an address"]);
    assert_eq!(content.warning_kinds[&WarningKind::PortIgnored], 1);
    assert_eq!(content.lines, 5);
}

#[test]
fn quoted_rows_below_a_quoted_header_are_entries_without_the_quotes() {
    let content = read(ListFormat::Csv, QUOTED);
    assert_eq!(entries(&content), [(4, "203.0.113.9", "Example"), (5, "2001:db8::9", "Sample")]);
    assert_eq!(content.lines, 2);
}

#[test]
fn a_feed_without_rows_is_still_a_feed() {
    let text = QUOTED.lines().take(3).map(|line| format!("{line}\n")).collect::<String>();
    let content = read(ListFormat::Csv, &(text + "# END 0 entries\n"));
    assert_eq!((content.lines, content.entries.len()), (0, 0));
}

#[test]
fn urls_are_counted_and_no_entries_though_their_hosts_may_be_addresses() {
    let text = "# made up\n# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n\
        \"2\",\"2025-06-01 00:00:01\",\"http://192.0.2.7:81/x.sh\",\"online\",\"\",\"malware_download\",\"elf,sh\",\"https://example.com/2/\",\"someone\"\n\
        \"1\",\"2025-06-01 00:00:01\",\"http://c2.example.com/y\",\"offline\",\"\",\"malware_download\",\"elf\",\"https://example.com/1/\",\"someone\"\n";
    let content = read(ListFormat::Csv, text);
    assert_eq!(entries(&content), []);
    assert_eq!(others(&content), [("url".to_owned(), 2)]);
}

#[test]
fn a_header_behind_a_comment_sign_names_the_columns() {
    let content = read(ListFormat::Csv, "#ip,ioc\n203.0.113.9,Possible C2\n203.0.113.10,\n");
    assert_eq!(entries(&content), [(2, "203.0.113.9", "Possible C2"), (3, "203.0.113.10", "")]);
}

#[test]
fn a_column_of_placeholders_is_none_of_addresses() {
    let content =
        read(ListFormat::Csv, "Address,url\n127.0.0.1,a.example.com\n0.0.0.0,b.example.com\n");
    assert_eq!(entries(&content), []);
    assert_eq!(others(&content), [("domain".to_owned(), 2)]);

    let content = read(ListFormat::Csv, "address,ip\n127.0.0.1,203.0.113.9\n::1,203.0.113.10\n");
    assert_eq!(entries(&content), [(2, "203.0.113.9", ""), (3, "203.0.113.10", "")]);
}

#[test]
fn tabs_and_semicolons_part_columns_below_a_header() {
    for text in [
        "ip\tnote\n203.0.113.9\tone, two; three\n203.0.113.0/24\t\n",
        "note;ip\n\"one, two; three\";203.0.113.9\n;203.0.113.0/24\n",
        "ip , note\n203.0.113.9 , \"one, two; three\"\n203.0.113.0/24 ,\n",
    ] {
        let content = read(ListFormat::Csv, text);
        let expected = [(2, "203.0.113.9", "one, two; three"), (3, "203.0.113.0/24", "")];
        assert_eq!(entries(&content), expected, "{text:?}");
    }
}

#[test]
fn without_a_header_the_values_tell_the_column() {
    let content = read(ListFormat::Csv, "\"203.0.113.9\",\"c2\",\"2025-06-01\"\n");
    assert_eq!(entries(&content), [(1, "203.0.113.9", "c2")]);

    let content = read(
        ListFormat::Csv,
        "2025-06-01,scan,203.0.113.5-203.0.113.10\n2025-06-02,c2,203.0.113.9\n2025-06-02,c2,203.0.113\n",
    );
    assert_eq!(
        entries(&content),
        [(1, "203.0.113.5-203.0.113.10", "scan"), (2, "203.0.113.9", "c2")]
    );
    assert_eq!(rejects(&content), ["line 3: \"203.0.113\": not an address"]);

    let content = read(ListFormat::Csv, "\"203.0.113.9\"\n\"198.51.100.7\"\n");
    assert_eq!(entries(&content), [(1, "203.0.113.9", ""), (2, "198.51.100.7", "")]);
}

#[test]
fn a_header_of_unknown_names_is_no_entry_and_no_refusal() {
    let content = read(ListFormat::Csv, "who,where,adr\na,b,203.0.113.9\nc,d,203.0.113.10\n");
    assert_eq!(entries(&content), [(2, "203.0.113.9", "a, b"), (3, "203.0.113.10", "c, d")]);
    assert_eq!(content.rejects.total, 0);
}

#[test]
fn mixed_indicators_are_counted_by_type_or_by_looks() {
    let text = "Type,Indicator,Name\r\nFilename,%SystemDrive%\\a.dll,\r\nIP,203.0.113[.]9,c2\r\n\
                IP,203.0.113[.]10:4555,c2\r\nURL,hxxp://c2.example[.]com/x,\r\nSHA256,ab,\r\nCVE,CVE-2025-1,\r\n";
    let content = read(ListFormat::Csv, text);
    assert_eq!(entries(&content), [(3, "203.0.113[.]9", "c2"), (4, "203.0.113[.]10:4555", "c2")]);
    let kinds = [("file", 1), ("hash", 1), ("url", 1), ("other", 1)];
    assert_eq!(others(&content), kinds.map(|(kind, count)| (kind.to_owned(), count)));

    let text =
        "indicator,note\n203.0.113.9,a\nc2.example.com,b\n203.0.113.300,c\nhttp://192.0.2.1/,d\n";
    let content = read(ListFormat::Csv, text);
    assert_eq!(entries(&content), [(2, "203.0.113.9", "a")]);
    assert_eq!(others(&content), [("domain".to_owned(), 1), ("url".to_owned(), 1)]);
    assert_eq!(rejects(&content), ["line 4: \"203.0.113.300\": not an address"]);
}

#[test]
fn what_is_no_address_in_a_column_of_addresses_is_refused() {
    let text = "ip,type,domain\n203.0.113.9,domain,\nc2.example.com,x,\n,x,c2.example.com\n,x,\n";
    let content = read(ListFormat::Csv, text);
    assert_eq!(entries(&content), [(2, "203.0.113.9", "domain")]);
    assert_eq!(others(&content), [("domain".to_owned(), 1)]);
    assert_eq!(
        rejects(&content),
        [
            "line 3: \"c2.example.com\": not an address",
            "line 5: \",x,\": damaged: nothing stands in its column of addresses",
        ]
    );
}

#[test]
fn an_option_names_the_column() {
    let text = "src_ip,dst_ip,note\n192.0.2.1,203.0.113.9,x\n192.0.2.2,203.0.113.10,y\n";
    for column in ["dst_ip", "Dst IP", "2"] {
        let content = with_column(text, column).expect("a list");
        assert_eq!(entries(&content), [(2, "203.0.113.9", "x"), (3, "203.0.113.10", "y")]);
    }
    let content = with_column("a,peer\nb,203.0.113.9\n", "peer").expect("a list");
    assert_eq!(entries(&content), [(2, "203.0.113.9", "b")]);
    let content = with_column("203.0.113.9,198.51.100.7\n", "2").expect("a list");
    assert_eq!(entries(&content), [(1, "198.51.100.7", "")]);
    let content = with_column("address,url\n127.0.0.1,a.example.com\n", "address").expect("a list");
    assert_eq!(entries(&content), [(2, "127.0.0.1", "")], "asked for, placeholders are taken");
}

#[test]
fn a_column_that_is_missing_or_in_doubt_is_an_error_that_names_the_columns() {
    let text = "# x\nsrc_ip,dst_ip,note\n192.0.2.1,203.0.113.9,x\n";
    assert_eq!(
        syntax(with_column(text, "peer")),
        (2, "no column \"peer\", there are src_ip, dst_ip, note".to_owned())
    );
    assert_eq!(syntax(with_column(text, "0")).1, "no column \"0\", there are src_ip, dst_ip, note");
    assert_eq!(syntax(with_column(text, "4")).1, "no column \"4\", there are src_ip, dst_ip, note");
    let parse = |text: &str| ListFormat::Csv.parse(&mut text.as_bytes(), &options());
    assert_eq!(
        syntax(parse(text)).1,
        "addresses in several columns (src_ip, dst_ip), name the one to read"
    );
    assert_eq!(
        syntax(parse("192.0.2.0,192.0.2.255,x\n")).1,
        "addresses in several columns (1, 2), name the one to read"
    );
    assert_eq!(
        syntax(parse("a,b\nc,d\n")),
        (1, "no column of addresses, there are 2 without names".into())
    );
    assert_eq!(parse("").expect("nothing").lines, 0);
    assert_eq!(parse("# only\n\n").expect("nothing").lines, 0);
}

#[test]
fn a_time_of_validity_is_kept_and_what_is_over_is_left_out() {
    let text = "indicator,type,valid_from,valid_until,confidence\n\
                203.0.113.9,ipv4-addr,2025-01-01T00:00:00Z,2025-12-31,85\n\
                203.0.113.10,ipv4-addr,,2025-06-14,85\n\
                203.0.113.11,ipv4-addr,,never,\n\
                203.0.113.12,ipv4-addr,,next week,\n";
    let content = read(ListFormat::Csv, text);
    assert_eq!(entries(&content), [(2, "203.0.113.9", ""), (4, "203.0.113.11", "")]);
    let details = content.entries[0].details.as_deref().expect("details");
    let times = [details.valid_from, details.valid_until].map(|time| time.map(|t| t.to_string()));
    assert_eq!(
        times,
        [Some("2025-01-01T00:00:00Z".to_owned()), Some("2025-12-31T00:00:00Z".to_owned())]
    );
    assert_eq!((details.confidence, content.expired), (Some(85), 1));
    assert_eq!(
        rejects(&content),
        [
            "line 5: \"203.0.113.12\": damaged: its time of validity is not like 2025-06-01T12:00:00Z"
        ]
    );
}

#[test]
fn the_header_may_come_again_where_files_were_joined() {
    let content =
        read(ListFormat::Csv, "ip,note\n203.0.113.9,a\n\u{feff}ip,note\r\n203.0.113.10,b\r\n");
    assert_eq!(entries(&content), [(2, "203.0.113.9", "a"), (4, "203.0.113.10", "b")]);
}

#[test]
fn rows_that_are_damaged_are_refused_by_line() {
    let text = "note,ip,x\na,203.0.113.9,\n\"b,203.0.113.10,\nc,203.0.113.11,\n\"d\ne\",203.0.113.12,\nf,\"203.0.113.13\n\",\ng,203.0.113.1";
    let content = read(ListFormat::Csv, text);
    assert_eq!(
        entries(&content),
        [
            (2, "203.0.113.9", "a"),
            (4, "203.0.113.11", "c"),
            (5, "203.0.113.12", "d e"),
            (7, "203.0.113.13", "f")
        ]
    );
    assert_eq!(
        rejects(&content),
        [
            "line 3: \"\\\"b,203.0.113.10,\": damaged: a quote is not closed",
            "line 9: \"203.0.113.1\": damaged: the list ends within it",
        ]
    );
}

#[test]
fn lengths_in_a_column_of_their_own_are_told_and_rows_that_are_too_wide_refused() {
    for header in ["network,prefixlen", "ip,netmask", "ip,Prefix Length"] {
        let text = format!("{header}\n203.0.113.0,24\n192.0.2.0,25\n");
        let broken = super::parse(&mut text.as_bytes(), &ListOptions::default());
        assert!(matches!(broken, Err(Broken::Column { .. })), "{header}");
    }
    let text = "label,ip,score\nx,192.0.2.1,1\na,192.0.2.2,192.0.2.3,2\ny,192.0.2.4,3,\n";
    let content = super::parse(&mut text.as_bytes(), &ListOptions::default()).unwrap();
    let lines: Vec<u64> = content.entries.iter().map(|entry| entry.line).collect();
    assert_eq!((lines, content.rejects.total), (vec![2, 4], 1), "line 3 has a column too many");
}

#[test]
fn plain_text_stays_plain_text_whatever_is_in_its_labels() {
    for text in [
        "192.0.2.1 one, two\n192.0.2.2 # three, 198.51.100.1, four\n",
        "192.0.2.1\t10\n192.0.2.2\t9\n",
        "# IP\tnumber of (black)lists\n#\n192.0.2.1\t10\n192.0.2.2\t9\n",
        "192.0.2.1\t\t# 2025-06-01 12:02:10\t\t26\t2855073\n",
        "# ip;score\n192.0.2.1;65\n192.0.2.2;70\n",
        "; drop, list\n192.0.2.0/24 ; SBL1, \"x\"\n",
        "# ip, note\n192.0.2.1\n192.0.2.2\n",
        "# ip, note\n",
        "192.0.2.1 - 192.0.2.9 , 100 , name\n192.0.2.20 - 192.0.2.29 , 100 , name\n",
        "c2.example.com\n192.0.2.1\nbad.example.com\n",
        "192.0.2.1\n192.0.2.2\n192.0.2.3,x\n",
        "alert ip [192.0.2.1,192.0.2.2] any -> $HOME_NET any (msg:\"a\"; sid:1;)\n\
         alert ip [192.0.2.3,192.0.2.4,192.0.2.5] any -> $HOME_NET any (msg:\"b\"; sid:2;)\n\
         alert ip [192.0.2.6,192.0.2.0/24,192.0.2.7,192.0.2.8] any -> any any (sid:3;)\n",
        "a,b\nc,d\n",
        "",
    ] {
        assert_eq!(recognise(text), None, "{text:?}");
    }
}

#[test]
fn columns_may_begin_behind_a_long_comment_and_go_on_behind_the_beginning() {
    let rows: String = (0..60_000).map(|n| format!("{},2001:db8::{n:x},x\n", n % 7)).collect();
    let text = format!("{}when,ip,note\n{rows}", "# about\n".repeat(1000));
    let content = read(ListFormat::Csv, &text);
    assert_eq!((content.entries.len(), content.rejects.total), (60_000, 0));
    assert_eq!(content.entries[59_999].line, 61_001);
}

#[test]
fn a_list_that_is_cut_off_has_only_entries_of_the_whole_one() {
    check_cut_anywhere(ListFormat::Csv, QUOTED);
    check_cut_anywhere(ListFormat::Csv, THREATFOX);
    check_cut_anywhere(
        ListFormat::Csv,
        "ip,note,valid_until\n203.0.113.9,\"a\nb\",2025-12-31\n203.0.113.10,x,2026-01-01\n",
    );
}

fn is_no_placeholder(address: std::net::IpAddr) -> bool {
    let address = address.to_canonical();
    !address.is_loopback() && !address.is_unspecified()
}

/// Pieces that tables are made of.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(",".to_owned()),
        Just("\n".to_owned()),
        Just("\"".to_owned()),
        Just("\t".to_owned()),
        Just("#".to_owned()),
        Just("ip,note\n".to_owned()),
        Just("type,value,to_ids\n".to_owned()),
        Just("ip-dst|port,".to_owned()),
        Just("192.0.2.0\t192.0.2.255\t24\n".to_owned()),
        Just("192.0.2.1#4#2#x#NL##1,2#3\n".to_owned()),
        any::<std::net::IpAddr>().prop_map(|address| address.to_string()),
        "[ -~]{0,6}",
        "\\PC{0,3}",
    ]
}

proptest! {
    #[test]
    fn any_damage_leaves_every_row_accounted_for(at in any::<usize>(), byte in any::<u8>()) {
        check_damage(ListFormat::Csv, QUOTED, at, byte);
        check_damage(ListFormat::Csv, THREATFOX, at, byte);
    }

    #[test]
    fn entries_of_columns_stand_for_themselves(
        pieces in proptest::collection::vec(piece(), 0..40),
    ) {
        check_list(pieces.concat().as_bytes());
    }

    #[test]
    fn an_address_is_found_in_its_column_whatever_stands_beside_it(
        rows in proptest::collection::vec((any::<std::net::IpAddr>(), "[ -~\n]{0,20}", any::<bool>()), 1..20),
        delimiter in proptest::sample::select(vec![",", ";", "\t", ", "]),
    ) {
        // With a header, so that no placeholder and no plain text is in question.
        let rows: Vec<_> = rows.into_iter().filter(|(address, ..)| is_no_placeholder(*address)).collect();
        let mut text = format!("note{delimiter}ip{delimiter}x\n");
        for (address, note, quoted) in &rows {
            let note = note.replace('"', "\"\"");
            let quote = if *quoted { "\"" } else { "" };
            text += &format!("\"n{note}\"{delimiter}{quote}{address}{quote}{delimiter}\n");
        }
        let options = ListOptions { allow_wide: true, ..options() };
        let content = ListFormat::Csv.parse(&mut text.as_bytes(), &options).expect("a list");
        let found: Vec<_> = content.entries.iter().map(|entry| entry.prefixes[0].addr()).collect();
        let written: Vec<_> = rows.iter().map(|(address, ..)| address.to_canonical()).collect();
        prop_assert_eq!(found, written);
    }
}
