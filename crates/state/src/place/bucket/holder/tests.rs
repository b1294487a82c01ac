use super::*;

fn own() -> Holder {
    Holder::own(Duration::from_secs(60)).unwrap()
}

/// The number of a process that was, and is no more.
fn dead() -> u32 {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let pid = child.id();
    child.wait().unwrap();
    pid
}

#[test]
fn what_a_lock_says_is_read_again() {
    let own = own();
    let text = String::from_utf8(own.text()).unwrap();
    assert_eq!(Holder::read(text.as_bytes()), Some(own.clone()));
    for part in [r#""holder":"#, r#""host":"#, r#""pid":"#, r#""until":"2"#, r#""nonce":"#] {
        assert!(text.contains(part), "{text}");
    }
    for text in ["", "{}", "a host, process 7"] {
        assert_eq!(Holder::read(text.as_bytes()), None);
    }
    assert!(own.is(&own.renewed(Duration::from_secs(90))));
    assert!(!own.is(&Holder::own(Duration::from_secs(60)).unwrap()));
}

#[test]
fn a_time_is_over_only_after_a_margin_for_other_clocks() {
    let until = |seconds| Holder {
        until: Timestamp::now().checked_add(SignedDuration::from_secs(seconds)).unwrap(),
        ..own()
    };
    assert!(!until(60).is_gone());
    assert!(!until(-5).is_gone());
    assert!(until(-15).is_gone());
    assert!(!Holder { until: Timestamp::MAX, ..own() }.is_gone());
    assert_eq!(own().renewed(Duration::MAX).until.as_second(), Timestamp::MAX.as_second());
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_is_dead_only_if_its_numbers_are_those_of_this_one() {
    let dead = Process { pid: dead(), ..Process::own() };
    assert!(!Process::own().is_dead());
    assert!(dead.is_dead());
    assert!(Holder { process: dead.clone(), ..own() }.is_gone());
    for unknown in [
        Process { host: Some("other.example.com".into()), ..dead.clone() },
        Process { host: None, ..dead.clone() },
        Process { boot: Some("01234567-89ab-4cde-8f01-23456789abcd".into()), ..dead.clone() },
        Process { boot: None, ..dead.clone() },
        Process { pids: Some("pid:[4026539999]".into()), ..dead.clone() },
        Process { pids: None, ..dead },
    ] {
        assert!(!unknown.is_dead(), "{unknown:?}");
    }
}
