//! docs/configuration.md shows every key that a file may have, and every option of the builders that
//! makes sense in a file has a key.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rpc_runtime::Config;
use rpc_tests::Authority;

/// What other keys say, or is for tests.
const NOT_IN_A_FILE: [&str; 4] = ["connector", "first_stream_id", "intercept", "pool"];

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The file that the document shows.
fn example() -> String {
    let document = fs::read_to_string(project().join("docs/configuration.md")).unwrap();
    let (_, rest) = document.split_once("```yaml\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// The keys of the first entry of a section of the example, which are indented by so many spaces.
fn keys(section: &str, indent: usize) -> BTreeSet<String> {
    let example = example();
    let (_, section) = example.split_once(&format!("\n{section}:\n")).unwrap();
    let section = section.split("\n\n").next().unwrap();
    let lines = section.lines().map(|line| line.replacen("- ", "  ", 1));
    let keys = lines.filter_map(|line| {
        let key = line.strip_prefix(&" ".repeat(indent))?;
        let name = key.split_once(':')?.0;
        (!name.starts_with([' ', '#'])).then(|| name.to_owned())
    });
    keys.collect()
}

/// The options of a builder that take a value, in all files of these folders. What is generic takes
/// code.
fn options(builder: &str, folders: &[&str]) -> BTreeSet<String> {
    let mut options = BTreeSet::new();
    for folder in folders {
        let folder = project().join("rpc-runtime/src").join(folder);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                options.extend(options_of(builder, &fs::read_to_string(path).unwrap()));
            }
        }
    }
    options
}

fn options_of(builder: &str, code: &str) -> Vec<String> {
    let mut is_inside = false;
    let names = code.lines().filter_map(|line| {
        is_inside &= line != "}";
        is_inside |= [" ", "::"].iter().any(|before| {
            line.starts_with("impl ") && line.ends_with(&format!("{before}{builder} {{"))
        });
        let signature = line
            .strip_prefix("    pub fn ")?
            .strip_suffix(") -> Self {")?;
        let (name, arguments) = signature.split_once('(')?;
        let takes_a_value = arguments.trim_start_matches("mut ").starts_with("self, ");
        (is_inside && takes_a_value && !name.contains('<')).then(|| name.to_owned())
    });
    names
        .filter(|name| !NOT_IN_A_FILE.contains(&&**name))
        .collect()
}

#[test]
fn every_option_of_a_server_that_a_file_can_say_is_in_the_example() {
    let options = options("Server", &["server", "server/builder", "gateway"]);
    let mut keys = keys("server", 2);
    // It stands with the listener that has it.
    keys.insert("tls".to_owned());
    assert_eq!(keys, options);
}

#[test]
fn every_option_of_a_channel_that_a_file_can_say_is_in_the_example() {
    let mut options = options("ChannelBuilder", &["client"]);
    options.extend(["name".to_owned(), "target".to_owned()]);
    assert_eq!(keys("channels", 4), options);
}

#[test]
fn the_example_loads() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config-document");
    let certificates = folder.join("certs");
    fs::create_dir_all(&certificates).unwrap();
    let authority = Authority::new();
    fs::write(certificates.join("ca.pem"), authority.root()).unwrap();
    for name in ["server", "client"] {
        let identity = authority.issue(&[name]);
        let path = certificates.join(name);
        fs::write(path.with_extension("pem"), identity.certificate).unwrap();
        fs::write(path.with_extension("key"), identity.key).unwrap();
    }
    fs::write(folder.join("users.json"), r#"{ "methodConfig": [] }"#).unwrap();
    let path = folder.join("rpc.yaml");
    fs::write(&path, example()).unwrap();
    let config = Config::load_with(&path, |_| None).unwrap();
    for channel in ["users", "audit"] {
        drop(config.channel(channel).unwrap());
    }
    drop(config.servers().unwrap());
}
