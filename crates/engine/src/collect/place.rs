//! Where in a set the records of an object go.

use flowproof_source::Layout;
use jiff::tz::TimeZone;

/// The account, the Region and the day of objects, if their keys tell all three.
///
/// A file lies in folders named as those of flow logs with Hive-compatible prefixes, so that what is
/// pruned by them is what would be pruned of its objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Day {
        account: String,
        region: String,
        day: jiff::civil::Date,
    },
    /// Objects whose keys tell less, or that reach into a second day. Nothing prunes their file.
    Unplaced,
}

impl Place {
    pub(super) fn of(layout: Option<&Layout>) -> Place {
        layout.and_then(Place::day).unwrap_or(Place::Unplaced)
    }

    fn day(layout: &Layout) -> Option<Place> {
        let (account, region) = (layout.account.clone()?, layout.region.clone()?);
        let span = layout.span()?;
        let day_of = |time: jiff::Timestamp| TimeZone::UTC.to_datetime(time).date();
        let day = day_of(span.from?);
        let last = jiff::Timestamp::from_second(span.to?.as_second() - 1).ok()?;
        (day_of(last) == day).then_some(Place::Day { account, region, day })
    }

    /// The folder in which the files of this place lie, from the root of a set on.
    pub(super) fn folder(&self) -> String {
        match self {
            Place::Day { account, region, day } => format!(
                "aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/\
                 year={:04}/month={:02}/day={:02}",
                day.year(),
                day.month(),
                day.day()
            ),
            Place::Unplaced => "unplaced".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowproof_source::key_layout;

    fn folder(key: &str) -> String {
        Place::of(key_layout(key).as_ref()).folder()
    }

    #[test]
    fn a_file_lies_where_its_objects_would_be_pruned_alike() {
        let name = "123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0";
        let hive = "aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1";
        let classic = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01";
        let day = format!("{hive}/year=2025/month=06/day=01");
        assert_eq!(folder(&format!("{classic}/{name}_20250601T2355Z_1a.log.gz")), day);
        assert_eq!(folder(&format!("{classic}/own-name.log.gz")), day);
        assert_eq!(folder(&format!("{name}_20250601T0000Z_1a.log.gz")), day);
        // A stamp off the grid, whose five minutes reach into the next day.
        assert_eq!(folder(&format!("{name}_20250601T2358Z_1a.log.gz")), "unplaced");
        for less in ["flow.log", "AWSLogs/123456789012/vpcflowlogs/us-east-1/flow.log"] {
            assert_eq!(folder(less), "unplaced", "{less}");
        }
        let layout = key_layout(&format!("{day}/flowproof-0.parquet")).unwrap();
        assert_eq!(layout.account.as_deref(), Some("123456789012"));
        assert_eq!(layout.span(), key_layout(&format!("{classic}/x.log")).unwrap().span());
    }
}
