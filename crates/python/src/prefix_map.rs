//! [`PrefixMap`]: which of these prefixes hold this address?

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::{DataType, UInt32Type};
use flowproof_prefix::{IpNet, PrefixMap as Map, parse_ip, parse_prefix};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3_arrow::input::AnyArray;

use crate::column::Column;
use crate::failure::Failure;
use crate::keywords::address_of;

/// A map from IP prefixes to values: which of these prefixes hold this address?
///
/// It is built once, of a dict or of pairs, and only read after. Prefixes are text like `203.0.113.0/24`, single
/// addresses, or networks of the module ipaddress; host bits are masked; a later value of a prefix replaces an
/// earlier one. An IPv4-mapped IPv6 address is the IPv4 address. Values are any objects. What is no prefix or
/// address raises UsageError.
#[pyclass(frozen, module = "flowproof")]
pub(crate) struct PrefixMap(Map<Py<PyAny>>);

#[pymethods]
impl PrefixMap {
    #[new]
    fn new(pairs: &Bound<'_, PyAny>) -> PyResult<PrefixMap> {
        let py = pairs.py();
        let pairs = match pairs.getattr_opt(intern!(py, "items"))? {
            Some(items) => items.call0()?,
            None => pairs.clone(),
        };
        let pair = |pair: PyResult<Bound<'_, PyAny>>| {
            let (prefix, value): (Bound<'_, PyAny>, Py<PyAny>) = pair?.extract()?;
            Ok((prefix_of(&prefix)?, value))
        };
        let pairs = pairs.try_iter()?.map(pair).collect::<PyResult<Vec<_>>>()?;
        Ok(PrefixMap(pairs.into_iter().collect()))
    }

    /// The value of the most specific prefix that holds the address, or the default.
    #[pyo3(signature = (address, default=None))]
    fn lookup(
        &self,
        address: &Bound<'_, PyAny>,
        default: Option<Py<PyAny>>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let value = self.0.lookup(address_of(address)?);
        Ok(value.map(|value| value.clone_ref(address.py())).or(default))
    }

    /// The most specific prefix that holds the address, and its value; None if there is none.
    fn longest_match(&self, address: &Bound<'_, PyAny>) -> PyResult<Option<(String, Py<PyAny>)>> {
        let found = self.0.longest_match(address_of(address)?);
        Ok(found.map(|(prefix, value)| (prefix.to_string(), value.clone_ref(address.py()))))
    }

    /// All prefixes that hold the address, and their values, the most specific first.
    fn matches(&self, address: &Bound<'_, PyAny>) -> PyResult<Vec<(String, Py<PyAny>)>> {
        let all = self.0.matches(address_of(address)?);
        Ok(all.map(|(prefix, value)| (prefix.to_string(), value.clone_ref(address.py()))).collect())
    }

    /// Whether any prefix holds the address. `address in map` is the same.
    fn contains(&self, address: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.0.contains(address_of(address)?))
    }

    fn __contains__(&self, address: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.contains(address)
    }

    /// Whether any prefix holds each of many addresses; null for null.
    ///
    /// They are an Arrow array of text (or of IPv4 addresses as uint32) of any library, or any iterable of text
    /// and addresses of the module ipaddress.
    fn contains_many(&self, py: Python<'_>, addresses: &Bound<'_, PyAny>) -> PyResult<Column> {
        let is_arrow = addresses.hasattr(intern!(py, "__arrow_c_array__"))?
            || addresses.hasattr(intern!(py, "__arrow_c_stream__"))?;
        if !is_arrow {
            let held = |address: PyResult<Bound<'_, PyAny>>| {
                let address = address?;
                if address.is_none() { Ok(None) } else { self.contains(&address).map(Some) }
            };
            let held: Vec<_> = addresses.try_iter()?.map(held).collect::<PyResult<_>>()?;
            return Ok(Column(held.into()));
        }
        let arrays = addresses.extract::<AnyArray>()?.into_chunked_array()?;
        let chunks = arrays.chunks();
        let held = py.detach(|| {
            let mut held = Vec::with_capacity(chunks.iter().map(|chunk| chunk.len()).sum());
            chunks.iter().try_for_each(|chunk| self.add_held(chunk, &mut held)).map(|()| held)
        });
        Ok(Column(BooleanArray::from(held?)))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        format!("<flowproof.PrefixMap: {} prefixes>", self.0.len())
    }

    /// The values are Python's to count. There is no `__clear__`, as a tuple has none: what is in a cycle
    /// with a map can be cleared elsewhere, since the map was made of it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.iter().try_for_each(|(_, value)| visit.call(value))
    }
}

impl PrefixMap {
    /// Adds whether each address of an array is held; nothing for nothing.
    fn add_held(&self, array: &ArrayRef, held: &mut Vec<Option<bool>>) -> Result<(), Failure> {
        if let Some(numbers) = array.as_primitive_opt::<UInt32Type>() {
            held.extend(numbers.iter().map(|bits| bits.map(|bits| self.0.contains_v4(bits))));
            return Ok(());
        }
        if !is_text(array.data_type()) {
            let text = format!(
                "expected addresses as text, or IPv4 addresses as uint32, got {}",
                array.data_type()
            );
            return Err(Failure::Usage(text));
        }
        let texts = cast(array, &DataType::Utf8View).map_err(Failure::of("addresses"))?;
        for text in texts.as_string_view() {
            let address = text.map(|text| {
                let address = parse_ip(text.as_bytes());
                address.ok_or_else(|| no_address(text, held.len()))
            });
            held.push(address.transpose()?.map(|address| self.0.contains(address)));
        }
        Ok(())
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => {
            is_text(values) && can_cast_types(data_type, &DataType::Utf8View)
        }
        // All that is known of an array of nulls.
        DataType::Null => true,
        _ => false,
    }
}

fn no_address(text: &str, row: usize) -> Failure {
    Failure::Usage(format!("row {row}: `{text}` is no IP address"))
}

/// A prefix: text, or a network or address of Python's `ipaddress`.
fn prefix_of(object: &Bound<'_, PyAny>) -> PyResult<IpNet> {
    let text = object.str()?;
    let text = text.to_str()?;
    Ok(parse_prefix(text.as_bytes())
        .ok_or_else(|| Failure::Usage(format!("`{text}` is no IP prefix")))?)
}
