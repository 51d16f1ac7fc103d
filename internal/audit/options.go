package audit

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/internal/audit/chain"
	"github.com/stanch-dev/stanch/internal/secret"
)

// Options are what a broker is made with.
type Options struct {
	// Node names this node: its chains are called node/device.
	Node string
	// Key signs checkpoints.
	Key ed25519.PrivateKey
	// Checkpoints keeps a checkpoint where who writes the log cannot write. It may be
	// slow. An error is logged, and the next checkpoint comes a little later.
	Checkpoints func(context.Context, chain.Checkpoint) error
	// SpoolDir is a folder on a local disk for this broker alone.
	SpoolDir string
	// SpoolMax bounds the spool of each device, in bytes. 0: 256 MiB.
	SpoolMax int64
	// Deadline is how long a device may take before the spool is used. 0: 1 s.
	Deadline time.Duration
	// RefuseAfter is how long an entry may wait in all. 0: five times Deadline.
	RefuseAfter time.Duration
	// Every is after how many lines of a device a checkpoint is made. 0: 1000.
	Every uint64
	// Interval is after how long one is made if any line has come. 0: 1 minute.
	Interval time.Duration
	// Required refuses entries as long as no device is enabled; else they are not
	// recorded then, as in Vault.
	Required bool
	// Stdout is where devices write that write to the standard output. Nil: [os.Stdout].
	Stdout io.Writer
	// Log is told what an operator must know of. Nil: nobody.
	Log *slog.Logger
}

func (o Options) filled() (Options, error) {
	var errs []error
	if !chain.ValidName(o.Node) || strings.Contains(o.Node, "/") || len(o.Node) > 64 {
		errs = append(errs, fmt.Errorf("node name %q: up to 64 letters, digits, dots, underscores and dashes", o.Node))
	}
	if len(o.Key) != ed25519.PrivateKeySize {
		errs = append(errs, errors.New("the key for checkpoints is none of Ed25519"))
	}
	if o.Checkpoints == nil {
		errs = append(errs, errors.New("nobody keeps the checkpoints"))
	}
	if o.SpoolDir == "" {
		errs = append(errs, errors.New("a folder for the spool is needed"))
	}
	o.SpoolMax = cmp.Or(o.SpoolMax, 256<<20)
	o.Deadline = cmp.Or(o.Deadline, time.Second)
	o.RefuseAfter = cmp.Or(o.RefuseAfter, 5*o.Deadline)
	o.Every = cmp.Or(o.Every, 1000)
	o.Interval = cmp.Or(o.Interval, time.Minute)
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := errors.Join(errs...); err != nil {
		return o, fmt.Errorf("audit broker: %w", err)
	}
	return o, nil
}

// Config is one device.
type Config struct {
	Path        string // its name, as sys/audit/:path has it; a slash at the end is ignored
	Type        string // one of [device.Kinds]
	Description string
	Options     map[string]string
	// Salt keys the hashes in its lines. At least 16 bytes, made once for each device.
	Salt secret.Bytes
	// Last is the last checkpoint kept for its chain (see [Broker.Chain]), nil for none.
	// The chain goes on from there even if the log is gone, so that it shows.
	Last *chain.Checkpoint
	// Probe makes Enable fail if the device does not answer. For one that an operator
	// is about to enable; without it, entries wait in the spool.
	Probe bool
}

// name returns the path without slashes at its ends.
func (c Config) name() string { return strings.Trim(c.Path, "/") }

// Status is how a device is doing.
type Status struct {
	Config Config // without its salt
	Chain  string
	Lines  uint64 // number of the last line that is on a disk
	Queued int    // entries that wait for a line
	// Spooled is how many bytes of lines wait for the device. Behind reports whether
	// any do that a device with a disk of its own should have by now.
	Spooled int64
	Behind  bool
	// Refused counts entries that this device does not have, since it was enabled. A
	// line of type "gap" tells the same in the log.
	Refused uint64
	Err     error // what failed last, nil if the device works now
}
