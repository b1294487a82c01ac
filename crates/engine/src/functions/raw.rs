//! The functions that answer yes or no, asked on the raw text of one field before any column is built.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::ScalarFunction;
use flowproof_intel::Matcher;
use flowproof_prefix::{IpNet, parse_ip, parse_prefix};
use flowproof_record::RawTest;

use super::{AddressFunction, Function, is_called};

/// A function call as a question about the text of the field that is its first argument, which is
/// returned with it. `None` where the meaning would not be the same: the call would fail, or looks
/// at more than one field.
pub(crate) fn raw_test(call: &ScalarFunction) -> Option<(&Expr, Arc<dyn RawTest>)> {
    let function = call.func.inner().downcast_ref::<AddressFunction>()?;
    let (address, others) = call.args.split_first()?;
    let question = match (function.function, others) {
        (Function::IpIn, [Expr::Literal(net, _)]) => {
            Question::In(parse_prefix(text_of(net)?.as_bytes())?)
        }
        (Function::InList, []) => Question::Threat(Arc::clone(function.lists.matcher()?)),
        (Function::OnThreatList, []) => Question::Listed(Arc::clone(function.lists.matcher()?)),
        (Function::InList, [Expr::Literal(name, _)]) => {
            let matcher = Arc::clone(function.lists.matcher()?);
            let name = text_of(name)?.to_owned();
            let known = matcher.lists().iter().any(|list| is_called(list, &name));
            known.then_some(Question::Named(matcher, name))?
        }
        _ => return None,
    };
    Some((address, Arc::new(AddressTest(question))))
}

/// `list_matches(field) IS NOT NULL` as a question about the text of the field.
pub(crate) fn raw_match_test(call: &ScalarFunction) -> Option<(&Expr, Arc<dyn RawTest>)> {
    let function = call.func.inner().downcast_ref::<AddressFunction>()?;
    match (function.function, call.args.as_slice()) {
        (Function::ListMatches, [address]) => {
            let matcher = Arc::clone(function.lists.matcher()?);
            Some((address, Arc::new(AddressTest(Question::Any(matcher)))))
        }
        _ => None,
    }
}

fn text_of(value: &ScalarValue) -> Option<&str> {
    value.try_as_str().flatten()
}

struct AddressTest(Question);

enum Question {
    In(IpNet),
    /// In a threat list, and in no trusted one.
    Threat(Arc<Matcher>),
    /// In a threat list, whatever the trusted ones say.
    Listed(Arc<Matcher>),
    /// In the list of this name.
    Named(Arc<Matcher>, String),
    /// In any list.
    Any(Arc<Matcher>),
}

impl Question {
    fn asks(&self, address: IpAddr) -> bool {
        match self {
            Question::In(net) => net.contains(&address),
            Question::Threat(matcher) => matcher.threat_contains(address),
            Question::Listed(matcher) => matcher.threat_set().contains(address),
            Question::Named(matcher, name) => {
                matcher.contains(address)
                    && matcher.matches(address).iter().any(|found| is_called(found.list, name))
            }
            Question::Any(matcher) => matcher.contains(address),
        }
    }

    fn asks_ipv4(&self, address: u32) -> bool {
        match self {
            Question::Threat(matcher) => matcher.threat_contains_v4(address),
            Question::Listed(matcher) => matcher.threat_set().contains_v4(address),
            Question::Any(matcher) => matcher.contains_v4(address),
            _ => self.asks(Ipv4Addr::from_bits(address).into()),
        }
    }
}

impl RawTest for AddressTest {
    fn passes(&self, text: &[u8]) -> bool {
        parse_ip(text).is_some_and(|address| self.0.asks(address.to_canonical()))
    }

    fn passes_ipv4(&self, address: u32) -> bool {
        self.0.asks_ipv4(address)
    }
}

impl fmt::Debug for AddressTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Question::In(net) => write!(f, "ip_in {net}"),
            Question::Threat(_) => f.write_str("in_list"),
            Question::Listed(_) => f.write_str("on_threat_list"),
            Question::Named(_, name) => write!(f, "in_list {name}"),
            Question::Any(_) => f.write_str("list_matches"),
        }
    }
}
