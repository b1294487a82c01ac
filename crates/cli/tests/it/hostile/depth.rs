//! Documents that are deep, and XML that grows.

use super::{MEMORY, file, within};
use crate::program::{arg, testdata};

#[test]
fn deep_json_is_refused_wherever_it_is_read() {
    let logs = arg(testdata().join("worked/logs"));
    for (begin, unit) in
        [("", "["), ("", "{\"a\":"), ("{\"Findings\":", "["), ("{\"logEvents\":", "[")]
    {
        let (_folder, place) = file("deep.json", format!("{begin}{}", unit.repeat(1_000_000)));
        let finding = within(MEMORY, &["investigate", "--logs", &logs, "--finding", &place]);
        assert_eq!((finding.code, &*finding.out), (Some(1), ""), "{finding:?}");
        let by = ["volumes", "--by", "interface", "--logs", &logs, "--inventory", &place];
        assert_eq!(within(MEMORY, &by).code, Some(1), "{unit}");
        assert_eq!(within(MEMORY, &["lists", "check", &place]).code, Some(1), "{unit}");
        let log = within(MEMORY, &["inspect", "--include-all", "--logs", &place]);
        assert!(log.code == Some(3) || log.code == Some(4), "{log:?}");
    }
}

#[test]
fn entities_of_xml_are_neither_expanded_nor_fetched() {
    let mut entities =
        String::from("<!ENTITY e0 \"203.0.113.9\"><!ENTITY f SYSTEM \"file:///etc/passwd\">");
    for n in 1..10 {
        entities += &format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10));
    }
    let xml = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE ioc [{entities}]><ioc xmlns=\"http://schemas.mandiant.com/2010/ioc\"><definition>\
         <Indicator operator=\"OR\"><IndicatorItem condition=\"is\"><Context search=\"PortItem/remoteIP\" type=\"mir\"/>\
         <Content type=\"IP\">&e9;&f;</Content></IndicatorItem></Indicator></definition></ioc>"
    );
    let (_folder, place) = file("list.ioc", xml);
    let run = within(MEMORY, &["lists", "check", &place]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.len() < 10_000 && !run.out.contains("root:"), "{run:?}");
}

#[test]
fn deep_xml_is_refused() {
    let (_folder, place) =
        file("list.xml", format!("<?xml version=\"1.0\"?><ioc>{}", "<a>".repeat(1_000_000)));
    let run = within(MEMORY, &["lists", "check", &place]);
    assert_eq!(run.code, Some(1), "{run:?}");
}
