package config

// Ingress sets `stanch proxy ingress`. Every field has a default but Upstream.
type Ingress struct {
	// Listen is the address clients connect to, host:port. Default 127.0.0.1:8080.
	Listen string `yaml:"listen"`
	// Upstream is the URL of the API: http, https or h2c (HTTP/2 without TLS). Its path
	// is put before the paths of requests.
	Upstream string `yaml:"upstream"`
	// UpstreamTLS sets how an https upstream is reached.
	UpstreamTLS UpstreamTLS `yaml:"upstream_tls"`
	// TLS serves clients with TLS 1.2 or later, from files that are read again when they
	// change. Without it the listener speaks plain HTTP and h2c.
	TLS *TLS `yaml:"tls"`
	// Admin is the address of /metrics, /healthz and /readyz. Without a host it is one of
	// loopback. Default: none.
	Admin string `yaml:"admin"`

	// Rules is a rules file in gitleaks' format. Default: gitleaks' rules and our own.
	Rules string `yaml:"rules"`
	// Known is a list of known secrets or an index of them. Default: none.
	Known string `yaml:"known"`
	// Policies is a directory of policies that decide about findings. Default: those that
	// are built in.
	Policies string `yaml:"policies"`
	// SealKey is the public key file for the style sealed.
	SealKey string `yaml:"seal_key"`
	// Shadow changes nothing and only reports what would be changed.
	Shadow bool `yaml:"shadow"`
	// Unscannable says what happens to content that cannot be looked into: refuse (the
	// default) or pass.
	Unscannable string `yaml:"unscannable"`

	// Routes are tried in their order; the first whose pattern fits is the request's.
	Routes []Route `yaml:"routes"`
	// KnownLimit bounds how often a client may meet a known secret.
	KnownLimit KnownLimit `yaml:"known_limit"`
	// TrustedProxies are networks (CIDR) whose X-Forwarded-For says who the client is.
	TrustedProxies []string `yaml:"trusted_proxies"`

	// AccessLog is a file for one line of JSON for each request; "-" is standard error.
	// Default: none.
	AccessLog string `yaml:"access_log"`
	// Findings is a file for one line of JSON for each secret; "-" is standard error.
	// Default: none.
	Findings string `yaml:"findings"`

	Limits   Limits   `yaml:"limits"`
	Timeouts Timeouts `yaml:"timeouts"`
	Health   Health   `yaml:"health"`
}

// TLS names the files of a server's identity, in PEM.
type TLS struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
	// ClientCA are the authorities of client certificates. With it every client must show
	// one (mTLS), and is the principal named by it: its URI SAN, else its common name.
	ClientCA string `yaml:"client_ca"`
}

// UpstreamTLS says whom we trust upstream and who we are there, as files in PEM.
type UpstreamTLS struct {
	CA         string `yaml:"ca"`   // authorities. Default: the system's
	Cert       string `yaml:"cert"` // of ours, for mTLS
	Key        string `yaml:"key"`
	ServerName string `yaml:"server_name"` // that the certificate must have. Default: the URL's host
}

// Route sets what is done with requests whose path fits a pattern.
type Route struct {
	// Path is a pattern: the path itself, or a prefix followed by *.
	Path string `yaml:"path"`
	// Lift takes credentials out of the query. Those that are not lifted are redacted.
	Lift []Lift `yaml:"lift"`
}

// Lift moves the value of a query parameter into a header field.
type Lift struct {
	Query  string `yaml:"query"`  // the parameter
	Header string `yaml:"header"` // the field. Default Authorization
	Scheme string `yaml:"scheme"` // written before the value. Default Bearer for Authorization, else none
}

// KnownLimit is how many known secrets a client may meet in its exchanges; then its
// requests are answered by 429 until the time has passed. It keeps clients from
// learning by trial which of their guesses is a secret.
type KnownLimit struct {
	Secrets int      `yaml:"secrets"` // default 20; -1 for no limit
	Per     Duration `yaml:"per"`     // default 1m
}

// Limits bound what a client and an upstream can take.
type Limits struct {
	Header            Size `yaml:"header"`                 // of a request's or response's header. Default 64KiB
	Buffer            Size `yaml:"buffer"`                 // of content that is held before the header leaves. Default 64KiB
	Connections       int  `yaml:"connections"`            // of clients at once. Default 10000
	ConnectionsClient int  `yaml:"connections_per_client"` // default 1000
	Upstream          int  `yaml:"upstream_connections"`   // default 512; more requests wait
	Streams           int  `yaml:"streams"`                // of HTTP/2 at once on a connection. Default 250
	Ratio             int  `yaml:"ratio"`                  // decoded bytes for each encoded one. Default 200
	Message           Size `yaml:"message"`                // of WebSocket. Default 16MiB
}

// Timeouts bound waiting.
type Timeouts struct {
	Header   Duration `yaml:"header"`   // for a request's header. Default 10s
	Idle     Duration `yaml:"idle"`     // of a connection without a request. Default 90s
	Stall    Duration `yaml:"stall"`    // of a body, read or written, without a byte. Default 60s
	Dial     Duration `yaml:"dial"`     // to connect upstream, TLS included. Default 10s
	Response Duration `yaml:"response"` // for the upstream's header. Default 60s
	Drain    Duration `yaml:"drain"`    // for what is under way when we end. Default 30s
}

// Health probes the upstream.
type Health struct {
	Path     string   `yaml:"path"`     // asked for with GET. Default: no probing
	Interval Duration `yaml:"interval"` // default 10s
}
