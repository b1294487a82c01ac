//! Does my own evidence bear a GuardDuty finding out? No flow log is read here: another program, a
//! query in Athena say, has added the records of the instance up.
//!
//! ```sh
//! cargo run -p flowproof-finding --example own_evidence -- finding.json < totals.txt
//! ```
//!
//! Each line on standard input is an hour of one remote's service:
//! `interface remote port hour bytes-in packets-in bytes-out packets-out`.

use std::error::Error;
use std::io::{self, BufRead, Write};

use flowproof_evidence::{
    Conversation, Coverage, Observations, Observed, PortSide, ServicePort, Traffic,
};
use flowproof_finding::jiff::{Timestamp, ToSpan};
use flowproof_finding::{corroborate, read_findings, window};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which finding?")?;
    run(&std::fs::read(path)?, io::stdin().lock(), &mut io::stdout().lock())
}

/// Judges each finding of the input, and writes the verdicts with their reasons.
pub fn run(
    findings: &[u8],
    totals: impl BufRead,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let mut conversations = Vec::new();
    for line in totals.lines() {
        conversations.push(conversation(&line?).ok_or("not eight columns of the right kind")?);
    }
    let read = read_findings(findings)?;
    for refused in &read.refused {
        writeln!(out, "refused: {refused}")?;
    }
    for finding in &read.findings {
        // When the logs were looked at matters as much as what they hold: nothing seen of an interface
        // that was not observed is no evidence. Here, each was observed for as long as it had traffic.
        let observed = conversations.iter().filter_map(observed).collect();
        let time = window(finding, std::time::Duration::ZERO).ok_or("a finding without times")?;
        let mut coverage = Coverage { observed, ..Coverage::default() };
        coverage.fill_gaps(time.core);
        let observations = Observations {
            window: time.core,
            conversations: conversations.clone(),
            coverage,
            ..Observations::default()
        };
        let verdict = corroborate(finding, &observations)?;
        writeln!(out, "{}: {}", finding.finding_type, verdict.status)?;
        for reason in &verdict.reasons {
            writeln!(out, "  {reason}")?;
        }
    }
    Ok(())
}

fn conversation(line: &str) -> Option<Conversation> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let [interface, remote, port, hour, ref counters @ ..] = columns[..] else { return None };
    let counters: Vec<u64> =
        counters.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
    let [bytes_in, packets_in, bytes_out, packets_out] = counters[..] else { return None };
    let hour: Timestamp = hour.parse().ok()?;
    Some(Conversation {
        interface: Some(interface.to_owned()),
        local: None,
        remote: Some(remote.parse().ok()?),
        protocol: Some(6),
        port: Some(ServicePort { side: PortSide::Remote, port: port.parse().ok()? }),
        hour: Some(hour),
        traffic: Traffic {
            bytes_in,
            bytes_out,
            packets_in,
            packets_out,
            flows: 1,
            first_seen: Some(hour),
            last_seen: Some(hour + 1.hour()),
            ..Traffic::default()
        },
    })
}

fn observed(conversation: &Conversation) -> Option<Observed> {
    let interface = conversation.interface.clone()?;
    let Traffic { first_seen, last_seen, .. } = conversation.traffic;
    Some(Observed { interface, from: first_seen?, to: last_seen? })
}
