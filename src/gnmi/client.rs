//! A connection to one device, and the calls on it.
//!
//! Here: [`Client`] with Capabilities, Get and Set. Elsewhere: the connection itself
//! (`connect`), Subscribe (`subscribe`), retries and when to call (`rollout`, `agent`).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::secret::SecretText;
use crate::yang::Path;

use super::annotation::Annotation;
use super::capabilities::{Capabilities, Encoding};
use super::error::{Action, Error, ErrorKind, Refusal};
use super::farewell::Farewell;
use super::path::{Texts, WirePathError};
use super::proto;
use super::proto::g_nmi_client::GNmiClient;
use super::set::{SetOperations, SetOutcome};
use super::target::{Credentials, Target};
use super::{classify, connect, path, value};

/// The largest message in either direction. gRPC's own default of 4 MiB is less than a
/// large device's configuration.
pub(super) const MAX_MESSAGE: usize = 64 << 20;

/// A connection to one device. Clones share it. A broken connection is made again by the
/// next call; to be sure of a new one, connect anew.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) target: Arc<Target>,
    pub(super) channel: Channel,
    pub(super) encoding: Encoding,
    login: Option<Login>,
    farewell: Farewell,
}

/// User and password as metadata of a call. tonic does not show what is marked sensitive.
#[derive(Clone, Debug)]
struct Login {
    username: MetadataValue<Ascii>,
    password: MetadataValue<Ascii>,
}

/// Which part of the data a Get is about (gNMI specification §3.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// What can be configured.
    Config,
    /// What cannot be configured.
    State,
    /// The part of the state that the device's processes report.
    Operational,
    /// Everything; the only one that some devices know.
    All,
}

/// A value that a device has at a path. The path may be above or below the one that was
/// asked for, and there may be several answers for one question: merge them into a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Where, prefix included.
    pub path: Path,
    /// What: a leaf's value, an object, or an array.
    pub json: Value,
}

impl Client {
    /// Connects, and proves by a first call that a gNMI device answers, knows us, and
    /// speaks JSON.
    pub async fn connect(target: &Target) -> Result<Self, Error> {
        let login = target.credentials.as_ref().map(|it| Login::new(target, it)).transpose()?;
        let (channel, farewell) = connect::open(target).await?;
        let mut client = Self {
            target: Arc::new(target.clone()),
            channel,
            encoding: Encoding::default(),
            login,
            farewell,
        };
        client.probe().await?;
        Ok(client)
    }

    /// Asks the device what it has. Not kept: hundreds of modules, for each of many devices.
    pub async fn capabilities(&self) -> Result<Capabilities, Error> {
        let mut rpc = self.rpc();
        let call = rpc.capabilities(self.request(proto::CapabilityRequest::default()));
        match self.call(Action::Capabilities, self.target.deadlines.get, call, &[]).await {
            Ok(response) => Ok(Capabilities::from_wire(response)),
            // It speaks gNMI and keeps what it has to itself.
            Err(Error { kind: ErrorKind::Refused { code: Refusal::Unimplemented, .. }, .. }) => {
                Ok(Capabilities::default())
            }
            Err(error) => Err(error),
        }
    }

    async fn probe(&mut self) -> Result<(), Error> {
        let capabilities = self.capabilities().await?;
        let Some(encoding) = capabilities.encoding() else {
            let what =
                format!("it has neither JSON_IETF nor JSON, only {}", capabilities.encodings.join(", "));
            return Err(classify::protocol(&self.target, Action::Capabilities, what));
        };
        self.encoding = encoding;
        Ok(())
    }

    /// Reads what is at some paths. A path without data gives no answer.
    pub async fn get(&self, paths: &[Path], data_type: DataType) -> Result<Vec<Answer>, Error> {
        let wire: Vec<_> = paths.iter().map(path::to_wire).collect();
        match self.get_wire(wire.clone(), data_type).await {
            Err(error) if is_not_found(&error) && wire.len() > 1 => {
                // One path without data spoils the answer for all: ask for each alone.
                let mut answers = Vec::new();
                for path in wire {
                    answers.extend(or_nothing(self.get_wire(vec![path], data_type).await)?);
                }
                Ok(answers)
            }
            answer => or_nothing(answer),
        }
    }

