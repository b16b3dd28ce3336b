//! The demo: the main job end to end, on this machine alone. It is a client of its own API and does what any front end does.

mod account;
mod aftermath;
mod browser;
mod client;
mod connect;
mod credentials;
mod lock;
mod port;
mod publish;
mod stage;
mod summary;
mod trouble;
mod voice;
mod watch;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use tokio::task::JoinHandle;

use self::{stage::Stage, trouble::Trouble, voice::Voice};
use crate::Runtime;

/// How long a start that is nearly through may go on after Ctrl-C, so that it can be stopped in order.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shows the main job.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Ends after publication: with 0 if it went well.
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub(crate) async fn run(self) -> Result<ExitCode, Box<dyn std::error::Error + Send + Sync>> {
        let voice = Voice::start();
        // A signal that comes while everything is still starting must not be lost.
        let mut signal = tokio::spawn(Runtime::until_signal());
        let mut stage = start(voice, &mut signal).await?;
        let shown = tokio::select! {
            shown = self.show(&mut stage, voice) => shown,
            _ = &mut signal => Err(Trouble::Interrupted),
        };
        if shown.is_ok() && !self.once {
            let _ = signal.await;
        }
        voice.during("stopping: what is in hand is finished or handed back", stage.stop()).await;
        shown?;
        Ok(ExitCode::SUCCESS)
    }

    async fn show(&self, stage: &mut Stage, voice: Voice) -> Result<(), Trouble> {
        let (member, key) = account::sign_in(stage, voice).await?;
        let channels = connect::channels(stage, &member, voice).await?;
        stage.start_workers(voice).await?;
        aftermath::settle(&member, voice).await?;
        let post = publish::schedule(&member, &channels, voice).await?;
        let published = watch::until_published(&member.client, &post, &channels, voice).await?;
        summary::results(voice, &published, &channels);
        if !self.once {
            summary::invitation(voice, stage, &key, &picture_beside(stage)?);
        }
        Ok(())
    }
}

/// Starts everything, unless a signal comes first.
async fn start(voice: Voice, signal: &mut JoinHandle<()>) -> Result<Stage, Trouble> {
    let mut starting = Box::pin(Stage::start(voice));
    tokio::select! {
        stage = &mut starting => return stage,
        _ = signal => voice.say("stopping"),
    }
    if let Ok(Ok(stage)) = tokio::time::timeout(PATIENCE, starting).await {
        stage.stop().await;
    }
    Err(Trouble::Interrupted)
}

/// The picture as a file, for whoever repeats the steps by hand, wherever the program was started.
fn picture_beside(stage: &Stage) -> Result<PathBuf, Trouble> {
    let path = stage.state_dir.join(publish::PICTURE_NAME);
    std::fs::write(&path, publish::PICTURE).map_err(|error| Trouble::file("write", &path, error))?;
    Ok(path)
}
