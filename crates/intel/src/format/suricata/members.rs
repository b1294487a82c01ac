//! The members of an address list in a rule's header.

/// Tells `each` every address, prefix or range that is written out, and whether it is excluded, by
/// itself or with the list that it is in. Variables and `any` are left out.
///
/// The brackets of `list` are in pairs.
pub(super) fn each_member(list: &str, mut each: impl FnMut(&str, bool)) {
    // Whether each of the lists that are open is excluded.
    let mut excluded = vec![false];
    let mut rest = list;
    while let Some(end) = rest.find(['[', ']', ',']) {
        let (member, sign) = (rest[..end].trim(), rest.as_bytes()[end]);
        let is_excluded = excluded.last().copied().unwrap_or_default();
        match sign {
            b'[' => {
                // Something before a list that is no sign: told with the bracket, it is refused.
                if !["", "!"].contains(&member) {
                    tell(rest[..=end].trim_start(), is_excluded, &mut each);
                }
                excluded.push(is_excluded || member == "!");
            }
            _ => tell(member, is_excluded, &mut each),
        }
        if sign == b']' {
            excluded.pop();
        }
        rest = &rest[end + 1..];
    }
    tell(rest.trim(), false, &mut each);
}

fn tell(member: &str, is_excluded: bool, each: &mut impl FnMut(&str, bool)) {
    let (member, is_negated) = match member.strip_prefix('!') {
        Some(member) => (member.trim_start(), true),
        None => (member, false),
    };
    if !member.is_empty() && !member.starts_with('$') && !member.eq_ignore_ascii_case("any") {
        each(member, is_excluded || is_negated);
    }
}
