//! Signing up.

use poem_openapi::{Object, OpenApi};
use tenancy::{Accounts, account};

use super::Chapter;
use crate::{
    answer::{Accepted, Found},
    problem::Answer,
    request::Device,
    strict::StrictJson,
    value::{Mail, Personal, Secret, Zone},
};

/// Who signs up.
#[derive(Object)]
struct Registration {
    /// The mail address. Whether it has an account already, the answer does not tell.
    mail: Mail,
    /// At least 12 characters and at most 256 bytes.
    #[oai(validator(min_length = 12, max_length = 256))]
    password: Secret,
    /// The person's name, if they want to give one.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<Personal>,
    /// The name of the organization and of its first workspace.
    #[oai(validator(min_length = 1, max_length = 200))]
    organization_name: String,
    /// The time zone of the first workspace.
    #[oai(default = "utc")]
    time_zone: Zone,
    /// Whether the person asserts to have the age that `GET /v1/registrations/policy` names. The date of birth is never asked.
    is_of_age: bool,
    /// The version of the privacy notice that the person acknowledged, as `GET /v1/registrations/policy` names it.
    #[oai(validator(max_length = 100))]
    acknowledged_notice: String,
}

/// The answer to everybody who signs up.
#[derive(Object)]
struct RegistrationTaken {
    /// What to do next.
    next: String,
}

/// Who may register.
#[derive(Object)]
struct RegistrationPolicy {
    /// The minimum age in years.
    min_age: u8,
    /// The version of the privacy notice in force.
    notice_version: String,
}

fn utc() -> Zone {
    Zone(zone::Tz::UTC)
}

/// Registrations.
pub struct RegistrationsResource {
    /// The use cases.
    pub accounts: Accounts,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Accounts")]
impl RegistrationsResource {
    /// What a person must confirm to register
    #[oai(path = "/registrations/policy", method = "get", operation_id = "getRegistrationPolicy")]
    #[expect(clippy::unused_async, reason = "the framework calls async handlers only")]
    async fn policy(&self) -> Answer<Found<RegistrationPolicy>> {
        let policy = &self.accounts.policy;
        let (min_age, notice_version) = (policy.min_age.years(), policy.notice_version.clone());
        Ok(Found::plain(RegistrationPolicy { min_age, notice_version }))
    }

    /// Register
    ///
    /// Makes a person, an organization and a workspace. The answer is the same whether or not the address has an account;
    /// sign in next. Doing it again changes nothing.
    #[oai(path = "/registrations", method = "post", operation_id = "register")]
    async fn register(
        &self,
        device: Device,
        body: StrictJson<Registration>,
    ) -> Answer<Accepted<RegistrationTaken>> {
        let StrictJson(body) = body;
        let registration = account::Registration {
            mail: body.mail.0,
            password: body.password.0,
            name: body.name.map(|name| name.0),
            organization_name: body.organization_name,
            time_zone: body.time_zone.0,
            is_of_age: body.is_of_age,
            acknowledged_notice: body.acknowledged_notice,
        };
        self.accounts.register(registration, &device.0).await?;
        Ok(Accepted(RegistrationTaken { next: "Sign in with POST /v1/sessions.".to_owned() }))
    }
}
