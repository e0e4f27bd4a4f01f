//! The four RPCs of a simulated device, behind its login.
//!
//! Here: [`Service`]. Elsewhere: what each RPC does (`set`, `get`, `subscribe`), the
//! sockets and the switches that a test turns (`server`).

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use super::connection::{ByteStream, Connection, Ice, Scissors};
use super::counters::Gets;
use super::device::Device;
use super::faults::{Faults, SetFault, SetOutcome};
use super::pings::PingLimit;
use super::set::{self, NotTaken};
use super::{get, subscribe};
use crate::gnmi::proto::g_nmi_server::GNmi;
use crate::gnmi::proto::{
    CapabilityRequest, CapabilityResponse, Encoding, GetRequest, GetResponse, ModelData, SetRequest,
    SetResponse, SubscribeRequest, SubscribeResponse,
};

/// What EOS reports (gnmi fact sheet, 5.1), although it knows newer messages.
const GNMI_VERSION: &str = "0.7.0";

/// How many answers of a subscription wait for a slow client.
const BACKLOG: usize = 64;

/// One device's side of every connection to it.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) device: Arc<Device>,
    pub(super) faults: Arc<Faults>,
    pub(super) scissors: Arc<Scissors>,
    pub(super) ice: Arc<Ice>,
    pub(super) pings: Arc<PingLimit>,
    pub(super) gets: Arc<Gets>,
    /// How many connections have been taken.
    pub(super) taken: Arc<AtomicUsize>,
}

impl Service {
    /// Checks user and password, which come with every call (gNMI authentication §2).
    fn admit(&self, metadata: &MetadataMap) -> Result<(), Status> {
        let login = &self.device.config.login;
        let given = |name| metadata.get(name).and_then(|value| value.to_str().ok());
        match (given("username"), given("password")) {
            (Some(username), Some(password)) if username == login.username && password == login.password => {
                Ok(())
            }
            (None, _) | (_, None) => Err(Status::unauthenticated("no username/password in metadata")),
            _ => Err(Status::unauthenticated("authentication failed")),
        }
    }

    /// A connection of this device.
    pub(super) fn connection(&self, stream: impl ByteStream) -> Connection {
        Connection::new(stream, self.scissors.token(), Arc::clone(&self.ice))
    }

    /// Cuts every connection; what is returned then reaches nobody.
    fn lost(&self) -> Status {
        self.scissors.cut();
        Status::unavailable("connection lost")
    }
}

#[tonic::async_trait]
impl GNmi for Service {
    type SubscribeStream = ReceiverStream<Result<SubscribeResponse, Status>>;

    async fn capabilities(
        &self,
        request: Request<CapabilityRequest>,
    ) -> Result<Response<CapabilityResponse>, Status> {
        self.admit(request.metadata())?;
        let modules = self.device.schema().modules.iter();
        let supported_models = modules.map(|module| ModelData {
            name: module.name.to_string(),
            organization: String::new(),
            version: module.revision.to_string(),
        });
        let encodings = [Encoding::Json, Encoding::JsonIetf, Encoding::Ascii];
        Ok(Response::new(CapabilityResponse {
            supported_models: supported_models.collect(),
            supported_encodings: encodings.map(Into::into).to_vec(),
            g_nmi_version: GNMI_VERSION.to_owned(),
            ..CapabilityResponse::default()
        }))
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        self.admit(request.metadata())?;
        self.gets.count(request.get_ref());
        self.faults.check_get(request.get_ref())?;
        get::run(&self.device, request.get_ref()).map(Response::new)
    }

    async fn set(&self, request: Request<SetRequest>) -> Result<Response<SetResponse>, Status> {
        self.admit(request.metadata())?;
        let request = request.into_inner();
        let (in_flight, fault) = self.faults.arrive().await;
        let refuse = |status: Status| {
            in_flight.record(set::paths(&request), SetOutcome::Refused(status.code()));
            Err(status)
        };
        let not_taken = match &fault {
            Some(SetFault::Refuse { code, message }) => return refuse(Status::new(*code, message)),
            Some(SetFault::LoseRequest) => {
                in_flight.record(set::paths(&request), SetOutcome::Lost);
                return Err(self.lost());
            }
            Some(SetFault::NotTaken(path)) => Some(NotTaken(path.clone())),
            Some(SetFault::LoseAnswer | SetFault::NoAnswer | SetFault::Belie { .. }) | None => None,
        };
        let (answer, changed) = match set::run(&self.device, &request, not_taken.as_ref()) {
            Ok(done) => done,
            Err(status) => return refuse(status),
        };
        in_flight.record(set::paths(&request), SetOutcome::Applied { changed });
        match fault {
            Some(SetFault::LoseAnswer) => Err(self.lost()),
            Some(SetFault::Belie { code, message }) => Err(Status::new(code, message)),
            // ends with the connection, which only the client closes
            Some(SetFault::NoAnswer) => std::future::pending().await,
            _ => Ok(Response::new(answer)),
        }
    }

    async fn subscribe(
        &self,
        request: Request<Streaming<SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        self.admit(request.metadata())?;
        let (answers, receiver) = tokio::sync::mpsc::channel(BACKLOG);
        tokio::spawn(subscribe::serve(Arc::clone(&self.device), request.into_inner(), answers));
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}
