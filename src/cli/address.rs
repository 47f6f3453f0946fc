//! Parses the address to listen on.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use crate::{Error, Result, one_line};

const PORT: u16 = 8080;
const HOST: &str = "127.0.0.1";

/// The addresses of `text`: `HOST:PORT`, a host only, or a port only; a host may be a name.
pub fn addresses(text: &str) -> Result<Vec<SocketAddr>> {
    let (host, port) = split(text)?;
    let found = (&*host, port).to_socket_addrs();
    let found = found.map_err(|e| wrong(text, &format!("unknown host `{host}` ({e})")))?;
    let mut found: Vec<SocketAddr> = found.collect();
    // The first one that can be bound is used, as most programs do for `localhost`.
    found.sort_by_key(SocketAddr::is_ipv6);
    found.dedup();
    if found.is_empty() {
        return Err(wrong(text, &format!("`{host}` has no address")));
    }
    Ok(found)
}

/// Host and port.
fn split(text: &str) -> Result<(String, u16)> {
    let bare = text.trim();
    let bare = bare.strip_prefix("http://").unwrap_or(bare);
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    if bare.is_empty() {
        return Err(wrong(text, "it is empty"));
    }
    if bare.bytes().all(|b| b.is_ascii_digit()) {
        return Ok((HOST.into(), port(text, bare)?));
    }
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok((ip.to_string(), PORT));
    }
    let (host, number) = if let Some(rest) = bare.strip_prefix('[') {
        let Some((ip, after)) = rest.split_once(']') else {
            return Err(wrong(text, "`]` is missing"));
        };
        if ip.parse::<Ipv6Addr>().is_err() {
            return Err(wrong(text, &format!("`{ip}` is not an IPv6 address")));
        }
        match after.strip_prefix(':') {
            Some(number) => (ip, Some(number)),
            None if after.is_empty() => (ip, None),
            None => return Err(wrong(text, "`]` must be followed by a colon and the port")),
        }
    } else {
        match bare.rsplit_once(':') {
            Some((host, number)) => (host, Some(number)),
            None => (bare, None),
        }
    };
    let number = number.map_or(Ok(PORT), |number| port(text, number))?;
    if host.contains(':') && host.parse::<Ipv6Addr>().is_err() {
        return Err(wrong(text, "a host cannot contain a colon; put an IPv6 address in brackets"));
    }
    if host.is_empty() || host == "*" {
        let problem = format!(
            "the host is missing: use 127.0.0.1:{number} for this machine only, 0.0.0.0:{number} for all \
             machines"
        );
        return Err(wrong(text, &problem));
    }
    let named = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if !host.chars().all(named) {
        return Err(wrong(text, &format!("`{host}` is not a host")));
    }
    Ok((host.to_owned(), number))
}

fn port(text: &str, number: &str) -> Result<u16> {
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let found = if digits { number.parse().ok() } else { None };
    found.ok_or_else(|| wrong(text, &format!("`{number}` is not a port, a number from 0 to 65535")))
}

fn wrong(text: &str, problem: &str) -> Error {
    Error::Usage(one_line(&format!(
        "--addr `{text}`: {problem}; write HOST:PORT, as in 127.0.0.1:8080"
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{addresses, split};

    #[test]
    fn addresses_are_read_in_every_usual_form() {
        for (text, host, port) in [
            ("127.0.0.1:9000", "127.0.0.1", 9000),
            ("localhost:9000", "localhost", 9000),
            ("http://localhost:9000/", "localhost", 9000),
            ("9000", "127.0.0.1", 9000),
            ("0", "127.0.0.1", 0),
            ("localhost", "localhost", 8080),
            ("0.0.0.0", "0.0.0.0", 8080),
            ("[::1]:9000", "::1", 9000),
            ("[::1]", "::1", 8080),
            ("::1", "::1", 8080),
            ("gpu-3.example.org:80", "gpu-3.example.org", 80),
            (" 127.0.0.1:1 ", "127.0.0.1", 1),
        ] {
            assert_eq!(split(text).unwrap(), (host.to_owned(), port), "{text}");
        }
        let local = addresses("localhost:9000").unwrap();
        assert!(local.iter().all(|address| address.ip().is_loopback() && address.port() == 9000));
        assert!(local.is_sorted_by_key(std::net::SocketAddr::is_ipv6), "{local:?}");
    }

    #[test]
    fn what_is_no_address_is_answered_with_the_form_of_one() {
        for (text, problem) in [
            ("", "empty"),
            ("localhost:", "`` is not a port"),
            ("localhost:http", "`http` is not a port"),
            ("localhost:+80", "`+80` is not a port"),
            ("127.0.0.1:70000", "`70000` is not a port"),
            ("99999", "`99999` is not a port"),
            (":9000", "0.0.0.0:9000 for all"),
            ("*:9000", "127.0.0.1:9000 for this machine"),
            ("[::1:9000", "`]` is missing"),
            ("[here]:9000", "not an IPv6"),
            ("[::1]9000", "a colon and the port"),
            ("a:b:9000", "brackets"),
            ("a b:9000", "`a b` is not a host"),
            ("https://localhost:9000", "colon"),
            ("localhost/route:9000", "not a host"),
            ("\u{1b}[2J:9000", "not a host"),
        ] {
            let error = addresses(text).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            let error = error.to_string();
            assert!(error.contains(problem), "{text:?}: {error}");
            assert!(error.contains("as in 127.0.0.1:8080"), "{error}");
            assert!(!error.contains('\u{1b}'), "{error:?}");
        }
    }
}
