//! Encryption on the way to the server, with the meaning that libpq gives to `sslmode`.
//!
//! | `sslmode` | encrypts | verifies |
//! |---|---|---|
//! | `disable` | no | |
//! | `allow`, `prefer` (default) | if the server can | no |
//! | `require` | yes | only with `sslrootcert` |
//! | `verify-ca`, `verify-full` | yes | chain and host name, against `sslrootcert` or the system's roots |
//!
//! Source: <https://www.postgresql.org/docs/current/libpq-ssl.html>. `verify-ca` checks the host name too, which is stricter.

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

/// Whom to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Whoever answers: encryption without authentication.
    Anyone,
    /// Who is certified by the system's roots.
    System,
    /// Who is certified by the roots in this PEM file.
    File(PathBuf),
}

/// Builds the client side of the handshake.
pub(crate) fn client_config(trust: &Trust) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let roots = match trust {
        Trust::Anyone => {
            let verifier = Arc::new(NoVerification(provider));
            return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
        }
        Trust::System => rustls_native_certs::load_native_certs().certs,
        Trust::File(path) => {
            CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|_| {
                Error::General("the file that sslrootcert names cannot be read as PEM".to_owned())
            })?
        }
    };
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots);
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

/// Accepts any certificate; the handshake's own signature must still be that certificate's.
#[derive(Debug)]
struct NoVerification(Arc<CryptoProvider>);

impl ServerCertVerifier for NoVerification {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
