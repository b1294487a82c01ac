use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fuzz::{check_notices, notices};
use crate::{Notice, Noticed};

/// A key as S3 writes it into its events.
fn encoded(key: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        b'/' | b'-' | b'_' | b'.' | b'*' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    key.bytes().map(byte).collect()
}

fn event(of_s3: bool, key: &str) -> Value {
    if of_s3 {
        let object = json!({"key": encoded(key), "size": 5, "eTag": "e"});
        let s3 = json!({"bucket": {"name": "example-logs"}, "object": object});
        json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": s3}]})
    } else {
        let object = json!({"key": key, "size": 5, "etag": "e"});
        let detail = json!({"bucket": {"name": "example-logs"}, "object": object});
        json!({"detail-type": "Object Created", "source": "aws.s3", "detail": detail})
    }
}

fn wrapped(envelope: u8, inner: &Value) -> Value {
    let text = inner.to_string();
    let sns = json!({"Type": "Notification", "Message": text});
    match envelope {
        0 => sns,
        1 => json!({"Messages": [{"MessageId": "m", "Body": text}]}),
        2 => json!({"Records": [{"eventSource": "aws:sqs", "body": text}]}),
        3 => json!({"Records": [{"EventSource": "aws:sns", "Sns": sns}]}),
        4 => json!([inner]),
        _ => json!({"MessageId": "m", "Body": text}),
    }
}

fn keys() -> impl Strategy<Value = String> {
    let likely = vec(
        prop::sample::select(vec!["a", " ", "+", "%", "%2B", "%3D", "/", "é", "=", "\n"]),
        1..20,
    );
    prop_oneof![
        likely.prop_map(|parts| parts.concat()),
        vec(any::<char>(), 1..200).prop_map(String::from_iter)
    ]
}

/// Pieces that streams are made of, whole and broken.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"{", b"}", b"[", b"]", b":", b",", b"\"", b"\\", b"\n", b"\r\n", b" ", b"1", b"-", b"true",
        b"\xff", "\u{feff}".as_bytes(), b"s3://", b"example-logs", b"/", b"%2", b"+", b"\"Records\":[",
        b"\"eventName\":\"ObjectCreated:Put\"", b"\"s3\":", b"\"bucket\":{\"name\":\"b\"}",
        b"\"object\":{\"key\":\"k\"}", b"\"Body\":", b"\"Type\":\"Notification\"", b"\"Message\":",
        b"{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}]}",
        b"\"{\\\"Records\\\":[]}\"", b"{\"Event\":\"s3:TestEvent\"}",
    ];
    vec(prop::sample::select(pieces), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_key_in_any_envelope_comes_back_exactly(
        key in keys(),
        of_s3: bool,
        envelopes in vec(0_u8..6, 0..3),
        printed: bool,
        room in 1_usize..100,
    ) {
        let value = envelopes.iter().fold(event(of_s3, &key), |inner, kind| wrapped(*kind, &inner));
        let text = if printed { format!("{value:#}") } else { value.to_string() };
        let notice = Notice {
            bucket: "example-logs".into(),
            key,
            etag: Some("e".into()),
            size: Some(5),
            version_id: None,
        };
        prop_assert_eq!(notices(text.as_bytes()), [Ok(Noticed::New(notice))]);
        check_notices(text.as_bytes(), room);
    }

    #[test]
    fn any_bytes_are_noticed_or_refused(stream in vec(any::<u8>(), 0..300), room in 1_usize..100) {
        check_notices(&stream, room);
    }

    #[test]
    fn any_pieces_of_streams_are_noticed_or_refused(stream in streams(), room in 1_usize..100) {
        check_notices(&stream, room);
    }

    #[test]
    fn a_value_ends_where_a_parser_ends_it(stream in streams()) {
        let Ok(text) = str::from_utf8(&stream) else { return Ok(()) };
        let Some(start) = text.find(['{', '[']) else { return Ok(()) };
        let text = &text[start..];
        let mut parser = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let parsed = parser.next();
        if let Some(Ok(_)) = parsed {
            let end = parser.byte_offset();
            let alone = notices(&text.as_bytes()[..end]);
            let both = notices(format!("{}\ns3://a/b\n", &text[..end]).as_bytes());
            prop_assert_eq!(&both[..both.len() - 1], &alone[..]);
            let is_broken = |part: &Result<Noticed, crate::NoticeError>| {
                part.as_ref().is_err_and(|error| error.to_string().contains("broken JSON"))
            };
            prop_assert!(!alone.iter().any(is_broken), "{}: {:?}", text, alone);
        } else {
            prop_assert!(notices(text.as_bytes())[0].is_err());
        }
    }
}
