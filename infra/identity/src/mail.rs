//! A mailer that only writes to the log: for development, and until a deployment has mail.

use async_trait::async_trait;
use tenancy::mailer::{Mail, Mailer, NotSent};

/// Logs which template would be sent about whom; no address, no text.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogMailer;

#[async_trait]
impl Mailer for LogMailer {
    async fn send(&self, mail: Mail) -> Result<(), NotSent> {
        let (template, class) = (mail.template.as_str(), mail.template.class().as_str());
        tracing::info!(template, class, person = %mail.person, "a mail would be sent");
        Ok(())
    }
}
