//! Which keys are not flow logs, by their names alone.
//!
//! The rules are tried from the top; the first that fits decides. They hold for what a folder or a
//! pattern gives, never for a file that was named outright.
//!
//! | rule | what | why |
//! | --- | --- | --- |
//! | folder marker | `.../`, `..._$folder$` | consoles and Hadoop write them in place of folders |
//! | hidden | begins with `.` | editors, version control, file managers |
//! | job marker | begins with `_` (`_SUCCESS`, `_committed_...`) | Hadoop and Spark |
//! | test object | `aws-programmatic-access-test-object`, `aws-logs-write-test` | AWS tries its right to write |
//! | manifest | `manifest.json`, `MANIFEST`, `manifest`, `symlink.txt` | exports list their parts there |
//! | another service | `AWSLogs/{account}/{service}/`, or `..._{service}_...` in the name | CloudTrail, load balancers and others share buckets |
//! | backup or unfinished copy | `.bak`, `.tmp`, `.part`, `~` and the like | the whole one stands beside it |
//! | read me | `README`, `README.txt` | prose |
//! | extension | any but `.log`, `.txt`, `.json`, `.jsonl`, `.ndjson`, `.csv`, `.parquet`, `.gz`, `.zst`, `.bz2`, `.xz`; under a compression `.xml`, `.tar` and the like | flow logs are written as these only |
//! | material | JSON, CSV and text, also compressed, whose name begins with a word such as `finding`, `inventory`, `threats`, `describe-instances`, and does not say `flow` | what an investigation is about lies beside the logs |
//!
//! A name without an extension (Firehose, CloudWatch) is taken, and so is one whose extension has
//! no letter (`flow.log.1`). What is taken wrongly is found out by its content, but JSON and CSV
//! without a record in it makes an answer partial, since another reader might find some there:
//! hence the rule on material. It is narrow, since what it takes wrongly is not looked at.

/// How AWS calls the flow log service in keys; transit gateway flow logs come under it too.
pub(crate) const FLOW_LOGS: &str = "vpcflowlogs";

/// Services that write under `AWSLogs/{account}/`, as they spell themselves there.
const OTHER_SERVICES: &[&str] = &[
    "CloudTrail",
    "CloudTrail-Digest",
    "CloudTrail-Insight",
    "CloudTrail-NetworkActivity",
    "Config",
    "GuardDuty",
    "Inspector2",
    "Redshift",
    "S3",
    "SecurityHub",
    "VPCLattice",
    "WAFLogs",
    "cloudfront",
    "elasticloadbalancing",
    "eks",
    "macie",
    "network-firewall",
    "redshift",
    "route53resolver",
    "verifiedaccess",
    "vpcdnsquerylogs",
    "vpclattice",
    "waflogs",
];

/// Services that put their name between underscores into file names.
const SERVICES_IN_NAMES: &[&str] = &[
    "CloudTrail",
    "CloudTrail-Digest",
    "CloudTrail-Insight",
    "Config",
    "GuardDuty",
    "elasticloadbalancing",
    "vpcdnsquerylogs",
    "waflogs",
];

const TEST_OBJECTS: &[&str] = &["aws-programmatic-access-test-object", "aws-logs-write-test"];

const MANIFESTS: &[&str] = &["manifest.json", "manifest", "MANIFEST", "symlink.txt"];

const COPIES: &[&str] = &[
    "bak",
    "backup",
    "old",
    "orig",
    "tmp",
    "temp",
    "part",
    "partial",
    "filepart",
    "crdownload",
    "swp",
];

const COMPRESSIONS: &[&str] = &["gz", "zst", "bz2", "xz"];

/// What is plain or its own format under these.
const UNCOMPRESSED: &[&str] = &["log", "txt", "parquet", "json", "jsonl", "ndjson", "csv"];

/// Extensions that rule a name out even under a compression's own.
const NEVER_COMPRESSED: &[&str] = &["tsv", "xml", "html", "yaml", "yml", "md", "sql", "tar"];

