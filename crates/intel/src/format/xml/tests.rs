use super::*;

/// What was told, one line each.
#[derive(Default)]
struct Told(Vec<String>);

impl Visit for Told {
    fn open(&mut self, element: &Element<'_>) {
        let Element { line, namespace, name, .. } = element;
        let attribute = element.attribute("a").map(|a| format!(" a={a}")).unwrap_or_default();
        let condition =
            element.attribute("condition").map(|c| format!(" condition={c}")).unwrap_or_default();
        self.0.push(format!("{line} {{{namespace}}}{name}{attribute}{condition}"));
    }

    fn close(&mut self, name: &str, text: &str) {
        self.0.push(format!("/{name} {text:?}"));
    }
}

fn told(text: &str) -> Result<Vec<String>, String> {
    let mut told = Told::default();
    match read(&mut text.as_bytes(), &mut told) {
        Ok(()) => Ok(told.0),
        Err(Broken::Syntax { line, message } | Broken::Column { line, message }) => {
            Err(format!("{line}: {message}"))
        }
        Err(Broken::Read(error)) => panic!("{error}"),
    }
}

#[test]
fn elements_are_told_with_line_namespace_attributes_and_text() {
    let document = "<?xml version='1.0'?>\r\n<!-- <no/> -->\r\n<p:one xmlns:p='urn:p' xmlns='urn:d'\r\n  \
                    a='1 &lt; 2'>\r\n<two a=\"x\"/><p:three>a &amp; b &#65;<!-- c --><![CDATA[<&>]]> &x;</p:three\r\n></p:one>";
    assert_eq!(
        told(document).expect("well-formed"),
        [
            "3 {urn:p}one a=1 < 2",
            "5 {urn:d}two a=x",
            "/two \"\"",
            "5 {urn:p}three",
            "/three \"a & b A<&> &x;\"",
            "/one \"\"",
        ]
    );
}

#[test]
fn faults_that_leave_no_doubt_are_survived() {
    for (document, expected) in [
        ("<a xmlns:='urn:x'>R&D</a>", ["1 {urn:x}a", "/a \"R&D\""]),
        ("<a b='1' b='2'>?a=1&b=2</a >", ["1 {}a", "/a \"?a=1&b=2\""]),
        (
            "<p:Valcondition=\"Equals\" xmlns:p='urn:p'>x</p:Val>",
            ["1 {urn:p}Val condition=Equals", "/Val \"x\""],
        ),
        ("<!-- a -- b --><a>&#xZZ;</a>", ["1 {}a", "/a \"&#xZZ;\""]),
    ] {
        assert_eq!(told(document).expect(document), expected, "{document}");
    }
}

#[test]
fn damage_is_told_with_its_line() {
    for (document, expected) in [
        ("", "1: there is no element"),
        ("<!-- a -->\n", "2: there is no element"),
        ("<a>\n<b>\n", "3: breaks off inside <b>"),
        (
            "<a>\n<b c='1\n",
            "2: syntax error: attribute value not closed: `'` not found before end of input",
        ),
        ("<a>\n<b>\n</a>", "3: <b> is ended by </a>"),
        ("<a>\n</a>\n</a>", "3: ill-formed document: close tag `</a>` does not match any open tag"),
        (
            "<a>\n<!-- <b>\n",
            "2: syntax error: comment not closed: `-->` not found before end of input",
        ),
        ("<a>\n<p:b/></a>", "2: the prefix \"p\" is not declared"),
        ("<a>\n<b c=1/></a>", "2: position 4: attribute value must be enclosed in `\"` or `'`"),
        ("<a>\n<bc='1'>x</b></a>", "2: no blank after the name in <bc='1'>"),
    ] {
        assert_eq!(told(document).expect_err(document), expected, "{document}");
    }
}

#[test]
fn depth_has_an_end() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert_eq!(told(&nested(DEEPEST)).expect("deep").len(), 2 * DEEPEST);
    let refusal = told(&nested(DEEPEST + 1)).expect_err("deeper");
    assert_eq!(refusal, "1: more than 1000 elements in one another");
}

#[test]
fn an_item_without_end_takes_no_memory() {
    // It is noticed at the end of a block at the latest.
    let long = "a".repeat(LARGEST_ITEM + (1 << 15));
    let in_pieces = format!("{0}<!-- c -->{0}", &long[..LARGEST_ITEM / 2 + 1]);
    for (document, line) in [
        (format!("<a>\n<b>{long}</b></a>"), 2),
        (format!("<a>\n<b>{in_pieces}</b></a>"), 2),
        (format!("<a>\n<b c='{long}'></b></a>"), 2),
        (format!("<!-- {long} -->\n<a/>"), 1),
    ] {
        let refusal = told(&document).err();
        let expected = format!("{line}: a tag or a text of more than 16777216 bytes");
        assert!(refusal == Some(expected), "{}", &document[..20]);
    }
}

#[test]
fn blanks_in_a_text_are_one_blank_each() {
    assert_eq!(one_line("\n  a\t b\r\nc "), "a b c");
    assert_eq!(one_line(" \n"), "");
}
