//! Faults done to HTTP: what stands between the wire and the service.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, IF_MATCH, IF_NONE_MATCH, RANGE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use s3s::service::S3Service;

use crate::fault::Fault;

/// How the bytes of an answer are spoiled.
#[derive(Debug, Clone, Copy, Default)]
struct Spoil {
    reset: Option<u64>,
    truncate: Option<u64>,
    stall: Option<u64>,
    flip: Option<u64>,
}

/// Answers a request, with these faults; or does not, and the connection ends.
pub(crate) async fn answer(
    service: &S3Service,
    mut request: Request<s3s::Body>,
    faults: &[Fault],
) -> Result<Response<s3s::Body>, Broken> {
    let mut spoil = Spoil::default();
    let mut has_length = true;
    for fault in faults {
        if let Some(answer) = refusal(fault, request.headers()) {
            return Ok(answer);
        }
        match fault {
            Fault::HangUp => return Err(Broken),
            Fault::Reset(after) => spoil.reset = Some(*after),
            Fault::Truncate(after) => spoil.truncate = Some(*after),
            Fault::Stall(after) => spoil.stall = Some(*after),
            Fault::Flip(at) => spoil.flip = Some(*at),
            Fault::NoLength => has_length = false,
            Fault::Then(act) => act(),
            Fault::Delay(wait) => tokio::time::sleep(*wait).await,
            _ => {}
        }
    }
    faults.iter().filter_map(ignored).for_each(|header| unsign(&mut request, header));
    let mut answer = match service.call(request).await {
        Ok(answer) => answer,
        Err(error) => return Ok(refuse(500, "InternalError", &format!("{error:?}"), "")),
    };
    for fault in faults {
        match fault {
            Fault::Header(name, value) => {
                answer.headers_mut().insert(*name, HeaderValue::from_static(value));
            }
            Fault::LoseAnswer => return Err(Broken),
            _ => {}
        }
    }
    Ok(spoiled(answer, spoil, has_length))
}

/// The header that a fault has the service not look at.
fn ignored(fault: &Fault) -> Option<HeaderName> {
    Some(match fault {
        Fault::IgnoreRange => RANGE,
        Fault::IgnoreIfMatch => IF_MATCH,
        Fault::IgnoreIfNoneMatch => IF_NONE_MATCH,
        _ => return None,
    })
}

/// What a fault answers in the service's place.
fn refusal(fault: &Fault, headers: &HeaderMap) -> Option<Response<s3s::Body>> {
    const KMS: &str = "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: \
                       kms:Decrypt on this resource because no resource-based policy allows it";
    let is_for = |region: &str| {
        let signed = headers.get("authorization").and_then(|value| value.to_str().ok());
        signed.is_some_and(|signed| signed.contains(&format!("/{region}/s3/")))
    };
    Some(match fault {
        Fault::SlowDown => refuse(503, "SlowDown", "Please reduce your request rate.", ""),
        Fault::InternalError => refuse(500, "InternalError", "Please try again.", ""),
        Fault::Denied => refuse(403, "AccessDenied", "Access Denied", ""),
        Fault::KmsDenied => refuse(403, "AccessDenied", KMS, ""),
        Fault::PayerWanted if !headers.contains_key("x-amz-request-payer") => {
            refuse(403, "AccessDenied", "Access Denied", "")
        }
        Fault::Archived(class) => {
            let class = format!("<StorageClass>{class}</StorageClass>");
            refuse(403, "InvalidObjectState", "The operation is not valid here", &class)
        }
        Fault::Gone => refuse(404, "NoSuchKey", "The specified key does not exist.", ""),
        Fault::ExpiredToken => refuse(400, "ExpiredToken", "The provided token has expired.", ""),
        Fault::Redirect(region) if !is_for(region) => {
            let mut answer = refuse(301, "PermanentRedirect", "Use the right endpoint.", "");
            answer.headers_mut().insert("x-amz-bucket-region", HeaderValue::from_static(region));
            answer
        }
        Fault::WrongRegion(region) if !is_for(region) => {
            let region = format!("<Region>{region}</Region>");
            refuse(400, "AuthorizationHeaderMalformed", "The region is wrong", &region)
        }
        Fault::Answer(status, code, message) => refuse(*status, code, message, ""),
        _ => return None,
    })
}

/// An error document as S3 writes them.
pub(crate) fn refuse(status: u16, code: &str, message: &str, more: &str) -> Response<s3s::Body> {
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>{message}</Message>{more}<RequestId>0</RequestId></Error>"
    );
    let mut answer = Response::new(s3s::Body::from(document));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    answer.headers_mut().insert("content-type", HeaderValue::from_static("application/xml"));
    answer
}

/// Takes a header away. The signature would not fit any more, so it goes too; the service lets
/// requests pass that this layer has taken it from.
fn unsign(request: &mut Request<s3s::Body>, header: HeaderName) {
    request.headers_mut().remove(header);
    request.headers_mut().remove("authorization");
}

fn spoiled(answer: Response<s3s::Body>, spoil: Spoil, has_length: bool) -> Response<s3s::Body> {
    let (mut head, body) = answer.into_parts();
    let hint = if has_length { http_body::Body::size_hint(&body) } else { SizeHint::default() };
    if !has_length {
        head.headers.remove(CONTENT_LENGTH);
    }
    let body = Spoiled { inner: body, spoil, hint, at: 0, waiting: None };
    Response::from_parts(head, s3s::Body::http_body_unsync(body.boxed_unsync()))
}

/// A body that does what was ordered.
struct Spoiled {
    inner: s3s::Body,
    spoil: Spoil,
    hint: SizeHint,
    at: u64,
    waiting: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Spoiled {
    /// The place where no more bytes come.
    fn stop(&self) -> u64 {
        let Spoil { reset, truncate, stall, .. } = self.spoil;
        [reset, truncate, stall].into_iter().flatten().min().unwrap_or(u64::MAX)
    }

    fn stopped(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        // What was sent before has to be on its way, or the answer as a whole would be lost.
        let is_stall = self.spoil.stall == Some(self.stop());
        let wait = if is_stall { Duration::from_secs(3600) } else { Duration::from_millis(10) };
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(wait)));
        if waiting.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        if self.spoil.truncate == Some(self.stop()) {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Err(Broken)))
    }
}

/// The error that ends a body or stands for an answer, and ends the connection with it.
#[derive(Debug)]
pub(crate) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken off as ordered")
    }
}

impl std::error::Error for Broken {}

impl http_body::Body for Spoiled {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let left = self.stop().saturating_sub(self.at);
        if left == 0 {
            return self.stopped(context);
        }
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) else {
            return Poll::Pending;
        };
        let Some(frame) = frame else { return Poll::Ready(None) };
        let Ok(mut data) =
            frame.map_err(|_| ()).and_then(|frame| frame.into_data().map_err(|_| ()))
        else {
            return Poll::Ready(Some(Err(Broken)));
        };
        data.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        if let Some(place) = self.spoil.flip.and_then(|flip| flip.checked_sub(self.at))
            && let Some(place) = usize::try_from(place).ok().filter(|place| *place < data.len())
        {
            let mut changed = data.to_vec();
            changed[place] ^= 1;
            data = Bytes::from(changed);
        }
        self.at += data.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}
