//! The configuration of nginx for one site. Pure.

use super::site::{Changes, Path, Site};
use std::fmt::Write as _;
use std::path::Path as File;

/// What a configuration needs besides the site.
pub(super) struct Places<'a> {
    /// Folder of everything that nginx writes.
    pub(super) folder: &'a File,
    pub(super) http_port: u16,
    pub(super) https_port: u16,
    /// `ADDRESS:PORT` of the Service.
    pub(super) backend: &'a str,
}

/// Files of certificate and key in the folder.
pub(super) const CERTIFICATE: &str = "site.crt";
pub(super) const KEY: &str = "site.key";

/// One process in the foreground, so that killing it ends all of it. Hosts that are not the site's are refused.
pub(super) fn text(site: &Site, places: &Places<'_>) -> String {
    let folder = places.folder.display();
    let (http, https) = (places.http_port, places.https_port);
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|name| format!("  {name}_temp_path {folder}/{name};\n"));
    let temporary = temporary.concat();
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\n  \
         access_log off;\n{temporary}  map $http_upgrade $with_upgrade {{ default upgrade; '' close; }}\n  server {{ \
         listen 127.0.0.1:{http} default_server; return 404; }}\n  server {{ listen 127.0.0.1:{https} ssl \
         default_server; ssl_reject_handshake on; }}\n{}}}\n",
        servers(site, places)
    )
}

/// One for each port: with a redirect the plain one only sends on.
fn servers(site: &Site, places: &Places<'_>) -> String {
    let (host, http, https) = (&site.host, places.http_port, places.https_port);
    let locations = locations(site, places);
    let plain = if site.redirect {
        "return 301 https://$host$request_uri;".to_owned()
    } else {
        locations.clone()
    };
    let mut text = format!("  server {{ listen 127.0.0.1:{http}; server_name {host};\n{plain} }}\n");
    if site.tls.is_some() {
        let folder = places.folder.display();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  server {{ listen 127.0.0.1:{https} ssl; server_name {host};\n    ssl_certificate {folder}/{CERTIFICATE};\n    \
             ssl_certificate_key {folder}/{KEY};\n{locations} }}"
        );
    }
    text
}

/// A prefix is one part by part: `/shop` is not the beginning of `/shopping`.
fn locations(site: &Site, places: &Places<'_>) -> String {
    let inside = inside(site, places);
    let location = |matched: String| format!("    location {matched} {{\n{inside}    }}\n");
    match &site.path {
        Path::Exact(path) => location(format!("= {path}")),
        Path::Prefix(path) if path == "/" => location("/".to_owned()),
        Path::Prefix(path) => {
            location(format!("= {path}")) + &location(format!("{}/", path.trim_end_matches('/')))
        }
    }
}

fn inside(site: &Site, places: &Places<'_>) -> String {
    let backend = places.backend;
    let (request, response) = (of_requests(&site.request), of_responses(&site.response));
    format!(
        "      proxy_pass http://{backend};\n      proxy_http_version 1.1;\n      proxy_set_header Host $host;\n      \
         proxy_set_header X-Forwarded-Proto $scheme;\n      proxy_set_header Upgrade $http_upgrade;\n      \
         proxy_set_header Connection $with_upgrade;\n{request}{response}"
    )
}

/// nginx sends one field of a name: what is added to none is what is set. An empty value takes a field away.
fn of_requests(changes: &Changes) -> String {
    let set = changes.set.iter().chain(&changes.add);
    let set = set.map(|(name, value)| format!("      proxy_set_header {name} \"{value}\";\n"));
    let removed = changes.remove.iter();
    set.chain(removed.map(|name| format!("      proxy_set_header {name} \"\";\n")))
        .collect()
}

fn of_responses(changes: &Changes) -> String {
    let hidden = changes.set.iter().map(|(name, _)| name).chain(&changes.remove);
    let hidden = hidden.map(|name| format!("      proxy_hide_header {name};\n"));
    let sent = changes.set.iter().chain(&changes.add);
    hidden
        .chain(sent.map(|(name, value)| format!("      add_header {name} \"{value}\" always;\n")))
        .collect()
}
