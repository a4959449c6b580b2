//! Which proxy leads to which host.

use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;

use ureq::http::Uri;

use crate::error::HubError;
use crate::vars::Vars;

/// The proxies to fetch through, by the rules of curl's variables. The default is none.
///
/// A proxy is asked to CONNECT for `http` targets too. One that allows that for port 443 only
/// leads to `https` endpoints only, which the hub and every mirror with TLS are.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<ureq::Proxy>,
    https: Option<ureq::Proxy>,
    direct: Vec<String>,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, of each also the name in
    /// lower case, which goes first. `ALL_PROXY` stands for the two others where they are unset.
    ///
    /// # Errors
    /// Names the variable whose value is no address of a proxy.
    pub fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, HubError> {
        let vars = Vars(var);
        let of = |names: [&str; 4]| -> Result<Option<ureq::Proxy>, HubError> {
            let found = vars.first(&names)?;
            found.map(|(name, text)| parse(name, &text)).transpose()
        };
        let direct = vars.first(&["no_proxy", "NO_PROXY"])?;
        let direct = direct.map_or_else(String::new, |(_, text)| text);
        Ok(Self {
            http: of(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])?,
            https: of(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            direct: direct
                .split([',', ' '])
                .filter(|rule| !rule.is_empty())
                .map(str::to_ascii_lowercase)
                .collect(),
        })
    }

    /// The proxy that leads to `target`, or `None` for none.
    pub(crate) fn to(&self, target: &Uri) -> Option<ureq::Proxy> {
        let https = target.scheme_str() == Some("https");
        let proxy = if https { &self.https } else { &self.http };
        let host = target.host().unwrap_or_default().to_ascii_lowercase();
        let host = host.trim_matches(['[', ']']);
        let port = target.port_u16().unwrap_or(if https { 443 } else { 80 });
        let direct = self.direct.iter().any(|rule| matches(rule, host, port));
        proxy.clone().filter(|_| !direct)
    }
}

fn parse(name: &str, text: &str) -> Result<ureq::Proxy, HubError> {
    ureq::Proxy::new(text).map_err(|_| HubError::Setting {
        setting: name.to_owned(),
        // What stands before the '@' is a name and a password.
        got: text.rsplit('@').next().unwrap_or_default().to_owned(),
        problem: "expected the address of a proxy such as http://proxy.example:3128".to_owned(),
    })
}

/// Whether the `NO_PROXY` rule speaks of the host: `*`, a host and its subdomains with or without
/// a leading dot, an address, or a range of addresses such as `10.0.0.0/8`; each may name a port.
fn matches(rule: &str, host: &str, port: u16) -> bool {
    if rule == "*" {
        return true;
    }
    if let Some((network, bits)) = rule.split_once('/') {
        return in_range(network, bits, host).unwrap_or(false);
    }
    let (name, only) = split_port(rule);
    if only.is_some_and(|only| only != port) {
        return false;
    }
    let name = name.trim_start_matches("*.").trim_start_matches('.');
    let name = name.trim_matches(['[', ']']);
    let host = host.trim_end_matches('.');
    host == name
        || host
            .strip_suffix(name)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// An IPv6 address has colons of its own, so only a single colon separates a port.
fn split_port(rule: &str) -> (&str, Option<u16>) {
    match rule.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => {
            port.parse().map_or((rule, None), |port| (name, Some(port)))
        }
        _ => (rule, None),
    }
}

fn in_range(network: &str, bits: &str, host: &str) -> Option<bool> {
    let bits: u32 = bits.parse().ok()?;
    let (network, host): (IpAddr, IpAddr) = (network.parse().ok()?, host.parse().ok()?);
    let (width, network, host) = match (network, host) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (32, u128::from(a.to_bits()), u128::from(b.to_bits())),
        (IpAddr::V6(a), IpAddr::V6(b)) => (128, a.to_bits(), b.to_bits()),
        _ => return None,
    };
    let shift = u32::checked_sub(width, bits)?;
    Some(network.checked_shr(shift) == host.checked_shr(shift))
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |proxy: &Option<ureq::Proxy>| {
            let address = |proxy: &ureq::Proxy| format!("{}:{}", proxy.host(), proxy.port());
            proxy.as_ref().map(address)
        };
        f.debug_struct("Proxies")
            .field("http", &shown(&self.http))
            .field("https", &shown(&self.https))
            .field("direct", &self.direct)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(set: &'static [(&str, &str)]) -> Result<Proxies, HubError> {
        let value = |name: &str| set.iter().find(|(key, _)| *key == name);
        Proxies::from_vars(|name| value(name).map(|(_, value)| OsString::from(value)))
    }

    fn host_to(proxies: &Proxies, target: &str) -> Option<String> {
        let proxy = proxies.to(&target.parse().unwrap())?;
        Some(proxy.host().to_owned())
    }

    #[test]
    fn each_scheme_has_its_proxy_and_all_proxy_stands_in() {
        let found = proxies(&[
            ("HTTPS_PROXY", "http://one:1"),
            ("all_proxy", "socks5://two:2"),
        ]);
        let found = found.unwrap();
        assert_eq!(
            host_to(&found, "https://hub.example/x").as_deref(),
            Some("one")
        );
        assert_eq!(
            host_to(&found, "http://hub.example/x").as_deref(),
            Some("two")
        );
        assert_eq!(host_to(&Proxies::default(), "https://hub.example/x"), None);
    }

    #[test]
    fn no_proxy_names_hosts_domains_ports_and_ranges() {
        for (rule, host, port, expected) in [
            ("*", "a.example", 443, true),
            ("example", "a.example", 443, true),
            (".example", "a.example", 443, true),
            ("*.example", "a.example", 443, true),
            ("ample", "a.example", 443, false),
            ("a.example:8080", "a.example", 8080, true),
            ("a.example:8080", "a.example", 443, false),
            ("10.0.0.0/8", "10.2.3.4", 443, true),
            ("10.0.0.0/8", "11.2.3.4", 443, false),
            ("0.0.0.0/0", "11.2.3.4", 443, true),
            ("10.0.0.0/99", "10.2.3.4", 443, false),
            ("::1", "::1", 443, true),
            ("fe80::/10", "fe80::2", 443, true),
        ] {
            assert_eq!(matches(rule, host, port), expected, "{rule} {host} {port}");
        }
    }

    #[test]
    fn a_wrong_address_is_refused_by_the_variables_name_without_its_password() {
        let error = proxies(&[("HTTPS_PROXY", "ftp://me:secret@proxy:1")]).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("HTTPS_PROXY is 'proxy:1'"), "{error}");
        let fine = proxies(&[("HTTPS_PROXY", "http://me:secret@proxy:1")]).unwrap();
        assert!(!format!("{fine:?}").contains("secret"));
    }
}
