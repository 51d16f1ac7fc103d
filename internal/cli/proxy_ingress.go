package cli

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy/ingress"
	"github.com/stanch-dev/stanch/scanner/redact"
)

func newProxyIngress(std stdio) *cobra.Command {
	var f ingressFlags
	cmd := &cobra.Command{
		Use:   "ingress --upstream URL",
		Short: "stand in front of an API and redact the secrets in its requests and responses",
		Long: `Ingress takes requests for an API, sends them on to it, and takes its responses back,
over HTTP/1.1, HTTP/2 and WebSocket. What must not pass is redacted in both: in URLs,
header fields, contents and trailers, whatever they are compressed with. Of a request
what the client presents to the API (header and content) goes on, and is redacted where
the response shows it; see 'stanch policy' for how to decide otherwise. All other bytes
stay as they are. What cannot be looked into is refused, unless --unscannable says
pass.

Settings are flags, variables (STANCH_UPSTREAM for --upstream) and a file, stanch.yaml,
of which deploy/stanch.yaml has every key; the first that says something wins. The file
and what it names (rules, known secrets, policies, certificates) may change: it is taken
over without dropping a connection, and if it is wrong, it is reported and what was there
stays. SIGHUP asks for that, and opens the logs again.

--admin serves /metrics for Prometheus, /healthz and /readyz; an address without a host
is on loopback. The first SIGTERM or interrupt lets what is under way end, the second
one does not wait.

Exit codes: 0 ended by a signal; 2 usage or configuration; 3 failed, or something was
cut off at the end.`,
		Example: `  stanch proxy ingress --upstream http://127.0.0.1:9000
  stanch proxy ingress --upstream https://api.internal --listen :8443 --tls-cert server.pem --tls-key server.key
  stanch proxy ingress --config /etc/stanch/stanch.yaml --admin 9464
  stanch proxy ingress --upstream http://127.0.0.1:9000 --known secrets.index --shadow --findings -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // the second signal ends the process at once
			std.err = &lockedWriter{w: std.err}
			return runIngress(ctx, std, &f)
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.shadow, "shadow", false, "change nothing, only report what would be changed")
	return cmd
}

// lockedWriter lets several goroutines write to w.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// ingressRun is what a proxy consists of while it runs.
type ingressRun struct {
	std              stdio
	report           func(error)
	server           *ingress.Server
	access, findings *logFile
	listener, admin  net.Listener // admin is nil for none
}

func runIngress(ctx context.Context, std stdio, f *ingressFlags) error {
	log.SetOutput(io.Discard) // net/http writes there what an upstream sends unasked
	in, file, err := f.complete()
	if err != nil {
		return usageError(err)
	}
	run := &ingressRun{std: std, report: talk(std)}
	defer run.close()
	reloader := &reloader{ingress: run, flags: f}
	if err := run.prepare(in, reloader); err != nil {
		return usageError(err)
	}
	run.announce(in, file)
	err = run.serve(ctx, reloader)
	return failedRun(err)
}

// prepare makes everything that can be wrong, before anything is served.
func (run *ingressRun) prepare(in *config.Ingress, r *reloader) (err error) {
	if run.access, err = openLog(run.std, in.AccessLog, run.report); err != nil {
		return err
	}
	if run.findings, err = openLog(run.std, in.Findings, run.report); err != nil {
		return err
	}
	metrics := ingress.NewMetrics()
	r.wiring = messageWiring{std: run.std, base: redact.New(), report: run.report, done: metrics.Passed}
	r.stamp = r.state(in)
	parts, err := r.wiring.parts(in)
	if err != nil {
		return err
	}
	r.adopt(parts, in)
	parts.clean(context.Background(), "warm") // the first text makes what all use, and is not a client's
	opts := ingress.Options{
		Filter: parts.filter, Metrics: metrics, Log: slog.New(slog.NewTextHandler(run.std.err, nil)),
	}
	if in.AccessLog != "" {
		opts.AccessLog = run.access
	}
	if in.Findings != "" {
		opts.Report = writeFindings(run.findings, func() bool { return r.shadow.Load() })
	}
	if run.server, err = ingress.New(in, opts); err != nil {
		return err
	}
	if run.listener, err = net.Listen("tcp", in.Listen); err == nil && in.Admin != "" {
		run.admin, err = net.Listen("tcp", adminAddress(in.Admin))
	}
	return err
}

// announce says where the proxy is, and what is in front of what.
func (run *ingressRun) announce(in *config.Ingress, file string) {
	scheme, mode := "http", ""
	if in.TLS != nil {
		scheme = "https"
	} else if !onLoopback(in.Listen) {
		fmt.Fprintf(run.std.err, "stanch: warning: %s is not loopback and has no TLS: what clients send can be read on the way, unless something in front does TLS\n", in.Listen)
	}
	if in.Shadow {
		mode = ", in shadow: nothing is changed"
	}
	if in.Unscannable == "pass" {
		mode += ", and what cannot be looked into passes"
	}
	if file != "" {
		mode += ", as " + file + " says"
	}
	fmt.Fprintf(run.std.err, "stanch: %s://%s is in front of %s%s\n", scheme, run.listener.Addr(), in.Upstream, mode)
	if run.admin != nil {
		fmt.Fprintf(run.std.err, "stanch: metrics at http://%s/metrics\n", run.admin.Addr())
	}
}

// serve serves until ctx ends and what was under way has.
func (run *ingressRun) serve(ctx context.Context, r *reloader) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The admin address tells of draining, so it outlives the rest.
	after, stopAdmin := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer stopAdmin()
	if run.admin != nil {
		tasks.Go(func() {
			if err := run.server.ServeAdmin(after, run.admin); err != nil {
				run.report(err)
				stop() // who watches us would believe us dead
			}
		})
	}
	tasks.Go(func() { r.watch(ctx) })
	err := run.server.Serve(ctx, run.listener)
	stop()
	return err
}

func (run *ingressRun) close() {
	for _, listener := range []net.Listener{run.listener, run.admin} {
		if listener != nil {
			listener.Close()
		}
	}
	for _, log := range []*logFile{run.access, run.findings} {
		if log != nil {
			if err := log.close(); err != nil {
				run.report(err)
			}
		}
	}
}
