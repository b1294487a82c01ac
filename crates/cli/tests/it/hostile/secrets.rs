//! What must stay with whoever typed it.

use super::{MEMORY, watch};
use crate::program::{Run, command};

const SECRET: &str = "5ecretv4lue";

fn told(args: &[&str], environment: &[(&str, &str)]) -> Run {
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    watch(MEMORY, command(args, &environment))
}

fn is_kept(run: &Run) {
    assert!(!run.out.contains(SECRET) && !run.err.contains(SECRET), "{run:?}");
}

#[test]
fn no_secret_is_told_in_messages_and_help() {
    let presigned = format!(
        "https://b.s3.amazonaws.com/a.log?X-Amz-Credential={SECRET}&X-Amz-Signature={SECRET}"
    );
    is_kept(&told(&["inspect", "-v", "--logs", &presigned], &[]));
    is_kept(&told(&["inspect", &presigned], &[]));
    let user = format!("http://user:{SECRET}@127.0.0.1:1");
    let environment = [("FLOWPROOF_EXTERNAL_ID", SECRET), ("FLOWPROOF_ENDPOINT_URL", &*user)];
    is_kept(&told(&["scan", "--help"], &environment));
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", SECRET),
        ("AWS_REGION", "us-east-1"),
        ("HTTP_PROXY", &*user),
    ];
    for endpoint in ["http://127.0.0.1:1", &*user] {
        let args = [
            "inspect",
            "-v",
            "--logs",
            "s3://logs/",
            "--endpoint-url",
            endpoint,
            "--path-style",
            "--s3-attempts=1",
        ];
        let run = told(&args, &keys);
        assert_eq!(run.code, Some(1), "{run:?}");
        is_kept(&run);
    }
}
