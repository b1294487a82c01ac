//! Where credentials come from. Each case runs in a child with an environment of its own: this
//! process's environment and home are never looked at.

use std::process::Command;

use flowproof_s3_testing::{Fault, Memory, Rule, S3Server};
use flowproof_source::s3::{ListRequest, S3, S3Options};

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
        path_style: true,
        attempts: 2,
        ..S3Options::default()
    };
    let store = S3::connect(&options).await.unwrap().bucket("logs");
    match store.list_page(&ListRequest::default()).await {
        Ok(page) => println!("listed {}", page.objects.len()),
        Err(failure) => println!("failed {:?} {failure}", failure.kind),
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
    assert_eq!(server.counts().list, 1, "the first request went to the profile's Region");
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
