//! What the demo prints: lines that work as pasted.

use std::path::Path;

use super::{DemoArgs, REGIONS};

/// Clients to ask as: where, and a network there.
const CLIENTS: [(&str, &str); 4] = [
    ("Tokyo", "133.11.0.0/24"),
    ("London", "193.60.0.0/24"),
    ("São Paulo", "143.107.0.0/24"),
    ("New York", "128.122.0.0/24"),
];

/// The whole guide.
pub fn text(arguments: &DemoArgs, config: &Path) -> String {
    let (dns, api, switch) = (arguments.dns, arguments.api, arguments.switch);
    let at = format!("@{} -p {}", dns.ip(), dns.port());
    let dig = |subnet: &str| format!("dig {at} www.gslb.example A +subnet={subnet} +short");
    let mut text = format!("\nMeridian answers on {dns} (UDP and TCP), its API on {api}.\n");
    text += &format!("The configuration is {}.\n\nFour regions:\n", config.display());
    for (region, city, address) in REGIONS {
        text += &format!("  {region:<13} {city:<10} http://{}/\n", arguments.backend(address));
    }
    text += "\nAsk as a client in each city; each gets its nearest region:\n";
    for (city, subnet) in CLIENTS {
        text += &format!("  {:<77} # {city}\n", dig(subnet));
    }
    let tokyo = dig(CLIENTS[0].1);
    text += &format!(
        "
Stop Tokyo's backend, ask as Tokyo again after three seconds, start it again:
  curl -X POST http://{switch}/ap-northeast/stop
  {tokyo}
  curl -X POST http://{switch}/ap-northeast/start

Force a region down, ask as London again at once, lift it:
  curl -X PUT http://{api}/v1/regions/eu-west/override -H 'Content-Type: application/json' \\
    -d '{{\"state\":\"down\",\"reason\":\"maintenance\",\"expires_in\":\"30m\"}}'
  {london}
  curl -X DELETE http://{api}/v1/regions/eu-west/override

Look around:
  dig {at} whoami.gslb.example TXT +subnet={subnet} +short
  dig {at} shop.gslb.example A +subnet={subnet}
  curl 'http://{api}/v1/explain?name=www.gslb.example&client={client}'
  curl http://{api}/v1/services/www
  curl http://{api}/metrics

Ctrl-C ends the demo.",
        london = dig(CLIENTS[1].1),
        subnet = CLIENTS[1].1,
        client = CLIENTS[1].1.split('/').next().unwrap_or_default(),
    );
    text
}
