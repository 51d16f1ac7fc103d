package cli

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/internal/loopback"
	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/api"
	"github.com/stanch-dev/stanch/policies/bundle"
	"github.com/stanch-dev/stanch/policies/decisionlog"
	"github.com/stanch-dev/stanch/policies/source"
)

// serveFlags are the flags of policy serve.
type serveFlags struct {
	listen, url, cert, key   string
	bundle, bundleKey, keyID string
	bundleCache, log, upload string
	shadow                   string
}

func newPolicyServe(std stdio, f *policyFlags) *cobra.Command {
	var s serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "answer questions over HTTP, as AuthZEN and OPA do",
		Long: `Serve decides over HTTP: AuthZEN's /access/v1/evaluation and OPA's POST /v1/data/…,
read only. Whoever reaches it is believed, so it listens on loopback unless told
otherwise, and elsewhere with TLS only.

Policies are the policy directory, which is watched, or a signed bundle that is polled.
New ones take over as a whole; what does not compile is reported, and the old ones stay.

--log writes every decision as a JSON line in OPA's form, --upload sends them to a
service as OPA does. --shadow decides everything a second time by another directory, and
reports where the answers differ, without effect.

Exit codes: 0 ended by a signal, 2 usage or a wrong policy, 3 failed.`,
		Example: `  stanch policy serve
  stanch policy serve --log decisions.jsonl --shadow candidate
  stanch policy serve --bundle https://bundles.example.com/stanch.tar.gz --bundle-key keys/policies.pem`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return s.serve(ctx, std, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&s.listen, "listen", "127.0.0.1:8181", "`address` to listen on")
	flags.StringVar(&s.url, "url", "", "`URL` callers use, for AuthZEN's metadata")
	flags.StringVar(&s.cert, "tls-cert", "", "certificate `file` (PEM)")
	flags.StringVar(&s.key, "tls-key", "", "private key `file` (PEM)")
	flags.StringVar(&s.bundle, "bundle", "", "`address` of a bundle to decide by: https://… or a file")
	flags.StringVar(&s.bundleKey, "bundle-key", "", "public key `file` (PEM) that bundles must be signed with")
	flags.StringVar(&s.keyID, "bundle-key-id", "", "`id` of that key, if the signature must not choose")
	flags.StringVar(&s.bundleCache, "bundle-cache", "", "`file` to keep the last good bundle in")
	flags.StringVar(&s.log, "log", "", "`file` to write decisions to")
	flags.StringVar(&s.upload, "upload", "", "`URL` of a service that takes decision logs")
	flags.StringVar(&s.shadow, "shadow", "", "policy `directory` that decides in the shadow")
	return cmd
}

func (s *serveFlags) serve(ctx context.Context, std stdio, f *policyFlags) error {
	listener, err := s.listener()
	if err != nil {
		return usageError(err)
	}
	defer listener.Close()
	report := talk(std)
	first, follow, err := s.policies(f, report)
	if err != nil {
		return err
	}
	record, closeLog, err := s.recorder(report)
	if err != nil {
		return err
	}
	engine := policies.NewEngine(first, record)
	handler, err := api.New(engine, api.Options{URL: s.url})
	if err != nil {
		return usageError(err)
	}
	var following sync.WaitGroup
	following.Go(func() {
		follow(ctx, takeOver(engine, report))
	})
	fmt.Fprintf(std.err, "stanch: policies %s decide on %s\n", first.Revision(), listener.Addr())
	err = serveUntil(ctx, listener, handler)
	following.Wait()
	if closing := closeLog(); err == nil {
		err = closing
	}
	return failedRun(err)
}

func (s *serveFlags) listener() (net.Listener, error) {
	host, _, err := net.SplitHostPort(s.listen)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	if (s.cert == "") != (s.key == "") {
		return nil, errors.New("--tls-cert and --tls-key go together")
	}
	if s.cert == "" && !loopback.Is(host) {
		return nil, fmt.Errorf("--listen %s is not loopback, so it needs --tls-cert and --tls-key", s.listen)
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil || s.cert == "" {
		return listener, err
	}
	cert, err := tls.LoadX509KeyPair(s.cert, s.key)
	if err != nil {
		listener.Close()
		return nil, err
	}
	return tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}), nil
}

