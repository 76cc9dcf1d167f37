//! What is measured and how often.

use anyhow::{Context, bail, ensure};

use super::project::{GENERATORS, Generator};
use super::schema::METHODS;

/// How one run of the command goes.
pub(crate) struct Plan {
    /// The size of the schema.
    pub(crate) services: usize,
    /// How often every step is measured.
    pub(crate) rounds: usize,
    /// Who takes part.
    pub(crate) generators: Vec<&'static Generator>,
}

impl Plan {
    /// Reads the arguments: `[--services N] [--rounds N] [GENERATOR...]`.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self {
            services: 100,
            rounds: 3,
            generators: Vec::new(),
        };
        while let Some(arg) = args.next() {
            let mut number = || {
                let number = args.next().and_then(|number| number.parse().ok());
                let number = number.with_context(|| format!("{arg} needs a number"))?;
                ensure!(number > 0, "{arg} needs a number above 0");
                Ok(number)
            };
            if arg == "--services" {
                plan.services = number()?;
            } else if arg == "--rounds" {
                plan.rounds = number()?;
            } else if let Some(found) = GENERATORS.iter().find(|it| it.package == arg) {
                plan.generators.push(found);
            } else {
                let names = GENERATORS.map(|generator| generator.package).join(", ");
                bail!(
                    "no such option or generator: {arg} (there are --services, --rounds, {names})"
                );
            }
        }
        if plan.generators.is_empty() {
            plan.generators = GENERATORS.iter().collect();
        }
        Ok(plan)
    }

    /// The sentence above the table.
    pub(crate) fn describe(&self) -> String {
        format!(
            "{} services with {METHODS} methods each: CPU seconds (user and system, cargo included), and wall seconds in \
             parentheses; median of {} interleaved rounds.",
            self.services, self.rounds
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> anyhow::Result<Plan> {
        Plan::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn compares_both_generators_unless_told_otherwise() {
        let plan = parse("").unwrap();
        assert_eq!((plan.services, plan.rounds), (100, 3));
        assert_eq!(plan.generators.len(), 2);
    }

    #[test]
    fn takes_a_size_and_chosen_generators() {
        let plan = parse("--services 1000 native --rounds 1").unwrap();
        assert_eq!((plan.services, plan.rounds), (1_000, 1));
        assert_eq!(plan.generators[0].package, "native");
        assert_eq!(plan.generators.len(), 1);
    }

    #[test]
    fn says_what_is_wrong_with_the_arguments() {
        let error = |line| parse(line).map(|_| ()).unwrap_err().to_string();
        assert_eq!(error("--services"), "--services needs a number");
        assert_eq!(error("--rounds 0"), "--rounds needs a number above 0");
        assert_eq!(
            error("grpc"),
            "no such option or generator: grpc (there are --services, --rounds, native, tonic)"
        );
    }
}
