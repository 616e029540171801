//! A Qdrant server for tests: the gRPC stubs of `qdrant-client` over the engine of `qdrant-edge`.
//!
//! It speaks the part of the protocol that Recollect uses, over real sockets and the real engine; everything else
//! answers "unimplemented".

mod convert;
mod service;

use std::net::SocketAddr;
use std::sync::Arc;

use qdrant_client::qdrant::collections_server::CollectionsServer;
use qdrant_client::qdrant::points_server::PointsServer;
use resources::vectors::VectorsSettings;
use service::Service;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

/// A running server, whose data goes when it is dropped.
pub(crate) struct Qdrant {
    address: SocketAddr,
    service: Arc<Service>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Qdrant {
    /// Start an empty server on a free port.
    pub(crate) async fn start() -> Self {
        let mut qdrant = Self { address: ([127, 0, 0, 1], 0).into(), service: Arc::new(Service::new()), running: None };
        qdrant.resume().await;
        qdrant
    }

    /// How to reach it.
    pub(crate) fn settings(&self) -> VectorsSettings {
        VectorsSettings { url: Some(format!("http://{}", self.address)), ..VectorsSettings::default() }
    }

    /// Let every collection be as an older release left it.
    pub(crate) fn age(&self) {
        self.service.age();
    }

    /// Close every connection and the port, keeping the data.
    pub(crate) async fn stop(&mut self) {
        let (stop, serving) = self.running.take().expect("the server runs");
        stop.send(()).unwrap();
        serving.await.unwrap();
    }

    /// Serve again, on the same port and with the same data.
    pub(crate) async fn resume(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = Server::builder()
            .add_service(CollectionsServer::from_arc(Arc::clone(&self.service)))
            .add_service(PointsServer::from_arc(Arc::clone(&self.service)));
        let serving = async move {
            let stopped = async { drop(stopped.await) };
            server.serve_with_incoming_shutdown(TcpIncoming::from(listener), stopped).await.unwrap();
        };
        self.running = Some((stop, tokio::spawn(serving)));
    }
}
