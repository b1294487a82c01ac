//! Answers of a hostile store.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use super::{MEMORY, watch};
use crate::program::{Run, command};

/// Answers each request on loopback by what `answer` writes for its number, and runs the program against it.
fn against(answer: impl Fn(usize, &mut TcpStream) -> std::io::Result<()> + Send + 'static) -> Run {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let request = BufReader::new(stream.try_clone().unwrap());
            let _ =
                request.lines().map_while(Result::ok).take_while(|line| !line.is_empty()).count();
            // Whoever asked may have gone.
            let _ = answer(number, &mut stream);
        }
    });
    let keys = [
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
        ("AWS_REGION", "us-east-1"),
    ];
    let keys: Vec<_> = keys.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    let args = [
        "inspect",
        "--logs",
        "s3://logs/",
        "--endpoint-url",
        &endpoint,
        "--path-style",
        "--s3-attempts=1",
    ];
    watch(MEMORY, command(&args, &keys))
}

fn respond(stream: &mut TcpStream, status: &str, more: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{more}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn page(token: &str, keys: &str) -> String {
    format!(
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>{keys}</ListBucketResult>"
    )
}

#[test]
fn an_answer_without_an_end_is_not_held() {
    for status in ["200 OK", "403 Forbidden"] {
        let run = against(move |_, stream| {
            write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n\r\n<ListBucketResult>")?;
            (0..1024).try_for_each(|_| stream.write_all(&[b' '; 1 << 20]))
        });
        assert_eq!((run.code, &*run.out), (Some(1), ""), "{run:?}");
    }
}

#[test]
fn a_listing_that_goes_in_a_circle_or_has_no_end_is_an_error() {
    let circle = against(|number, stream| {
        respond(stream, "200 OK", "", &page(["a", "b", "c"][number % 3], ""))
    });
    assert!(circle.code == Some(1) && circle.err.contains("goes in a circle"), "{circle:?}");
    let endless =
        against(|number, stream| respond(stream, "200 OK", "", &page(&number.to_string(), "")));
    assert!(
        endless.code == Some(1) && endless.err.contains("page after page without a key"),
        "{endless:?}"
    );
    let long = "k".repeat(2000);
    let keys = format!("<Contents><Key>{long}</Key><Size>1</Size></Contents>");
    let run = against(move |_, stream| respond(stream, "200 OK", "", &page("a", &keys)));
    assert!(run.code == Some(1) && run.err.contains("a key longer than any can be"), "{run:?}");
}

#[test]
fn a_redirect_is_not_followed_to_another_host() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let location = format!("Location: http://{}/logs\r\n", other.local_addr().unwrap());
    let run = against(move |_, stream| respond(stream, "307 Temporary Redirect", &location, ""));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(other.accept().is_err(), "nobody came");
}

#[test]
fn what_a_store_says_is_told_short_and_does_not_act() {
    let entity = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\">]>";
    let message = format!("\u{9b}31m\u{202e}&#27;[2J{}", "x".repeat(100_000));
    let body =
        format!("{entity}<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>");
    let run = against(move |_, stream| respond(stream, "403 Forbidden", "", &body));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.len() < 3000 && !run.err.contains(['\u{9b}', '\u{202e}', '\u{1b}']), "{run:?}");
}
