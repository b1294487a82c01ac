//! What a run says of itself to those who find it at work.

/// The host, the process and the time, for people.
pub(super) fn own_text() -> String {
    let host = own_host().unwrap_or_else(|| "a host without a name".to_owned());
    let since = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second());
    let since = since.unwrap_or_default();
    format!("{host}, process {}, since {since}", std::process::id())
}

/// The name of this host, if it has one.
pub(super) fn own_host() -> Option<String> {
    let name = hostname::get().ok()?.to_string_lossy().into_owned();
    Some(name).filter(|name| !name.is_empty())
}
