//! This crate's functions by name, for plans that travel.

use std::sync::Arc;

use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use serde::{Deserialize, Serialize};

use super::site::Site;
use crate::arithmetic::checked_operators;
use crate::functions::{Lists, address_functions, lists_of};
use crate::listed::RecordMatches;
use crate::sum::checked_sum;
use crate::time_keys::time_keys;
use crate::totals::traffic_totals;

/// What a function is beside its name.
#[derive(Debug, Serialize, Deserialize)]
enum Described {
    Plain,
    /// Of addresses, and of the lists of this name.
    Address(Option<String>),
    /// Of records and the lists of this name; whether internal addresses match.
    Records(Option<String>, bool),
}

/// What [`function_named`] needs beside the name, for a function of this crate. Its lists must have been
/// sent.
///
/// # Errors
///
/// If the lists have no name yet.
pub fn name_function(function: &ScalarUDF) -> Result<Option<Vec<u8>>> {
    let described = if let Some(lists) = lists_of(function) {
        Described::Address(name_of(lists)?)
    } else if let Some(of_records) = function.inner().downcast_ref::<RecordMatches>() {
        Described::Records(name_of(&of_records.lists)?, of_records.internal)
    } else if plain().any(|plain| plain == *function) {
        Described::Plain
    } else {
        return Ok(None);
    };
    let bytes = postcard::to_stdvec(&described);
    bytes.map(Some).or_else(|error| plan_err!("{}: {error}", function.name()))
}

/// The function of this crate with this name, as [`name_function`] described it.
///
/// # Errors
///
/// If there is none.
pub fn function_named(site: &Site, name: &str, described: &[u8]) -> Result<Arc<ScalarUDF>> {
    let lists = |name: Option<String>| match name {
        Some(name) => site.lists(&name),
        None => Lists::of(None),
    };
    let named = |function: &ScalarUDF| function.name() == name;
    let function = match postcard::from_bytes(described) {
        Ok(Described::Plain) => plain().find(named),
        Ok(Described::Address(name)) => address_functions(&lists(name)).find(named),
        Ok(Described::Records(name, internal)) => {
            Some(ScalarUDF::from(RecordMatches::new(lists(name), internal)))
        }
        Err(error) => return plan_err!("{name}: {error}"),
    };
    match function {
        Some(function) => Ok(Arc::new(function)),
        None => plan_err!("there is no function `{name}`"),
    }
}

/// What [`aggregate_named`] needs beside the name, for an aggregate of this crate.
#[must_use]
pub fn name_aggregate(aggregate: &AggregateUDF) -> Option<Vec<u8>> {
    let ours = aggregates().any(|ours| ours == *aggregate);
    ours.then(|| vec![1])
}

/// The aggregate of this crate with this name.
///
/// # Errors
///
/// If there is none.
pub fn aggregate_named(name: &str) -> Result<Arc<AggregateUDF>> {
    match aggregates().find(|aggregate| aggregate.name() == name) {
        Some(aggregate) => Ok(Arc::new(aggregate)),
        None => plan_err!("there is no aggregate `{name}`"),
    }
}

/// Functions that know nothing.
fn plain() -> impl Iterator<Item = ScalarUDF> {
    time_keys().into_iter().chain(checked_operators())
}

fn aggregates() -> impl Iterator<Item = AggregateUDF> {
    [checked_sum(), traffic_totals()].into_iter()
}

/// The name of lists; `None` if there are no lists.
fn name_of(lists: &Lists) -> Result<Option<String>> {
    match (lists.name(), lists.matcher()) {
        (Some(name), _) => Ok(Some(name.to_owned())),
        (None, None) => Ok(None),
        (None, Some(_)) => plan_err!("the lists were not sent"),
    }
}
