//! Keyword arguments as plain values. They are named as the command's options, and each function takes
//! those of its command: a name that is left over is refused.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use flowproof_evidence::Window;
use flowproof_prefix::parse_ip;
use flowproof_report::parse_size;
use jiff::{Span, SpanRelativeTo, Timestamp};
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::failure::Failure;

/// The keyword arguments of a call that were not taken yet.
pub(crate) struct Keywords<'py> {
    function: &'static str,
    left: Option<Bound<'py, PyDict>>,
}

impl<'py> Keywords<'py> {
    pub(crate) fn new(function: &'static str, given: Option<Bound<'py, PyDict>>) -> Keywords<'py> {
        Keywords { function, left: given }
    }

    /// Takes an argument; `None` is as good as not given.
    pub(crate) fn take<T>(&self, name: &str) -> PyResult<Option<T>>
    where
        T: FromPyObjectOwned<'py>,
    {
        self.take_any(name)?.map(|value| extract(&value, name)).transpose()
    }

    /// Takes an argument that may be one or several.
    pub(crate) fn take_texts(&self, name: &str) -> PyResult<Vec<String>> {
        Ok(self.take::<Texts>(name)?.unwrap_or_default().0)
    }

    pub(crate) fn take_flag(&self, name: &str) -> PyResult<bool> {
        Ok(self.take(name)?.unwrap_or(false))
    }

    pub(crate) fn take_any(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(left) = &self.left else { return Ok(None) };
        let value = left.get_item(name)?;
        if value.is_some() {
            left.del_item(name)?;
        }
        Ok(value.filter(|value| !value.is_none()))
    }

    /// The window between `from_` and `to`.
    pub(crate) fn take_window(&self) -> PyResult<Window> {
        let from = self.take_any("from_")?.map(|time| time_of(&time, "from_")).transpose()?;
        let to = self.take_any("to")?.map(|time| time_of(&time, "to")).transpose()?;
        if let (Some(from), Some(to)) = (from, to)
            && to <= from
        {
            return Err(Failure::Usage(format!("to={to} is not after from_={from}")).into());
        }
        Ok(Window { from, to })
    }

    /// A number of bytes, or a text like `512MB`.
    pub(crate) fn take_size(&self, name: &str) -> PyResult<Option<usize>> {
        let Some(size) = self.take_any(name)? else { return Ok(None) };
        match size.cast::<PyString>() {
            Ok(text) => Ok(Some(parse_size(text.to_str()?).map_err(Failure::of(name))?)),
            Err(_) => extract(&size, name).map(Some),
        }
    }

    /// A timedelta, or a text like `15m` or `7d`.
    pub(crate) fn take_span(&self, name: &str) -> PyResult<Option<Duration>> {
        let Some(span) = self.take_any(name)? else { return Ok(None) };
        let Ok(text) = span.cast::<PyString>() else { return extract(&span, name).map(Some) };
        let parsed = text.to_str()?.parse::<Span>().ok();
        let span = parsed.and_then(|it| it.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        let refused = || format!("{name}: `{text}` is no span; give one like 15m or 7d");
        let span = span.and_then(|it| Duration::try_from(it).ok());
        Ok(Some(span.ok_or_else(|| Failure::Usage(refused()))?))
    }

    /// Refuses what was not taken.
    pub(crate) fn finish(self) -> PyResult<()> {
        let Some(first) = self.left.and_then(|left| left.keys().iter().next()) else {
            return Ok(());
        };
        let text = format!("{}() got an unexpected keyword argument '{first}'", self.function);
        Err(PyTypeError::new_err(text))
    }
}

/// The value of an argument, which the error names if the value is of the wrong type or no such value.
fn extract<'py, T: FromPyObjectOwned<'py>>(value: &Bound<'py, PyAny>, name: &str) -> PyResult<T> {
    let py = value.py();
    value.extract().map_err(Into::into).map_err(|error: PyErr| {
        let text = format!("{name}: {}", error.value(py));
        if error.is_instance_of::<PyTypeError>(py) {
            PyTypeError::new_err(text)
        } else {
            Failure::Usage(text).into()
        }
    })
}

/// A text or path, or several of them.
#[derive(Debug, Default)]
pub(crate) struct Texts(pub(crate) Vec<String>);

impl<'py> FromPyObject<'_, 'py> for Texts {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Texts> {
        if let Ok(one) = text(&object) {
            return Ok(Texts(vec![one]));
        }
        let several = object.try_iter()?.map(|each| text(&each?));
        Ok(Texts(several.collect::<PyResult<_>>()?))
    }
}

/// An address of the module ipaddress or as text, or several of them.
#[derive(Debug, Default)]
pub(crate) struct Addresses(pub(crate) Vec<IpAddr>);

impl<'py> FromPyObject<'_, 'py> for Addresses {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Addresses> {
        if object.is_instance_of::<PyString>() || object.hasattr("packed")? {
            return Ok(Addresses(vec![address_of(&object)?]));
        }
        let several = object.try_iter()?.map(|each| address_of(&each?));
        Ok(Addresses(several.collect::<PyResult<_>>()?))
    }
}

/// An address: text, or one of Python's `ipaddress`.
pub(crate) fn address_of(object: &Bound<'_, PyAny>) -> PyResult<IpAddr> {
    let text = object.str()?;
    let text = text.to_str()?;
    let address = parse_ip(text.as_bytes());
    Ok(address.ok_or_else(|| Failure::Usage(format!("`{text}` is no IP address")))?)
}

/// A text, or a path (`os.PathLike`) as text.
pub(crate) fn text(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let path: PathBuf = object.extract()?;
    let text = path.into_os_string().into_string();
    text.map_err(|path| Failure::Usage(format!("{} is not UTF-8", path.display())).into())
}

/// A time: RFC 3339 text, or a `datetime` with a zone.
fn time_of(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Timestamp> {
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(parse_time(text.to_str()?, name)?);
    }
    let datetime = object.py().import("datetime")?.getattr("datetime")?;
    if !object.is_instance(&datetime)? {
        let kind = object.get_type().name()?;
        let text = format!("{name}: expected RFC 3339 text or a datetime with a zone, got {kind}");
        return Err(PyTypeError::new_err(text));
    }
    if object.call_method0("utcoffset")?.is_none() {
        let text = format!(
            "{name}: {object} has no zone, so that it could be any of many times: give one, as in \
             datetime(..., tzinfo=timezone.utc)"
        );
        return Err(Failure::Usage(text).into());
    }
    Ok(parse_time(object.call_method0("isoformat")?.cast::<PyString>()?.to_str()?, name)?)
}

fn parse_time(text: &str, name: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(|_| {
        Failure::Usage(format!(
            "{name}: `{text}` is no time with a zone; give RFC 3339, like 2025-06-01T00:00:00Z"
        ))
    })
}
