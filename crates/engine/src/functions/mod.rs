//! SQL functions for addresses and lists.

mod lists;
mod raw;

use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListBuilder, StringBuilder,
    StringViewArray, StructBuilder,
};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::SessionContext;
use flowproof_intel::{List, Matcher};
use flowproof_prefix::{IpNet, parse_ip, parse_prefix};

pub(crate) use lists::Lists;
pub(crate) use raw::{raw_match_test, raw_test};

/// Registers all functions; those about lists know these.
pub(crate) fn register(context: &SessionContext, lists: &Arc<Lists>) {
    address_functions(lists).for_each(|function| context.register_udf(function));
}

/// All functions of addresses; those about lists know these.
pub(crate) fn address_functions(lists: &Arc<Lists>) -> impl Iterator<Item = ScalarUDF> {
    let function = |function| AddressFunction::new(function, Arc::clone(lists));
    Function::ALL.into_iter().map(move |kind| ScalarUDF::from(function(kind)))
}

/// The lists that a function knows, if it is one of [`address_functions`].
pub(crate) fn lists_of(function: &ScalarUDF) -> Option<&Arc<Lists>> {
    Some(&function.inner().downcast_ref::<AddressFunction>()?.lists)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Function {
    /// `ip_in(addr, cidr)`
    IpIn,
    /// `ip_family(addr)`: 4 or 6
    IpFamily,
    /// `in_list(addr [, list])`: whether any threat list holds it and no trusted one does; or whether
    /// this list holds it
    InList,
    /// `on_threat_list(addr)`: whether any threat list holds it, also where a trusted one does too
    OnThreatList,
    /// `list_matches(addr)`
    ListMatches,
}

impl Function {
    const ALL: [Function; 5] = [
        Function::IpIn,
        Function::IpFamily,
        Function::InList,
        Function::OnThreatList,
        Function::ListMatches,
    ];

    fn name(self) -> &'static str {
        match self {
            Function::IpIn => "ip_in",
            Function::IpFamily => "ip_family",
            Function::InList => "in_list",
            Function::OnThreatList => "on_threat_list",
            Function::ListMatches => "list_matches",
        }
    }

    fn takes(self, arguments: usize) -> bool {
        match self {
            Function::IpIn => arguments == 2,
            Function::InList => arguments == 1 || arguments == 2,
            Function::IpFamily | Function::OnThreatList | Function::ListMatches => arguments == 1,
        }
    }
}

#[derive(Debug)]
struct AddressFunction {
    function: Function,
    signature: Signature,
    lists: Arc<Lists>,
}

// What a function answers follows from its lists. Those of one context are the same, also where the context was
// given others since a plan was made.
impl PartialEq for AddressFunction {
    fn eq(&self, other: &Self) -> bool {
        self.function == other.function && Arc::ptr_eq(&self.lists, &other.lists)
    }
}
impl Eq for AddressFunction {}
impl std::hash::Hash for AddressFunction {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.function.hash(state);
    }
}

/// What `list_matches` tells of each entry.
fn match_fields() -> Fields {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let line = Field::new("line", DataType::UInt64, false);
    let trusted = Field::new("trusted", DataType::Boolean, false);
    Fields::from(vec![text("list"), text("entry"), text("label"), line, trusted])
}

impl AddressFunction {
    fn new(function: Function, lists: Arc<Lists>) -> AddressFunction {
        let signature = Signature::user_defined(Volatility::Immutable);
        AddressFunction { function, signature, lists }
    }
}

impl ScalarUDFImpl for AddressFunction {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if !self.function.takes(arg_types.len()) {
            return plan_err!("{} does not take {} arguments", self.name(), arg_types.len());
        }
        Ok(vec![DataType::Utf8View; arg_types.len()])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.function {
            Function::IpIn | Function::InList | Function::OnThreatList => DataType::Boolean,
            Function::IpFamily => DataType::Int32,
            Function::ListMatches => {
                DataType::List(Arc::new(Field::new("item", DataType::Struct(match_fields()), true)))
            }
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let addresses = texts(&arrays[0])?;
        Ok(ColumnarValue::Array(match self.function {
            Function::IpIn => ip_in(addresses, texts(&arrays[1])?)?,
            Function::IpFamily => Arc::new(
                map(addresses, |address| if address.is_ipv4() { 4 } else { 6 })
                    .collect::<Int32Array>(),
            ),
            Function::InList => self.in_list(addresses, arrays.get(1))?,
            Function::OnThreatList => {
                let threats = self.lists()?.threat_set();
                Arc::new(map(addresses, |a| threats.contains(a)).collect::<BooleanArray>())
            }
            Function::ListMatches => self.list_matches(addresses)?,
        }))
    }
}