/// Extensions under which the material of an investigation comes, as flow logs do.
const OF_MATERIAL: &[&str] = &["json", "jsonl", "ndjson", "csv", "txt"];

/// How the names of material begin: findings, inventories, lists of indicators and what our own
/// sample is made with, in small letters and with `-` for `_` and spaces. A letter must not follow.
const MATERIAL: &[&str] = &[
    "answer",
    "answers",
    "blocklist",
    "describe-instances",
    "describe-network-interfaces",
    "finding",
    "findings",
    "guardduty",
    "indicator",
    "indicators",
    "instances",
    "inventory",
    "ioc",
    "iocs",
    "ip-ranges",
    "network-interfaces",
    "threat",
    "threats",
    "tor-exit",
    "tor-exits",
];

/// Why `key` is not a flow log, or `None` if it may be one.
pub(crate) fn not_a_flow_log(key: &str) -> Option<&'static str> {
    let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
    if name.is_empty() || name.ends_with("_$folder$") {
        return Some("a folder marker");
    }
    hidden(name)
        .or_else(|| name.starts_with('_').then_some("a job's marker"))
        .or_else(|| TEST_OBJECTS.contains(&name).then_some("a test object of AWS"))
        .or_else(|| MANIFESTS.contains(&name).then_some("a manifest"))
        .or_else(|| other_service(folders, name))
        .or_else(|| by_extension(name))
}

/// Why a folder or file is passed over as hidden, or `None` if it is not.
pub(crate) fn hidden(name: &str) -> Option<&'static str> {
    name.starts_with('.').then_some("hidden")
}

/// What folders and files of another service are called in results.
pub(crate) const OTHER_SERVICE: &str = "of another AWS service";

/// Whether `service`, found where flow logs have [`FLOW_LOGS`], is another AWS service.
pub(crate) fn is_other_service(service: &str) -> bool {
    OTHER_SERVICES.contains(&service)
}

fn other_service(folders: &str, name: &str) -> Option<&'static str> {
    let in_name = || name.split('_').any(|part| SERVICES_IN_NAMES.contains(&part));
    (crate::layout::Folders::parse(folders).is_foreign() || in_name()).then_some(OTHER_SERVICE)
}

fn by_extension(name: &str) -> Option<&'static str> {
    const EXTENSION: &str = "an extension that flow logs do not have";
    let (stem, extension) = split_extension(name);
    if name.ends_with('~') || extension.as_deref().is_some_and(|e| COPIES.contains(&e)) {
        return Some("a backup or an unfinished copy");
    }
    if name.split('.').next().is_some_and(|first| first.eq_ignore_ascii_case("readme")) {
        return Some("a read-me");
    }
    let extension = extension?;
    let is_compressed = COMPRESSIONS.contains(&extension.as_str());
    if !is_compressed && !UNCOMPRESSED.contains(&extension.as_str()) {
        return Some(EXTENSION);
    }
    let content = if is_compressed { split_extension(stem).1? } else { extension };
    if NEVER_COMPRESSED.contains(&content.as_str()) {
        return Some(EXTENSION);
    }
    let is_material = OF_MATERIAL.contains(&content.as_str()) && begins_as_material(name);
    is_material.then_some("a finding, an inventory or a list")
}

fn begins_as_material(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['_', ' '], "-");
    let begins = |word: &&str| {
        let rest = name.strip_prefix(word);
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphabetic()))
    };
    !name.contains("flow") && MATERIAL.iter().any(begins)
}

