//! The schema knows every key, describes it, and tells the truth about its default.

use serde_json::Value;

use super::*;

/// The table that a schema stands for, references followed.
fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema["$ref"].as_str() {
        Some(path) => root.pointer(path.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Every key of every table, with the keys that lead to it; `*` stands for an operator's name or a list's item.
fn keys<'s>(root: &'s Value, schema: &'s Value, path: &str, found: &mut Vec<(String, &'s Value)>) {
    let schema = resolved(root, schema);
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        keys(root, value, &path, found);
        found.push((path, value));
    }
    for inner in [&schema["additionalProperties"], &schema["items"]] {
        if inner.is_object() {
            keys(root, inner, &format!("{path}.*"), found);
        }
    }
}

/// Every key of an example, in the same form.
fn written(schema: &Value, root: &Value, value: &toml::Value, path: &str) {
    let schema = resolved(root, schema);
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let (named, known) = (&schema["additionalProperties"], &schema["properties"][key]);
                assert!(named.is_object() || known.is_object(), "{path}.{key} is not in the schema");
                written(if known.is_object() { known } else { named }, root, value, &format!("{path}.{key}"));
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| {
            assert!(schema["items"].is_object(), "{path} is no list in the schema");
            written(&schema["items"], root, item, path);
        }),
        _ => {}
    }
}

#[test]
fn every_key_of_the_example_is_in_the_schema() {
    let schema = schema();
    let example = include_str!("../../../tests/config/design.toml").parse::<toml::Table>().unwrap();
    written(&schema, &schema, &toml::Value::Table(example), "");
}

#[test]
fn every_key_is_described_and_no_table_takes_others() {
    let schema = schema();
    let mut found = Vec::new();
    keys(&schema, &schema, "", &mut found);
    assert!(found.len() > 60, "{} keys", found.len());
    for (path, value) in &found {
        assert!(value["description"].is_string(), "{path} has no description");
    }
    for (name, table) in schema["$defs"].as_object().unwrap() {
        assert_eq!(table["additionalProperties"], Value::Bool(false), "{name}");
    }
    assert_eq!((&schema["title"], &schema["additionalProperties"]), (&"meridian.toml".into(), &false.into()));
}

#[test]
fn defaults_of_the_schema_are_those_that_apply() {
    let schema = schema();
    let mut found = Vec::new();
    keys(&schema, &schema, "", &mut found);
    let defaults: Vec<_> = found.iter().filter(|(_, value)| !value["default"].is_null()).collect();
    assert!(defaults.len() > 30, "{} defaults", defaults.len());
    // A service with a check and signals, which is what most defaults belong to; order rules and fences must not be empty, and tokens have keys that must be there.
    let plain =
        errors::service("[services.www.check]\nkind = 'http'\n[services.www.signals]\npreset = 'haproxy'\n");
    let mut full = plain.parse::<toml::Table>().unwrap();
    for (path, value) in defaults {
        if ![".override.", ".tokens", ".checks.", "witnesses.", ".allow.", ".deny."]
            .iter()
            .any(|table| path.contains(table))
        {
            insert(&mut full, path, &value["default"]);
        }
    }
    let text = toml::to_string(&full).unwrap();
    let (Some(mut plain), Some(mut full)) = (parsed(&plain).0, parsed(&text).0) else {
        panic!("{}", parsed(&text).1)
    };
    for config in [&mut plain, &mut full] {
        without_places(config);
    }
    assert_eq!(plain, full);
}

/// Puts a default into every table that the path leads to.
fn insert(table: &mut toml::Table, path: &str, value: &Value) {
    let keys: Vec<&str> = path.trim_start_matches('.').split('.').collect();
    let (last, way) = keys.split_last().unwrap();
    let mut tables = vec![table];
    for key in way {
        let step = |table| match *key {
            "*" => children(table),
            _ => vec![child(table, key)],
        };
        tables = tables.into_iter().flat_map(step).collect();
    }
    for table in tables {
        table.insert((*last).to_owned(), toml::Value::try_from(value).unwrap());
    }
}

fn child<'t>(table: &'t mut toml::Table, key: &str) -> &'t mut toml::Table {
    let entry = table.entry(key.to_owned()).or_insert_with(|| toml::Table::new().into());
    entry.as_table_mut().unwrap()
}

fn children(table: &mut toml::Table) -> Vec<&mut toml::Table> {
    table.iter_mut().filter_map(|(_, value)| value.as_table_mut()).collect()
}

fn without_places(config: &mut Config) {
    config.regions.iter_mut().for_each(|region| region.place = Place::default());
    for service in &mut config.services {
        service.place = Place::default();
        service.names.iter_mut().for_each(|(_, place)| *place = Place::default());
        service.endpoints.iter_mut().for_each(|endpoint| endpoint.place = Place::default());
    }
}
