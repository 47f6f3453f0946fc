//! `llmap themes`

use super::{Common, output};
use crate::Result;
use crate::explorer::themes;

pub fn run(common: &Common) -> Result<()> {
    let names = themes();
    if common.json {
        output::json(&names)
    } else {
        {
            let names: Vec<String> = names.iter().map(|name| crate::one_line(name)).collect();
            output::text(&names.join("\n"))
        }
    }
}
