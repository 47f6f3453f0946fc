//! `llmap themes`

use llmap::Result;
use llmap::explorer::themes;

use super::{Common, output};

pub fn run(common: &Common) -> Result<()> {
    let names = themes();
    if common.json {
        output::json(&names)
    } else {
        {
            let names: Vec<String> = names.iter().map(|name| llmap::one_line(name)).collect();
            output::text(&names.join("\n"))
        }
    }
}
