//! Objects of a bucket that are too large to come in one piece.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use flowproof_engine::{Answer, Key, Rows, Session, VolumeFilter};
use flowproof_evidence::Window;
use flowproof_s3_testing::{Memory, S3Server};
use flowproof_source::Selection;
use flowproof_source::s3::{S3, S3Options};

use crate::support::*;

/// Gzip that is as long as its text, of about so many bytes.
fn gzip(length: usize, seed: u64) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    writeln!(encoder, "{V2}").unwrap();
    for n in 0..length as u64 / 110 {
        let remote = format!("203.0.113.{}", n % 200);
        writeln!(encoder, "{}", v2(ENI, "10.0.1.5", &remote, 1000 * seed + n, T0)).unwrap();
    }
    encoder.finish().unwrap()
}

/// What all records of each object come to, in the objects' order.
fn told(answer: &Answer<Rows>) -> Vec<String> {
    let objects = answer.objects.iter().map(|read| {
        let name = read.object.key.rsplit('/').next().unwrap();
        format!("{name} {} {:?} {:?}", read.outcome, read.digest, read.records)
    });
    objects.chain(texts(&answer.value)).collect()
}

async fn volumes(session: Session) -> Answer<Rows> {
    session.volumes(&[Key::Interface, Key::Remote], &VolumeFilter::default()).await.unwrap()
}

#[test]
fn what_comes_in_several_pieces_is_read_as_from_a_file() {
    let (folder, objects) = (tempfile::tempdir().unwrap(), Memory::default());
    let mut sound = 0;
    let put = |name: &str, bytes: Vec<u8>| {
        fs::write(folder.path().join(name), &bytes).unwrap();
        objects.put("logs", name, bytes);
    };
    // One after the other is joined in the same memory; the last is more than is kept of that.
    for (seed, length) in [600_000, 1_500_000, 900_000, 5_000_000].into_iter().enumerate() {
        put(&format!("{seed}.log.gz"), gzip(length, seed as u64));
        sound += 1;
    }
    let whole = gzip(1_200_000, 7);
    put("cut.log.gz", whole[..1_100_000].to_vec());
    put("damaged.log.gz", {
        let mut damaged = whole.clone();
        damaged[700_000] ^= 1;
        damaged
    });
    put("members.log.gz", [whole.clone(), whole].concat());
    block_on(async {
        let server = S3Server::memory(objects).await.unwrap();
        let s3_options = S3Options { path_style: true, ..S3Options::default() };
        let selection = Selection {
            wheres: vec!["s3://logs/".to_owned()],
            s3: Some(S3::with_config(server.config(), s3_options)),
            ..Selection::default()
        };
        let bucket = volumes(Session::open(&selection, options()).await.unwrap()).await;
        let disk = volumes(open(&folder, Window::ALWAYS, options()).await).await;
        assert_eq!(told(&bucket), told(&disk));
        let read_whole = bucket.objects.iter().filter(|read| read.outcome == "read");
        assert_eq!(read_whole.count(), sound + 1, "{:#?}", told(&bucket));
    });
}
