//! What many objects take.

use std::sync::Arc;

use flowproof_state::{Delta, Edition, Mode, ReadObject, Settings, Shelf, Standing, State};
use futures::executor::block_on;
use jiff::civil::date;

use crate::support::Memory;

/// 40 days of 500 objects each, with a batch a day: the example `big` does the same with ten million.
#[test]
fn an_object_takes_fifteen_bytes_on_disk_and_in_memory() {
    let (days, objects) = (40, 500u64);
    let shelf = |day: i32| {
        Shelf::of_day(date(2025, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap())
    };
    block_on(async {
        let memory = Memory::default();
        let place = Arc::new(memory.clone());
        let mut state = State::open(place, Mode::Start(Settings::new())).await.unwrap();
        for day in 0..days {
            let identity =
                |n: u64| state.identity("", &format!("{day}/{n}"), Edition::Modified(n.into()), n);
            let shelf = shelf(day);
            let read: Vec<ReadObject> =
                (0..objects).map(|n| ReadObject { shelf, identity: identity(n) }).collect();
            state.commit(Delta { read, ..Delta::default() }).await.unwrap();
            assert_eq!(state.is_compaction_due(), day % 33 == 32, "day {day}");
            if state.is_compaction_due() {
                state.compact().await.unwrap();
            }
        }
        state.compact().await.unwrap();
        state.commit(Delta { settled: vec!["clean".into()], ..Delta::default() }).await.unwrap();
        let all = days as u64 * objects;
        assert_eq!(state.summary().objects, all);
        let bytes: usize = memory.files().values().map(Vec::len).sum();
        assert!(bytes as u64 > all * 15 && (bytes as u64) < all * 15 + 10_000, "{bytes}");
        let head = memory.files()["CURRENT"].len();
        assert!(head < 10_000, "{head}");

        drop(state);
        let place = Arc::new(memory.clone());
        let mut state = State::open(place, Mode::Read).await.unwrap();
        assert_eq!(state.loaded_bytes(), 0, "nothing is read before it is asked for");
        state.known(shelf(39)).await.unwrap();
        assert!((state.loaded_bytes() as u64) < 10 * objects * 15, "one month");
        for day in 0..days {
            let known = state.known(shelf(day)).await.unwrap();
            assert_eq!(known.objects() as u64, objects);
            let identity = |n: u64, size| {
                state.identity("", &format!("{day}/{n}"), Edition::Modified(n.into()), size)
            };
            for n in 0..objects {
                assert_eq!(known.standing(&identity(n, n)), Standing::Known { epoch: 0 });
            }
            assert_eq!(known.standing(&identity(3, 4)), Standing::Replaced);
            assert_eq!(known.standing(&identity(objects, objects)), Standing::New);
        }
        assert!((state.loaded_bytes() as u64) < all * 15 + 10_000);
    });
}