fn texts(array: &ArrayRef) -> Result<&StringViewArray> {
    match array.as_string_view_opt() {
        Some(texts) => Ok(texts),
        None => exec_err!("expected text, got {}", array.data_type()),
    }
}

/// Applies `f` to each address; NULL, and what is no address, stays NULL.
fn map<'a, T>(
    addresses: &'a StringViewArray,
    f: impl Fn(IpAddr) -> T + 'a,
) -> impl Iterator<Item = Option<T>> + 'a {
    addresses.iter().map(move |text| parse_ip(text?.as_bytes()).map(|a| f(a.to_canonical())))
}

fn ip_in(addresses: &StringViewArray, nets: &StringViewArray) -> Result<ArrayRef> {
    let mut last: Option<(&str, IpNet)> = None;
    let mut results = Vec::with_capacity(addresses.len());
    for (row, address) in map(addresses, |address| address).enumerate() {
        if nets.is_null(row) {
            results.push(None);
            continue;
        }
        let text = nets.value(row);
        let net = match last {
            Some((known, net)) if known == text => net,
            _ => match parse_prefix(text.as_bytes()) {
                Some(net) => net,
                None => return exec_err!("ip_in: `{text}` is no CIDR like 203.0.113.0/24"),
            },
        };
        last = Some((text, net));
        results.push(address.map(|address| net.contains(&address)));
    }
    Ok(Arc::new(BooleanArray::from(results)))
}

impl AddressFunction {
    fn lists(&self) -> Result<&Matcher> {
        match self.lists.matcher() {
            Some(matcher) => Ok(matcher),
            None => exec_err!("{}: no list was given; add --list FILE", self.name()),
        }
    }

    fn in_list(&self, addresses: &StringViewArray, lists: Option<&ArrayRef>) -> Result<ArrayRef> {
        let matcher = self.lists()?;
        let Some(lists) = lists else {
            let listed = map(addresses, |address| matcher.threat_contains(address));
            return Ok(Arc::new(listed.collect::<BooleanArray>()));
        };
        let lists = texts(lists)?;
        for name in lists.iter().flatten() {
            let lists = matcher.lists();
            if !lists.iter().any(|list| is_called(list, name)) {
                let names: Vec<&str> = lists.iter().map(|list| list.name.as_str()).collect();
                return exec_err!(
                    "in_list: no list is called `{name}`; there are {}",
                    names.join(", ")
                );
            }
        }
        let named = |address: IpAddr, name: &str| {
            matcher.matches(address).iter().any(|found| is_called(found.list, name))
        };
        let rows = map(addresses, |address| address).zip(lists.iter());
        let rows = rows.map(|(address, name)| Some(named(address?, name?)));
        Ok(Arc::new(rows.collect::<BooleanArray>()))
    }

    fn list_matches(&self, addresses: &StringViewArray) -> Result<ArrayRef> {
        let matcher = self.lists()?;
        let mut rows = ListBuilder::new(StructBuilder::from_fields(match_fields(), 0));
        for address in map(addresses, |address| address) {
            let matches = address.map(|address| matcher.matches(address)).unwrap_or_default();
            for found in &matches {
                append_match(rows.values(), found);
            }
            // No match is NULL, so that `list_matches(remote) IS NOT NULL` asks for a match.
            rows.append(!matches.is_empty());
        }
        Ok(Arc::new(rows.finish()))
    }
}

/// Whether the list goes by this name: its path as given, or the file's name alone.
fn is_called(list: &List, name: &str) -> bool {
    let path = std::path::Path::new(&list.name);
    list.name == name || path.file_name().is_some_and(|file| file == name)
}

fn append_match(row: &mut StructBuilder, found: &flowproof_intel::Match<'_>) {
    use arrow::array::{BooleanBuilder, UInt64Builder};
    let texts = [&*found.list.name, found.entry.text(), &*found.entry.label];
    for (place, text) in texts.into_iter().enumerate() {
        if let Some(builder) = row.field_builder::<StringBuilder>(place) {
            builder.append_value(text);
        }
    }
    if let Some(builder) = row.field_builder::<UInt64Builder>(3) {
        builder.append_value(found.entry.line);
    }
    if let Some(builder) = row.field_builder::<BooleanBuilder>(4) {
        builder.append_value(found.list.role == flowproof_intel::ListRole::Trusted);
    }
    row.append(true);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_one_name_are_the_same_if_their_lists_are() {
        let (one, other) = (Lists::of(None), Lists::of(None));
        let functions = |lists| address_functions(lists).collect::<Vec<_>>();
        assert_eq!(functions(&one), functions(&one));
        for (a, b) in functions(&one).into_iter().zip(functions(&other)) {
            assert_ne!(a, b);
        }
    }
}
