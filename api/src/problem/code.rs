//! The closed list of reasons. A code is stable: a program may branch on it.

/// Declares the codes: the variant, its status, its wire form, its title and what it means.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $status:literal $slug:literal $title:literal;)+) => {
        /// Why a request was not answered as asked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, by status.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The HTTP status the code comes with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// The wire form, `snake_case`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $slug,)+ }
            }

            /// A short sentence, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What it means and what to do.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// The request is not valid HTTP, or a header of it is not valid text.
    MalformedRequest = 400 "malformed_request" "The request is malformed";
    /// The body is not JSON: bad syntax, bad UTF-8, a repeated key, a NUL character, or nested deeper than 32.
    MalformedJson = 400 "malformed_json" "The body is not acceptable JSON";
    /// A path, query or header parameter is unknown, repeated, or not what the document says.
    InvalidParameters = 400 "invalid_parameters" "A parameter is not valid";
    /// The cursor was not issued by this deployment for this list.
    InvalidCursor = 400 "invalid_cursor" "The cursor is not valid";
    /// The address that the browser was sent to belongs to no login that is waiting: a newer one took its place, it was
    /// disconnected, or the address is not complete. Go back to the program you came from and begin again.
    LoginUnknown = 400 "login_unknown" "This login is not known";
    /// This step of the login was taken before, and works once. If you only loaded the page again, go back to the program you
    /// came from and see whether it went on; otherwise begin again there.
    LoginUsed = 400 "login_used" "This was done before";
    /// The login was not finished in time. Go back to the program you came from and begin again; nothing was connected.
    LoginExpired = 400 "login_expired" "The login ran out of time";
    /// There is no `Authorization: Bearer` header.
    AuthenticationRequired = 401 "authentication_required" "Authentication is required";
    /// The token is unknown, expired, revoked, tampered with, or signed in a way that is not accepted.
    InvalidToken = 401 "invalid_token" "The token is not valid";
    /// The mail address and the password do not belong together.
    InvalidCredentials = 401 "invalid_credentials" "The credentials are not valid";
    /// The caller lacks the scope that this operation needs.
    ScopeMissing = 403 "scope_missing" "A scope is missing";
    /// The operation is for people who signed in, not for API keys.
    SessionRequired = 403 "session_required" "A session is required";
    /// The browser's origin is not among the allowed origins of the deployment or the API key.
    OriginNotAllowed = 403 "origin_not_allowed" "The origin is not allowed";
    /// The caller may not do this, whatever its scopes.
    Forbidden = 403 "forbidden" "This is not allowed";
    /// The public listener refuses plain HTTP.
    TlsRequired = 403 "tls_required" "TLS is required";
    /// There is no such thing, or it is not the caller's.
    NotFound = 404 "not_found" "There is no such thing";
    /// The path exists, the method does not. `Allow` lists the methods that do.
    MethodNotAllowed = 405 "method_not_allowed" "The method is not allowed";
    /// The answer's media type is not one that `Accept` allows.
    NotAcceptable = 406 "not_acceptable" "The answer is not available in that media type";
    /// The headers or the body did not arrive in time.
    RequestTimeout = 408 "request_timeout" "The request took too long to arrive";
    /// The state of the thing does not allow this now.
    Conflict = 409 "conflict" "The state does not allow this";
    /// The irreversible call is permitted, or was made: the post cannot be changed or taken back any more.
    PublishingBegan = 409 "publishing_began" "Publishing has begun";
    /// The present state of the post, publication or series does not allow this. A series that was cancelled does not change any
    /// more, and only a paused one is resumed; the occurrence whose post somebody took back by hand is restored before it changes.
    WrongState = 409 "wrong_state" "The state does not allow this";
    /// Another publication of the channel already has that post of the platform.
    PlatformPostTaken = 409 "platform_post_taken" "That post belongs to another publication";
    /// A request with this idempotency key is being worked on.
    IdempotencyInFlight = 409 "idempotency_in_flight" "The first request is still in flight";
    /// The first answer to this idempotency key held a secret that is shown once. `Location` names what was created.
    IdempotencySecretGone = 409 "idempotency_secret_gone" "The first answer is shown once";
    /// The posting schedule has no free slot in the next two years, or none for everybody who waits. Add slots, or take posts out
    /// of the queue.
    QueueFull = 409 "queue_full" "No slot is free";
    /// The post waits in one of these queues already. Take it out first, or name other channels.
    AlreadyQueued = 409 "already_queued" "The post is in the queue already";
    /// The post waits in no queue: it was never added, or it is on its way already.
    NotQueued = 409 "not_queued" "The post is in no queue";
    /// Somebody changed the thing since it was read. Read it again.
    PreconditionFailed = 412 "precondition_failed" "The thing has changed";
    /// The body is larger than the limit.
    BodyTooLarge = 413 "body_too_large" "The body is too large";
    /// The address is longer than the limit.
    AddressTooLong = 414 "address_too_long" "The address is too long";
    /// The media type of the body is not one that the operation reads.
    UnsupportedMediaType = 415 "unsupported_media_type" "The media type is not supported";
    /// The range lies behind the end of the file. `Content-Range` says how long the file is.
    RangeNotSatisfiable = 416 "range_not_satisfiable" "The file has no such range";
    /// The body is not what the document describes, or what is asked for breaks a rule. `violations` says where.
    ValidationFailed = 422 "validation_failed" "The request is not valid";
    /// The idempotency key was used with another body: of an upload, with another file, name, text or workspace.
    IdempotencyMismatch = 422 "idempotency_mismatch" "The idempotency key belongs to another body";
    /// The operation needs `If-Match` with the `ETag` that was read.
    PreconditionRequired = 428 "precondition_required" "If-Match is required";
    /// The caller used up its quota. `Retry-After` says when to come back.
    RateLimited = 429 "rate_limited" "There are too many requests";
    /// Too many attempts to sign in. `Retry-After` says when to come back.
    TooManyAttempts = 429 "too_many_attempts" "There are too many attempts";
    /// The header is larger than the limit.
    HeadersTooLarge = 431 "headers_too_large" "The headers are too large";
    /// The server failed. Quote `request_id` to the operator.
    Internal = 500 "internal" "The server failed";
    /// The server cannot do this at the moment, usually because it cannot reach its database. Try again.
    Unavailable = 503 "unavailable" "The server is not available";
}

impl Code {
    /// The code for an answer of the framework that has nothing but a status.
    pub fn of_status(status: u16) -> Self {
        let general = [
            Self::MalformedRequest,
            Self::AuthenticationRequired,
            Self::Forbidden,
            Self::NotFound,
            Self::Conflict,
            Self::ValidationFailed,
        ];
        let listed = || Self::ALL.iter().copied().find(|code| code.status() == status);
        general.into_iter().find(|code| code.status() == status).or_else(listed).unwrap_or(if status < 500 {
            Self::MalformedRequest
        } else {
            Self::Internal
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_its_own_wire_form_in_snake_case() {
        let slugs: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(slugs.len(), Code::ALL.len());
        assert!(slugs.iter().all(|slug| slug.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }

    #[test]
    fn a_bare_status_becomes_the_general_code_of_that_status() {
        assert_eq!(Code::of_status(404), Code::NotFound);
        assert_eq!(Code::of_status(405), Code::MethodNotAllowed);
        assert_eq!(Code::of_status(418), Code::MalformedRequest);
        assert_eq!(Code::of_status(502), Code::Internal);
    }
}
