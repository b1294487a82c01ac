//! Findings put together as one request takes them.

/// What one request takes: findings, bytes of one finding, and bytes of all. kB and MB are taken for
/// the smaller, decimal ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) findings: usize,
    pub(super) finding_bytes: usize,
    pub(super) bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { findings: 100, finding_bytes: 240_000, bytes: 6_000_000 }
    }
}

/// JSON arrays that are filled one after the other.
#[derive(Debug, Default)]
pub(super) struct Batches {
    limits: Limits,
    full: Vec<String>,
    /// The array that is being filled, without its closing bracket; empty if there is none.
    open: String,
    count: usize,
}

impl Batches {
    /// Puts in a finding, which is JSON.
    ///
    /// # Errors
    ///
    /// Why it cannot be put in, if it is too large for any request.
    pub(super) fn add(&mut self, finding: &str) -> Result<(), String> {
        let Limits { findings, finding_bytes, bytes } = self.limits;
        // Its brackets are of the array's size.
        let most = finding_bytes.min(bytes.saturating_sub(2));
        if finding.len() > most {
            let size = finding.len();
            return Err(format!("it has {size} bytes, and Security Hub takes at most {most}"));
        }
        if self.count == findings || self.open.len() + 1 + finding.len() + 1 > bytes {
            self.close();
        }
        self.open.push(if self.count == 0 { '[' } else { ',' });
        self.open.push_str(finding);
        self.count += 1;
        Ok(())
    }

    /// All arrays.
    pub(super) fn done(mut self) -> Vec<String> {
        self.close();
        self.full
    }

    fn close(&mut self) {
        if self.count > 0 {
            self.open.push(']');
            self.full.push(std::mem::take(&mut self.open));
            self.count = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(limits: Limits, findings: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut batches = Batches { limits, ..Batches::default() };
        let refused = findings.iter().filter_map(|one| batches.add(one).err()).collect();
        (batches.done(), refused)
    }

    #[test]
    fn an_array_has_no_more_findings_and_bytes_than_a_request_takes() {
        let limits = Limits { findings: 2, finding_bytes: 4, bytes: 9 };
        let (arrays, refused) = batches(limits, &["1", "2", "3", "4444", "5555", "66666", "777"]);
        assert_eq!(arrays, ["[1,2]", "[3,4444]", "[5555]", "[777]"]);
        assert_eq!(refused, ["it has 5 bytes, and Security Hub takes at most 4"]);
    }

    #[test]
    fn an_array_of_exactly_the_bytes_is_one_array() {
        let limits = |bytes| Limits { findings: 9, finding_bytes: 9, bytes };
        assert_eq!(batches(limits(7), &["11", "22"]).0, ["[11,22]"]);
        assert_eq!(batches(limits(6), &["11", "22"]).0, ["[11]", "[22]"]);
        let (none, refused) = batches(limits(3), &["11"]);
        assert_eq!((none.len(), refused.len()), (0, 1));
    }

    #[test]
    fn nothing_is_no_array() {
        assert_eq!(batches(Limits::default(), &[]).0, Vec::<String>::new());
    }
}
