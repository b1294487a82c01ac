//! GuardDuty findings, their claims about traffic, and verdicts on them.
