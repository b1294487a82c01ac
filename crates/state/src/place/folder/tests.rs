use super::*;
use futures::executor::block_on;

fn place() -> (tempfile::TempDir, Folder) {
    let folder = tempfile::tempdir().unwrap();
    let place = Folder::new(folder.path().join("not/there/yet"));
    (folder, place)
}

fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_is_put_once() {
    let (_folder, place) = place();
    block_on(async {
        assert_eq!(place.get("seg/a").await, Ok(None));
        assert_eq!(place.list("seg").await, Ok(vec![]));
        assert_eq!(place.put_new("seg/a", b"one".to_vec()).await, Ok(Put::Done));
        assert_eq!(place.put_new("seg/a", b"two".to_vec()).await, Ok(Put::Exists));
        assert_eq!(place.get("seg/a").await, Ok(Some(b"one".to_vec())));
        assert_eq!(place.put_new("seg/b", b"two".to_vec()).await, Ok(Put::Done));
        assert_eq!(place.list("seg").await, Ok(vec!["seg/a".into(), "seg/b".into()]));
        assert_eq!(place.remove("seg/a").await, Ok(()));
        assert_eq!(place.remove("seg/a").await, Ok(()), "it is not there, as was wanted");
        assert_eq!(place.get("seg/a").await, Ok(None));
        assert_eq!(names(&place.path(WORK)), [""; 0], "no draft is left");
    });
}

#[test]
fn the_head_is_replaced_only_if_it_is_the_expected_one() {
    let (_folder, place) = place();
    block_on(async {
        assert_eq!(place.head().await, Ok(None));
        let elsewhere = Version("another".into());
        let swap = place.swap_head(b"0".to_vec(), Some(&elsewhere)).await;
        assert_eq!(swap, Ok(Swap::Conflict), "there is none");
        let Ok(Swap::Done(first)) = place.swap_head(b"1".to_vec(), None).await else { panic!() };
        assert_eq!(place.head().await, Ok(Some((b"1".to_vec(), first.clone()))));
        assert_eq!(place.swap_head(b"2".to_vec(), None).await, Ok(Swap::Conflict));
        let swap = place.swap_head(b"2".to_vec(), Some(&first)).await;
        assert!(matches!(swap, Ok(Swap::Done(_))));
        assert_eq!(place.swap_head(b"3".to_vec(), Some(&first)).await, Ok(Swap::Conflict));
        assert_eq!(place.head().await.unwrap().unwrap().0, b"2");
    });
}

#[test]
fn of_many_swaps_at_once_exactly_one_is_done() {
    let (_folder, place) = place();
    for round in 0..20 {
        let expected = block_on(place.head()).unwrap().map(|(_, version)| version);
        let swap = |rival: usize| {
            let bytes = format!("{round} {rival}").into_bytes();
            matches!(block_on(place.swap_head(bytes, expected.as_ref())), Ok(Swap::Done(_)))
        };
        let done = thread::scope(|scope| {
            let rivals: Vec<_> = (0..6).map(|rival| scope.spawn(move || swap(rival))).collect();
            rivals.into_iter().map(|rival| rival.join().unwrap()).collect::<Vec<_>>()
        });
        let winners: Vec<usize> = (0..6).filter(|&rival| done[rival]).collect();
        assert_eq!(winners.len(), 1, "round {round}");
        let head = block_on(place.head()).unwrap().unwrap().0;
        assert_eq!(head, format!("{round} {}", winners[0]).into_bytes());
    }
}

#[test]
fn one_run_has_the_place_and_its_lock_file_stays() {
    let (_folder, place) = place();
    block_on(async {
        let Ok(Locked::Taken(hold)) = place.lock().await else { panic!() };
        let Ok(Locked::Busy(holder)) = place.lock().await else { panic!() };
        let process = format!("process {}", std::process::id());
        assert!(holder.contains(&process) && !holder.contains('\n'), "{holder}");
        hold.release().await.unwrap();
        assert!(place.path(LOCK).is_file());
        let Ok(Locked::Taken(hold)) = place.lock().await else { panic!() };
        drop(hold);
        assert!(place.path(LOCK).is_file());
        let taken = place.lock().await;
        assert!(matches!(taken, Ok(Locked::Taken(_))), "dropped is released too");
    });
}

#[test]
fn what_a_dead_run_was_writing_is_removed_by_the_next() {
    let (_folder, place) = place();
    block_on(async {
        place.put_new("seg/a", b"one".to_vec()).await.unwrap();
        fs::write(place.path(WORK).join(".flowproof-1"), b"half").unwrap();
        fs::write(place.path(WORK).join("mine"), b"somebody's").unwrap();
        let _hold = place.lock().await.unwrap();
        assert_eq!(names(&place.path(WORK)), ["mine"]);
        assert_eq!(place.get("seg/a").await, Ok(Some(b"one".to_vec())));
    });
}

#[test]
fn an_error_names_the_file() {
    let (_folder, place) = place();
    block_on(async {
        fs::create_dir_all(place.path("seg/a")).unwrap();
        let error = place.get("seg/a").await.unwrap_err();
        assert_eq!(error.file, place.path("seg/a").display().to_string());
        assert!(place.remove("seg/a").await.is_err());
    });
}