    /// The mark of the last Set that left one. Reads the whole configuration, because
    /// devices show it only there.
    pub async fn read_annotation(&self) -> Result<Option<Annotation>, Error> {
        let root = proto::Path::default();
        let answers = or_nothing(self.get_wire(vec![root], DataType::Config).await)?;
        let at_root = answers.iter().filter(|answer| answer.path.is_root());
        Ok(at_root.filter_map(|answer| Annotation::from_root(&answer.json)).next_back())
    }

    /// Changes the device in one transaction.
    pub async fn set(&self, operations: &SetOperations) -> Result<SetOutcome, Error> {
        let mut rpc = self.rpc();
        let call = rpc.set(self.request(operations.to_wire(self.encoding)));
        let deadline = self.target.deadlines.set;
        let response = self.call(Action::Set, deadline, call, &operations.secrets).await?;
        Ok(SetOutcome::from_wire(&response, operations.count()))
    }

    async fn get_wire(&self, path: Vec<proto::Path>, data_type: DataType) -> Result<Vec<Answer>, Error> {
        let mut rpc = self.rpc();
        let request = proto::GetRequest {
            path,
            r#type: data_type.to_wire().into(),
            encoding: self.encoding.to_wire().into(),
            ..proto::GetRequest::default()
        };
        let call = rpc.get(self.request(request));
        let response = self.call(Action::Get, self.target.deadlines.get, call, &[]).await?;
        let (mut answers, mut texts) = (Vec::new(), Texts::default());
        for notification in &response.notification {
            for update in &notification.update {
                answers.extend(self.answer(Action::Get, &mut texts, notification.prefix.as_ref(), update)?);
            }
        }
        Ok(answers)
    }

    /// The generated calls.
    fn rpc(&self) -> GNmiClient<Channel> {
        GNmiClient::new(self.channel.clone())
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    }

    /// One update of an answer; none if it is of a schema that we did not ask for.
    pub(super) fn answer(
        &self,
        action: Action,
        texts: &mut Texts,
        prefix: Option<&proto::Path>,
        update: &proto::Update,
    ) -> Result<Option<Answer>, Error> {
        let path = match texts.path(prefix, update.path.as_ref()) {
            Ok(path) => path,
            Err(WirePathError::ForeignOrigin(_)) => return Ok(None),
            Err(error) => return Err(classify::protocol(&self.target, action, error.to_string())),
        };
        match value::from_wire(update) {
            Ok(json) => Ok(Some(Answer { path, json })),
            Err(error) => Err(classify::protocol(&self.target, action, format!("{path}: {error}"))),
        }
    }

    /// A message with user and password beside it.
    pub(super) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(Login { username, password }) = &self.login {
            request.metadata_mut().insert("username", username.clone());
            request.metadata_mut().insert("password", password.clone());
        }
        request
    }

    /// Waits for a call's answer, but not for ever. A call that is given up is cancelled on
    /// its HTTP/2 stream; the device may carry it out all the same.
    pub(super) async fn call<T>(
        &self,
        action: Action,
        deadline: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
        secrets: &[SecretText],
    ) -> Result<T, Error> {
        match tokio::time::timeout(deadline, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self.failed(action, &status, secrets)),
            Err(_) => Err(classify::late(&self.target, action, deadline)),
        }
    }
}

impl Client {
    /// Why a call failed, and whether its connection ended because of our pings.
    pub(super) fn failed(&self, action: Action, status: &Status, secrets: &[SecretText]) -> Error {
        let error = classify::answered(&self.target, action, status, secrets);
        if self.farewell.is_too_many_pings() { classify::asked_for_calm(error) } else { error }
    }
}

impl Login {
    fn new(target: &Target, credentials: &Credentials) -> Result<Self, Error> {
        // The text itself stays out of the error: a password may stand in the wrong field.
        let ascii = |field: &str, text: &str| {
            let value: Result<MetadataValue<Ascii>, _> = text.parse();
            value.map_err(|_| classify::settings(target, format!("the {field} is not plain ASCII text")))
        };
        let username = ascii("username", &credentials.username)?;
        let mut password = ascii("password", credentials.password.expose())?;
        password.set_sensitive(true);
        Ok(Self { username, password })
    }
}

