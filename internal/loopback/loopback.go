// Package loopback knows which hosts are this machine: where plain HTTP may be spoken
// and where what trusts its callers may listen.
package loopback

import "net"

// Is reports whether host, a name or an address without a port, is this machine.
func Is(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
