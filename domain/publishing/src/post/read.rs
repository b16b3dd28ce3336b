//! Reading posts and publications.

use tenancy::{Caller, Scope};

use super::{
    PostError, PostView, Posts,
    store::{PostFilter, PublicationFilter},
};
use crate::{
    id::{PostId, PublicationId},
    publication::{Attempt, Publication},
};

impl Posts {
    /// One post.
    pub async fn get(&self, caller: &Caller, id: PostId) -> Result<PostView, PostError> {
        caller.may(Scope::PostsRead)?;
        self.store.get(caller, id).await
    }

    /// Posts, newest first.
    pub async fn list(&self, caller: &Caller, filter: &PostFilter) -> Result<Vec<PostView>, PostError> {
        caller.may(Scope::PostsRead)?;
        if filter.workspace.is_some_and(|w| !caller.reaches(w)) {
            return Err(PostError::NotFound);
        }
        self.store.list(caller, filter).await
    }

    /// One publication.
    pub async fn publication(&self, caller: &Caller, id: PublicationId) -> Result<Publication, PostError> {
        caller.may(Scope::PostsRead)?;
        self.store.publication(caller, id).await
    }

    /// Publications, newest first.
    pub async fn publications(
        &self,
        caller: &Caller,
        filter: &PublicationFilter,
    ) -> Result<Vec<Publication>, PostError> {
        caller.may(Scope::PostsRead)?;
        if filter.workspace.is_some_and(|w| !caller.reaches(w)) {
            return Err(PostError::NotFound);
        }
        self.store.publications(caller, filter).await
    }

    /// The history of a publication, oldest first.
    pub async fn attempts(&self, caller: &Caller, id: PublicationId) -> Result<Vec<Attempt>, PostError> {
        caller.may(Scope::PostsRead)?;
        self.store.attempts(caller, id).await
    }
}
