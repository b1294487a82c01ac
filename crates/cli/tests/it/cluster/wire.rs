//! What goes over the wire: lists once to each machine, however many parts there are.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Rig, Sample, asked, on};
use crate::program::{arg, run};

/// Stands before a scheduler and counts what passes, both ways.
struct Counted {
    address: String,
    bytes: Arc<AtomicU64>,
}

impl Counted {
    fn before(scheduler: &str) -> Counted {
        let scheduler = scheduler.strip_prefix("df://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("df://{}", listener.local_addr().unwrap());
        let bytes = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&bytes);
        std::thread::spawn(move || {
            for here in listener.incoming().map_while(Result::ok) {
                let Ok(there) = TcpStream::connect(&scheduler) else { return };
                for (from, to) in [(&here, &there), (&there, &here)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let count = Arc::clone(&count);
                    std::thread::spawn(move || pass(from, to, &count));
                }
            }
        });
        Counted { address, bytes }
    }

    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Passes on and counts until one side has nothing more to say.
fn pass(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        count.fetch_add(read as u64, Ordering::Relaxed);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// A list of so many addresses that do not follow each other, and one that is met.
fn long_list(entries: u64) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut text = String::from("203.0.113.9\n");
    for n in 1..entries {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let [a, b] = [mixed >> 48, mixed >> 32 & 0xffff];
        text.push_str(&format!("2001:db8:{a:x}:{b:x}::{:x}:{:x}\n", n >> 16, n & 0xffff));
    }
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// Bytes between client and scheduler, and between executors and scheduler, of one scan.
fn sent(sample: &Sample, list: &str, slots: &str) -> [u64; 2] {
    let mut rig = Rig::scheduler();
    let (of_client, of_executors) = (Counted::before(&rig.address), Counted::before(&rig.address));
    for _ in 0..2 {
        rig.join(&of_executors.address, &[], &["--slots", slots]);
    }
    let question = ["scan", "--logs=@", "--format=json", "--list", list].map(str::to_owned);
    let question = asked(&question, &arg(sample.logs()));
    let (here, there) = (run(&question), run(&on(&of_client.address, &question)));
    super::assert_same(&here, &there, &question);
    assert!(!here.err.contains("not in use"), "all of the list is meant: {}", here.err);
    [of_client.bytes(), of_executors.bytes()]
}

#[test]
fn a_long_list_is_sent_once_however_many_parts_there_are() {
    let sample = Sample::new(4_000, 64);
    let list = long_list(100_000);
    let short = long_list(2);
    let list = arg(list.path());
    let [client, executors] = sent(&sample, &list, "1");
    let [client_of_many, executors_of_many] = sent(&sample, &list, "8");
    let [client_of_short, executors_of_short] = sent(&sample, &arg(short.path()), "8");
    // What the list takes: once from the client, once to each of two executors.
    let to_scheduler = client_of_many - client_of_short;
    let to_executors = executors_of_many - executors_of_short;
    assert!(to_scheduler > 300_000, "{to_scheduler}");
    let twice = to_executors as f64 / (2 * to_scheduler) as f64;
    assert!((0.95..1.05).contains(&twice), "{to_executors} of {to_scheduler}");
    // Eight times as many parts take more names and answers, and no more of the list.
    let more = (client_of_many + executors_of_many) as f64 / (client + executors) as f64;
    assert!(more < 1.3, "{client} + {executors}, then {client_of_many} + {executors_of_many}");
}
