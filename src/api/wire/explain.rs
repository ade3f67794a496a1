//! One decision, filter by filter.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What is to be explained.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplainQuery {
    /// A domain name; the dot at its end may be left out.
    pub name: String,
    /// An address, or a network as EDNS Client Subnet would bring it: answered for its first address.
    pub client: String,
    /// `A` or `AAAA`; both where it is left out.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// Why a client is answered as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The name that was asked for.
    pub name: String,
    /// The service that steers it, if one does.
    pub service: Option<String>,
    /// What the zones say, in words: one line a step.
    pub zone: Vec<String>,
    /// Who asks, as far as it is understood.
    pub client: ClientBody,
    /// One for each type that was asked for; none where nothing is steered.
    pub decisions: Vec<DecisionBody>,
}

/// Coordinates in degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PointBody {
    /// North.
    pub lat: f64,
    /// East.
    pub lon: f64,
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClientBody {
    /// As it was asked for.
    pub asked: String,
    /// What is looked up: unfolded, the first of a network.
    pub address: String,
    /// The IPv6 address that it was found in.
    pub unfolded_from: Option<String>,
    /// ISO 3166-1.
    pub country: Option<String>,
    /// ISO 3166-2 with its country.
    pub subdivision: Option<String>,
    /// Two letters.
    pub continent: Option<String>,
    /// Autonomous system.
    pub asn: Option<u32>,
    /// Where distances are measured from.
    pub location: Option<PointBody>,
    /// Where that comes from: `database`, `centroid of IE` or the place of a rule.
    pub location_from: Option<String>,
    /// What could not be looked up, and why.
    pub notes: Vec<String>,
}

/// The decision for one type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DecisionBody {
    /// `A` or `AAAA`; `CNAME` where other names are answered, for all types alike.
    #[serde(rename = "type")]
    pub kind: String,
    /// The service that decides: the one that steers the name, then those inside it, each picked by the one before.
    #[serde(default)]
    pub service: String,
    /// The cell of the client, by number; numbers change with every reload.
    pub cell: u32,
    /// Bits of the unfolded address that it took to know the order.
    pub depth: u8,
    /// What an EDNS Client Subnet would be told (RFC 7871), in bits of the address as it was asked with; null
    /// where the service does not honour it.
    pub scope: Option<u8>,
    /// Why the regions stand in this order.
    pub order_by: String,
    /// The regions in the client's order.
    pub order: Vec<DistanceBody>,
    /// What each filter of the policy did.
    pub filters: Vec<FilterBody>,
    /// What came out.
    pub outcome: OutcomeBody,
}

/// A region as one client sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DistanceBody {
    /// Its name.
    pub region: String,
    /// Great-circle distance; null where either side is unknown.
    pub km: Option<f64>,
    /// The same, bent by the region's bias.
    pub biased_km: Option<f64>,
}

/// What one filter did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FilterBody {
    /// `healthy`, `near`, `spill` or `first`.
    pub filter: String,
    /// What it did, in words.
    pub words: String,
    /// What it did to each of what it was given, in the order in which it passed them on.
    pub endpoints: Vec<CandidateBody>,
}

/// What one filter did to one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CandidateBody {
    /// The endpoint's region.
    pub region: String,
    /// `kept`, `moved` or `cut`.
    pub action: String,
    /// Why.
    pub words: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OutcomeBody {
    /// `endpoint`, `endpoints`, `name`, `service`, `fallback`, `nodata` or `servfail`.
    pub answer: String,
    /// The name that clients are sent on to.
    #[serde(default)]
    pub cname: Option<String>,
    /// The service that answers in the chosen endpoint's place: the next decision is its own.
    #[serde(default)]
    pub inner: Option<String>,
    /// The chosen endpoint's region, where there is one alone.
    pub region: Option<String>,
    /// The regions of all chosen endpoints, as written.
    #[serde(default)]
    pub regions: Vec<String>,
    /// What is handed out; a query gets them rotated.
    pub addresses: Vec<String>,
    /// How long it may be cached.
    pub ttl_seconds: u32,
    /// What made it so.
    pub ttl_from: String,
    /// The tier that answers.
    pub tier: Option<String>,
    /// Which rule decided, in words.
    pub why: String,
}