func serveUntil(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	stop := context.AfterFunc(ctx, func() {
		shutdown, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		server.Shutdown(shutdown)
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// follower reports policies that take over, or why some cannot, until ctx ends.
type follower func(ctx context.Context, changed func(source.Documents, error))

// policies returns what decides at first and what follows it.
func (s *serveFlags) policies(f *policyFlags, report func(error)) (*policies.Snapshot, follower, error) {
	if s.bundle == "" {
		docs, err := f.load()
		if err != nil {
			return nil, nil, err
		}
		first, err := compilePolicies(docs)
		return first, func(ctx context.Context, changed func(source.Documents, error)) {
			if docs.Name == "embedded" {
				return
			}
			(&source.Watcher{Dir: docs.Name, Revision: docs.Revision, Changed: changed}).Run(ctx)
		}, err
	}
	if s.bundleKey == "" {
		return nil, nil, usageError(errors.New("--bundle needs --bundle-key: a bundle that nobody signed is not taken"))
	}
	pem, err := os.ReadFile(s.bundleKey)
	if err != nil {
		return nil, nil, usageError(err)
	}
	id := s.keyID
	if id == "" {
		id = "global_key"
	}
	poller := &bundle.Poller{Address: s.bundle, Cache: s.bundleCache,
		Options: bundle.Options{Keys: map[string]bundle.Key{id: {PEM: pem}}, KeyID: id}}
	// Until a bundle is there the embedded policies decide, without a grant.
	docs, err := policies.Defaults()
	if err != nil {
		return nil, nil, err
	}
	first, err := compilePolicies(docs)
	return first, func(ctx context.Context, changed func(source.Documents, error)) {
		poller.Changed = changed
		if err := poller.Run(ctx); err != nil {
			report(err)
		}
	}, err
}

// recorder returns what records decisions, nil if nothing does, and what ends it.
func (s *serveFlags) recorder(report func(error)) (record func(*policies.Record), end func() error, err error) {
	var sinks []decisionlog.Sink
	var shadow *policies.Shadow
	var file *os.File
	if s.log != "" {
		if file, err = os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return nil, nil, usageError(err)
		}
		sinks = append(sinks, decisionlog.NewLines(file))
	}
	if s.upload != "" {
		up, err := decisionlog.NewUpload(decisionlog.UploadOptions{Service: s.upload, Report: report})
		if err != nil {
			return nil, nil, usageError(err)
		}
		sinks = append(sinks, up)
	}
	if s.shadow != "" {
		candidate, err := readPolicies(s.shadow)
		if err != nil {
			return nil, nil, err
		}
		shadow = policies.NewShadow(candidate, func(d policies.Difference) { report(differs(d)) })
	}
	if len(sinks) == 0 && shadow == nil {
		return nil, func() error { return nil }, nil
	}
	log := decisionlog.New(sinks, decisionlog.Options{Labels: map[string]string{"version": readBuild().Version}, Report: report})
	record = log.Record
	if shadow != nil {
		record = func(r *policies.Record) {
			log.Record(r)
			shadow.Observe(r)
		}
	}
	return record, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err := log.Close(ctx)
		if file != nil {
			err = errors.Join(err, file.Close())
		}
		if shadow != nil {
			shadow.Close()
			n := shadow.Counts()
			report(fmt.Errorf("shadow: %d of %d decisions differ, %d were not compared", n.Different, n.Compared, n.Dropped))
		}
		return err
	}, nil
}

// differs says where a shadow decides differently.
func differs(d policies.Difference) error {
	was, _ := json.Marshal(decisionlog.Result(d.Record.Decision))
	is, _ := json.Marshal(decisionlog.Result(d.Candidate))
	return fmt.Errorf("shadow: decision %s (%s) would be %s, not %s", d.Record.ID, d.Record.Input.Entrypoint(), is, was)
}
