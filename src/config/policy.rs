//! What the operator promises people.

use super::reader::Reader;

/// The youngest age in years that any deployment may ask for. It cannot be configured away.
pub(crate) const AGE_FLOOR: u8 = 16;

/// Promises.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// The age in years that people confirm at registration.
    pub(crate) min_age: u8,
    /// The version of the privacy notice they acknowledge.
    pub(crate) version: String,
}

impl Policy {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let min_age: Option<u8> = reader.value("min_age");
        if min_age.is_some_and(|age| age < AGE_FLOOR) {
            reader.refuse("min_age", format!("cannot be below {AGE_FLOOR}; set {AGE_FLOOR} or more"));
        }
        let version: Option<String> = reader.value("policy_version");
        if version.as_deref().is_some_and(|version| version.chars().count() > 100) {
            reader.refuse("policy_version", "is longer than 100 characters");
        }
        // Their word on disks and backups is needed to start, and nothing else depends on it.
        let encrypted: Option<bool> = reader.value("data_at_rest_encrypted");
        if reader.production() && encrypted == Some(false) {
            let message =
                "must be true in production: encrypt the disks of the database and its backups, then set it";
            reader.refuse("data_at_rest_encrypted", message);
        }
        Some(Self { min_age: min_age?, version: version? })
    }
}