impl DataType {
    fn to_wire(self) -> proto::get_request::DataType {
        match self {
            Self::Config => proto::get_request::DataType::Config,
            Self::State => proto::get_request::DataType::State,
            Self::Operational => proto::get_request::DataType::Operational,
            Self::All => proto::get_request::DataType::All,
        }
    }
}

fn is_not_found(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Refused { code: Refusal::NotFound, .. })
}

/// No data is an answer too (§3.3.4).
fn or_nothing(answer: Result<Vec<Answer>, Error>) -> Result<Vec<Answer>, Error> {
    match answer {
        Err(error) if is_not_found(&error) => Ok(Vec::new()),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::loopback::{Device, Guard, PASSWORD};
    use super::*;
    use crate::names::PassNumber;

    fn paths(texts: &[&str]) -> Vec<Path> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[tokio::test]
    async fn a_get_joins_prefixes_and_takes_no_data_as_an_answer() {
        let device = Device::start(&Guard::default());
        let client = Client::connect(&device.target()).await.unwrap();
        for (case, asked, expected) in [
            ("one", &["/a/b[k=1/1]"][..], &["/a/b[k=1/1]"][..]),
            ("two", &["/a/b", "/c"], &["/a/b", "/c"]),
            ("no data", &["/absent"], &[]),
            ("no data at one of them", &["/a/b", "/absent", "/c"], &["/a/b", "/c"]),
            ("another origin is passed over", &["/foreign", "/c"], &["/c"]),
        ] {
            let answers = client.get(&paths(asked), DataType::Config).await.unwrap();
            let seen: Vec<_> = answers.iter().map(|answer| answer.path.to_string()).collect();
            assert_eq!(seen, expected, "{case}");
            assert!(answers.iter().all(|answer| answer.json == json!({"a": 1})), "{case}");
        }
    }

    #[tokio::test]
    async fn a_client_does_not_show_its_password() {
        let device = Device::start(&Guard::default());
        let shown = format!("{:?}", Client::connect(&device.target()).await.unwrap());
        assert!(shown.contains("admin") && !shown.contains(PASSWORD), "{shown}");
    }

    #[tokio::test]
    async fn an_answer_of_more_than_4_mib_is_read() {
        let device = Device::start(&Guard::default());
        let client = Client::connect(&device.target()).await.unwrap();
        let answers = client.get(&paths(&["/large"]), DataType::All).await.unwrap();
        assert_eq!(answers[0].json.as_str().map(str::len), Some(5 << 20));
    }

    #[tokio::test]
    async fn a_set_goes_out_in_order_and_its_results_are_counted() {
        let mut device = Device::start(&Guard::default());
        let client = Client::connect(&device.target()).await.unwrap();
        for (case, update, missing) in [("all results", "/c", false), ("no results", "/silent", true)] {
            let operations = SetOperations {
                deletes: paths(&["/a"]),
                replaces: vec![("/b".parse().unwrap(), json!([1]))],
                updates: vec![(update.parse().unwrap(), json!({"d": 2}))],
                ..SetOperations::default()
            };
            let outcome = client.set(&operations).await.unwrap();
            assert_eq!(outcome.results_missing, missing, "{case}");
            assert_eq!(device.sets.recv().await.unwrap(), operations.to_wire(Encoding::JsonIetf), "{case}");
        }
    }

    #[tokio::test]
    async fn the_mark_of_a_set_is_read_back() {
        let device = Device::start(&Guard::default());
        let client = Client::connect(&device.target()).await.unwrap();
        assert_eq!(client.read_annotation().await.unwrap(), None);
        let annotation = Annotation {
            fabric: "dc1".parse().unwrap(),
            commit: "b".repeat(40).parse().unwrap(),
            tree: "00ff".to_owned(),
            pass: PassNumber::try_from(3).unwrap(),
        };
        let operations = SetOperations { annotation: Some(annotation.clone()), ..SetOperations::default() };
        let outcome = client.set(&operations).await.unwrap();
        assert!(!outcome.results_missing);
        assert_eq!(client.read_annotation().await.unwrap(), Some(annotation));
    }
}
