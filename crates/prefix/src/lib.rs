//! IP-prefix maps for IPv4 and IPv6: longest match and all matches.
