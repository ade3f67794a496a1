//! Codes of countries, continents and subdivisions.

use toml::de::DeValue;

use super::{Leaf, Wrong, leaf_schema, string};
use crate::model::did_you_mean;

/// ISO 3166-1 alpha-2, the 249 officially assigned codes (as of 2026), and XK, the user-assigned code by which
/// databases know Kosovo.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK \
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK";

/// The continents, as geographic databases abbreviate them.
const CONTINENTS: &[&str] = &["AF", "AN", "AS", "EU", "NA", "OC", "SA"];

/// Two ASCII letters in upper case.
fn code(word: &str) -> Option<[u8; 2]> {
    let letters: [u8; 2] = word.as_bytes().try_into().ok()?;
    letters.iter().all(u8::is_ascii_alphabetic).then(|| letters.map(|letter| letter.to_ascii_uppercase()))
}

/// The code of a country that exists.
fn country(word: &str) -> Option<[u8; 2]> {
    code(word).filter(|code| COUNTRIES.split(' ').any(|known| known.as_bytes() == code))
}

//------------ Country -------------------------------------------------------

/// ISO 3166-1 alpha-2.
#[derive(Clone, Copy, Debug)]
pub struct Country(pub [u8; 2]);

impl Leaf for Country {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "a country's code of two letters (ISO 3166-1), like 'IE'";
        let word = string(value, WANTS)?;
        // The one code that everybody takes for ISO's.
        let hint = if word.eq_ignore_ascii_case("UK") { did_you_mean("GB", ["GB"]) } else { String::new() };
        country(word).map(Country).ok_or_else(|| Wrong::not(format!("{WANTS}{hint}")))
    }
}

leaf_schema!(Country, "Country", { "type": "string", "pattern": "^[A-Za-z]{2}$" });

//------------ Continent -----------------------------------------------------

/// One of seven.
#[derive(Clone, Copy, Debug)]
pub struct Continent(pub [u8; 2]);

impl Leaf for Continent {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "a continent; continents: AF, AN, AS, EU, NA, OC, SA";
        let known = code(string(value, WANTS)?)
            .filter(|code| CONTINENTS.iter().any(|continent| continent.as_bytes() == code));
        known.map(Continent).ok_or(Wrong::not(WANTS))
    }
}

leaf_schema!(Continent, "Continent", { "type": "string", "enum": CONTINENTS });

//------------ Subdivision ---------------------------------------------------

/// ISO 3166-2 with its country: `US-CA`.
#[derive(Clone, Debug)]
pub struct Subdivision(pub String);

impl Leaf for Subdivision {
    fn leaf(value: &DeValue) -> Result<Self, Wrong> {
        const WANTS: &str = "a subdivision's code with its country (ISO 3166-2), like 'US-CA'";
        let word = string(value, WANTS)?;
        let fine = word.split_once('-').is_some_and(|(land, part)| {
            country(land).is_some()
                && (1..=3).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        fine.then(|| Subdivision(word.to_ascii_uppercase())).ok_or(Wrong::not(WANTS))
    }
}

leaf_schema!(Subdivision, "Subdivision", { "type": "string", "pattern": "^[A-Za-z]{2}-[A-Za-z0-9]{1,3}$" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_countries_is_whole() {
        let mut codes: Vec<_> = COUNTRIES.split(' ').filter_map(country).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 249 + 1);
        assert_eq!(COUNTRIES.split(' ').count(), codes.len());
    }

    #[test]
    fn codes_are_read_in_any_case_and_must_exist() {
        let rows = [
            ("IE", true),
            ("ie", true),
            ("XK", true),
            ("UK", false),
            ("XX", false),
            ("IRL", false),
            ("", false),
        ];
        for (word, fine) in rows {
            assert_eq!(Country::leaf(&DeValue::String(word.into())).is_ok(), fine, "{word}");
        }
        let rows = [
            ("US-CA", true),
            ("gb-eng", true),
            ("FR-75", true),
            ("US", false),
            ("XX-CA", false),
            ("US-CALI", false),
        ];
        for (word, fine) in rows {
            assert_eq!(Subdivision::leaf(&DeValue::String(word.into())).is_ok(), fine, "{word}");
        }
    }
}
