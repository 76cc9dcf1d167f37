//! The crates of one generator: a program that generates the code, and a library that is nothing but this code.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::Context;
use bench_common::{Cost, cost_of};

use crate::peer::benches;

/// What makes Rust of a schema.
pub(crate) struct Generator {
    /// The name on the command line, and the peer whose `Cargo.lock` says the versions.
    pub(crate) package: &'static str,
    /// The name in the table.
    pub(crate) name: &'static str,
    /// What the program depends on.
    tools: &'static str,
    /// The program: its arguments are the folder of the schema and the one of the code.
    program: &'static str,
    /// What the library depends on.
    runtime: &'static str,
    /// The library.
    library: &'static str,
}

/// Both, in the order of the table.
pub(crate) const GENERATORS: [Generator; 2] = [
    Generator {
        package: "native",
        name: "this project",
        tools: "rpc-build = { path = \"{repository}/rpc-build\" }\n",
        program: r#"
fn main() -> rpc_build::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let proto = format!("{}/bench.proto", args[1]);
    rpc_build::configure().out_dir(&args[2]).compile(&[proto], &[&args[1]])
}
"#,
        runtime: "rpc-runtime = { path = \"{repository}/rpc-runtime\" }\n",
        library: "include!(\"../../generated/rpc_protos.rs\");\n",
    },
    Generator {
        package: "tonic",
        name: "tonic-prost-build 0.14",
        tools: "protox = { version = \"0.10\", default-features = false }\ntonic-prost-build = \"0.14\"\n",
        program: r#"
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let descriptors = protox::compile(["bench.proto"], [&args[1]])?;
    std::fs::create_dir_all(&args[2])?;
    tonic_prost_build::configure().out_dir(&args[2]).compile_fds(descriptors)?;
    Ok(())
}
"#,
        runtime: "prost = \"0.14\"\ntonic = \"0.14\"\ntonic-prost = \"0.14\"\n",
        library: "pub mod bench {\n    include!(\"../../generated/bench.rs\");\n}\n",
    },
];

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Generate,
    Check,
    CheckAgain,
    Build,
}

impl Step {
    /// All steps, in an order in which each leaves what the next one needs.
    pub(crate) const ALL: [Self; 4] = [Self::Generate, Self::Check, Self::CheckAgain, Self::Build];

    /// The name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Generate => "generate, release build of the generator",
            Self::Check => "`cargo check`, nothing of the crate compiled before",
            Self::CheckAgain => "`cargo check` after touching lib.rs",
            Self::Build => "`cargo build`, nothing of the crate compiled before",
        }
    }
}

/// The crates of one generator on disk, with everything built that they depend on.
pub(crate) struct Project {
    folder: PathBuf,
}

impl Project {
    /// Writes both crates, generates the code of `proto` and compiles it once, with all dependencies.
    pub(crate) fn prepare(generator: &Generator, proto: &str) -> anyhow::Result<Self> {
        let folder = benches().join("target/compile").join(generator.package);
        let project = Self { folder };
        project.write("schema/bench.proto", proto)?;
        for (name, dependencies, file, code) in [
            ("generator", generator.tools, "main.rs", generator.program),
            ("user", generator.runtime, "lib.rs", generator.library),
        ] {
            let repository = benches().join("..").display().to_string();
            let dependencies = dependencies.replace("{repository}", &repository);
            let manifest = format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [dependencies]\n{dependencies}"
            );
            project.write(&format!("{name}/Cargo.toml"), &manifest)?;
            project.write(&format!("{name}/src/{file}"), code)?;
            let lock = benches().join(generator.package).join("Cargo.lock");
            fs::copy(lock, project.folder.join(name).join("Cargo.lock"))?;
        }
        cost_of(project.cargo("build", "generator").arg("--release"))?;
        cost_of(&mut project.generate("generated")?)?;
        cost_of(&mut project.cargo("check", "user"))?;
        cost_of(&mut project.cargo("build", "user"))?;
        Ok(project)
    }

    /// Takes one step and returns what it cost.
    pub(crate) fn measure(&self, step: Step) -> anyhow::Result<Cost> {
        let mut command = match step {
            Step::Generate => return cost_of(&mut self.generate("generated-again")?),
            Step::Check | Step::CheckAgain => self.cargo("check", "user"),
            Step::Build => self.cargo("build", "user"),
        };
        if step != Step::CheckAgain {
            fs::remove_dir_all(self.folder.join("user/target/debug/incremental"))?;
        }
        let source = self.folder.join("user/src/lib.rs");
        let source = File::options().append(true).open(source)?;
        source.set_modified(SystemTime::now())?;
        cost_of(&mut command)
    }

    fn write(&self, path: &str, content: &str) -> anyhow::Result<()> {
        let path = self.folder.join(path);
        let folder = path.parent().context("every file is in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(path, content)?;
        Ok(())
    }

    fn cargo(&self, command: &str, package: &str) -> Command {
        let folder = self.folder.join(package);
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args([command, "--quiet", "--manifest-path"])
            .arg(folder.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(folder.join("target"))
            .env_remove("CARGO_INCREMENTAL");
        cargo
    }

    /// The command that generates all code into a folder that is empty.
    fn generate(&self, into: &str) -> anyhow::Result<Command> {
        let into = self.folder.join(into);
        if into.exists() {
            fs::remove_dir_all(&into)?;
        }
        let mut command = Command::new(self.folder.join("generator/target/release/generator"));
        command
            .arg(self.folder.join("schema"))
            .arg(into)
            // What it tells cargo is none of the report.
            .stdout(Stdio::null());
        Ok(command)
    }
}
