//! Where credentials come from. Each case runs in a child with an environment of its own: this
//! process's environment and home are never looked at.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowproof_s3_testing::{Fault, Memory, Rule, S3Server};
use flowproof_source::s3::{ListRequest, S3, S3Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Runs the ignored test below in a child and gives what it printed.
fn child(server: &S3Server, profile: Option<&str>, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "chain::in_a_child", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env_clear();
    command.envs([("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", "/nonexistent")]);
    command.env("TEST_ENDPOINT", server.endpoint());
    command.envs(profile.map(|profile| ("TEST_PROFILE", profile)));
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test]
#[ignore = "only as a child of the other tests"]
async fn in_a_child() {
    let options = S3Options {
        endpoint_url: std::env::var("TEST_ENDPOINT").ok(),
        profile: std::env::var("TEST_PROFILE").ok(),
        role_arn: std::env::var("TEST_ROLE").ok(),
        external_id: std::env::var("TEST_ROLE").ok().map(|_| "of-the-customer".into()),
        path_style: true,
        attempts: 2,
        ..S3Options::default()
    };
    let store = S3::connect(&options).await.unwrap().bucket("logs");
    let pause = std::env::var("TEST_PAUSE").map_or(0, |pause| pause.parse().unwrap());
    for wait in [0, pause] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        match store.list_page(&ListRequest::default()).await {
            Ok(page) => println!("listed {}", page.objects.len()),
            Err(failure) => println!("failed {:?} {failure}", failure.kind),
        }
    }
}

async fn server() -> S3Server {
    let objects = Memory::default();
    objects.put("logs", "a", "x");
    S3Server::memory(objects).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_come_from_the_environment() {
    let server = server().await;
    let environment = server.environment();
    let environment: Vec<_> = environment.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let printed = child(&server, None, &environment);
    assert!(printed.contains("listed 1"), "{printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_and_region_come_from_the_profile_that_is_named() {
    let server = server().await;
    let keys = server.environment();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let text = format!(
        "[profile reader]\nregion = eu-central-1\naws_access_key_id = {}\n\
         aws_secret_access_key = {}\n",
        keys[0].1, keys[1].1
    );
    std::fs::write(&config, text).unwrap();
    server.faults().add(Rule::new(Fault::Redirect("eu-central-1")));
    let config = config.display().to_string();
    let printed = child(&server, Some("reader"), &[("AWS_CONFIG_FILE", &config)]);
    assert!(printed.contains("listed 1"), "{printed}");
    assert_eq!(server.counts().list, 2, "the first request went to the profile's Region");
    let printed = child(&server, Some("other"), &[("AWS_CONFIG_FILE", &config)]);
    assert!(printed.contains("failed NoCredentials"), "{printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_credentials_it_says_how_to_get_some() {
    let server = server().await;
    let printed = child(&server, None, &[]);
    assert!(printed.contains("failed NoCredentials"), "{printed}");
    assert!(printed.contains("--profile"), "{printed}");
    assert_eq!(server.counts().list, 0);
}

#[tokio::test]
async fn an_external_id_needs_a_role() {
    let options = S3Options { external_id: Some("1".into()), ..S3Options::default() };
    assert!(S3::connect(&options).await.unwrap_err().text.contains("--role-arn"));
}

const ROLE: &str = "arn:aws:iam::123456789012:role/reader";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_is_taken_on_with_its_external_id_and_taken_on_again_before_it_ends() {
    let server = server().await;
    let keys = server.environment();
    // These end in the pause between the child's two requests. The SDK takes a role on again some
    // seconds before the end, how many is random.
    let (endpoint, mut asked) = roles(&keys[0].1, &keys[1].1, Duration::from_millis(1_500)).await;
    let environment = [
        // Good for roles only: the bucket refuses them.
        ("AWS_ACCESS_KEY_ID", "AKIAI44QH8DHBEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "of-the-person"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL_STS", &endpoint),
        ("TEST_ROLE", ROLE),
        ("TEST_PAUSE", "2500"),
    ];
    let printed = child(&server, None, &environment);
    assert_eq!(printed.matches("listed 1").count(), 2, "{printed}");
    for _ in 0..2 {
        let asked = asked.try_recv().expect("the role was taken on twice");
        assert!(asked.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Freader"));
        assert!(asked.contains("ExternalId=of-the-customer"), "{asked}");
        assert!(asked.contains("RoleSessionName=flowproof"), "{asked}");
        assert!(asked.contains("AKIAI44QH8DHBEXAMPLE"), "signed by the person: {asked}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_be_taken_on_is_told() {
    let server = server().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            request(&mut stream).await;
            let refusal = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
                           <Message>not authorized to perform: sts:AssumeRole</Message></Error>\
                           </ErrorResponse>";
            respond(&mut stream, "403 Forbidden", refusal).await;
        }
    });
    let environment = [
        ("AWS_ACCESS_KEY_ID", "AKIAI44QH8DHBEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "of-the-person"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL_STS", &endpoint),
        ("TEST_ROLE", ROLE),
    ];
    let printed = child(&server, None, &environment);
    assert!(printed.contains("failed NoCredentials"), "{printed}");
    assert!(printed.contains("sts:AssumeRole"), "{printed}");
    assert_eq!(server.counts().list, 0);
}

/// A server that gives roles these keys for so long. What it was asked comes out of the channel.
async fn roles(
    access_key: &str,
    secret_key: &str,
    lifetime: Duration,
) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    let keys = format!(
        "<AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>{secret_key}</SecretAccessKey>"
    );
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            sender.send(request(&mut stream).await).unwrap();
            let expiration = SystemTime::now() + lifetime;
            let expiration = expiration.duration_since(UNIX_EPOCH).unwrap().as_millis();
            let expiration = jiff::Timestamp::from_millisecond(expiration as i64).unwrap();
            let answer = format!(
                "<AssumeRoleResponse><AssumeRoleResult><Credentials>{keys}\
                 <SessionToken>token</SessionToken><Expiration>{expiration}</Expiration>\
                 </Credentials><AssumedRoleUser><AssumedRoleId>AROA:flowproof</AssumedRoleId>\
                 <Arn>{ROLE}</Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
            );
            respond(&mut stream, "200 OK", &answer).await;
        }
    });
    (endpoint, receiver)
}

/// A request, head and body.
async fn request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).await.unwrap();
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let wanted = head.split_once("content-length: ").unwrap().1.lines().next().unwrap();
        if body.len() == wanted.parse::<usize>().unwrap() {
            return text;
        }
    }
}

async fn respond(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {length}");
    let answer = format!("{head}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await.unwrap();
}
