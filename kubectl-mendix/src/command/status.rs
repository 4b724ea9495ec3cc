//! `kubectl mendix status`: gather, view, print.

use crate::cli::StatusArguments;
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::follow::{Ending, Sight, changes_of_app, changes_of_apps, follow};
use crate::gather::{self, ReadError};
use crate::outcome::Outcome;
use crate::output::{OutputFormat, json, json_line, yaml};
use crate::print::{Changes, Layout, Shown};
use crate::progress::{Picture, Screen};
use crate::view::{AppList, Health, NamedView};
use futures::stream::BoxStream;
use serde::Serialize;
use std::io::Write as _;

/// Shows apps and environments, or one with everything it is made of.
///
/// # Errors
/// The cluster cannot be reached, or what was asked for cannot be read.
pub async fn status(arguments: &StatusArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    let cluster = Cluster::connect(&environment.target).await?;
    if let Some(name) = &arguments.name {
        let look = async || gather::named(&cluster, name).await.map(NamedView::new);
        return look_or_watch(look, || changes_of_app(&cluster, name), arguments, environment).await;
    }
    let all = arguments.all_namespaces;
    let look = async || {
        let gathered = gather::apps(&cluster, all).await?;
        Ok(AppList::new(gathered, all))
    };
    look_or_watch(look, || changes_of_apps(&cluster, all), arguments, environment).await
}

async fn look_or_watch<View: Shown + Serialize>(
    look: impl AsyncFn() -> Result<View, ReadError>,
    changes: impl FnOnce() -> BoxStream<'static, ()>,
    arguments: &StatusArguments,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    if arguments.watch {
        return watch(look, changes(), arguments.output, environment).await;
    }
    let view = look().await.map_err(|error| error.failure)?;
    print(&view, arguments.output, environment)?;
    Ok(outcome(view.health()))
}

const fn outcome(health: Health) -> Outcome {
    match health {
        Health::Ready => Outcome::Done,
        Health::Progressing | Health::Stalled | Health::Absent | Health::Unknown => Outcome::Degraded,
    }
}

fn print(
    view: &(impl Shown + Serialize),
    format: OutputFormat,
    environment: &mut Environment,
) -> anyhow::Result<()> {
    let layout = layout(format, environment);
    let now = (environment.now)();
    let out = &mut environment.out.writer;
    match format {
        OutputFormat::Json => return json(view, out),
        OutputFormat::Yaml => return yaml(view, out),
        OutputFormat::Name => return names(view, environment),
        OutputFormat::Table | OutputFormat::Wide => write!(out, "{}", view.text(layout, now))?,
    }
    if let Some(remark) = view.remark() {
        environment.note(&remark);
    }
    for problem in view.problems() {
        environment.warn(problem);
    }
    Ok(())
}

fn names(view: &impl Shown, environment: &mut Environment) -> anyhow::Result<()> {
    for name in view.names() {
        writeln!(environment.out.writer, "{name}")?;
    }
    Ok(())
}

/// How a result is laid out.
pub(crate) fn layout(format: OutputFormat, environment: &Environment) -> Layout {
    Layout {
        wide: format == OutputFormat::Wide,
        colour: environment.out.colour,
        fit: environment.out.terminal,
    }
}

async fn watch<View: Shown + Serialize>(
    look: impl AsyncFn() -> Result<View, ReadError>,
    changes: BoxStream<'static, ()>,
    format: OutputFormat,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    let timeout = environment.timeout;
    let mut teller = Teller::new(format, environment);
    let ending = follow(changes, look, View::health, |sight| teller.tell(&sight), timeout).await?;
    drop(teller);
    let outcome = match &ending {
        Ending::Settled(view) => outcome(view.health()),
        Ending::TimedOut(_) => {
            environment.note("the time is over, and not everything is ready");
            Outcome::Degraded
        }
    };
    if let (true, Ending::Settled(view) | Ending::TimedOut(Some(view))) = (is_for_people(format), &ending) {
        view.problems()
            .iter()
            .for_each(|problem| environment.warn(problem));
    }
    Ok(outcome)
}

const fn is_for_people(format: OutputFormat) -> bool {
    matches!(format, OutputFormat::Table | OutputFormat::Wide)
}

/// Tells what is seen: drawn over itself on a terminal, else what changed, a line each.
struct Teller<'a> {
    environment: &'a mut Environment,
    format: OutputFormat,
    picture: Option<Picture>,
    changes: Changes,
    last: Option<String>,
}

impl<'a> Teller<'a> {
    fn new(format: OutputFormat, environment: &'a mut Environment) -> Self {
        let picture = is_for_people(format)
            .then(|| Picture::new(Screen::Out, &environment.out, environment.quiet))
            .flatten();
        Self {
            environment,
            format,
            picture,
            changes: Changes::default(),
            last: None,
        }
    }

    fn tell(&mut self, sight: &Sight<'_, impl Shown + Serialize>) -> anyhow::Result<()> {
        match sight {
            Sight::Lost(error) => {
                self.environment.note(&format!("{error}; trying again"));
                Ok(())
            }
            Sight::Seen(view) => self.seen(*view),
        }
    }

    fn seen(&mut self, view: &(impl Shown + Serialize)) -> anyhow::Result<()> {
        if let Some(picture) = &self.picture {
            let layout = layout(self.format, self.environment);
            picture.show(&view.text(layout, (self.environment.now)()));
            return Ok(());
        }
        let text = self.document(view)?;
        if self.last.as_ref() != Some(&text) {
            let out = &mut self.environment.out.writer;
            write!(out, "{text}")?;
            // Whoever reads a pipe wants to know now.
            out.flush()?;
            self.last = Some(text);
        }
        Ok(())
    }

    fn document(&mut self, view: &(impl Shown + Serialize)) -> anyhow::Result<String> {
        let mut text = Vec::new();
        match self.format {
            OutputFormat::Json => json_line(view, &mut text)?,
            OutputFormat::Yaml => {
                text.extend(b"---\n");
                yaml(view, &mut text)?;
            }
            OutputFormat::Name => {
                for name in view.names() {
                    writeln!(text, "{name}")?;
                }
            }
            OutputFormat::Table | OutputFormat::Wide => {
                let wide = self.format == OutputFormat::Wide;
                for line in self.changes.between(&view.line(wide)) {
                    writeln!(text, "{line}")?;
                }
            }
        }
        Ok(String::from_utf8(text)?)
    }
}