/// A name before its last dot and, in small letters, what follows it if that is an extension:
/// letters and digits, with a letter among them.
fn split_extension(name: &str) -> (&str, Option<String>) {
    let Some((stem, extension)) = name.rsplit_once('.') else { return (name, None) };
    let looks_like_one = extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && extension.bytes().any(|byte| byte.is_ascii_alphabetic());
    if looks_like_one { (stem, Some(extension.to_ascii_lowercase())) } else { (name, None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_that_are_not_flow_logs_are_told_by_name() {
        let folder = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01/";
        let cases = [
            ("", "a folder marker"),
            ("old_$folder$", "a folder marker"),
            (".DS_Store", "hidden"),
            ("_SUCCESS", "a job's marker"),
            ("aws-programmatic-access-test-object", "a test object of AWS"),
            ("aws-logs-write-test", "a test object of AWS"),
            ("manifest.json", "a manifest"),
            ("x_CloudTrail_us-east-1_20250601T0005Z_a.json.gz", OTHER_SERVICE),
            ("123456789012_CloudTrail-Digest_us-east-1_x.json.gz", OTHER_SERVICE),
            ("123456789012_elasticloadbalancing_us-east-1_app.log.gz", OTHER_SERVICE),
            ("log.gz.bak", "a backup or an unfinished copy"),
            ("a.log.gz.TMP", "a backup or an unfinished copy"),
            ("a.log~", "a backup or an unfinished copy"),
            ("README", "a read-me"),
            ("Readme.txt", "a read-me"),
            ("notes.md", "an extension that flow logs do not have"),
            ("a.log.gz.sha256", "an extension that flow logs do not have"),
            ("plot.png", "an extension that flow logs do not have"),
            ("all.tar.gz", "an extension that flow logs do not have"),
            ("all.xml.zst", "an extension that flow logs do not have"),
            ("symlink.txt", "a manifest"),
            ("finding.json", "a finding, an inventory or a list"),
            ("Finding1.json", "a finding, an inventory or a list"),
            ("findings.jsonl.gz", "a finding, an inventory or a list"),
            ("guardduty_2025-06.ndjson", "a finding, an inventory or a list"),
            ("inventory.json", "a finding, an inventory or a list"),
            ("describe-instances us-east-1.json", "a finding, an inventory or a list"),
            ("answer.json", "a finding, an inventory or a list"),
            ("tor-exits.txt", "a finding, an inventory or a list"),
            ("threats.txt", "a finding, an inventory or a list"),
            ("iocs.csv", "a finding, an inventory or a list"),
        ];
        for (name, why) in cases {
            assert_eq!(not_a_flow_log(&format!("{folder}{name}")), Some(why), "{name}");
        }
    }

    #[test]
    fn what_may_be_a_flow_log_is_taken() {
        for name in [
            "123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20250601T0005Z_1a2b3c4d.log.gz",
            "123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20250601T0005Z_1a.log.parquet",
            "000000.gz",
            "flow.log",
            "FLOW.LOG",
            "flow.txt",
            "flow.log.zst",
            "flow.log.bz2",
            "flow.log.1",
            "export.json",
            "events.jsonl",
            "records.ndjson.gz",
            "log-events-viewer-result.csv",
            "flows.csv.zst",
            "flows.json.bz2",
            "part-0.snappy.parquet",
            "inventory-service-flow-logs.json",
            "findings-vpcflowlogs.csv",
            "iocsample.csv",
            "findings",
            "findings.log",
            "stream-1-2025-06-01-00-00-00-0a1b2c3d",
            "eni-0a1b2c3d4e5f60001-all",
            "log",
        ] {
            assert_eq!(not_a_flow_log(name), None, "{name}");
        }
    }

    #[test]
    fn the_service_folder_decides_where_there_is_one() {
        for key in [
            "AWSLogs/123456789012/CloudTrail/us-east-1/2025/06/01/a.log.gz",
            "p/AWSLogs/o-abc1234567/123456789012/elasticloadbalancing/us-east-1/a.log.gz",
            "AWSLogs/123456789012/WAFLogs/us-east-1/a.log.gz",
            "AWSLogs/123456789012/vpcdnsquerylogs/vpc-0a1b/2025/06/01/a.log.gz",
            "AWSLogs/aws-account-id=123456789012/aws-service=anything/aws-region=us-east-1/a.log.gz",
        ] {
            assert_eq!(not_a_flow_log(key), Some(OTHER_SERVICE), "{key}");
        }
        // A folder of such a name elsewhere is the user's own.
        assert_eq!(not_a_flow_log("CloudTrail/a.log.gz"), None);
        assert_eq!(not_a_flow_log("AWSLogs/123456789012/own-service/us-east-1/a.log.gz"), None);
    }
}
