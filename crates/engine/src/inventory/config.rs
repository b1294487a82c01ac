//! What AWS Config delivers and prints: items, each a resource as it was at a time.

use flowproof_evidence::InterfaceIdentity;
use serde_json_borrow::Value;

use super::merge::Mention;
use super::shape::{Reader, embedded, excerpt, field, shown, text};
use super::time;

/// The resources that tell of interfaces.
const INTERFACE: &str = "AWS::EC2::NetworkInterface";
const INSTANCE: &str = "AWS::EC2::Instance";

impl Reader<'_> {
    /// Reads an item. Resources of other types are nothing to note: a snapshot has everything.
    pub(super) fn item(&mut self, item: &Value<'_>) {
        let of_interface = match text(item, "ResourceType") {
            Some(INTERFACE) => true,
            Some(INSTANCE) => false,
            _ => return,
        };
        let seen = self.time(field(item, "ConfigurationItemCaptureTime"));
        let status = text(item, "ConfigurationItemStatus").unwrap_or_default();
        if status.starts_with("ResourceDeleted") {
            if of_interface {
                self.deleted(item, seen);
            }
            return;
        }
        match field(item, "Configuration") {
            Some(Value::Str(json)) => match embedded(json) {
                Some(configuration) => self.configuration(&configuration, of_interface, seen),
                None => self.without_configuration(item),
            },
            Some(configuration) => self.configuration(configuration, of_interface, seen),
            None => self.without_configuration(item),
        }
    }

    fn configuration(&mut self, configuration: &Value<'_>, of_interface: bool, seen: Option<i64>) {
        match of_interface {
            true => self.described(configuration, seen),
            false => self.instance(configuration, seen),
        }
    }

    /// An interface that is gone belongs to nobody any more.
    fn deleted(&mut self, item: &Value<'_>, seen: Option<i64>) {
        let Some(id) = text(item, "ResourceId") else { return self.without_configuration(item) };
        let identity = InterfaceIdentity { interface: id.to_owned(), ..Default::default() };
        (self.found)(Mention { identity, seen, since: None, is_gone: true });
    }

    fn without_configuration(&mut self, item: &Value<'_>) {
        let example = || text(item, "ResourceId").map_or_else(|| excerpt(item), shown);
        self.left_out.count("items of AWS Config without a configuration", example);
    }

    /// The items of an answer or a file.
    pub(super) fn items<'v, 'j>(answer: &'v Value<'j>) -> Option<&'v [Value<'j>]> {
        field(answer, "ConfigurationItems")?.as_array()
    }

    /// A time, if it is told and can be read.
    pub(super) fn time(&mut self, value: Option<&Value<'_>>) -> Option<i64> {
        let value = value?;
        let seconds = time::seconds(value);
        if seconds.is_none() {
            self.left_out.count("times that cannot be read", || excerpt(value));
        }
        seconds
    }
}
