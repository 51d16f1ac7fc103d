package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/internal/config"
)

// defaultConfig is read where no other file is named, if it is there.
const defaultConfig = "stanch.yaml"

// ingressSettings are the flags that stand for a text of the configuration.
var ingressSettings = []struct {
	flag, usage string
	field       func(*config.Ingress) *string
}{
	{"upstream", "`URL` of the API: http, https or h2c", func(in *config.Ingress) *string { return &in.Upstream }},
	{"listen", "`address` that clients connect to (default 127.0.0.1:8080)", func(in *config.Ingress) *string { return &in.Listen }},
	{"tls-cert", "certificate `file` (PEM) of the listener", func(in *config.Ingress) *string { return &listenerTLS(in).Cert }},
	{"tls-key", "private key `file` (PEM) of the listener", func(in *config.Ingress) *string { return &listenerTLS(in).Key }},
	{"client-ca", "authorities `file` (PEM) that every client must have its certificate from", func(in *config.Ingress) *string { return &listenerTLS(in).ClientCA }},
	{"admin", "`address` of /metrics, /healthz and /readyz, such as 127.0.0.1:9464", func(in *config.Ingress) *string { return &in.Admin }},
	{"rules", "rules `file` in gitleaks' format (default gitleaks' rules and our own, for data in motion)", func(in *config.Ingress) *string { return &in.Rules }},
	{"known", "find the secrets in `file` too: a list of name=value, or an index", func(in *config.Ingress) *string { return &in.Known }},
	{"policies", "policy `directory` that decides about findings (default those that are built in)", func(in *config.Ingress) *string { return &in.Policies }},
	{"unscannable", "content that cannot be looked into: `refuse` it or let it pass", func(in *config.Ingress) *string { return &in.Unscannable }},
	{"access-log", "append a line of JSON for each request to `file`; - is standard error", func(in *config.Ingress) *string { return &in.AccessLog }},
	{"findings", "append a line of JSON for each secret to `file`; - is standard error", func(in *config.Ingress) *string { return &in.Findings }},
}

func listenerTLS(in *config.Ingress) *config.TLS {
	if in.TLS == nil {
		in.TLS = &config.TLS{}
	}
	return in.TLS
}

// ingressFlags are the configuration of stanch proxy ingress, as flags, the environment
// and a file say it: the first that says something wins.
type ingressFlags struct {
	file   string
	shadow bool
	values map[string]*string // by flag
	cmd    *cobra.Command
}

// register adds --config and the flags of the names, of all settings without a name.
func (f *ingressFlags) register(cmd *cobra.Command, names ...string) {
	f.cmd, f.values = cmd, map[string]*string{}
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "config", "c", "", "configuration `file` (default stanch.yaml, if it is there)")
	for _, s := range ingressSettings {
		if len(names) == 0 || slices.Contains(names, s.flag) {
			f.values[s.flag] = flags.String(s.flag, "", s.usage)
		}
	}
	if f.values["unscannable"] != nil {
		cmd.RegisterFlagCompletionFunc("unscannable", cobra.FixedCompletions([]string{"refuse", "pass"}, cobra.ShellCompDirectiveNoFileComp))
	}
}

// environment sets the flags that were not given from variables: --tls-cert from
// STANCH_TLS_CERT.
func (f *ingressFlags) environment() error {
	flags := f.cmd.Flags()
	names := append(slices.Sorted(maps.Keys(f.values)), "config", "shadow")
	for _, name := range names {
		variable := "STANCH_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		value := os.Getenv(variable)
		if value == "" || flags.Lookup(name) == nil || flags.Changed(name) {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return fmt.Errorf("%s is no value for --%s", variable, name)
		}
	}
	return nil
}

// load reads the configuration, with the name of its file, empty if there is none. It is
// not yet checked as a whole.
func (f *ingressFlags) load() (in *config.Ingress, file string, err error) {
	if err := f.environment(); err != nil {
		return nil, "", err
	}
	file = f.file
	if _, err := os.Stat(defaultConfig); file == "" && err == nil {
		file = defaultConfig
	}
	c := &config.Config{}
	if file != "" {
		if c, err = config.Load(file); err != nil {
			return nil, file, err
		}
	}
	in = &c.Ingress
	for _, s := range ingressSettings {
		if value := f.values[s.flag]; value != nil && f.cmd.Flags().Changed(s.flag) {
			*s.field(in) = *value
		}
	}
	if f.cmd.Flags().Changed("shadow") {
		in.Shadow = f.shadow
	}
	in.SetDefaults()
	return in, file, nil
}

// complete is load for a proxy that is to run.
func (f *ingressFlags) complete() (in *config.Ingress, file string, err error) {
	if in, file, err = f.load(); err != nil {
		return nil, file, err
	}
	if in.Upstream == "" {
		return nil, file, errors.New("no upstream: give --upstream URL, set STANCH_UPSTREAM, or ingress.upstream in " + defaultConfig)
	}
	return in, file, in.Check()
}
