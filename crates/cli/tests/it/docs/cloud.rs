//! What the commands of `docs/s3.md` need to run: buckets, a role and a profile, all within this
//! process.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use flowproof_s3_testing::{Memory, S3Server};
use tempfile::TempDir;

use crate::naive::files_below;
use crate::program::{arg, testdata};

/// The endpoint that the page shows.
const SHOWN_ENDPOINT: &str = "https://s3.example.com:9000";
/// The external id that the page shows.
const EXTERNAL_ID: &str = "case-4711";
/// The profile that the page shows.
const PROFILE: &str = "forensics";

pub(crate) struct Cloud {
    pub(super) server: S3Server,
    pub(super) objects: Memory,
    /// Where roles are taken on.
    roles: String,
    /// The AWS configuration files.
    folder: TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Cloud {
    /// The buckets of the page: logs, and what an investigation is about.
    pub(super) fn new() -> Cloud {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let objects = Memory::default();
        let worked = testdata().join("worked");
        put_below(&objects, "example-logs", &worked.join("logs"));
        for name in ["finding.json", "tor-exits.txt"] {
            objects.put("example-case", name, fs::read(worked.join(name)).unwrap());
        }
        let server = runtime.block_on(S3Server::memory(objects.clone())).unwrap();
        let keys = server.environment();
        let (access_key, secret_key) = (keys[0].1.clone(), keys[1].1.clone());
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "[profile {PROFILE}]\naws_access_key_id = {access_key}\n\
             aws_secret_access_key = {secret_key}\n"
        );
        fs::write(folder.path().join("config"), config).unwrap();
        let roles = roles(access_key, secret_key);
        Cloud { server, objects, roles, folder, _runtime: runtime }
    }

    /// What stands in for AWS and for options that would be the same in every command.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = self.server.environment();
        environment.retain(|(name, _)| *name != "AWS_CONFIG_FILE");
        environment.extend([
            ("AWS_CONFIG_FILE", arg(self.folder.path().join("config"))),
            ("AWS_ENDPOINT_URL_STS", self.roles.clone()),
            ("FLOWPROOF_ENDPOINT_URL", self.server.endpoint()),
            ("FLOWPROOF_PATH_STYLE", "true".to_owned()),
        ]);
        environment
    }

    /// A line of the page as it can be run.
    pub(super) fn line(&self, line: &str) -> String {
        line.replace(SHOWN_ENDPOINT, &self.server.endpoint())
    }
}

fn put_below(objects: &Memory, bucket: &str, folder: &Path) {
    for file in files_below(folder) {
        let key = file.strip_prefix(folder).unwrap().to_str().unwrap();
        objects.put(bucket, key, fs::read(&file).unwrap());
    }
}

/// A server that gives these keys to whoever takes a role on with the right external id.
fn roles(access_key: String, secret_key: String) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked = request(&mut stream);
            let is_right = asked.contains(&format!("ExternalId={EXTERNAL_ID}"));
            let (status, body) = match is_right {
                true => ("200 OK", credentials(&access_key, &secret_key)),
                false => ("403 Forbidden", String::new()),
            };
            respond(&mut stream, status, &body);
        }
    });
    endpoint
}

fn credentials(access_key: &str, secret_key: &str) -> String {
    format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
         <AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>{secret_key}</SecretAccessKey>\
         <SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>\
         </Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )
}

/// A request, head and body.
pub(super) fn request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).unwrap();
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(length > 0, "half a request: {text}");
            continue;
        };
        let head = head.to_ascii_lowercase();
        let wanted = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next());
        if body.len() >= wanted.map_or(0, |wanted| wanted.parse().unwrap()) {
            return text;
        }
    }
}

pub(super) fn respond(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {length}");
    let answer = format!("{head}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).unwrap();
}
