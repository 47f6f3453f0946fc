//! `llmap serve`, through a socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn begin() -> Self {
        Self::begin_at(&["--addr", "127.0.0.1:0"])
    }

    fn begin_at(more: &[&str]) -> Self {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("llmap"))
            .arg("serve")
            .args(more)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut message = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut message).unwrap();
        let address = message.split("http://").nth(1).unwrap().split(',').next().unwrap().into();
        Self { child, address }
    }

    /// Sends bytes, and gives back status and document.
    fn send(&self, request: &[u8]) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request).unwrap();
        let mut text = String::new();
        // The server may hang up on what it does not want to read.
        let _ = stream.read_to_string(&mut text);
        let status = text.split(' ').nth(1).unwrap_or_default().parse().unwrap_or_default();
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    fn post(&self, body: &str) -> (u16, Value) {
        let head = "POST /route?from=test HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
        self.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_address_may_be_a_name_and_a_wrong_one_is_answered_with_its_form() {
    let served = Served::begin_at(&["--addr", "localhost:0"]);
    assert!(served.address.starts_with("127.0.0.1:") || served.address.starts_with("[::1]:"));
    assert_eq!(served.send(b"GET /health HTTP/1.0\r\n\r\n").0, 200);
    for address in ["localhost:http", "127.0.0.1:70000", "here there:80", ":8080"] {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("llmap");
        let out = command.args(["serve", "--addr", address]).output().unwrap();
        let error = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{address}");
        assert!(error.contains(address) && error.contains("as in 127.0.0.1:8080"), "{error}");
    }
}

#[test]
fn routes_over_http_are_those_of_the_command_line() {
    let served = Served::begin();
    let (status, found) = served.post(r#"{"prompt": "What is 2+2?", "where": "open", "top": 2}"#);
    assert_eq!(status, 200);
    let arguments = ["route", "shipped", "What is 2+2?", "--where", "open", "--top", "2", "--json"];
    let out = assert_cmd::cargo::cargo_bin_cmd!("llmap").args(arguments).output().unwrap();
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    for part in ["routed", "candidates", "evidence", "why", "cascade"] {
        assert_eq!(found[part], told[0][part], "{part}");
    }
    let several: Vec<_> = (0..8).map(|i| format!("What is {i} + {i}?")).collect();
    std::thread::scope(|scope| {
        for prompt in &several {
            let served = &served;
            scope.spawn(move || {
                let (status, found) = served.post(&json!({ "prompt": prompt }).to_string());
                assert_eq!((status, found["prompt"].as_str()), (200, Some(prompt.as_str())));
            });
        }
    });
}

#[test]
fn bad_requests_are_answered_and_the_service_stays() {
    let served = Served::begin();
    let (status, found) = served.post("{\"prompt\": \"\\u001b[31m\", \"where\": \"\\u001b\"}");
    assert!(status == 400 && found["error"].is_string());
    let large = "POST /route HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9999999999\r\n\r\n";
    assert_eq!(served.send(format!("{large}{{").as_bytes()).0, 413);
    let chunked = "POST /route HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = format!("{chunked}500000\r\n{}\r\n0\r\n\r\n", "x".repeat(0x0050_0000));
    assert_eq!(served.send(body.as_bytes()).0, 413);
    // Sent in one go, and answered all the same.
    for megabytes in [5, 20] {
        let (status, found) = served.post(&"x".repeat(megabytes << 20));
        assert!(status == 413 && found["error"].is_string(), "{megabytes} {status} {found}");
    }
    assert_eq!(
        served.send(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").0,
        404
    );
    served.send(b"\x16\x03\x01 nonsense\r\n\r\n");
    let health = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(served.send(health).1["status"], "ok");
}

#[cfg(unix)]
#[test]
fn it_ends_when_it_is_told_to() {
    for signal in ["-INT", "-HUP"] {
        let mut served = Served::begin();
        let mut slow = TcpStream::connect(&served.address).unwrap();
        slow.write_all(b"POST /route HTTP/1.1\r\nContent-Length: 9\r\n\r\n{").unwrap();
        let id = served.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(served.child.wait().unwrap().code(), Some(0));
    }
    let out = assert_cmd::cargo::cargo_bin_cmd!("llmap").args(["serve", "--addr", "here"]).output();
    assert_eq!(out.unwrap().status.code(), Some(2));
}

#[test]
fn methods_and_limits_over_http() {
    let served = Served::begin();
    let raw = |request: &str| {
        let mut stream = TcpStream::connect(&served.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        text.to_lowercase()
    };
    let end = "Host: x\r\nConnection: close\r\n\r\n";
    let head = raw(&format!("HEAD /health HTTP/1.1\r\n{end}"));
    assert!(head.starts_with("http/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(raw(&format!("PUT /route HTTP/1.1\r\n{end}")).contains("\r\nallow: post\r\n"));
    assert!(raw(&format!("POST /models HTTP/1.1\r\n{end}")).contains("allow: get, head\r\n"));
    let (status, found) = served.post(&json!({ "prompts": vec!["a"; 2000] }).to_string());
    assert!(status == 400 && found["error"].as_str().unwrap().contains("at most 1024 prompts"));
    let broken =
        "POST /route HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n";
    assert_eq!(served.send(broken.as_bytes()).0, 400);
}

#[test]
fn connections_that_stand_still_are_closed() {
    let served = Served::begin_at(&["--addr", "127.0.0.1:0", "--timeout", "0.2"]);
    // Nothing at all, half a head, half a body, and a connection that was used and is kept.
    for (request, status) in [
        ("", 0),
        ("GET /health HTTP/1.1\r\nHo", 0),
        ("POST /route HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", 408),
        ("GET /health HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    ] {
        // It returns when the server hangs up.
        assert_eq!(served.send(request.as_bytes()).0, status, "{request}");
    }
    for wrong in ["0", "-1", "nan", "1e9", "x"] {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("llmap");
        let out = command.args(["serve", &format!("--timeout={wrong}")]).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{wrong}");
    }
}
