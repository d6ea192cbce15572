//! How text for people looks, where it goes to a terminal and where it does not.

use crate::render::Style;
use clap::{Args, ValueEnum};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// How text for people looks.
#[derive(Args)]
#[command(next_help_heading = "Output")]
pub struct ScreenArgs {
    /// Whether tables are in colour
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
}

impl ScreenArgs {
    /// What to use where the text goes to a terminal, and where it does not.
    pub fn style(&self, terminal: bool) -> Style {
        Style { color: self.has_color(terminal), unicode: !terminal || speaks_utf8() }
    }

    fn has_color(&self, terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                terminal && !unwanted && !is_dumb()
            }
        }
    }
}

/// Whether the terminal takes no escape sequences.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// The first of the locale's variables that is set decides, as in every C program.
fn speaks_utf8() -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = names.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    locale.is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}
