package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// SetDefaults gives fields that are zero their defaults. Doing it twice changes
// nothing.
func (in *Ingress) SetDefaults() {
	or(&in.Listen, "127.0.0.1:8080")
	or(&in.Unscannable, "refuse")
	for i := range in.Routes {
		for j := range in.Routes[i].Lift {
			lift := &in.Routes[i].Lift[j]
			or(&lift.Header, "Authorization")
			if strings.EqualFold(lift.Header, "Authorization") {
				or(&lift.Scheme, "Bearer")
			}
		}
	}
	or(&in.KnownLimit.Secrets, 20)
	or(&in.KnownLimit.Per, Duration(time.Minute))

	or(&in.Limits.Header, 64<<10)
	or(&in.Limits.Buffer, 64<<10)
	or(&in.Limits.Connections, 10000)
	or(&in.Limits.ConnectionsClient, 1000)
	or(&in.Limits.Upstream, 512)
	or(&in.Limits.Streams, 250)
	or(&in.Limits.Ratio, 200)
	or(&in.Limits.Message, 16<<20)

	or(&in.Timeouts.Header, Duration(10*time.Second))
	or(&in.Timeouts.Idle, Duration(90*time.Second))
	or(&in.Timeouts.Stall, Duration(60*time.Second))
	or(&in.Timeouts.Dial, Duration(10*time.Second))
	or(&in.Timeouts.Response, Duration(60*time.Second))
	or(&in.Timeouts.Drain, Duration(30*time.Second))
	or(&in.Health.Interval, Duration(10*time.Second))
}

