//! Measures what a schema costs at compile time: generating its code, and compiling a crate that holds nothing else.

mod plan;
mod project;
mod schema;
mod table;

use bench_common::Cost;

use self::plan::Plan;
use self::project::{Project, Step};

/// Runs the command `compile` with the arguments behind it, and prints its table.
pub(crate) fn run(args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let plan = Plan::parse(args)?;
    let proto = schema::proto(plan.services);
    let mut projects = Vec::new();
    for generator in &plan.generators {
        eprintln!("building what {} needs", generator.name);
        projects.push(Project::prepare(generator, &proto)?);
    }
    let medians = measure(&plan, &projects)?;
    let names: Vec<&str> = plan.generators.iter().map(|it| it.name).collect();
    println!("{}\n\n{}", plan.describe(), table::render(&names, &medians));
    Ok(())
}

/// The medians of all rounds: for each step what it cost each project. Every project takes a step before any takes the
/// next one, so that a slow minute of the machine meets all alike.
fn measure(plan: &Plan, projects: &[Project]) -> anyhow::Result<Vec<(Step, Vec<Cost>)>> {
    let mut samples = vec![vec![Vec::new(); projects.len()]; Step::ALL.len()];
    for round in 1..=plan.rounds {
        for (step, samples) in Step::ALL.iter().zip(&mut samples) {
            eprintln!("round {round} of {}: {}", plan.rounds, step.name());
            for (project, samples) in projects.iter().zip(samples) {
                samples.push(project.measure(*step)?);
            }
        }
    }
    let medians = samples
        .iter()
        .map(|step| step.iter().map(|rounds| median(rounds)));
    let medians = medians.map(Iterator::collect::<Vec<_>>);
    Ok(Step::ALL.into_iter().zip(medians).collect())
}

/// The median of each figure by itself.
pub(crate) fn median(rounds: &[Cost]) -> Cost {
    let of = |figure: fn(&Cost) -> std::time::Duration| {
        let mut figures: Vec<_> = rounds.iter().map(figure).collect();
        figures.sort_unstable();
        figures[figures.len() / 2]
    };
    Cost {
        cpu: of(|cost| cost.cpu),
        wall: of(|cost| cost.wall),
    }
}
