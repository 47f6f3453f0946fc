//! `llmap export`: the map as a file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use assert_cmd::cargo::cargo_bin_cmd;

fn export(arguments: &[&str]) -> (i32, String) {
    let out = cargo_bin_cmd!("llmap").arg("export").args(arguments).output().unwrap();
    (out.status.code().unwrap(), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn the_shipped_map_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, more, begins, dots) in [
        ("a.svg", &["--prompt", "What is 2+2?"][..], "<svg", 557),
        (
            "b.html",
            &["--color", "cluster", "--projection", "t-sne", "--theme", "dark"],
            "<!doctype",
            557,
        ),
        ("c.csv", &["--color", "gsm8k"], "model_name,accuracy on gsm8k,pc1,", 0),
    ] {
        let file = path(name);
        let (code, error) = export(&[&["--map", &file], more].concat());
        assert_eq!(code, 0, "{error}");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(begins) && text.matches("<circle").count() == dots, "{name}");
        let (again, _) = export(&[&["--map", &file], more].concat());
        assert!(again == 0 && fs::read_to_string(&file).unwrap() == text, "{name}: as before");
    }
    for (name, more, said) in [
        ("d.png", &[][..], "ends in .svg, .html or .csv"),
        ("e.svg", &["--color", "opne"], "did you mean `open`?"),
        ("f.svg", &["--theme", "terminal"], "choose another"),
        ("no/folder/g.svg", &[], "no such folder"),
    ] {
        let file = path(name);
        let (code, error) = export(&[&["--map", &file], more].concat());
        assert!(code == 2 && error.contains(said) && !fs::exists(&file).unwrap(), "{error}");
    }
}