func or[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// files returns the fields that name files.
func (in *Ingress) files() []*string {
	files := []*string{
		&in.Rules, &in.Known, &in.Policies, &in.SealKey, &in.AccessLog, &in.Findings,
		&in.UpstreamTLS.CA, &in.UpstreamTLS.Cert, &in.UpstreamTLS.Key,
	}
	if in.TLS != nil {
		files = append(files, &in.TLS.Cert, &in.TLS.Key, &in.TLS.ClientCA)
	}
	return files
}

// Check returns all that is wrong with a configuration that has its defaults: each is
// a *Problem, joined by errors.Join. It opens no file and no connection, and shows no
// value that may be secret.
func (in *Ingress) Check() error {
	problems := in.problems()
	if in.Upstream == "" {
		problems = append(problems, &Problem{"ingress.upstream", "it is not set: name the URL of the API, as https://api.example.com"})
	}
	return join(problems)
}

// problems is Check for one source of settings among others: it does not ask for what
// another may bring.
func (in *Ingress) problems() []*Problem {
	c := checker{path: "ingress"}
	c.address("listen", in.Listen)
	if in.Admin != "" {
		c.address("admin", in.Admin)
	}
	c.upstream(in)
	if t := in.TLS; t != nil {
		c.must("tls", t.Cert != "" && t.Key != "", "cert and key are both needed")
	}
	c.must("unscannable", in.Unscannable == "refuse" || in.Unscannable == "pass", "it is refuse or pass")
	for i, route := range in.Routes {
		c.route(fmt.Sprintf("routes[%d]", i), route, in.Routes[:i])
	}
	for i, network := range in.TrustedProxies {
		_, err := netip.ParsePrefix(network)
		c.must(fmt.Sprintf("trusted_proxies[%d]", i), err == nil, "not a network such as 10.0.0.0/8 or 192.0.2.7/32")
	}
	c.must("health.path", in.Health.Path == "" || strings.HasPrefix(in.Health.Path, "/"), "a path begins with /")
	c.numbers(in)
	c.spans(in)
	return c.problems
}

// checker gathers problems.
type checker struct {
	path     string // of the section
	problems []*Problem
}

func (c *checker) must(path string, holds bool, text string) {
	if !holds {
		c.problems = append(c.problems, &Problem{c.path + "." + path, text})
	}
}

func (c *checker) address(path, address string) {
	_, port, err := net.SplitHostPort(address)
	if !strings.Contains(address, ":") && path == "admin" { // a port alone
		port, err = address, nil
	}
	_, notNumber := strconv.ParseUint(port, 10, 16)
	c.must(path, err == nil && notNumber == nil, "not an address such as 127.0.0.1:8080, [::1]:8080 or :8080")
}

func (c *checker) upstream(in *Ingress) {
	u, err := url.Parse(in.Upstream)
	switch {
	case in.Upstream == "":
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "h2c":
		c.must("upstream", false, "not a URL such as https://api.example.com, http://127.0.0.1:9000 or h2c://127.0.0.1:9000")
	default:
		c.must("upstream", u.User == nil, "it must not hold credentials")
		c.must("upstream", u.RawQuery == "" && !u.ForceQuery && u.Fragment == "", "it must not have a query or a fragment")
	}
	t := in.UpstreamTLS
	c.must("upstream_tls", (t.Cert == "") == (t.Key == ""), "cert and key go together")
	if err == nil && in.Upstream != "" {
		c.must("upstream_tls", u.Scheme == "https" || t == UpstreamTLS{}, "it is for an upstream of https only")
	}
}

// token is a name of HTTP (RFC 9110, section 5.6.2).
var token = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")

// notLifted are the fields that say how a message is sent, not who sends it.
var notLifted = map[string]bool{
	"host": true, "connection": true, "content-length": true, "content-type": true, "content-encoding": true, "transfer-encoding": true,
	"trailer": true, "te": true, "upgrade": true, "expect": true, "keep-alive": true, "proxy-connection": true,
}

func (c *checker) route(path string, r Route, before []Route) {
	prefix := strings.TrimSuffix(r.Path, "*")
	c.must(path+".path", strings.HasPrefix(r.Path, "/") && !strings.ContainsAny(prefix, "*?#"), "not a path such as /v1/users or /v1/*")
	for i := range before {
		if before[i].covers(&r) {
			c.must(path+".path", false, fmt.Sprintf("never reached, since routes[%d] takes all of it; put it before that one", i))
			break
		}
	}
	seen := map[string]bool{}
	for i, lift := range r.Lift {
		at := fmt.Sprintf("%s.lift[%d]", path, i)
		c.must(at+".query", lift.Query != "", "it names the parameter to lift")
		c.must(at+".query", lift.Query == "" || !seen[lift.Query], "it is lifted already")
		c.must(at+".header", token.MatchString(lift.Header) && !notLifted[strings.ToLower(lift.Header)], "not a header field that can hold a credential")
		c.must(at+".scheme", lift.Scheme == "" || token.MatchString(lift.Scheme), "not a scheme such as Bearer")
		seen[lift.Query] = true
	}
}

func (c *checker) numbers(in *Ingress) {
	const many = 1 << 20
	c.must("known_limit.secrets", in.KnownLimit.Secrets == -1 || in.KnownLimit.Secrets > 0, "it is above zero, or -1 for no limit")
	l := in.Limits
	for _, n := range []struct {
		path              string
		value, from, upTo int64
	}{
		{"header", int64(l.Header), 4 << 10, 16 << 20},
		{"buffer", int64(l.Buffer), 4 << 10, 16 << 20},
		{"connections", int64(l.Connections), 1, many},
		{"connections_per_client", int64(l.ConnectionsClient), 1, many},
		{"upstream_connections", int64(l.Upstream), 1, many},
		{"streams", int64(l.Streams), 1, many},
		{"ratio", int64(l.Ratio), 1, many},
		{"message", int64(l.Message), 4 << 10, 1 << 30},
	} {
		between := fmt.Sprintf("it is from %d to %d", n.from, n.upTo)
		if n.from > 1 {
			between = fmt.Sprintf("it is from %s to %s", Size(n.from), Size(n.upTo))
		}
		c.must("limits."+n.path, n.value >= n.from && n.value <= n.upTo, between)
	}
}

func (c *checker) spans(in *Ingress) {
	const longest = Duration(24 * time.Hour)
	t := in.Timeouts
	for _, span := range []struct {
		path  string
		value Duration
	}{
		{"timeouts.header", t.Header}, {"timeouts.idle", t.Idle}, {"timeouts.stall", t.Stall}, {"timeouts.dial", t.Dial},
		{"timeouts.response", t.Response}, {"timeouts.drain", t.Drain}, {"health.interval", in.Health.Interval}, {"known_limit.per", in.KnownLimit.Per},
	} {
		c.must(span.path, span.value > 0 && span.value <= longest, "it is above zero and at most "+longest.String())
	}
}
