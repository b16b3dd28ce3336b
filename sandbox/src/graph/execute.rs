//! From a call to its outcome.

use super::answer::Outcome;
use super::call::Call;
use super::endpoint::{Endpoint, Target, locate};
use super::error::{GraphError, no_such_object};
use super::fetch::{self, Fetched};
use super::scene::Scene;
use super::{batch, instagram, oauth, page, picture_rules};
use crate::faults::twist::Twist;
use crate::shared::Shared;
use crate::world::picture::Picture;

impl Shared {
    /// What a call is about.
    pub(crate) fn locate(&self, call: &Call) -> Target {
        locate(call, &self.world())
    }

    /// Executes a call that meets no faults.
    pub(crate) async fn plain(&self, call: &Call) -> Outcome {
        let target = self.locate(call);
        self.execute(call, target, &Twist::default()).await
    }

    /// Executes a call. Pictures are fetched first, without holding the world.
    pub(crate) async fn execute(&self, call: &Call, target: Target, twist: &Twist) -> Outcome {
        match target.endpoint {
            Endpoint::Batch => return batch::run(self, call).await,
            Endpoint::Nodes => return batch::nodes(self, call).await,
            _ => {}
        }
        let picture = self.picture(call, target, twist).await?;
        self.enter(call, target, twist, picture, run)
    }

    /// Lends the world to a function for one call.
    fn enter<T>(
        &self,
        call: &Call,
        target: Target,
        twist: &Twist,
        picture: Option<Picture>,
        act: impl FnOnce(&mut Scene) -> T,
    ) -> T {
        let base = self.public_url.as_deref().unwrap_or(&call.base);
        let (now, switches) = (self.clock.now(), self.switches());
        let mut world = self.world();
        let ledger = &self.ledger;
        act(&mut Scene { world: &mut world, ledger, call, target, twist, switches, now, base, picture })
    }

    /// The picture that a call names or brings, once the caller proved worthy of the fetch.
    async fn picture(
        &self,
        call: &Call,
        target: Target,
        twist: &Twist,
    ) -> Result<Option<Picture>, GraphError> {
        let check = match target.endpoint {
            Endpoint::Photos => |scene: &mut Scene| scene.publisher(scene.id()).map(|_| ()),
            Endpoint::Media => |scene: &mut Scene| {
                scene.instagrammer(scene.id(), &instagram::container::PUBLISH)?;
                instagram::container::check_kind(scene)
            },
            _ => return Ok(None),
        };
        self.enter(call, target, twist, None, check)?;
        let page = target.endpoint == Endpoint::Photos;
        let url = call.params.get(if page { "url" } else { "image_url" });
        let source =
            call.files.iter().find(|(name, _)| page && name == "source").map(|(_, bytes)| bytes.clone());
        let fetched = match (source, url) {
            (Some(bytes), _) if self.light => {
                return Ok(Some(Picture { bytes: bytes.len() as u64, ..Picture::default() }));
            }
            (None, Some(url)) if self.light => {
                return Ok(Some(Picture { url: Some(url.to_owned()), ..Picture::default() }));
            }
            (Some(bytes), _) => Ok(fetch::look(bytes, None).await),
            (None, Some(url)) => fetch::fetch(&self.client, url).await,
            (None, None) => return Ok(None),
        };
        let Fetched { picture, format, bytes, .. } =
            if page { picture_rules::page(fetched)? } else { picture_rules::instagram(fetched)? };
        if let Some(sha256) = &picture.sha256 {
            self.world().pictures.keep(sha256, fetch::content_type(format), bytes);
        }
        Ok(Some(picture))
    }
}

fn run(scene: &mut Scene) -> Outcome {
    match scene.target.endpoint {
        Endpoint::Dialog => Ok(oauth::dialog::run(scene)),
        Endpoint::Exchange => oauth::exchange::run(scene),
        Endpoint::DebugToken => oauth::debug_token::run(scene),
        Endpoint::Permissions => oauth::permissions::list(scene),
        Endpoint::Revoke => oauth::permissions::revoke(scene),
        Endpoint::Me => page::profile::me(scene),
        Endpoint::Accounts => page::accounts::run(scene),
        Endpoint::Page => page::profile::run(scene),
        Endpoint::Feed => page::feed::run(scene),
        Endpoint::Photos => page::photos::run(scene),
        Endpoint::PublishedPosts => page::list::run(scene),
        Endpoint::Post => page::post::get(scene),
        Endpoint::PostEdit => page::post::edit(scene),
        Endpoint::PostDelete => page::post::delete(scene),
        Endpoint::Photo => page::photo::get(scene),
        Endpoint::PhotoDelete => page::photo::delete(scene),
        Endpoint::Account => instagram::profile::run(scene),
        Endpoint::Media => instagram::container::run(scene),
        Endpoint::MediaPublish => instagram::publish::run(scene),
        Endpoint::ContainerStatus => instagram::status::run(scene),
        Endpoint::ContentPublishingLimit => instagram::limit::run(scene),
        Endpoint::IgMediaList => instagram::list::run(scene),
        Endpoint::IgMedia => instagram::media::get(scene),
        Endpoint::IgMediaEdit => instagram::media::edit(scene),
        Endpoint::IgMediaDelete => instagram::media::delete(scene),
        Endpoint::Children => instagram::media::children(scene),
        Endpoint::Any | Endpoint::Nodes | Endpoint::Batch | Endpoint::Unknown => unknown(scene),
    }
}

/// A path that leads nowhere: a bad token is said first, then whether the path or the object is unknown.
fn unknown(scene: &Scene) -> Outcome {
    let path = &scene.call.path;
    let Some(first) = path.first() else {
        return Err(GraphError::method(
            100,
            "Unsupported request. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api",
        ));
    };
    scene.actor()?;
    if let (Some(_), Some(edge)) = (scene.world.kind(scene.id()), path.get(1)) {
        return Err(GraphError::new(2500, format!("Unknown path components: /{edge}")));
    }
    if first.chars().all(|c| c.is_ascii_digit() || c == '_') {
        return Err(no_such_object(scene.call.method.as_str(), first));
    }
    Err(GraphError::new(803, format!("(#803) Cannot query users by their username ({first})")))
}
