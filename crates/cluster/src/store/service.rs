//! The store as an Arrow Flight service.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, SchemaResult, Ticket,
};
use ballista_core::BALLISTA_VERSION;
use futures::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tonic::{Request, Response, Status, Streaming};

use super::members::{Members, NotJoined};
use super::put::Put;
use super::runs::Runs;
use super::shelf::{Full, Shelf};
use super::{
    ANSWER_BYTES, BlobName, Done, ExecutorInfo, Hello, Join, Names, ProgressOf, PutAnswer,
    QUESTION_BYTES, action, get,
};

/// Who knows the executors that are there. Their versions are left out.
#[async_trait::async_trait]
pub trait Roster: Send + Sync + 'static {
    /// The executors that are registered and heard of, by id.
    async fn executors(&self) -> Vec<ExecutorInfo>;
}

/// The service. It is mounted beside that of Ballista's scheduler.
pub struct StoreService {
    shelf: Arc<Shelf>,
    roster: Arc<dyn Roster>,
    runs: Runs,
    members: Members,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl StoreService {
    /// A service over a shelf.
    pub fn new(shelf: Arc<Shelf>, roster: Arc<dyn Roster>) -> StoreService {
        StoreService { shelf, roster, runs: Runs::default(), members: Members::default() }
    }

    /// The service as tonic mounts it.
    pub fn into_server(self) -> FlightServiceServer<StoreService> {
        FlightServiceServer::new(self)
            .max_decoding_message_size(QUESTION_BYTES)
            .max_encoding_message_size(ANSWER_BYTES)
    }

    async fn hello(&self) -> Hello {
        let mut executors = self.roster.executors().await;
        for executor in &mut executors {
            executor.version = self.members.version(&executor.id);
        }
        Hello {
            flowproof: crate::VERSION.to_owned(),
            ballista: BALLISTA_VERSION.to_owned(),
            slots: executors.iter().map(|executor| executor.slots).sum(),
            executors,
        }
    }

    fn join(&self, join: Join) -> Result<(), Status> {
        self.members.join(join, crate::VERSION).map_err(|error| match &error {
            NotJoined::Text => Status::invalid_argument(error.to_string()),
            NotJoined::Version { .. } => Status::failed_precondition(error.to_string()),
        })
    }

    async fn answer(&self, action: Action) -> Result<Vec<u8>, Status> {
        let body = &action.body;
        match action.r#type.as_str() {
            action::HELLO => json(&self.hello().await),
            action::JOIN => json(&self.join(question::<Join>(body)?)?),
            action::DONE => {
                let done = self.runs.done(&question::<Done>(body)?);
                json(&done.map_err(|error| Status::invalid_argument(error.to_string()))?)
            }
            action::PROGRESS => json(&self.runs.progress(&question::<ProgressOf>(body)?.run)),
            action::WANTED => json(&self.runs.is_wanted(&question::<ProgressOf>(body)?.run)),
            action::COUNTS => json(&self.shelf.counts()),
            action::MISSING => {
                let names = self.shelf.missing(question::<Names>(body)?.names);
                json(&Names { names })
            }
            _ => Err(Status::invalid_argument("the store knows no such action")),
        }
    }
}

#[async_trait::async_trait]
impl FlightService for StoreService {
    type HandshakeStream = Answers<HandshakeResponse>;
    type ListFlightsStream = Answers<FlightInfo>;
    type DoGetStream = Answers<FlightData>;
    type DoPutStream = Answers<PutResult>;
    type DoExchangeStream = Answers<FlightData>;
    type DoActionStream = Answers<arrow_flight::Result>;
    type ListActionsStream = Answers<ActionType>;

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let incoming = Box::pin(request.into_inner());
        Ok(Response::new(Box::pin(Put::answers(Arc::clone(&self.shelf), incoming))))
    }

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<Self::DoGetStream>, Status> {
        let name = name(&request.into_inner().ticket)?;
        let Some(opened) = self.shelf.open(&name) else {
            return Err(Status::not_found(format!("there is no blob {name} (any more)")));
        };
        let (file, bytes) = opened.map_err(disk)?;
        Ok(Response::new(Box::pin(get::chunks(Arc::clone(&self.shelf), name, file, bytes))))
    }

    async fn do_action(
        &self,
        request: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        let body = self.answer(request.into_inner()).await?;
        let answer = Ok(arrow_flight::Result::new(body));
        Ok(Response::new(Box::pin(futures::stream::iter([answer]))))
    }

    async fn list_actions(
        &self,
        _request: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        let actions = action::ALL.map(|(name, description)| {
            Ok(ActionType { r#type: name.to_owned(), description: description.to_owned() })
        });
        Ok(Response::new(Box::pin(futures::stream::iter(actions))))
    }

    async fn handshake(
        &self,
        _request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        Err(unknown())
    }

    async fn list_flights(
        &self,
        _request: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        Err(unknown())
    }

    async fn get_flight_info(
        &self,
        _request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        Err(unknown())
    }

    async fn poll_flight_info(
        &self,
        _request: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        Err(unknown())
    }

    async fn get_schema(
        &self,
        _request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        Err(unknown())
    }

    async fn do_exchange(
        &self,
        _request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        Err(unknown())
    }
}

/// The answer for one blob that was put.
pub(super) fn put_result(answer: &PutAnswer) -> Result<PutResult, Status> {
    Ok(PutResult { app_metadata: json(answer)?.into() })
}

/// Reads a name.
pub(super) fn name(text: &[u8]) -> Result<BlobName, Status> {
    let text = std::str::from_utf8(text).unwrap_or_default();
    text.parse::<BlobName>().map_err(|error| Status::invalid_argument(error.to_string()))
}

/// What the disk refuses.
pub(super) fn disk(error: io::Error) -> Status {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Full>()) {
        Some(full) => Status::resource_exhausted(full.to_string()),
        None => Status::internal(format!("the store's folder: {error}")),
    }
}

fn unknown() -> Status {
    Status::unimplemented("the store has no such call")
}

fn question<T: DeserializeOwned>(body: &[u8]) -> Result<T, Status> {
    serde_json::from_slice(body)
        .map_err(|error| Status::invalid_argument(format!("the question cannot be read: {error}")))
}

fn json<T: Serialize>(answer: &T) -> Result<Vec<u8>, Status> {
    serde_json::to_vec(answer)
        .map_err(|error| Status::internal(format!("the answer cannot be written: {error}")))
}
